#include "engine/seal/seal_csv.h"
#include "engine/report/cell.h"

const char *const rc_seal_column_names[RC_SEAL_FIXED] = {"run_id", "target",   "server",    "key",
							 "name",   "password", "created_at"};

void rc_seal_csv_row(struct rc_buf *b, const struct rc_slice *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			rc_buf_addc(b, ',');
		rc_cell_plain(b, cells[i], ',');
	}
	rc_buf_addc(b, '\n');
}

/* The closing quote of a cell that begins behind its quote; NULL: never closed. */
static const char *closing(struct rc_slice text)
{
	for (const char *p = text.p, *end = p + text.n; p < end; p++) {
		if (*p != '"')
			continue;
		if (p + 1 == end || p[1] != '"')
			return p;
		p++;
	}
	return NULL;
}

static bool quoted(struct rc_slice *text, struct rc_arena *mem, struct rc_slice *ret)
{
	const char *end = closing(*text);
	size_t n = 0;
	char *out;

	if (!end)
		return false;
	out = rc_arena_alloc(mem, (size_t)(end - text->p) + 1);
	for (const char *p = text->p; p < end; p++) {
		if (*p == '"')
			p++;
		out[n++] = *p;
	}
	out[n] = 0;
	*ret = (struct rc_slice){out, n};
	*text = (struct rc_slice){end + 1, text->n - (size_t)(end + 1 - text->p)};
	return true;
}

static bool bare(struct rc_slice *text, struct rc_arena *mem, struct rc_slice *ret)
{
	size_t n = 0;

	while (n < text->n && text->p[n] != ',' && text->p[n] != '\n') {
		if (text->p[n] == '"')
			return false;
		n++;
	}
	*ret = rc_arena_copy(mem, (struct rc_slice){text->p, n});
	*text = (struct rc_slice){text->p + n, text->n - n};
	return true;
}

static bool cell(struct rc_slice *text, struct rc_arena *mem, struct rc_slice *ret)
{
	if (!text->n || text->p[0] != '"')
		return bare(text, mem, ret);
	*text = (struct rc_slice){text->p + 1, text->n - 1};
	return quoted(text, mem, ret);
}

long rc_seal_csv_next(struct rc_slice *text, struct rc_arena *mem, struct rc_slice *cells, size_t max)
{
	long n = 0;
	char c;

	if (!text->n)
		return 0;
	do {
		if ((size_t)n == max || !cell(text, mem, &cells[n++]) || !text->n)
			return -1;
		c = text->p[0];
		*text = (struct rc_slice){text->p + 1, text->n - 1};
	} while (c == ',');
	return c == '\n' ? n : -1;
}
