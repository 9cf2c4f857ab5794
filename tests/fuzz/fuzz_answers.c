/* Any bytes from a provider: the judge answers, and keeps its word.
 *
 * Input: connector, call kind, users, fate, status (2 bytes, big-endian), then header lines "name: value" up to an
 * empty line, then the body. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include "engine/base/utf8.h"
#include "engine/connector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 6, USERS = 4 };

static const struct connector *pick(uint8_t i)
{
	const struct connector *const *all = rc_connectors();
	size_t n = 0;

	while (all[n])
		n++;
	return all[i % n];
}

static void fill_users(const struct rc_account_schema *s, struct rc_call_user *users, struct rc_account *want)
{
	static const char *const names[USERS] = {"ada0", "bob1", "cyd2", "dan3"};

	for (size_t i = 0; i < USERS; i++) {
		want[i].v[s->names[0]] = rc_slice_str(names[i]);
		want[i].set = 1u << s->names[0];
		users[i] = (struct rc_call_user){
			.name = rc_slice_str(names[i]),
			.remote_id = rc_slice_str(names[i]),
			.want = &want[i],
		};
	}
}

static const uint8_t *read_headers(const uint8_t *p, const uint8_t *end, struct rc_arena *mem, struct http_resp *r)
{
	while (p < end && r->n_headers < sizeof(r->headers) / sizeof(*r->headers)) {
		const uint8_t *line = memchr(p, '\n', (size_t)(end - p));
		const uint8_t *colon = line ? memchr(p, ':', (size_t)(line - p)) : NULL;

		if (!line)
			return end;
		if (line == p)
			return line + 1;
		if (colon) {
			struct rc_slice name = {(const char *)p, (size_t)(colon - p)};
			struct rc_slice value = {(const char *)colon + 1, (size_t)(line - colon - 1)};

			r->headers[r->n_headers++] =
				(struct http_header){rc_arena_copy(mem, name).p, rc_arena_copy(mem, value)};
		}
		p = line + 1;
	}
	return p;
}

static void check_text(const char *s, size_t max)
{
	size_t n = strlen(s);

	assert(n <= max && rc_utf8_valid(s, n) == n);
	for (size_t i = 0; i < n; i++)
		assert((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
}

static void check_verdict(enum rc_verdict v, const char *code, const char *message)
{
	assert((unsigned)v < RC_VERDICT_KINDS);
	assert(v == V_OK || (code && message));
	if (code)
		check_text(code, 100);
	if (message)
		check_text(message, 500);
}

static void check_answer(const struct rc_call *call, const struct http_resp *resp, const struct rc_answer *a)
{
	check_verdict(a->v, a->code, a->message);
	for (size_t i = 0; a->each && i < call->n; i++) {
		check_verdict(a->each[i].v, a->each[i].code, a->each[i].message);
		assert(call->n > 1 || a->each[i].v != V_SPLIT);
	}
	assert(a->retry_after_s >= 0 && a->retry_after_s <= 3600 && a->hint_rate >= 0);
	assert(a->v == V_OK || a->v == V_GONE || a->n_groups == 0);
	assert(resp->fate == HTTP_ANSWERED || a->v == V_UNSURE || a->v == V_NOT_SENT || a->v == V_TARGET);
	if (a->request_id)
		check_text(a->request_id, 128);
	for (size_t i = 0; i < a->n_rows; i++)
		assert(a->rows[i].name.n && rc_utf8_valid(a->rows[i].name.p, a->rows[i].name.n) == a->rows[i].name.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rc_call_user users[USERS];
	struct rc_account want[USERS] = {0};
	struct rc_arena mem = {0};
	struct http_resp resp = {0};
	struct rc_answer a;
	const struct connector *c;
	const uint8_t *p;
	struct rc_err err;

	if (size < HEAD)
		return 0;
	c = pick(data[0]);
	struct rc_conn_config cfg = {.schema = rc_account_schema_find(c->name, &err)};
	struct rc_call call = {.kind = data[1] % RC_CALL_KINDS, .server_id = "sag-s1", .users = users};

	call.n = data[2] % (USERS + 1u);
	if (call.kind == CALL_LOOKUP && call.n == 0)
		call.n = 1;
	fill_users(cfg.schema, users, want);
	resp.fate = (enum http_fate)(data[3] % (HTTP_CANCELLED + 1));
	resp.status = data[4] << 8 | data[5];
	resp.problem = data[3] & 0x80 ? "the wire broke" : NULL;
	p = read_headers(data + HEAD, data + size, &mem, &resp);
	resp.body = (struct rc_slice){(const char *)p, (size_t)(data + size - p)};
	c->judge(&cfg, &call, &resp, &mem, &a);
	check_answer(&call, &resp, &a);
	rc_arena_done(&mem);
	return 0;
}
