#include "tests/fuzz/twice.h"
#include <assert.h>
#include "engine/base/utf8.h"

static void same_text(struct rc_slice a, struct rc_slice b)
{
	assert(a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0));
}

static void same_record(const struct rc_record *a, const struct rc_record *b)
{
	assert(a->line == b->line && a->n == b->n && a->attr_n == b->attr_n);
	same_text(a->raw, b->raw);
	for (size_t i = 0; i < a->n; i++) {
		same_text(a->field[i], b->field[i]);
		same_text(a->cell[i], b->cell[i]);
		assert(rc_utf8_valid(a->field[i].p, a->field[i].n) == a->field[i].n);
	}
	for (size_t i = 0; i < a->attr_n; i++) {
		same_text(a->attr[i].name, b->attr[i].name);
		assert(a->attr[i].n == b->attr[i].n && a->attr[i].text == b->attr[i].text);
		for (size_t k = 0; k < a->attr[i].n; k++)
			same_text(a->attr[i].value[k], b->attr[i].value[k]);
	}
}

static void printable(const char *s)
{
	size_t n = strlen(s);

	assert(n && rc_utf8_valid(s, n) == n);
	for (size_t i = 0; i < n; i++)
		assert((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
}

static void same_reject(const struct rc_reject *a, const struct rc_reject *b)
{
	printable(a->why);
	assert(a->line == b->line && strcmp(a->why, b->why) == 0 && a->unclosed == b->unclosed);
	assert(!a->raw.p == !b->raw.p);
	same_text(a->raw, b->raw);
}

static void same_error(const struct rc_err *a, const struct rc_err *b)
{
	printable(a->what);
	assert(a->code == b->code && strcmp(a->what, b->what) == 0);
}

struct answer {
	enum rc_read kind;
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;
};

static void read_next(struct rc_reader *r, struct answer *a)
{
	a->kind = rc_reader_next(r, &a->rec, &a->rej, &a->err);
}

/* As the run does it: raw first, split by somebody else. */
static void read_raw(struct rc_reader *r, struct rc_splitter *s, struct answer *a)
{
	struct rc_row row;

	a->kind = rc_reader_next_raw(r, &row, &a->rej, &a->err);
	if (a->kind == RC_READ_RECORD)
		a->kind = rc_splitter_split(s, row.raw, row.line, &a->rec, &a->rej, &a->err);
}

static void compare(const struct answer *a, const struct answer *b)
{
	assert(a->kind == b->kind);
	if (a->kind == RC_READ_RECORD)
		same_record(&a->rec, &b->rec);
	else if (a->kind == RC_READ_REJECT)
		same_reject(&a->rej, &b->rej);
	else if (a->kind == RC_READ_ERROR)
		same_error(&a->err, &b->err);
}

void twice(const struct rc_reader_opts *opts, size_t piece)
{
	struct rc_reader_opts cut = *opts;
	struct rc_reader *whole = NULL, *pieces = NULL, *raw = NULL;
	struct answer a = {0}, b = {0}, c = {0};
	struct rc_splitter *split;
	enum rc_code code = rc_reader_open(opts, &whole, &a.err);
	uint64_t line = 0;

	cut.in.piece = piece;
	assert(rc_reader_open(&cut, &pieces, &b.err) == code);
	assert(rc_reader_open(opts, &raw, &c.err) == code);
	if (code) {
		same_error(&a.err, &b.err);
		return;
	}
	split = rc_splitter_new(raw);
	do {
		read_next(whole, &a);
		read_next(pieces, &b);
		compare(&a, &b);
		if (a.kind == RC_READ_RECORD) {
			assert(a.rec.line > line);
			line = a.rec.line;
		}
		read_raw(raw, split, &c);
		assert(a.kind == c.kind);
		if (a.kind == RC_READ_RECORD)
			same_record(&a.rec, &c.rec);
	} while (a.kind == RC_READ_RECORD || a.kind == RC_READ_REJECT);
	rc_splitter_free(split);
	rc_reader_free(whole);
	rc_reader_free(pieces);
	rc_reader_free(raw);
}
