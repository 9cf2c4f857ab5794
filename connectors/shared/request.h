/* connectors/shared/request.h - the parts every request is put together from. */
#ifndef RC_CONN_REQUEST_H
#define RC_CONN_REQUEST_H
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/http_msg.h"

/* An absolute http or https URL in parts that borrow from it. */
struct rc_url {
	struct rc_slice origin;      /* "https://host:port", as written */
	struct rc_slice host;        /* the Host header: with the port unless it is the scheme's own */
	struct rc_slice path, query; /* raw; query without '?' */
};

/* false: no such URL, or it holds user information, a space or a control character. */
bool rc_url_split(struct rc_slice url, struct rc_url *ret);

/* Adds a header. RC_CONFIG when the value cannot travel in one (control characters); `what` names it for the message.
 */
enum rc_code rc_req_header(struct http_req *req, const char *name, struct rc_slice value, const char *what,
			   struct rc_err *err);
/* Adds Host from the endpoint, so that what is signed is what is sent; checks the endpoint. */
enum rc_code rc_req_host(struct http_req *req, const char *endpoint, struct rc_url *ret, struct rc_err *err);
/* Value of a header of the request, by exact name; p NULL: none. */
struct rc_slice rc_req_header_get(const struct http_req *req, const char *name);

/* Moves a buffer's bytes into the arena, NUL-terminated, and wipes the buffer. */
struct rc_slice rc_req_take(struct rc_arena *mem, struct rc_buf *b);

/* A decoded name and value, for canonical queries and form bodies. */
struct rc_pair {
	struct rc_slice name, value;
};
/* By name, then value, in byte order. */
void rc_pairs_sort(struct rc_pair *pairs, size_t n);
/* "name=value&..." percent-encoded, the '=' even when the value is empty. */
void rc_pairs_encode(struct rc_buf *b, const struct rc_pair *pairs, size_t n);
/* The pairs of a raw query, decoded, in the arena. */
struct rc_pair *rc_pairs_parse(struct rc_slice query, struct rc_arena *mem, size_t *ret_n);

#endif
