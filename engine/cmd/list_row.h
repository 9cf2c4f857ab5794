/* engine/cmd/list_row.h - one line of `list`: a person or account on a target, as CSV or as a JSON line. */
#ifndef RC_CMD_LIST_ROW_H
#define RC_CMD_LIST_ROW_H
#include "engine/base/buf.h"
#include <stdint.h>

struct list_row {
	const char *target;
	struct rc_slice key, name, server;
	const char *status;
	int64_t since_ns, due_ns; /* 0: none */
	const char *source;       /* as configured; NULL: none */
	struct rc_slice reason;
	const char *address; /* of the pool's server, for people; NULL: none */
};

void list_row_header(struct rc_buf *b); /* of the CSV */
void list_row_csv(struct rc_buf *b, const struct list_row *r);
void list_row_json(struct rc_buf *b, const struct list_row *r);

#endif
