/* The parent's side: the simulator's world behind a socket pair, in virtual time. */
#include "tests/world/world.h"
#include "tests/simulator/script.h"
#include "tests/simulator/world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct letter { /* a request of a child that died, still on its way */
	struct letter *next;
	struct wire_ask ask;
	char *bytes;
};

struct provider {
	struct sim_world world;
	struct letter *on_the_way;
	int64_t now_ns;
	bool trace;
};

bool wire_put(int fd, const void *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w <= 0)
			return false;
		p = (const char *)p + w;
		n -= (size_t)w;
	}
	return true;
}

bool wire_get(int fd, void *p, size_t n)
{
	while (n) {
		ssize_t r = read(fd, p, n);

		if (r <= 0)
			return false;
		p = (char *)p + r;
		n -= (size_t)r;
	}
	return true;
}

struct provider *provider_new(uint64_t seed, double apply_delay_ms)
{
	struct provider *p = calloc(1, sizeof(*p));
	struct sim_settings s;

	if (!p)
		abort();
	sim_settings_default(&s);
	s.server.queue = 200;
	s.apply_delay_ms = apply_delay_ms;
	sim_world_init(&p->world, &s, seed);
	sim_settings_done(&s);
	return p;
}

static void tick(struct provider *p, int64_t now_ns)
{
	if (now_ns > p->now_ns)
		p->now_ns = now_ns;
	sim_world_tick(&p->world, (double)p->now_ns / 1e9, (world_wall0_ns + p->now_ns) / 1000000);
}

static size_t bytes_of(const struct wire_ask *a)
{
	return (size_t)a->method_n + a->target_n + a->headers_n + a->body_n;
}

static void handle(struct provider *p, const struct wire_ask *a, const char *bytes, struct sim_reply *reply)
{
	struct sim_request r = {.method = {bytes, a->method_n}, .target = {bytes + a->method_n, a->target_n}};
	const char *h = bytes + a->method_n + a->target_n;
	struct sim_server *server;

	for (uint32_t i = 0; i < a->n_headers && i < SIM_MAX_HEADERS; i++) {
		const char *value = h + strlen(h) + 1;

		r.headers[r.header_count++] = (struct sim_header){sim_str_of(h), sim_str_of(value)};
		h = value + strlen(value) + 1;
	}
	r.body = (struct sim_str){bytes + bytes_of(a) - a->body_n, a->body_n};
	sim_request_split(&r);
	tick(p, a->mono_ns);
	sim_world_handle(&p->world, &r, reply, &server);
	if (p->trace)
		printf("  %.1f s (sent %.1f): %.*s %.*s %.*s -> %d\n", (double)p->now_ns / 1e9,
		       (double)a->mono_ns / 1e9, (int)r.method.n, r.method.p, (int)r.target.n, r.target.p,
		       (int)r.body.n, r.body.p, reply->status);
	if (reply->counted)
		sim_world_finished(&p->world, server);
}

/* What dead children sent and what has arrived by now. */
static void deliver(struct provider *p, int64_t now_ns)
{
	for (struct letter **at = &p->on_the_way, *l; (l = *at);) {
		struct sim_reply reply = {0};

		if (l->ask.mono_ns > now_ns) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		handle(p, &l->ask, l->bytes, &reply);
		sim_reply_done(&reply);
		free(l->bytes);
		free(l);
	}
}

static void keep_letter(struct provider *p, const struct wire_ask *a, const char *bytes)
{
	struct letter *l = malloc(sizeof(*l));
	size_t n = bytes_of(a);

	if (!l || !(l->bytes = malloc(n + 1)))
		abort();
	memcpy(l->bytes, bytes, n);
	l->next = p->on_the_way;
	l->ask = *a;
	p->on_the_way = l;
}

int provider_ask(struct provider *p, const struct wire_ask *a, const char *bytes, char **ret_body, size_t *ret_n)
{
	struct sim_reply reply = {0};
	int status;

	*ret_body = NULL;
	*ret_n = 0;
	if (a->later) {
		keep_letter(p, a, bytes);
		return 0;
	}
	deliver(p, a->mono_ns);
	handle(p, a, bytes, &reply);
	*ret_n = reply.body.n;
	if (!(*ret_body = malloc(reply.body.n + 1)))
		abort();
	if (reply.body.n)
		memcpy(*ret_body, reply.body.p, reply.body.n);
	status = reply.status;
	sim_reply_done(&reply);
	return status;
}

int64_t provider_serve(struct provider *p, int fd, int64_t now_ns)
{
	struct wire_ask a;

	while (wire_get(fd, &a, sizeof(a))) {
		struct wire_answer answer;
		char *bytes = malloc(bytes_of(&a) + 1), *body;
		size_t n;

		if (!bytes || !wire_get(fd, bytes, bytes_of(&a)))
			abort();
		if (!a.later && a.mono_ns > now_ns)
			now_ns = a.mono_ns;
		answer.status = provider_ask(p, &a, bytes, &body, &n);
		answer.body_n = (uint32_t)n;
		if (!a.later && (!wire_put(fd, &answer, sizeof(answer)) || !wire_put(fd, body, n)))
			abort();
		free(body);
		free(bytes);
	}
	return now_ns;
}

void provider_script(struct provider *p, int64_t now_ns, const char *text)
{
	struct sim_buf err = {0};
	struct sim_script *script = sim_script_read(&p->world, sim_str_of(text), &err);

	if (!script) {
		fprintf(stderr, "the script is wrong: %.*s\n", (int)err.n, err.p);
		abort();
	}
	deliver(p, now_ns);
	tick(p, now_ns);
	sim_script_begin(&p->world, script);
}

static void tell(const struct sim_server *s, const struct sim_user *u,
		 void (*fn)(void *ctx, const struct provider_user *u), void *ctx)
{
	char what[200];

	if (s->provider == SIM_HUAWEI)
		snprintf(what, sizeof(what), "%s/%s", u->description ? u->description : "",
			 u->group ? u->group->name : "");
	else
		snprintf(what, sizeof(what), "%s/%llu", u->mail, (unsigned long long)u->bandwidth);
	fn(ctx, &(struct provider_user){u->name, u->passwords[0], what, s->provider == SIM_ALIBABA, u->disabled});
}

void provider_users(struct provider *p, int64_t now_ns, void (*fn)(void *ctx, const struct provider_user *u), void *ctx)
{
	deliver(p, now_ns);
	tick(p, now_ns);
	for (size_t i = 0; i < p->world.server_count; i++) {
		struct sim_server *s = p->world.server_list[i];

		sim_server_settle(s, &p->world.settings, (double)p->now_ns / 1e9);
		for (size_t k = 0; k < s->order_count; k++) {
			const struct sim_user *u = s->order[k];

			if (u && !u->deleting && !u->dead)
				tell(s, u, fn, ctx);
		}
	}
}

uint64_t provider_double_creates(const struct provider *p)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->world.server_count; i++)
		n += p->world.server_list[i]->stats.double_creates;
	return n;
}

uint64_t provider_writes(const struct provider *p)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->world.server_count; i++)
		for (int op = 0; op < SIM_OP_COUNT; op++)
			for (int d = 0; d < SIM_DECISION_COUNT && sim_op_writes((enum sim_op)op); d++)
				n += p->world.server_list[i]->stats.by_op[op][d];
	return n;
}

uint64_t provider_calls(const struct provider *p)
{
	return p->world.requests;
}

void provider_trace(struct provider *p)
{
	p->trace = true;
}

void provider_free(struct provider *p)
{
	deliver(p, INT64_MAX);
	sim_world_done(&p->world);
	free(p);
}
