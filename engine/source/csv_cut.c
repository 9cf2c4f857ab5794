#include "engine/source/csv_cut.h"
#include "engine/source/simd.h"

struct cutter {
	struct rc_csv_cuts cuts;
	struct rc_quotes quotes;
	uint32_t *end;
	size_t cap;
};

RC_INLINE void note(struct cutter *c, uint64_t delimiters, size_t base)
{
	for (; delimiters; delimiters &= delimiters - 1) {
		if (c->cuts.n < c->cap)
			c->end[c->cuts.n] = (uint32_t)(base + (size_t)__builtin_ctzll(delimiters));
		c->cuts.n++;
	}
}

/* The block of the row at i. The last one overlaps the one before it, so that nothing behind the row is read; a row
 * shorter than a block comes from a copy. Masks are to be shifted by the result. */
RC_INLINE unsigned load(struct rc_slice raw, size_t i, char copy[RC_BLOCK], const char **ret)
{
	size_t left = raw.n - i;

	*ret = raw.p + i;
	if (left >= RC_BLOCK)
		return 0;
	if (raw.n >= RC_BLOCK) {
		*ret = raw.p + raw.n - RC_BLOCK;
		return (unsigned)(RC_BLOCK - left);
	}
	memset(copy, 0, RC_BLOCK);
	if (raw.n)
		memcpy(copy, raw.p, raw.n);
	*ret = copy;
	return 0;
}

RC_INLINE bool cut_block(struct cutter *c, struct rc_slice raw, size_t i, char delimiter, struct rc_masks m)
{
	char copy[RC_BLOCK];
	size_t left = raw.n - i;
	const char *p;
	unsigned shift = load(raw, i, copy, &p);
	uint64_t valid = left >= RC_BLOCK ? ~(uint64_t)0 : ((uint64_t)1 << left) - 1;
	uint64_t cut = m.eq(p, delimiter) >> shift, quote = m.eq(p, '"') >> shift, inside, edge = cut;
	char next = left > RC_BLOCK ? raw.p[i + RC_BLOCK] : delimiter;

	c->cuts.nul |= ((m.eq(p, 0) >> shift) & valid) != 0;
	c->cuts.high |= (m.high(p) >> shift) != 0;
	if (!(quote | c->quotes.inside)) {
		note(c, cut, i);
		c->quotes.edge = cut >> 63;
		return true;
	}
	c->cuts.quoted = true;
	if (left < RC_BLOCK)
		edge |= (uint64_t)1 << left;
	if (!rc_quotes_block(&c->quotes, quote, edge, next == delimiter || next == '"', &inside))
		return false;
	note(c, cut & ~inside, i);
	return true;
}

RC_INLINE void cut_row(struct rc_slice raw, char delimiter, uint32_t *end, size_t cap, struct rc_csv_cuts *ret,
		       struct rc_masks m)
{
	struct cutter c = {.end = end, .cap = cap, .quotes.edge = 1};

	for (size_t i = 0; i < raw.n; i += RC_BLOCK)
		if (!cut_block(&c, raw, i, delimiter, m)) {
			c.cuts.bad = true;
			break;
		}
	if (c.quotes.inside)
		c.cuts.bad = true;
	if (c.cuts.n < cap)
		end[c.cuts.n] = (uint32_t)raw.n;
	c.cuts.n++;
	*ret = c.cuts;
}

static void cut_row_portable(struct rc_slice raw, char delimiter, uint32_t *end, size_t cap, struct rc_csv_cuts *ret)
{
	cut_row(raw, delimiter, end, cap, ret, rc_masks_portable);
}

#ifdef RC_X86
RC_AVX2 static void cut_row_avx2(struct rc_slice raw, char delimiter, uint32_t *end, size_t cap,
				 struct rc_csv_cuts *ret)
{
	cut_row(raw, delimiter, end, cap, ret, rc_masks_avx2);
}

RC_AVX512 static void cut_row_avx512(struct rc_slice raw, char delimiter, uint32_t *end, size_t cap,
				     struct rc_csv_cuts *ret)
{
	cut_row(raw, delimiter, end, cap, ret, rc_masks_avx512);
}
#endif

rc_csv_cutter rc_csv_cutter_best(void)
{
	static const rc_csv_cutter variants[RC_SIMD_LEVELS] = {
		cut_row_portable,
#ifdef RC_X86
		cut_row_avx2,
		cut_row_avx512,
#endif
	};

	return variants[rc_simd_level()];
}
