/* Short ways that every text of a report takes: they copy, judge and append as the plain ones byte by byte would, at
 * every length, with a byte that needs care at every place, and where the buffer has to grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/base/alloc.h"
#include "engine/base/json_out.h"
#include "engine/base/plain.h"
#include "engine/report/cell.h"

enum { LONGEST = 67 };

static bool plain_byte(unsigned c, char but)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != (unsigned char)but;
}

/* Memory of exactly that size, so that a sanitizer sees a step too far. */
static void copies_and_judges(const char *text, size_t n, char but, bool plain)
{
	char *from = rc_xmalloc(n ? n : 1), *to = rc_xmalloc(n ? n : 1);

	memcpy(from, text, n);
	assert_int_equal(rc_copy_plain(to, from, n, but), plain);
	assert_memory_equal(to, text, n);
	assert_int_equal(rc_copy_plain(from, from, n, but), plain); /* onto itself */
	assert_memory_equal(from, text, n);
	free(from);
	free(to);
}

static void test_every_byte_at_every_place(void **state)
{
	char text[LONGEST + 1] = "";

	(void)state;
	for (size_t n = 0; n <= LONGEST; n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = (char)('a' + i % 26);
		copies_and_judges(text, n, ',', true);
		for (size_t at = 0; at < n; at++) {
			char was = text[at];

			for (unsigned c = 0; c < 256; c++) {
				text[at] = (char)c;
				copies_and_judges(text, n, ',', plain_byte(c, ','));
			}
			text[at] = '\\';
			copies_and_judges(text, n, '\\', false);
			text[at] = was;
		}
	}
}

static void same(const struct rc_buf *b, size_t from, const char *want)
{
	if (b->n != from + strlen(want) || memcmp(b->p + from, want, strlen(want)) != 0 || b->p[b->n])
		fail_msg("wanted %s, got %s", want, b->p + from);
}

/* Texts without and with a byte that each form writes in another way, after so many bytes that each length meets a
 * buffer that is just large enough, one byte too small, and anything else. */
static void appends_at_any_fill(const char *text, const char *json, const char *cell)
{
	char want[4 * LONGEST];

	for (size_t fill = 1; fill < 140; fill++) {
		struct rc_buf b = {0};
		struct rc_slice s = rc_slice_str(text);

		for (size_t i = 0; i < fill; i++)
			rc_buf_addc(&b, '.');
		rc_json_string(&b, s);
		same(&b, fill, json);
		b.n = fill;
		rc_json_next(&b, s);
		snprintf(want, sizeof(want), ",%s", json);
		same(&b, fill, want);
		rc_json_more(&b, s);
		snprintf(want, sizeof(want), ",%.*s%s", (int)strlen(json) - 1, json, json + 1);
		same(&b, fill, want);
		b.n = fill;
		rc_cell_safe(&b, s);
		same(&b, fill, cell);
		b.n = fill;
		rc_cell_next(&b, s);
		snprintf(want, sizeof(want), ",%s", cell);
		same(&b, fill, want);
		b.n = fill;
		rc_buf_addslice(&b, s);
		rc_cell_settle(&b, fill);
		same(&b, fill, cell);
		rc_buf_done(&b);
	}
}

static void test_appended_at_any_fill(void **state)
{
	char text[LONGEST + 1], json[4 * LONGEST], cell[4 * LONGEST];

	(void)state;
	for (size_t n = 0; n <= LONGEST; n++) {
		memset(text, 'x', n);
		text[n] = 0;
		snprintf(json, sizeof(json), "\"%s\"", text);
		appends_at_any_fill(text, json, text);
		if (!n)
			continue;
		text[n - 1] = '\x01';
		snprintf(json, sizeof(json), "\"%.*s\\u0001\"", (int)n - 1, text);
		snprintf(cell, sizeof(cell), "%.*s\\x01", (int)n - 1, text);
		appends_at_any_fill(text, json, cell);
		text[n - 1] = ',';
		snprintf(json, sizeof(json), "\"%s\"", text);
		appends_at_any_fill(text, json, json);
		text[n - 1] = 'x';
		text[0] = '=';
		snprintf(json, sizeof(json), "\"%s\"", text);
		snprintf(cell, sizeof(cell), "\"'%s\"", text);
		appends_at_any_fill(text, json, cell);
	}
}

static void test_a_bound_is_kept(void **state)
{
	static void (*const append[])(struct rc_buf *, struct rc_slice) = {
		rc_json_string, rc_json_next, rc_json_more, rc_cell_safe, rc_cell_next,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(append) / sizeof(*append); i++) {
		struct rc_buf b = {.max = 40};

		rc_buf_adds(&b, "\"a\"");
		append[i](&b, RC_SLICE("a text of thirty-nine bytes, which is so"));
		assert_true(b.overflow);
		assert_true(b.n <= 40);
		append[i](&b, RC_SLICE("no more"));
		assert_true(b.n <= 40);
		rc_buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte_at_every_place),
		cmocka_unit_test(test_appended_at_any_fill),
		cmocka_unit_test(test_a_bound_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
