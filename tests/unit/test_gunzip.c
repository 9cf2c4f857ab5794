/* The reader's inflate, fed in pieces, against zlib's fed whole: the same bytes, the same end, the same refusals. In a
 * build with ROLLCALL_ISAL the first is ISA-L's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "engine/base/buf.h"
#include "engine/source/gunzip.h"

static uint64_t seed = 7;

static uint64_t next(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 33;
}

/* Rows as an export has them, noise, or one byte over and over. */
static void text_of(struct rc_buf *b, int kind, size_t n)
{
	rc_buf_clear(b);
	while (b->n < n)
		if (kind == 0)
			rc_buf_addf(b, "%llu,user.%llu,Sales,active\n", (unsigned long long)b->n,
				    (unsigned long long)(next() % 500));
		else
			rc_buf_addc(b, kind == 1 ? (char)next() : 'x');
	b->n = n;
}

static void pack(struct rc_buf *out, const struct rc_buf *text, int level, int strategy, gz_header *header)
{
	z_stream z = {0};
	uLong most;

	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, strategy), Z_OK);
	if (header)
		assert_int_equal(deflateSetHeader(&z, header), Z_OK);
	most = deflateBound(&z, (uLong)text->n) + 200;
	z.next_out = (Bytef *)rc_buf_reserve(out, most);
	z.avail_out = (uInt)most;
	z.next_in = (Bytef *)text->p;
	z.avail_in = (uInt)text->n;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += z.total_out;
	deflateEnd(&z);
}

/* All members of packed; `piece` bytes in and `room` bytes out at a time. Returns whether it was sound and whole. */
static bool unpack(const struct rc_gunzip_kind *k, const struct rc_buf *packed, size_t piece, size_t room,
		   struct rc_buf *out, size_t *ret_members)
{
	void *state = k->begin();
	struct rc_gunzip_io io = {0};
	enum rc_gunzip_did did = RC_GUNZIP_MORE;
	size_t fed = 0;

	rc_buf_clear(out);
	*ret_members = 0;
	for (bool whole = false;;) {
		size_t had, got;

		if (!io.in_n) {
			if (whole)
				break;
			io.in = (const unsigned char *)packed->p + fed;
			io.in_n = packed->n - fed < piece ? packed->n - fed : piece;
			fed += io.in_n;
			whole = fed == packed->n;
		}
		if (did == RC_GUNZIP_END)
			k->next(state);
		do {
			io.out = rc_buf_reserve(out, room);
			io.out_n = room;
			had = io.in_n;
			did = k->step(state, &io);
			got = room - io.out_n;
			out->n += got;
		} while (did == RC_GUNZIP_MORE && (got || io.in_n != had));
		*ret_members += did == RC_GUNZIP_END;
		if (did == RC_GUNZIP_CORRUPT || (did == RC_GUNZIP_MORE && io.in_n))
			break;
	}
	k->end(state);
	return did == RC_GUNZIP_END && !io.in_n;
}

static void same(const struct rc_buf *packed, size_t piece, size_t room, bool must_be_sound)
{
	struct rc_buf a = {0}, b = {0};
	size_t n, m;
	bool sound = unpack(&rc_gunzip_zlib, packed, packed->n, 1 << 20, &a, &n);

	if (must_be_sound)
		assert_true(sound);
	assert_int_equal(unpack(RC_GUNZIP, packed, piece, room, &b, &m), sound);
	if (sound) {
		assert_int_equal(n, m);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.p, b.p, a.n);
	}
	rc_buf_done(&a);
	rc_buf_done(&b);
}

static void test_members(void **state)
{
	static const size_t sizes[] = {0, 1, 300, 70000, 400000};
	static const int levels[] = {0, 1, 6, 9}, strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
	struct rc_buf text = {0}, packed = {0};
	Bytef extra[40] = {1, 2}, name[] = "export.csv", comment[] = "of tonight";
	gz_header header = {
		.text = 1, .time = 77, .extra = extra, .extra_len = 40, .name = name, .comment = comment, .hcrc = 1};

	(void)state;
	for (size_t s = 0; s < 5; s++)
		for (int kind = 0; kind < 3; kind++) {
			text_of(&text, kind, sizes[s]);
			rc_buf_clear(&packed);
			for (size_t l = 0; l < 4; l++) /* four members */
				pack(&packed, &text, levels[l], strategies[(l + s) % 4], l % 2 ? &header : NULL);
			same(&packed, packed.n, 1 << 20, true);
			same(&packed, 262144, 262144, true);
			same(&packed, 4099, 997, true);
			if (sizes[s] <= 70000)
				same(&packed, 7, 4096, true);
			if (sizes[s] <= 300)
				same(&packed, 1, 1, true);
		}
	rc_buf_done(&text);
	rc_buf_done(&packed);
}

/* What is cut off or changed anywhere is refused by both, or by neither. */
static void test_damage(void **state)
{
	struct rc_buf text = {0}, packed = {0};
	gz_header header = {.name = (Bytef[]){"n"}, .hcrc = 1};

	(void)state;
	text_of(&text, 0, 20000);
	pack(&packed, &text, 6, Z_DEFAULT_STRATEGY, &header);
	for (size_t cut = 1; cut < 60; cut++) {
		packed.n -= cut;
		same(&packed, 100, 4096, false);
		packed.n += cut;
	}
	for (size_t at = 0; at < packed.n; at += at < 40 || at + 20 > packed.n ? 1 : 13)
		for (int bit = 0; bit < 8; bit++) {
			packed.p[at] = (char)(packed.p[at] ^ 1 << bit);
			same(&packed, 1000, 4096, false);
			packed.p[at] = (char)(packed.p[at] ^ 1 << bit);
		}
	rc_buf_done(&text);
	rc_buf_done(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_members), cmocka_unit_test(test_damage)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
