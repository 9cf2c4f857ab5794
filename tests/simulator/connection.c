/* One connection: bytes become requests, one at a time; answers leave in order, at the pace the world asks for. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/net.h"

#define MAX_BODY_KEPT ((12u << 20) + 1)
#define MAX_ONE_HEADER (32u << 10)
#define MAX_ALL_HEADERS (128u << 10)
#define MAX_WAITING (1u << 20) /* bytes of pipelined requests behind one that is still being answered */
#define SLOW_TICK_MS 20
#define QUIET_MS 2 /* so long after the last request nobody else is about to ask */

/* A text inside the connection's head buffer, which may still move. */
struct piece {
	size_t at, n;
};

struct sim_connection {
	uv_tcp_t tcp;
	uv_timer_t timer;
	struct sim_net *net;
	struct sim_connection *next, **link;
	struct sim_tls *tls;
	http_parser parser;
	struct sim_buf head, body;
	struct piece target, names[SIM_MAX_HEADERS], values[SIM_MAX_HEADERS];
	size_t header_count;
	bool in_value, complete, too_many_headers;
	bool keep_alive;
	struct sim_buf waiting; /* bytes not yet parsed because an answer is pending */
	struct sim_buf out;     /* plain bytes to write */
	struct sim_reply reply;
	struct sim_server *server;
	bool pending, closing, close_when_written;
	bool held; /* its answer waits to be shuffled among the others */
	size_t slow_at, slow_end;
	unsigned handles, writes;
};

struct write_job {
	uv_write_t req;
	struct sim_connection *c;
	struct sim_buf bytes;
};

static void on_handle_closed(uv_handle_t *handle)
{
	struct sim_connection *c = handle->data;

	if (--c->handles)
		return;
	sim_tls_free(c->tls);
	sim_buf_done(&c->head);
	sim_buf_done(&c->body);
	sim_buf_done(&c->waiting);
	sim_buf_done(&c->out);
	sim_reply_done(&c->reply);
	free(c);
}

static void finish_call(struct sim_connection *c)
{
	if (c->reply.counted)
		sim_world_finished(c->net->world, c->server);
	sim_reply_done(&c->reply);
	c->reply = (struct sim_reply){0};
	c->pending = c->held = false;
}

static bool leave(struct sim_connection *c)
{
	if (c->closing)
		return false;
	c->closing = true;
	finish_call(c);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	uv_close((uv_handle_t *)&c->timer, on_handle_closed);
	return true;
}

void sim_connection_close(struct sim_connection *c)
{
	if (leave(c))
		uv_close((uv_handle_t *)&c->tcp, on_handle_closed);
}

static void reset_connection(struct sim_connection *c)
{
	if (!leave(c))
		return;
	if (uv_tcp_close_reset(&c->tcp, on_handle_closed))
		uv_close((uv_handle_t *)&c->tcp, on_handle_closed);
}

static void on_written(uv_write_t *req, int status)
{
	struct write_job *job = (struct write_job *)req;
	struct sim_connection *c = job->c;

	sim_buf_done(&job->bytes);
	free(job);
	c->writes--;
	if (status < 0 || (c->close_when_written && !c->writes))
		sim_connection_close(c);
}

/* Hands the bytes to the kernel; what it does not take at once is queued. Takes over `bytes`. */
static void send_bytes(struct sim_connection *c, struct sim_buf *bytes)
{
	uv_buf_t all = uv_buf_init(bytes->p, (unsigned)bytes->n);
	struct write_job *job;
	int n = c->writes ? 0 : uv_try_write((uv_stream_t *)&c->tcp, &all, 1);

	if (n == (int)bytes->n) {
		bytes->n = 0;
		return;
	}
	job = sim_alloc(sizeof(*job));
	job->c = c;
	job->bytes = *bytes;
	*bytes = (struct sim_buf){0};
	if (n < 0)
		n = 0;
	all = uv_buf_init(job->bytes.p + n, (unsigned)(job->bytes.n - (size_t)n));
	c->writes++;
	if (uv_write(&job->req, (uv_stream_t *)&c->tcp, &all, 1, on_written)) {
		c->writes--;
		sim_buf_done(&job->bytes);
		free(job);
		sim_connection_close(c);
	}
}

static void flush_out(struct sim_connection *c)
{
	struct sim_buf sealed = {0};

	if (c->closing || !c->out.n)
		return;
	if (!c->tls) {
		send_bytes(c, &c->out);
		return;
	}
	if (!sim_tls_write(c->tls, c->out.p, c->out.n, &sealed)) {
		sim_buf_done(&sealed);
		sim_connection_close(c);
		return;
	}
	c->out.n = 0;
	if (sealed.n)
		send_bytes(c, &sealed);
	sim_buf_done(&sealed);
}

static void close_soon(struct sim_connection *c)
{
	flush_out(c);
	if (c->closing)
		return;
	c->close_when_written = true;
	if (!c->writes)
		sim_connection_close(c);
}

static void add_head(struct sim_connection *c)
{
	const struct sim_reply *r = &c->reply;
	struct sim_buf *b = &c->out;

	sim_buf_printf(b, "HTTP/1.1 %d %s\r\nDate: %s\r\n", r->status, sim_status_text(r->status),
		       sim_net_date(c->net));
	sim_buf_str(b, sim_buf_view(&r->headers));
	if (r->status != 204)
		sim_buf_printf(b, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->content_type, r->body.n);
	if (!c->keep_alive)
		sim_buf_text(b, "Connection: close\r\n");
	sim_buf_text(b, "\r\n");
}

static void parse_on(struct sim_connection *c);

/* The answer is out: what comes next on this connection? */
static void answered(struct sim_connection *c)
{
	enum sim_end end = c->reply.end;

	finish_call(c);
	if (end == SIM_END_RESET) {
		flush_out(c);
		reset_connection(c);
	} else if (end == SIM_END_CLOSE || !c->keep_alive) {
		close_soon(c);
	}
}

static void on_slow_tick(uv_timer_t *timer)
{
	struct sim_connection *c = timer->data;
	size_t n = (size_t)(c->reply.bytes_per_s * SLOW_TICK_MS / 1000);

	if (n < 1)
		n = 1;
	if (n > c->slow_end - c->slow_at)
		n = c->slow_end - c->slow_at;
	sim_buf_add(&c->out, c->reply.body.p + c->slow_at, n);
	c->slow_at += n;
	if (c->slow_at < c->slow_end) {
		flush_out(c);
		return;
	}
	uv_timer_stop(timer);
	answered(c);
	if (!c->closing) {
		flush_out(c);
		parse_on(c);
	}
}

static void write_answer(struct sim_connection *c)
{
	struct sim_reply *r = &c->reply;
	size_t end = r->cut && r->cut_at < r->body.n ? r->cut_at : r->body.n;
	uint64_t tick_ms = SLOW_TICK_MS;

	if (r->silent) {
		if (r->end != SIM_END_HANG)
			answered(c);
		return;
	}
	add_head(c);
	if (r->status == 204)
		end = 0;
	if (r->bytes_per_s > 0 && end) {
		c->slow_at = 0;
		c->slow_end = end;
		if (r->bytes_per_s * SLOW_TICK_MS < 1000)
			tick_ms = (uint64_t)(1000 / r->bytes_per_s);
		flush_out(c);
		if (!c->closing)
			uv_timer_start(&c->timer, on_slow_tick, tick_ms, tick_ms);
		return;
	}
	sim_buf_add(&c->out, r->body.p, end);
	answered(c);
}

static void answer_now(struct sim_connection *c)
{
	write_answer(c);
	if (c->closing)
		return;
	flush_out(c);
	if (!c->pending)
		parse_on(c);
}

static void on_delay_over(uv_timer_t *timer)
{
	answer_now(timer->data);
}

/* xorshift64: chance of its own, so that the same seed gives the same world with and without it. */
static size_t draw(struct sim_net *net, size_t n)
{
	net->shuffle ^= net->shuffle << 13;
	net->shuffle ^= net->shuffle >> 7;
	net->shuffle ^= net->shuffle << 17;
	return (size_t)(net->shuffle % n);
}

void sim_connection_release(struct sim_net *net)
{
	struct sim_connection **held;
	size_t n = 0;

	for (struct sim_connection *c = net->first; c; c = c->next)
		n += c->held;
	held = sim_alloc((n + 1) * sizeof(*held));
	n = 0;
	for (struct sim_connection *c = net->first; c; c = c->next)
		if (c->held)
			held[n++] = c;
	while (n) {
		size_t i = draw(net, n);
		struct sim_connection *c = held[i];

		held[i] = held[--n];
		c->held = false;
		answer_now(c);
	}
	free(held);
}

static void on_quiet(uv_timer_t *timer)
{
	sim_connection_release(timer->data);
}

static void refuse_bytes(struct sim_connection *c, int status, const char *why)
{
	c->keep_alive = false;
	c->reply.status = status;
	c->reply.content_type = "application/json";
	sim_buf_text(&c->reply.body, "{\"error_code\":\"APIGW.0201\",\"error_msg\":");
	sim_buf_json(&c->reply.body, why);
	sim_buf_text(&c->reply.body, "}");
	c->pending = true;
	write_answer(c);
}

static struct sim_str piece_text(const struct sim_connection *c, struct piece p)
{
	return (struct sim_str){c->head.p + p.at, p.n};
}

static bool headers_fit(const struct sim_connection *c)
{
	for (size_t i = 0; i < c->header_count; i++)
		if (c->values[i].n > MAX_ONE_HEADER)
			return false;
	return c->head.n - c->target.n <= MAX_ALL_HEADERS && !c->too_many_headers;
}

static void handle_request(struct sim_connection *c)
{
	struct sim_request req;

	c->keep_alive = http_should_keep_alive(&c->parser);
	c->pending = true;
	if (!headers_fit(c)) {
		refuse_bytes(c, 494, "Request header too large");
		return;
	}
	req.method = sim_str_of(http_method_str((enum http_method)c->parser.method));
	req.target = piece_text(c, c->target);
	req.header_count = c->header_count;
	for (size_t i = 0; i < c->header_count; i++)
		req.headers[i] =
			(struct sim_header){piece_text(c, c->names[i]), sim_str_trim(piece_text(c, c->values[i]))};
	req.body = sim_buf_view(&c->body);
	sim_request_split(&req);
	sim_world_handle(c->net->world, &req, &c->reply, &c->server);
	sim_net_write_log(c->net);
	if (c->net->reorder) {
		c->held = true;
		uv_timer_start(&c->net->quiet, on_quiet, QUIET_MS, 0);
	} else if (c->reply.delay_ms > 0) {
		uv_timer_start(&c->timer, on_delay_over, (uint64_t)(c->reply.delay_ms + 0.999), 0);
	} else {
		write_answer(c);
	}
}

static int on_begin(http_parser *p)
{
	struct sim_connection *c = p->data;

	c->head.n = c->body.n = 0;
	c->header_count = 0;
	c->target = (struct piece){0, 0};
	c->in_value = c->complete = c->too_many_headers = false;
	return 0;
}

static void grow_piece(struct sim_connection *c, struct piece *piece, const char *p, size_t n)
{
	if (!piece->n)
		piece->at = c->head.n;
	sim_buf_add(&c->head, p, n);
	piece->n += n;
}

static int on_target(http_parser *p, const char *at, size_t n)
{
	struct sim_connection *c = p->data;

	grow_piece(c, &c->target, at, n);
	return 0;
}

static int on_field(http_parser *p, const char *at, size_t n)
{
	struct sim_connection *c = p->data;

	if (!c->header_count || c->in_value) {
		if (c->header_count == SIM_MAX_HEADERS) {
			c->too_many_headers = true;
			return 0;
		}
		c->names[c->header_count] = c->values[c->header_count] = (struct piece){c->head.n, 0};
		c->header_count++;
	}
	c->in_value = false;
	grow_piece(c, &c->names[c->header_count - 1], at, n);
	return 0;
}

static int on_value(http_parser *p, const char *at, size_t n)
{
	struct sim_connection *c = p->data;

	c->in_value = true;
	if (!c->too_many_headers)
		grow_piece(c, &c->values[c->header_count - 1], at, n);
	return 0;
}

static int on_headers(http_parser *p)
{
	struct sim_connection *c = p->data;

	for (size_t i = 0; i < c->header_count; i++)
		if (sim_str_is_nocase(piece_text(c, c->names[i]), "expect"))
			sim_buf_text(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	return 0;
}

static int on_body(http_parser *p, const char *at, size_t n)
{
	struct sim_connection *c = p->data;
	size_t room = MAX_BODY_KEPT - c->body.n;

	sim_buf_add(&c->body, at, n < room ? n : room);
	return 0;
}

static int on_complete(http_parser *p)
{
	struct sim_connection *c = p->data;

	c->complete = true;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings callbacks = {
	.on_message_begin = on_begin,
	.on_url = on_target,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_headers,
	.on_body = on_body,
	.on_message_complete = on_complete,
};

/* Parses until a request must wait for its answer; returns how many bytes were used. */
static size_t parse(struct sim_connection *c, const char *p, size_t n)
{
	size_t at = 0;

	while (at < n && !c->pending && !c->closing && !c->close_when_written) {
		at += http_parser_execute(&c->parser, &callbacks, p + at, n - at);
		if (c->complete) {
			http_parser_pause(&c->parser, 0);
			c->complete = false;
			handle_request(c);
		} else if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK) {
			bool large = HTTP_PARSER_ERRNO(&c->parser) == HPE_HEADER_OVERFLOW;

			c->pending = true;
			refuse_bytes(c, large ? 494 : 400, large ? "Request header too large" : "Bad request");
		}
	}
	return at;
}

static void feed(struct sim_connection *c, const char *p, size_t n)
{
	size_t used = 0;

	if (!c->waiting.n)
		used = parse(c, p, n);
	if (c->closing)
		return;
	if (used < n && !c->close_when_written)
		sim_buf_add(&c->waiting, p + used, n - used);
	if (c->waiting.n > MAX_WAITING)
		uv_read_stop((uv_stream_t *)&c->tcp);
	flush_out(c);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct sim_connection *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init(c->net->read_buffer, sizeof(c->net->read_buffer));
}

static void read_tls(struct sim_connection *c, const char *p, size_t n)
{
	struct sim_buf plain = {0}, sealed = {0};
	bool ok = sim_tls_read(c->tls, p, n, &plain, &sealed);

	if (sealed.n)
		send_bytes(c, &sealed);
	sim_buf_done(&sealed);
	if (plain.n && !c->closing)
		feed(c, plain.p, plain.n);
	sim_buf_done(&plain);
	if (!ok)
		sim_connection_close(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct sim_connection *c = stream->data;

	if (n < 0) {
		sim_connection_close(c);
		return;
	}
	if (!n)
		return;
	sim_net_tick(c->net);
	if (c->tls)
		read_tls(c, buf->base, (size_t)n);
	else
		feed(c, buf->base, (size_t)n);
}

/* Goes on with what arrived while an answer was pending. */
static void parse_on(struct sim_connection *c)
{
	struct sim_buf bytes = c->waiting;
	size_t used;

	if (!bytes.n || c->closing)
		return;
	c->waiting = (struct sim_buf){0};
	sim_net_tick(c->net);
	used = parse(c, bytes.p, bytes.n);
	if (!c->closing) {
		sim_buf_add(&c->waiting, bytes.p + used, bytes.n - used);
		flush_out(c);
	}
	if (!c->closing)
		uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
	sim_buf_done(&bytes);
}

void sim_connection_accept(struct sim_net *net)
{
	struct sim_connection *c = sim_alloc(sizeof(*c));

	c->net = net;
	uv_tcp_init(&net->loop, &c->tcp);
	uv_timer_init(&net->loop, &c->timer);
	c->tcp.data = c->timer.data = c;
	c->handles = 2;
	c->next = net->first;
	c->link = &net->first;
	if (c->next)
		c->next->link = &c->next;
	net->first = c;
	http_parser_init(&c->parser, HTTP_REQUEST);
	c->parser.data = c;
	if (uv_accept((uv_stream_t *)&net->listener, (uv_stream_t *)&c->tcp) || net->stopping) {
		sim_connection_close(c);
		return;
	}
	uv_tcp_nodelay(&c->tcp, 1);
	if (net->tls)
		c->tls = sim_tls_new(net->tls);
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}
