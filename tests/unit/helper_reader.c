#include "helper_reader.h"

static void record(const struct rc_record *rec, unsigned number, struct rc_buf *out)
{
	rc_buf_addf(out, "%u:", number);
	for (size_t i = 0; i < rec->n; i++) {
		rc_buf_addc(out, '[');
		rc_buf_addslice(out, rec->field[i]);
		rc_buf_addc(out, ']');
	}
	for (size_t i = 0; i < rec->attr_n; i++) {
		rc_buf_adds(out, i ? " " : "");
		rc_buf_addslice(out, rec->attr[i].name);
		rc_buf_addc(out, '=');
		for (size_t k = 0; k < rec->attr[i].n; k++) {
			rc_buf_addc(out, '[');
			rc_buf_addslice(out, rec->attr[i].value[k]);
			rc_buf_addc(out, ']');
		}
	}
	rc_buf_addc(out, '\n');
}

char *helper_dump(const struct rc_reader_opts *opts)
{
	struct rc_buf out = {0};
	struct rc_reader *r;
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;
	enum rc_read got;
	unsigned n = 0;
	char text[1024];

	rc_buf_adds(&out, "");
	if (rc_reader_open(opts, &r, &err)) {
		rc_buf_addf(&out, "%s\n", err.what);
		return out.p;
	}
	while ((got = rc_reader_next(r, &rec, &rej, &err)) != RC_READ_END) {
		if (got == RC_READ_RECORD) {
			record(&rec, ++n, &out);
		} else if (got == RC_READ_REJECT) {
			rc_reject_text(r, &rej, text, sizeof(text));
			rc_buf_addf(&out, "%s\n", text);
		} else {
			rc_buf_addf(&out, "%s\n", err.what);
			break;
		}
	}
	rc_reader_free(r);
	return out.p;
}

unsigned helper_random(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}
