/* engine/source/simd.h - which bytes of a block of 64 are which, as bit masks (bit i: byte i).
 *
 * Three ways to the same masks: portable (eight bytes a step), AVX2 and AVX-512, chosen at run time. A scan is written
 * once as an always_inline body that takes rc_masks, and a table of its instances is indexed by rc_simd_level. Loads
 * read 64 bytes: the caller sees to it that they may. */
#ifndef RC_SIMD_H
#define RC_SIMD_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RC_BLOCK 64
#define RC_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__) && defined(__GNUC__)
#define RC_X86 1
#include <immintrin.h>
#define RC_AVX2 __attribute__((target("avx2,popcnt,bmi,lzcnt")))
#define RC_AVX512 __attribute__((target("avx512bw,avx512vl,avx2,popcnt,bmi,lzcnt")))
#endif

enum rc_simd { RC_SIMD_PORTABLE, RC_SIMD_AVX2, RC_SIMD_AVX512, RC_SIMD_LEVELS };

/* The best this CPU has, up to the limit. */
enum rc_simd rc_simd_level(void);
void rc_simd_limit(enum rc_simd level); /* tests and bench; not while a reader is open */

struct rc_masks {
	uint64_t (*eq)(const char *p, char c);      /* bytes equal to c */
	bool (*any)(const char *p, char a, char b); /* whether a byte equals a or b; cheaper than two masks */
	uint64_t (*high)(const char *p);            /* bytes of 0x80 and above */
};

RC_INLINE uint64_t rc_portable_word(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* The top bits of eight bytes, gathered: bit i is the top bit of byte i. */
RC_INLINE uint64_t rc_portable_gather(uint64_t tops)
{
	return ((tops & 0x8080808080808080ull) >> 7) * 0x0102040810204080ull >> 56;
}

RC_INLINE uint64_t rc_portable_eq(const char *p, char c)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7full;
	uint64_t pattern = 0x0101010101010101ull * (unsigned char)c, m = 0;

	for (int i = 0; i < 8; i++) {
		uint64_t x = rc_portable_word(p + 8 * i) ^ pattern;

		m |= rc_portable_gather(~(((x & low) + low) | x)) << (8 * i);
	}
	return m;
}

RC_INLINE bool rc_portable_any(const char *p, char a, char b)
{
	return (rc_portable_eq(p, a) | rc_portable_eq(p, b)) != 0;
}

RC_INLINE uint64_t rc_portable_high(const char *p)
{
	uint64_t m = 0;

	for (int i = 0; i < 8; i++)
		m |= rc_portable_gather(rc_portable_word(p + 8 * i)) << (8 * i);
	return m;
}

static const struct rc_masks rc_masks_portable
	__attribute__((unused)) = {rc_portable_eq, rc_portable_any, rc_portable_high};

#ifdef RC_X86
RC_AVX2 RC_INLINE uint64_t rc_avx2_eq(const char *p, char c)
{
	__m256i want = _mm256_set1_epi8(c);
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, want)) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, want)) << 32;
}

RC_AVX2 RC_INLINE bool rc_avx2_any(const char *p, char a, char b)
{
	__m256i want_a = _mm256_set1_epi8(a), want_b = _mm256_set1_epi8(b);
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	__m256i is_a = _mm256_or_si256(_mm256_cmpeq_epi8(low, want_a), _mm256_cmpeq_epi8(high, want_a));
	__m256i is_b = _mm256_or_si256(_mm256_cmpeq_epi8(low, want_b), _mm256_cmpeq_epi8(high, want_b));
	__m256i is = _mm256_or_si256(is_a, is_b);

	return !_mm256_testz_si256(is, is);
}

RC_AVX2 RC_INLINE uint64_t rc_avx2_high(const char *p)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256((const __m256i *)(const void *)p)) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(p + 32)))
		       << 32;
}

static const struct rc_masks rc_masks_avx2 __attribute__((unused)) = {rc_avx2_eq, rc_avx2_any, rc_avx2_high};

RC_AVX512 RC_INLINE uint64_t rc_avx512_eq(const char *p, char c)
{
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(c));
}

RC_AVX512 RC_INLINE bool rc_avx512_any(const char *p, char a, char b)
{
	__m512i v = _mm512_loadu_si512(p);

	return !_kortestz_mask64_u8(_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(a)),
				    _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b)));
}

RC_AVX512 RC_INLINE uint64_t rc_avx512_high(const char *p)
{
	return _mm512_movepi8_mask(_mm512_loadu_si512(p));
}

static const struct rc_masks rc_masks_avx512 __attribute__((unused)) = {rc_avx512_eq, rc_avx512_any, rc_avx512_high};
#endif

/* Bit i: whether the number of ones in bits 0..i is odd. */
RC_INLINE uint64_t rc_prefix_xor(uint64_t m)
{
	m ^= m << 1;
	m ^= m << 2;
	m ^= m << 4;
	m ^= m << 8;
	m ^= m << 16;
	m ^= m << 32;
	return m;
}

/* Quotes of one block (RFC 4180), given what the block before left and the byte behind it. */
struct rc_quotes {
	uint64_t inside; /* all ones when the block begins inside quotes; set for the next one */
	uint64_t edge;   /* 1 when the byte before the block may stand before an opening quote; set for the next one */
};

/* Sets *ret_inside to the bytes in quotes (opening quote yes, closing one no). False when a quote stands where none
 * may; state is then of no use. edge: delimiters and line ends; next_edge: whether the byte behind the block is one, or
 * a quote, or the end. */
RC_INLINE bool rc_quotes_block(struct rc_quotes *s, uint64_t quote, uint64_t edge, bool next_edge, uint64_t *ret_inside)
{
	uint64_t inside = rc_prefix_xor(quote) ^ s->inside;
	uint64_t around = edge | quote; /* a quote beside a quote is a doubled one, or an empty field's pair */
	uint64_t bad = (quote & inside & ~(around << 1 | s->edge)) |
		       (quote & ~inside & ~(around >> 1 | (uint64_t)next_edge << 63));

	s->inside = (uint64_t)((int64_t)inside >> 63);
	s->edge = around >> 63;
	*ret_inside = inside;
	return bad == 0;
}

#endif
