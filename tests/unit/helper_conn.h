/* helper_conn.h - what the connector tests share: op in, request out; answer in, verdicts out. */
#ifndef HELPER_CONN_H
#define HELPER_CONN_H
#include "engine/connector.h"

struct conn_world {
	const struct connector *c;
	struct rc_conn_config cfg;
	struct rc_conn_auth auth;
	struct rc_arena mem;
	struct rc_err err;
	struct rc_call_user users[64];
	struct rc_account want[64];
};

#define CONN_NOW 1767323045000000000LL /* 2026-01-02T03:04:05Z */
#define CONN_UUID "5d3b1f7e-2c4a-4e6b-9a8d-0f1e2d3c4b5a"

void conn_world_init(struct conn_world *w, const char *connector);
void conn_world_done(struct conn_world *w);

/* Adds user i with "field=value" texts, NULL-terminated; the name and password fields go where a call has them. */
struct rc_call_user *conn_user(struct conn_world *w, size_t i, ...);
struct rc_call conn_call(struct conn_world *w, enum rc_call_kind kind, size_t n);

/* "POST url\nName: value\n...\n\nbody"; fails the test when the request cannot be built. */
const char *conn_request(struct conn_world *w, const struct rc_call *call);
/* The code with which building fails. */
enum rc_code conn_refuses(struct conn_world *w, const struct rc_call *call);
/* The named header of a request text, or NULL. */
const char *conn_header(struct conn_world *w, const char *request, const char *name);

/* Judges status, "name: value" headers parted by newlines (may be NULL) and a body. */
struct rc_answer conn_judge(struct conn_world *w, const struct rc_call *call, int status, const char *headers,
			    const char *body);
struct rc_answer conn_judge_fate(struct conn_world *w, const struct rc_call *call, enum http_fate fate, int status);
/* Compares by name, so that a failure reads well. */
void conn_is(enum rc_verdict got, enum rc_verdict want, const char *about);

/* The whole file, NUL-terminated, to be freed. */
char *conn_file(const char *path);

#endif
