/* tests/simulator/http_text.h - one HTTP request as it arrived, and the answer to it, as plain values.
 *
 * Owner   a request borrows from the connection until the answer is made; a reply owns its buffers. */
#ifndef SIMULATOR_HTTP_TEXT_H
#define SIMULATOR_HTTP_TEXT_H

#include "tests/simulator/text.h"

#define SIM_MAX_HEADERS 100

struct sim_header {
	struct sim_str name, value;
};

struct sim_request {
	struct sim_str method, target; /* target as on the request line */
	struct sim_str path, query;    /* the two halves of target, still encoded */
	struct sim_header headers[SIM_MAX_HEADERS];
	size_t header_count;
	struct sim_str body; /* after removal of chunked framing */
};

/* The first header of that name, any case; {NULL, 0} when there is none. */
struct sim_str sim_request_header(const struct sim_request *r, const char *name);
/* Splits target into path and query. */
void sim_request_split(struct sim_request *r);

struct sim_param {
	struct sim_str name, value; /* decoded */
};

/* Parameters of a query string and, where wanted, of a form body after them. Owns the decoded text. */
struct sim_params {
	struct sim_param *items;
	size_t count;
	struct sim_buf text;
};
void sim_params_read(struct sim_params *p, struct sim_str query, struct sim_str form);
/* {NULL, 0} when absent. */
struct sim_str sim_params_get(const struct sim_params *p, const char *name);
void sim_params_done(struct sim_params *p);
/* name=value pairs, encoded, sorted by name then value, joined by `&`; the parameter named `leave_out` is skipped. */
void sim_params_canonical(struct sim_buf *b, struct sim_params *p, const char *leave_out);

enum sim_end {
	SIM_END_KEEP,  /* answered in full */
	SIM_END_CLOSE, /* the connection is closed after what was written */
	SIM_END_RESET, /* the connection is reset (RST) after what was written */
	SIM_END_HANG   /* nothing is written, the connection stays open */
};

struct sim_reply {
	int status;
	const char *content_type;
	struct sim_buf headers; /* further header lines, each with its CRLF */
	struct sim_buf body;
	char request_id[40];
	double delay_ms;
	double bytes_per_s; /* 0: as fast as it goes */
	enum sim_end end;
	bool counted; /* it counts as a call in flight */
	bool silent;  /* write nothing at all before `end` */
	bool cut;     /* write only cut_at bytes of the body, though the length says all */
	size_t cut_at;
};
void sim_reply_done(struct sim_reply *r);
void sim_reply_header(struct sim_reply *r, const char *name, const char *value);
const char *sim_status_text(int status);

#endif
