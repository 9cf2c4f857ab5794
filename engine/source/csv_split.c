#include "engine/source/csv_split.h"
#include "engine/base/alloc.h"
#include "engine/base/utf8.h"
#include "engine/source/csv_fault.h"
#include <stdio.h>
#include <stdlib.h>

void rc_csv_split_init(struct rc_csv_split *s, char delimiter, const char *encoding)
{
	*s = (struct rc_csv_split){.delimiter = delimiter, .cut = rc_csv_cutter_best()};
	snprintf(s->encoding, sizeof(s->encoding), "%s", encoding);
}

static void size_to(struct rc_csv_split *s, size_t n)
{
	s->n = n;
	s->column = rc_xreallocarray(s->column, n, sizeof(*s->column));
	s->field = rc_xreallocarray(s->field, n, sizeof(*s->field));
	s->cell = rc_xreallocarray(s->cell, n, sizeof(*s->cell));
	s->end = rc_xreallocarray(s->end, n + 1, sizeof(*s->end));
}

void rc_csv_split_copy(struct rc_csv_split *s, const struct rc_csv_split *from)
{
	size_t bytes = 0;

	rc_csv_split_init(s, from->delimiter, from->encoding);
	size_to(s, from->n);
	for (size_t i = 0; i < s->n; i++)
		bytes += from->column[i].n;
	s->header = rc_xmalloc(bytes);
	bytes = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct rc_slice c = from->column[i];

		s->column[i] = (struct rc_slice){s->header + bytes, c.n};
		if (c.n)
			memcpy(s->header + bytes, c.p, c.n);
		bytes += c.n;
	}
}

void rc_csv_split_done(struct rc_csv_split *s)
{
	free(s->header);
	free(s->column);
	free(s->field);
	free(s->cell);
	free(s->end);
	free(s->pick);
	free(s->picked);
	rc_buf_done(&s->text);
	*s = (struct rc_csv_split){0};
}

/* The value of a quoted cell. Without a doubled quote it is a part of the cell, else it is put together in text, which
 * has room for the whole row. */
static struct rc_slice unquote(struct rc_buf *text, struct rc_slice cell)
{
	const char *p = cell.p + 1, *end = cell.p + cell.n - 1, *q;
	char *to;
	struct rc_slice out;

	q = memchr(p, '"', (size_t)(end - p));
	if (!q)
		return (struct rc_slice){p, (size_t)(end - p)};
	to = text->p + text->n;
	out.p = to;
	do {
		size_t n = (size_t)(q - p) + 1;

		memcpy(to, p, n);
		to += n;
		p = q + 2;
		q = p < end ? memchr(p, '"', (size_t)(end - p)) : NULL;
	} while (q);
	if (p < end) {
		memcpy(to, p, (size_t)(end - p));
		to += end - p;
	}
	out.n = (size_t)(to - out.p);
	text->n += out.n;
	return out;
}

static void cells_from(struct rc_slice *restrict to, const uint32_t *restrict end, size_t n, const char *p)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		to[i] = (struct rc_slice){p + from, end[i] - from};
		from = (size_t)end[i] + 1;
	}
}

/* Cells and values of the first n fields, whose ends are known. Returns the cells: where nothing is quoted they are the
 * values. */
static const struct rc_slice *take_fields(struct rc_csv_split *s, struct rc_slice raw, size_t n, bool quoted)
{
	cells_from(s->field, s->end, n, raw.p);
	if (!quoted)
		return s->field;
	rc_buf_clear(&s->text);
	rc_buf_reserve(&s->text, raw.n);
	for (size_t i = 0; i < n; i++) {
		s->cell[i] = s->field[i];
		if (s->cell[i].n && s->cell[i].p[0] == '"')
			s->field[i] = unquote(&s->text, s->cell[i]);
	}
	return s->cell;
}

static bool clean(struct rc_slice f)
{
	return rc_utf8_valid(f.p, f.n) == f.n && (!f.n || !memchr(f.p, 0, f.n));
}

/* What can be told of a refused row: the first n fields, each if its bytes are good. */
static void salvage(struct rc_csv_split *s, size_t n, struct rc_reject *rej)
{
	for (size_t i = 0; i < s->n; i++)
		if (i >= n || !clean(s->field[i]))
			s->field[i] = (struct rc_slice){NULL, 0};
	rej->n = s->n;
	rej->field = s->field;
}

static void refuse_quotes(struct rc_csv_split *s, struct rc_slice raw, uint64_t line, struct rc_reject *rej)
{
	size_t fields, bytes;
	struct rc_csv_cuts c;

	rc_csv_fault_quote(s, raw, line, rej, &fields, &bytes);
	if (fields > s->n)
		fields = s->n;
	if (fields) {
		s->cut((struct rc_slice){raw.p, bytes}, s->delimiter, s->end, s->n + 1, &c);
		take_fields(s, raw, fields, c.quoted);
	}
	salvage(s, fields, rej);
}

static void refuse_count(struct rc_csv_split *s, struct rc_slice raw, const struct rc_csv_cuts *c, uint64_t line,
			 struct rc_reject *rej)
{
	rej->line = line;
	snprintf(rej->why, sizeof(rej->why), "%zu field%s, but the header has %zu", c->n, c->n == 1 ? "" : "s", s->n);
	take_fields(s, raw, s->n ? 1 : 0, c->quoted);
	salvage(s, 1, rej);
}

static void refuse_bytes(struct rc_csv_split *s, struct rc_slice raw, const struct rc_slice *cell, uint64_t line,
			 struct rc_reject *rej)
{
	for (size_t i = 0; i < s->n; i++)
		if (!clean(cell[i])) {
			rc_csv_fault_bytes(s, raw, cell[i], i, line, rej);
			break;
		}
	salvage(s, s->n, rej);
}

enum rc_read rc_csv_split_row(struct rc_csv_split *s, struct rc_slice raw, uint64_t line, struct rc_record *ret,
			      struct rc_reject *rej)
{
	const struct rc_slice *cell = NULL;
	struct rc_csv_cuts c;

	s->cut(raw, s->delimiter, s->end, s->n + 1, &c);
	if (__builtin_expect(!c.bad && c.n == s->n, 1)) {
		cell = take_fields(s, raw, s->n, c.quoted);
		if (!c.nul && (!c.high || rc_utf8_valid(raw.p, raw.n) == raw.n)) {
			*ret = (struct rc_record){.raw = raw, .line = line, .n = s->n, .field = s->field, .cell = cell};
			return RC_READ_RECORD;
		}
	}
	*rej = (struct rc_reject){.raw = raw};
	if (c.bad)
		refuse_quotes(s, raw, line, rej);
	else if (c.n != s->n)
		refuse_count(s, raw, &c, line, rej);
	else
		refuse_bytes(s, raw, cell, line, rej);
	return RC_READ_REJECT;
}

static int by_name(const void *a, const void *b, void *columns)
{
	const struct rc_slice *c = columns;

	return rc_slice_cmp(c[*(const size_t *)a], c[*(const size_t *)b]);
}

/* The first two columns of one name. */
static bool duplicate(const struct rc_csv_split *s, size_t *ret_a, size_t *ret_b)
{
	size_t *order = rc_xcalloc(s->n, sizeof(*order));
	bool found = false;

	for (size_t i = 0; i < s->n; i++)
		order[i] = i;
	qsort_r(order, s->n, sizeof(*order), by_name, s->column);
	for (size_t i = 1; i < s->n && !found; i++)
		if (rc_slice_eq(s->column[order[i - 1]], s->column[order[i]])) {
			found = true;
			*ret_a = order[i - 1] < order[i] ? order[i - 1] : order[i];
			*ret_b = order[i - 1] < order[i] ? order[i] : order[i - 1];
		}
	free(order);
	return found;
}

bool rc_csv_split_header(struct rc_csv_split *s, struct rc_slice raw, uint64_t line, struct rc_reject *rej)
{
	struct rc_csv_cuts c;
	struct rc_record rec;
	size_t a, b, bytes = 0;

	s->cut(raw, s->delimiter, NULL, 0, &c);
	size_to(s, c.n);
	for (size_t i = 0; i < s->n; i++)
		s->column[i] = (struct rc_slice){NULL, 0};
	if (rc_csv_split_row(s, raw, line, &rec, rej) != RC_READ_RECORD)
		return false;
	s->header = rc_xmalloc(raw.n);
	for (size_t i = 0; i < s->n; i++) {
		memcpy(s->header + bytes, s->field[i].p, s->field[i].n);
		s->column[i] = (struct rc_slice){s->header + bytes, s->field[i].n};
		bytes += s->field[i].n;
	}
	if (!duplicate(s, &a, &b))
		return true;
	*rej = (struct rc_reject){.line = line};
	snprintf(rej->why, sizeof(rej->why), "columns %zu and %zu have the same name '%.*s'", a + 1, b + 1,
		 s->column[a].n > 80 ? 80 : (int)s->column[a].n, s->column[a].p);
	rc_printable(rej->why, sizeof(rej->why));
	return false;
}

size_t rc_csv_split_select(struct rc_csv_split *s, const struct rc_slice *names, size_t n)
{
	s->pick = rc_xreallocarray(s->pick, n, sizeof(*s->pick));
	s->picked = rc_xreallocarray(s->picked, n, sizeof(*s->picked));
	s->pick_n = 0;
	for (size_t i = 0; i < n; i++) {
		size_t c = 0;

		while (c < s->n && !rc_slice_eq(s->column[c], names[i]))
			c++;
		if (c == s->n)
			return i;
		s->pick[s->pick_n++] = c;
	}
	return n;
}

size_t rc_csv_split_cells(struct rc_csv_split *s, struct rc_slice raw, const struct rc_slice **ret)
{
	struct rc_csv_cuts c;

	s->cut(raw, s->delimiter, s->end, s->n + 1, &c);
	if (c.bad || c.n != s->n)
		return 0;
	for (size_t i = 0; i < s->pick_n; i++) {
		size_t f = s->pick[i], from = f ? (size_t)s->end[f - 1] + 1 : 0;

		s->picked[i] = (struct rc_slice){raw.p + from, s->end[f] - from};
	}
	*ret = s->picked;
	return s->pick_n;
}

/* Whether the line makes a header with this delimiter. */
static bool names_well(struct rc_slice line, char delimiter)
{
	struct rc_csv_split s;
	struct rc_reject rej;
	bool good;

	rc_csv_split_init(&s, delimiter, "");
	good = rc_csv_split_header(&s, line, 1, &rej) && s.column[0].n != 0;
	rc_csv_split_done(&s);
	return good;
}

char rc_csv_sniff(struct rc_slice line)
{
	static const char of[] = ";\t|";
	size_t count[3] = {0}, best = 0;
	bool quoted = false;

	if (!line.n || memchr(line.p, ',', line.n))
		return ',';
	for (size_t i = 0; i < line.n; i++) {
		const char *c = memchr(of, line.p[i], 3);

		quoted ^= line.p[i] == '"';
		if (c && !quoted)
			count[c - of]++;
	}
	for (size_t i = 1; i < 3; i++)
		if (count[i] > count[best])
			best = i;
	return count[best] && names_well(line, of[best]) ? of[best] : ',';
}
