/* Built with ROLLCALL_ISAL only. ISA-L's own reading of a gzip header forgets its flags when the header comes in
 * pieces, so the header is read here (RFC 1952) and ISA-L does the rest: blocks, checksum, length. */
#include "engine/source/gunzip.h"
#include "engine/base/alloc.h"
#include <isa-l.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

enum { FIXED = 10, FLAG_HCRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_RESERVED = 0xe0 };
enum part { IN_FIXED, IN_EXTRA_LENGTH, IN_EXTRA, IN_NAME, IN_COMMENT, IN_HCRC, IN_BLOCKS };

struct gunzip {
	struct inflate_state z;
	enum part part;
	unsigned flags, at, extra, hcrc; /* at: bytes of this part that were read */
	uLong crc;                       /* of the header */
};

static void next(void *state)
{
	struct gunzip *g = state;

	isal_inflate_init(&g->z);
	g->z.crc_flag = ISAL_GZIP_NO_HDR_VER;
	g->part = IN_FIXED;
	g->at = 0;
	g->crc = crc32(0, NULL, 0);
}

static void *begin(void)
{
	struct gunzip *g = rc_xcalloc(1, sizeof(*g));

	next(g);
	return g;
}

static const char *fixed_byte(struct gunzip *g, unsigned char c)
{
	if ((g->at == 0 && c != 0x1f) || (g->at == 1 && c != 0x8b))
		return "incorrect header check";
	if (g->at == 2 && c != 8)
		return "unknown compression method";
	if (g->at == 3 && c & FLAGS_RESERVED)
		return "unknown header flags set";
	if (g->at == 3)
		g->flags = c;
	return NULL;
}

/* The next part that the flags announce; one without bytes is left out. */
static enum part part_after(const struct gunzip *g, enum part p)
{
	if (p < IN_EXTRA_LENGTH && g->flags & FLAG_EXTRA)
		return IN_EXTRA_LENGTH;
	if (p == IN_EXTRA_LENGTH && g->extra)
		return IN_EXTRA;
	if (p < IN_NAME && g->flags & FLAG_NAME)
		return IN_NAME;
	if (p < IN_COMMENT && g->flags & FLAG_COMMENT)
		return IN_COMMENT;
	return p < IN_HCRC && g->flags & FLAG_HCRC ? IN_HCRC : IN_BLOCKS;
}

static const char *header_byte(struct gunzip *g, unsigned char c)
{
	const char *why = NULL;
	bool ends = false;

	switch (g->part) {
	case IN_FIXED:
		why = fixed_byte(g, c);
		ends = g->at == FIXED - 1;
		break;
	case IN_EXTRA_LENGTH:
		g->extra = g->at ? g->extra | (unsigned)c << 8 : c;
		ends = g->at == 1;
		break;
	case IN_EXTRA:
		ends = g->at == g->extra - 1;
		break;
	case IN_HCRC:
		g->hcrc = g->at ? g->hcrc | (unsigned)c << 8 : c;
		ends = g->at == 1;
		if (ends && g->hcrc != (g->crc & 0xffff))
			why = "header crc mismatch";
		break;
	default:
		ends = c == 0;
	}
	if (g->part != IN_HCRC)
		g->crc = crc32(g->crc, &c, 1);
	g->at = ends ? 0 : g->at + 1;
	if (ends)
		g->part = part_after(g, g->part);
	return why;
}

static const char *reason(int rc)
{
	switch (rc) {
	case ISAL_INVALID_BLOCK:
		return "invalid block";
	case ISAL_INVALID_SYMBOL:
		return "invalid code";
	case ISAL_INVALID_LOOKBACK:
		return "invalid distance too far back";
	case ISAL_INCORRECT_CHECKSUM:
		return "incorrect data check";
	default:
		return "inflate failed";
	}
}

static enum rc_gunzip_did step(void *state, struct rc_gunzip_io *io)
{
	struct gunzip *g = state;
	uint32_t in_n, out_n;
	int rc;

	for (; io->in_n && g->part != IN_BLOCKS; io->in++, io->in_n--)
		if ((io->why = header_byte(g, *io->in)))
			return RC_GUNZIP_CORRUPT;
	if (g->part != IN_BLOCKS)
		return RC_GUNZIP_MORE;
	in_n = io->in_n < UINT32_MAX ? (uint32_t)io->in_n : UINT32_MAX;
	out_n = io->out_n < UINT32_MAX ? (uint32_t)io->out_n : UINT32_MAX;
	g->z.next_in = (uint8_t *)(size_t)io->in;
	g->z.avail_in = in_n;
	g->z.next_out = (uint8_t *)io->out;
	g->z.avail_out = out_n;
	rc = isal_inflate(&g->z);
	io->in += in_n - g->z.avail_in;
	io->in_n -= in_n - g->z.avail_in;
	io->out += out_n - g->z.avail_out;
	io->out_n -= out_n - g->z.avail_out;
	if (rc == ISAL_DECOMP_OK || rc == ISAL_END_INPUT || rc == ISAL_OUT_OVERFLOW)
		return g->z.block_state == ISAL_BLOCK_FINISH ? RC_GUNZIP_END : RC_GUNZIP_MORE;
	io->why = reason(rc);
	return RC_GUNZIP_CORRUPT;
}

const struct rc_gunzip_kind rc_gunzip_isal = {begin, step, next, free};
