#include "engine/cmd/list_row.h"
#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/report/cell.h"

void list_row_header(struct rc_buf *b)
{
	rc_buf_adds(b, "target,key,name,server,status,since,due_at,source,reason,address\n");
}

static struct rc_slice moment(int64_t ns, char out[32])
{
	if (ns)
		rc_time_iso(ns, out);
	else
		out[0] = 0;
	return rc_slice_str(out);
}

void list_row_csv(struct rc_buf *b, const struct list_row *r)
{
	char since[32], due[32];

	rc_cell_safe(b, rc_slice_str(r->target));
	rc_cell_next(b, r->key);
	rc_cell_next(b, r->name);
	rc_cell_next(b, r->server);
	rc_cell_next(b, rc_slice_str(r->status));
	rc_cell_next(b, moment(r->since_ns, since));
	rc_cell_next(b, moment(r->due_ns, due));
	rc_cell_next(b, rc_slice_str(r->source));
	rc_cell_next(b, r->reason);
	rc_cell_next(b, rc_slice_str(r->address));
	rc_buf_addc(b, '\n');
}

static void text(struct rc_buf *b, const char *name, struct rc_slice s)
{
	if (s.n)
		rc_json_kstr(b, name, s);
	else
		rc_json_kcstr(b, name, NULL);
}

void list_row_json(struct rc_buf *b, const struct list_row *r)
{
	char since[32], due[32];

	rc_buf_addc(b, '{');
	rc_json_kcstr(b, "target", r->target);
	rc_json_kstr(b, "key", r->key);
	rc_json_kstr(b, "name", r->name);
	text(b, "server", r->server);
	rc_json_kcstr(b, "status", r->status);
	text(b, "since", moment(r->since_ns, since));
	text(b, "due_at", moment(r->due_ns, due));
	rc_json_kcstr(b, "source", r->source);
	text(b, "reason", r->reason);
	rc_json_kcstr(b, "address", r->address);
	rc_buf_adds(b, "}\n");
}
