#include "engine/cmd/read_json.h"
#include "engine/base/json_out.h"
#include "engine/base/utf8.h"
#include "engine/source/base64.h"

static void value(struct rc_buf *out, struct rc_slice v, bool text)
{
	if (text || (rc_utf8_valid(v.p, v.n) == v.n && !(v.n && memchr(v.p, 0, v.n)))) {
		rc_json_string(out, v);
		return;
	}
	rc_buf_adds(out, "{\"$base64\":\"");
	rc_base64_encode(v, out);
	rc_buf_adds(out, "\"}");
}

static void ldif(const struct rc_record *rec, struct rc_buf *out)
{
	for (size_t i = 0; i < rec->attr_n; i++) {
		const struct rc_attr *a = &rec->attr[i];

		rc_json_comma(out);
		rc_json_string(out, a->name);
		if (i == 0) {
			rc_buf_addc(out, ':');
			value(out, a->value[0], a->text);
			continue;
		}
		rc_buf_adds(out, ":[");
		for (size_t k = 0; k < a->n; k++) {
			if (k)
				rc_buf_addc(out, ',');
			value(out, a->value[k], a->text);
		}
		rc_buf_addc(out, ']');
	}
}

void rc_read_json(const struct rc_reader *r, const struct rc_record *rec, struct rc_buf *out)
{
	rc_buf_addc(out, '{');
	if (rc_reader_format(r) == RC_FORMAT_LDIF) {
		ldif(rec, out);
	} else {
		size_t n;
		const struct rc_slice *column = rc_reader_columns(r, &n);

		for (size_t i = 0; i < n; i++) {
			if (i)
				rc_buf_addc(out, ',');
			rc_json_string(out, column[i]);
			rc_buf_addc(out, ':');
			rc_json_string(out, rec->field[i]);
		}
	}
	rc_buf_adds(out, "}\n");
}
