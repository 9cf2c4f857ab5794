#include "engine/source/csv_fault.h"
#include "engine/base/utf8.h"
#include "engine/source/convert.h"
#include <stdio.h>
#include <strings.h>

const char *rc_encoding_hint(struct rc_slice s)
{
	if (rc_convert_fits("GB18030", s))
		return "; valid as GB18030: set encoding";
	if (rc_convert_fits("WINDOWS-1252", s))
		return "; valid as windows-1252: set encoding";
	return "";
}

static uint64_t line_of(struct rc_slice raw, size_t at, uint64_t line)
{
	for (size_t i = 0; i < at; i++)
		line += raw.p[i] == '\n' || (raw.p[i] == '\r' && i + 1 < raw.n && raw.p[i + 1] != '\n');
	return line;
}

/* "column 3 (email), byte 7: " */
static int place(const struct rc_csv_split *s, size_t field, size_t byte, char *out, size_t cap)
{
	struct rc_slice name = field < s->n ? s->column[field] : (struct rc_slice){NULL, 0};
	int n = name.n > 80 ? 80 : (int)name.n;

	if (name.n)
		return snprintf(out, cap, "column %zu (%.*s), byte %zu: ", field + 1, n, name.p, byte + 1);
	return snprintf(out, cap, "column %zu, byte %zu: ", field + 1, byte + 1);
}

static void say(const struct rc_csv_split *s, size_t field, size_t byte, struct rc_reject *rej, const char *why,
		const char *more)
{
	int n = place(s, field, byte, rej->why, sizeof(rej->why));

	snprintf(rej->why + n, sizeof(rej->why) - (size_t)n, "%s%s", why, more);
	rc_printable(rej->why, sizeof(rej->why));
}

void rc_csv_fault_quote(const struct rc_csv_split *s, struct rc_slice raw, uint64_t line, struct rc_reject *rej,
			size_t *ret_fields, size_t *ret_bytes)
{
	enum { FIELD, BARE, QUOTED, QUOTE } state = FIELD;
	size_t field = 0, from = 0, i;
	const char *why = "the quote that opens here is never closed";

	for (i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (state == QUOTED) {
			state = c == '"' ? QUOTE : QUOTED;
		} else if (c == '"' && state != BARE) {
			state = QUOTED;
		} else if (c == '"') {
			why = "stray quote; a field that holds a quote is quoted and the quote doubled";
			break;
		} else if (c == s->delimiter) {
			state = FIELD;
			field++;
			from = i + 1;
		} else if (state == QUOTE) {
			why = "text behind a closing quote; a quote inside a quoted field is doubled";
			break;
		} else {
			state = BARE;
		}
	}
	rej->unclosed = i == raw.n;
	if (rej->unclosed)
		i = from;
	rej->line = line_of(raw, i, line);
	say(s, field, i - from, rej, why, "");
	*ret_fields = field;
	*ret_bytes = from;
}

void rc_csv_fault_bytes(const struct rc_csv_split *s, struct rc_slice raw, struct rc_slice cell, size_t i,
			uint64_t line, struct rc_reject *rej)
{
	const char *nul = memchr(cell.p, 0, cell.n);
	size_t at = rc_utf8_valid(cell.p, cell.n);
	char why[96];

	if (nul && (size_t)(nul - cell.p) < at) {
		at = (size_t)(nul - cell.p);
		say(s, i, at, rej, "NUL byte", "; if the file is UTF-16, set encoding");
	} else if (s->encoding[0] && strcasecmp(s->encoding, "UTF-8") != 0) {
		snprintf(why, sizeof(why), "not valid %s", s->encoding);
		say(s, i, at, rej, why, "");
	} else {
		snprintf(why, sizeof(why), "invalid UTF-8 (0x%02X)", (unsigned char)cell.p[at]);
		say(s, i, at, rej, why, rc_encoding_hint(raw));
	}
	rej->line = line_of(raw, (size_t)(cell.p - raw.p) + at, line);
}
