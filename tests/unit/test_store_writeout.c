/* A file that is sent to the disk while it is written: it holds what was written, and the sync is the writer's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "engine/store/writeout.h"

enum { PIECE = 64 << 10, PIECES = 256 };

static void fill(char *piece, int i)
{
	for (int at = 0; at < PIECE; at++)
		piece[at] = (char)(i * 31 + at);
}

static void test_written(void **state)
{
	static char piece[PIECE], got[PIECE];
	FILE *f = tmpfile();
	struct rc_writeout *o;

	(void)state;
	assert_non_null(f);
	o = rc_writeout_begin(fileno(f));
	assert_non_null(o);
	for (int i = 0; i < PIECES; i++) {
		fill(piece, i);
		assert_int_equal(pwrite(fileno(f), piece, PIECE, (off_t)i * PIECE), PIECE);
	}
	assert_int_equal(fdatasync(fileno(f)), 0);
	rc_writeout_end(o);
	for (int i = 0; i < PIECES; i++) {
		fill(piece, i);
		assert_int_equal(pread(fileno(f), got, PIECE, (off_t)i * PIECE), PIECE);
		assert_memory_equal(got, piece, PIECE);
	}
	fclose(f);
}

/* What the system refuses is nobody's error here. */
static void test_refused(void **state)
{
	(void)state;
	rc_writeout_end(rc_writeout_begin(-1));
	rc_writeout_end(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_written), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
