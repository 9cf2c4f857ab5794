/* engine/http_msg.h - a request and its answer as plain values; no library's types.
 *
 * Everything a request points to lives in the arena given to the builder; everything an answer points to lives until
 * the judge returns. Header values may hold secrets: never log them; `log_path` of the request is what a log may show.
 */
#ifndef RC_HTTP_MSG_H
#define RC_HTTP_MSG_H
#include <stdbool.h>
#include <stddef.h>
#include "engine/base/slice.h"

enum { RC_HTTP_MAX_HEADERS = 20 };

struct http_header {
	const char *name;
	struct rc_slice value;
};

struct http_req {
	const char *method;   /* "GET", static */
	const char *url;      /* absolute, exactly as it goes on the wire */
	const char *log_path; /* path and query without anything secret */
	size_t n_headers;
	struct http_header headers[RC_HTTP_MAX_HEADERS];
	struct rc_slice body; /* n 0: none */
	bool body_secret;     /* wipe the arena after use */
};

/* How far a request came. NOT_SENT is the only one that proves that the server saw nothing of it. */
enum http_fate {
	HTTP_ANSWERED,  /* status, headers and the whole body arrived */
	HTTP_NOT_SENT,  /* name lookup, connect or TLS failed before a byte of the request left */
	HTTP_TIMEOUT,   /* sent, no (whole) answer in time */
	HTTP_LOST,      /* sent, then reset, cut short, or an answer that breaks HTTP */
	HTTP_TOO_LARGE, /* the answer passed the sink's maximum */
	HTTP_CANCELLED, /* by us */
};

struct http_resp {
	enum http_fate fate;
	int status;           /* 0 unless a status line came */
	struct rc_slice body; /* up to what arrived */
	size_t n_headers;
	struct http_header headers[64]; /* names lower-cased; more are dropped */
	const char *problem; /* for fate != ANSWERED: one phrase, e.g. "certificate is for another host (…)" */
	bool tls_problem;    /* certificate or handshake refused: stop the target, do not retry */
	double rtt_s;
};

/* Value of a header (name in lower case), or an empty slice with p NULL. */
struct rc_slice http_resp_header(const struct http_resp *r, const char *name);

#endif
