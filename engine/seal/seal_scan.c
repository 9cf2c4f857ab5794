#include "engine/seal/seal_scan.h"
#include "engine/seal/seal_block.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>

enum { BLOCK_MAX = 16 << 20 };

void rc_seal_scan_init(struct rc_seal_scan *s, FILE *in)
{
	*s = (struct rc_seal_scan){.in = in, .block = {.max = BLOCK_MAX}};
}

void rc_seal_scan_done(struct rc_seal_scan *s)
{
	rc_buf_done(&s->block);
	free(s->text);
}

/* The next line without its end and trailing blanks; false: no more. */
static bool next_line(struct rc_seal_scan *s, struct rc_slice *ret)
{
	ssize_t n;

	errno = 0;
	n = getline(&s->text, &s->text_cap, s->in);
	if (n < 0) {
		s->sys = feof(s->in) ? 0 : errno;
		return false;
	}
	s->line++;
	*ret = (struct rc_slice){s->text, (size_t)n};
	while (ret->n && (ret->p[ret->n - 1] == '\n' || ret->p[ret->n - 1] == '\r' || ret->p[ret->n - 1] == ' '))
		ret->n--;
	return true;
}

static bool prefix_of(struct rc_slice s, const char *whole)
{
	return s.n <= strlen(whole) && memcmp(s.p, whole, s.n) == 0;
}

/* What a crash can leave: base64, or zeros where the file system had made room but no data. */
static bool may_be_cut(struct rc_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c && c != '+' && c != '/' && c != '=' && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= 'a' && c <= 'z'))
			return false;
	}
	return true;
}

static enum rc_seal_piece fault(struct rc_seal_scan *s, const char *why)
{
	s->why = why;
	return RC_SEAL_PIECE_FAULT;
}

static enum rc_seal_piece torn(struct rc_seal_scan *s)
{
	s->inside = false;
	s->closing = true;
	return RC_SEAL_PIECE_TORN;
}

static void begin(struct rc_seal_scan *s)
{
	s->inside = true;
	s->closing = false;
	s->start = s->line;
	rc_buf_clear(&s->block);
	rc_buf_adds(&s->block, RC_SEAL_BEGIN "\n");
}

/* From a BEGIN line to what ends it. */
static enum rc_seal_piece inside(struct rc_seal_scan *s)
{
	struct rc_slice line;
	bool regular = true, last_cut = true, last_end = false;

	while (next_line(s, &line)) {
		if (rc_slice_eqs(line, RC_SEAL_TORN))
			return torn(s);
		if (rc_slice_eqs(line, RC_SEAL_BEGIN))
			return fault(s, "it has no end");
		rc_buf_addslice(&s->block, line);
		rc_buf_addc(&s->block, '\n');
		if (s->block.overflow)
			return fault(s, "it is larger than any that was sealed");
		if (rc_slice_eqs(line, RC_SEAL_END)) {
			s->inside = false;
			return RC_SEAL_PIECE_BLOCK;
		}
		regular = regular && last_cut;
		last_cut = may_be_cut(line);
		last_end = prefix_of(line, RC_SEAL_END);
	}
	if (s->sys)
		return fault(s, "it cannot be read");
	if (!regular || (!last_cut && !last_end))
		return fault(s, "its end is spoilt");
	return torn(s);
}

enum rc_seal_piece rc_seal_scan_next(struct rc_seal_scan *s)
{
	struct rc_slice line;
	bool stray = false, cut = true;

	while (!s->inside && next_line(s, &line)) {
		if (!stray)
			s->start = s->line;
		if (rc_slice_eqs(line, RC_SEAL_TORN))
			return torn(s);
		if (rc_slice_eqs(line, RC_SEAL_END) && s->closing) {
			s->closing = false;
		} else if (rc_slice_eqs(line, RC_SEAL_BEGIN)) {
			if (stray)
				return fault(s, "text stands there that is no block");
			begin(s);
		} else if (line.n) {
			stray = true;
			cut = prefix_of(line, RC_SEAL_BEGIN) || (line.p[0] == 0 && may_be_cut(line));
		}
	}
	if (s->inside)
		return inside(s);
	if (s->sys) {
		s->start = s->line + 1;
		return fault(s, "it cannot be read");
	}
	if (stray)
		return cut ? torn(s) : fault(s, "text stands there that is no block");
	return RC_SEAL_PIECE_END;
}
