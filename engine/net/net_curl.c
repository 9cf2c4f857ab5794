/* libcurl's multi interface on libuv: easy handles from a pool, sockets by net_watch.h. */
#include "engine/net/transport.h"
#include "engine/net/curl_late.h"
#include "engine/net/net_env.h"
#include "engine/net/net_tls.h"
#include "engine/net/net_watch.h"
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { MAX_ANSWER = 16 << 20, KEPT_CONNECTIONS = 1024, MAX_HEADER_BYTES = 64 << 10, TELL_NS = 200000 };

struct net;

struct transfer {
	struct net *net;
	struct transfer *next, *prev; /* open list, or free list by next */
	CURL *easy;
	struct curl_slist *headers;
	struct rc_buf body_out, body_in, head; /* head: "name\0value\0" of the answer's headers */
	size_t n_head;
	char error[CURL_ERROR_SIZE];
	char tls_note[256];
	char problem[CURL_ERROR_SIZE + 300];
	bool too_large, cancelled;
	unsigned sendings;
	rc_transport_done_fn *done;
	void *arg;
};

struct net {
	uv_loop_t *loop;
	CURLM *multi; /* NULL: no request was due yet */
	uv_timer_t timer;
	uv_check_t soon;    /* ends cancelled transfers outside their own call */
	uv_prepare_t start; /* begins what was added in this turn of the loop */
	bool begun;         /* curl asked to be called at once */
	bool finished;      /* transfers, and opts.answered has not been told */
	uint64_t told_ns;   /* when it was */
	struct transfer *open, *free_list;
	struct rc_transport_opts opts;
	char *proxy, *ca_file;
	struct rc_watch watch;
	bool draining;
	int open_handles; /* while closing */
};

static void release(struct transfer *t)
{
	struct net *n = t->net;

	curl_slist_free_all(t->headers);
	t->headers = NULL;
	if (t->prev)
		t->prev->next = t->next;
	else
		n->open = t->next;
	if (t->next)
		t->next->prev = t->prev;
	rc_buf_wipe(&t->body_out); /* may have held a password */
	rc_buf_clear(&t->body_in);
	rc_buf_clear(&t->head);
	t->prev = NULL;
	t->next = n->free_list;
	n->free_list = t;
}

static enum http_fate fate_of(struct transfer *t, CURLcode rc, bool answered)
{
	long request_bytes = 0;

	if (t->cancelled)
		return HTTP_CANCELLED;
	if (rc == CURLE_OK && answered)
		return HTTP_ANSWERED;
	if (t->too_large)
		return HTTP_TOO_LARGE;
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	if (request_bytes == 0)
		return HTTP_NOT_SENT;
	return rc == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMEOUT : HTTP_LOST;
}

static bool is_tls(CURLcode rc)
{
	return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR ||
	       rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_SSL_CERTPROBLEM || rc == CURLE_SSL_ISSUER_ERROR ||
	       rc == CURLE_SSL_INVALIDCERTSTATUS;
}

static void collect_headers(const struct transfer *t, struct http_resp *r)
{
	const char *p = t->head.p, *end = p + t->head.n;
	size_t max = sizeof(r->headers) / sizeof(*r->headers);

	while (p < end && r->n_headers < max) {
		const char *value = p + strlen(p) + 1;

		r->headers[r->n_headers++] = (struct http_header){p, rc_slice_str(value)};
		p = value + strlen(value) + 1;
	}
}

static void finish(struct transfer *t, CURLcode rc)
{
	struct http_resp r = {0};
	long status = 0;
	rc_transport_done_fn *done = t->done;
	void *arg = t->arg;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME, &r.rtt_s);
	r.status = (int)status;
	r.fate = fate_of(t, rc, status > 0);
	r.body = rc_buf_slice(&t->body_in);
	collect_headers(t, &r);
	if (r.fate != HTTP_ANSWERED) {
		const char *say = t->sendings > 1 ? "the connection was lost before an answer came"
				  : t->error[0]   ? t->error
						  : curl_easy_strerror(rc);

		r.tls_problem = is_tls(rc);
		if (r.fate == HTTP_TOO_LARGE)
			say = "the answer is larger than rollcall reads";
		else if (r.fate == HTTP_CANCELLED)
			say = "given up by rollcall";
		snprintf(t->problem, sizeof(t->problem), "%s%s%s", say, t->tls_note[0] ? ": " : "", t->tls_note);
		rc_printable(t->problem, sizeof(t->problem));
		r.problem = t->problem;
	}
	curl_multi_remove_handle(t->net->multi, t->easy);
	done(arg, &r);
	release(t);
	t->net->finished = true;
}

/* After every socket_action, also from the timer: else the last timed-out transfer is never seen. */
static void drain(void *ctx)
{
	struct net *n = ctx;
	CURLMsg *m;
	int left;

	if (n->draining)
		return;
	n->draining = true;
	while ((m = curl_multi_info_read(n->multi, &left))) {
		struct transfer *t;
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		finish(t, rc);
	}
	n->draining = false;
}

static void on_timer(uv_timer_t *timer)
{
	struct net *n = timer->data;
	int running;

	curl_multi_socket_action(n->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	drain(n);
}

/* 0 means at once, but never a direct call: before the loop waits, in on_start(). A timer would fire a millisecond
 * later, which every request would wait. */
static int timer_function(CURLM *multi, long ms, void *userp)
{
	struct net *n = userp;

	(void)multi;
	if (ms < 0)
		uv_timer_stop(&n->timer);
	else
		uv_timer_start(&n->timer, on_timer, (uint64_t)(ms ? ms : 1), 0);
	n->begun = ms == 0;
	return 0;
}

static void begin_added(struct net *n)
{
	if (!n->begun)
		return;
	n->begun = false;
	on_timer(&n->timer);
}

/* Runs after the pump, which is in the same phase of the loop and began later. What curl asks for at once again waits
 * for the timer: the loop must get on. */
static void on_start(uv_prepare_t *prepare)
{
	begin_added(prepare->data);
}

/* One turn of the loop may bring many answers. The places of the first ones would stay empty while the last ones are
 * being read. */
static void on_moved(void *ctx)
{
	struct net *n = ctx;
	uint64_t now;

	drain(n);
	if (!n->finished || !n->opts.answered)
		return;
	now = uv_hrtime();
	if (now - n->told_ns < TELL_NS)
		return;
	n->told_ns = now;
	n->finished = false;
	n->opts.answered(n->opts.ctx);
	begin_added(n);
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;

	rc_buf_add(&t->body_in, p, size * count);
	if (t->body_in.overflow) {
		t->too_large = true;
		return 0;
	}
	return size * count;
}

static size_t on_header(char *p, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t n = size * count, name, from, to = n;
	const char *colon = memchr(p, ':', n);

	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
		rc_buf_clear(&t->head); /* an interim answer came before */
		return n;
	}
	if (!colon || t->head.n + n + 2 > MAX_HEADER_BYTES)
		return n;
	name = (size_t)(colon - p);
	for (from = name + 1; from < n && (p[from] == ' ' || p[from] == '\t'); from++)
		;
	while (to > from && (p[to - 1] == '\r' || p[to - 1] == '\n' || p[to - 1] == ' ' || p[to - 1] == '\t'))
		to--;
	for (size_t i = 0; i < name; i++)
		rc_buf_addc(&t->head, (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]));
	rc_buf_addc(&t->head, 0);
	rc_buf_add(&t->head, p + from, to - from);
	rc_buf_addc(&t->head, 0);
	return n;
}

/* libcurl sends a request again by itself when a kept connection dies without an answer, whatever the method; the first
 * one may have been carried out. Called before each sending: the second one is refused, and the caller decides. */
static int on_sending(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct transfer *t = arg;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	return t->sendings++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static CURLcode on_ssl_context(CURL *easy, void *ctx, void *arg)
{
	struct transfer *t = arg;

	(void)easy;
	t->tls_note[0] = 0;
	return rc_net_tls_setup(ctx, t->net->ca_file, t->tls_note, sizeof(t->tls_note)) ? CURLE_OK
											: CURLE_SSL_CACERT_BADFILE;
}

static struct transfer *transfer_new(struct net *n)
{
	struct transfer *t = rc_xcalloc(1, sizeof(*t));

	t->net = n;
	t->easy = rc_xchecked(curl_easy_init());
	t->body_in.max = n->opts.max_answer_bytes;
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L); /* a token must not travel */
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "rollcall/" ROLLCALL_VERSION);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_sending);
	curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	rc_watch_connections(&n->watch, t->easy);
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
	curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_DATA, t);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(n->opts.connect_timeout_ns / 1000000));
	rc_net_env_apply(t->easy);
	if (n->proxy)
		curl_easy_setopt(t->easy, CURLOPT_PROXY, n->proxy);
	return t;
}

static bool set_headers(struct transfer *t, const struct http_req *req)
{
	struct rc_buf line = {0};
	bool ok = true;

	for (size_t i = 0; i < req->n_headers && ok; i++) {
		struct curl_slist *grown;

		rc_buf_clear(&line);
		rc_buf_addf(&line, "%s: %.*s", req->headers[i].name, (int)req->headers[i].value.n,
			    req->headers[i].value.p);
		grown = curl_slist_append(t->headers, line.p);
		ok = grown != NULL;
		if (ok)
			t->headers = grown;
	}
	if (ok) {
		struct curl_slist *grown = curl_slist_append(t->headers, "Expect:");

		ok = grown != NULL;
		if (ok)
			t->headers = grown;
	}
	rc_buf_wipe(&line);
	return ok;
}

static void set_method(struct transfer *t, const struct http_req *req)
{
	curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, NULL);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL);
	if (strcmp(req->method, "GET") == 0) {
		curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	if (strcmp(req->method, "DELETE") == 0 && !req->body.n) {
		curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, "DELETE");
		return;
	}
	curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_out.n);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body_out.p ? t->body_out.p : "");
	if (strcmp(req->method, "POST") != 0)
		curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, req->method);
}

static void on_soon(uv_check_t *check)
{
	struct net *n = check->data;

	for (struct transfer *t = n->open, *next; t; t = next) {
		next = t->next;
		if (t->cancelled)
			finish(t, CURLE_ABORTED_BY_CALLBACK);
	}
	uv_check_stop(check);
}

static void net_send(void *ctx, const struct http_req *req, int64_t timeout_ns, rc_transport_done_fn *done, void *arg)
{
	struct net *n = ctx;
	struct transfer *t = n->free_list;

	if (t)
		n->free_list = t->next;
	else
		t = transfer_new(n);
	t->done = done;
	t->arg = arg;
	t->error[0] = t->tls_note[0] = 0;
	t->too_large = t->cancelled = false;
	t->sendings = 0;
	t->prev = NULL;
	t->next = n->open;
	if (n->open)
		n->open->prev = t;
	n->open = t;
	rc_buf_add(&t->body_out, req->body.p, req->body.n);
	set_method(t, req);
	curl_easy_setopt(t->easy, CURLOPT_URL, req->url);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(timeout_ns / 1000000));
	if (!set_headers(t, req)) {
		t->cancelled = true;
	} else {
		curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
		if (curl_multi_add_handle(n->multi, t->easy) == CURLM_OK)
			return;
		t->cancelled = true;
	}
	uv_check_start(&n->soon, on_soon);
	uv_timer_start(&n->timer, on_timer, 1, 0);
}

static void net_cancel_all(void *ctx)
{
	struct net *n = ctx;

	for (struct transfer *t = n->open; t; t = t->next)
		t->cancelled = true;
	if (n->open) {
		uv_check_start(&n->soon, on_soon);
		uv_timer_start(&n->timer, on_timer, 1, 0);
	}
}

static enum rc_code net_begin(void *ctx, struct rc_err *err)
{
	struct net *n = ctx;
	enum rc_code code = n->multi ? RC_OK : rc_curl_load(err);

	if (n->multi || code)
		return code;
	if (!curl_global_init_mem(CURL_GLOBAL_DEFAULT, rc_xmalloc, free, rc_xrealloc, rc_xstrdup, rc_xcalloc))
		n->multi = curl_multi_init();
	if (!n->multi)
		return rc_fail(err, RC_INTERNAL, "libcurl cannot start");
	n->watch = (struct rc_watch){.loop = n->loop, .multi = n->multi, .moved = on_moved, .ctx = n};
	rc_watch_begin(&n->watch);
	curl_multi_setopt(n->multi, CURLMOPT_TIMERFUNCTION, timer_function);
	curl_multi_setopt(n->multi, CURLMOPT_TIMERDATA, n);
	curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
	return RC_OK;
}

void rc_net_new(struct uv_loop_s *loop, const struct rc_transport_opts *opts, struct rc_transport *ret)
{
	struct net *n = rc_xcalloc(1, sizeof(*n));

	n->loop = loop;
	n->opts = *opts;
	if (!n->opts.max_answer_bytes)
		n->opts.max_answer_bytes = MAX_ANSWER;
	n->proxy = opts->proxy ? rc_xstrdup(opts->proxy) : NULL;
	n->ca_file = opts->ca_file ? rc_xstrdup(opts->ca_file) : NULL;
	uv_timer_init(loop, &n->timer);
	uv_check_init(loop, &n->soon);
	uv_prepare_init(loop, &n->start);
	n->timer.data = n->soon.data = n->start.data = n;
	uv_prepare_start(&n->start, on_start);
	uv_unref((uv_handle_t *)&n->start);
	*ret = (struct rc_transport){n, net_begin, net_send, net_cancel_all};
}

static void on_last_closed(uv_handle_t *h)
{
	struct net *n = h->data;

	if (--n->open_handles)
		return;
	free(n->proxy);
	free(n->ca_file);
	free(n);
}

static void transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	rc_buf_wipe(&t->body_out);
	rc_buf_done(&t->body_in);
	rc_buf_done(&t->head);
	free(t);
}

void rc_net_free(struct rc_transport *t)
{
	struct net *n = t->ctx;

	if (!n)
		return;
	while (n->free_list) {
		struct transfer *next = n->free_list->next;

		transfer_free(n->free_list);
		n->free_list = next;
	}
	if (n->multi)
		curl_multi_cleanup(n->multi); /* closes the kept sockets through close_socket */
	rc_watch_end(&n->watch);
	n->open_handles = 3;
	uv_close((uv_handle_t *)&n->timer, on_last_closed);
	uv_close((uv_handle_t *)&n->soon, on_last_closed);
	uv_close((uv_handle_t *)&n->start, on_last_closed);
	*t = (struct rc_transport){0};
}
