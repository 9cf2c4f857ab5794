/* A system that has no more threads: what would be done by another is done by the one there is, with the same result;
 * whoever cannot do without one says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "engine/report/report_int.h"
#include "engine/source/stream.h"
#include "engine/store/share.h"
#include "engine/store/writeout.h"
#include "tests/unit/helper_nights.h"
#include "tests/unit/helper_report.h"
#include "tests/unit/helper_store.h"

static atomic_bool scarce;
static atomic_int left; /* threads that may begin while they are scarce */
static atomic_uint refused;

int pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	static int (*its)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (atomic_load(&scarce) && atomic_fetch_sub(&left, 1) <= 0) {
		atomic_fetch_add(&refused, 1);
		return EAGAIN;
	}
	if (!its)
		*(void **)&its = dlsym(RTLD_NEXT, "pthread_create");
	return its(ret, attr, fn, arg);
}

static void allow(int n)
{
	atomic_store(&refused, 0);
	atomic_store(&left, n);
	atomic_store(&scarce, true);
}

/* How many were refused meanwhile. */
static unsigned plenty(void)
{
	atomic_store(&scarce, false);
	return atomic_load(&refused);
}

/* ---- the state */

static void the_writer_says_so(void **state)
{
	struct rc_err err = {0};
	struct test_store t;
	char buf[64];
	struct rc_known k = test_known(1, buf);
	struct rc_view *v;

	(void)state;
	test_store_dir(&t);
	test_store_open(&t);
	allow(0);
	assert_int_equal(rc_writer_start(t.store, NULL, &t.writer, &err), RC_INTERNAL);
	assert_int_equal(plenty(), 1);
	assert_non_null(strstr(err.what, "cannot start its writer"));
	t.writer = NULL;
	assert_int_equal(rc_writer_start(t.store, NULL, &t.writer, &err), RC_OK); /* it is nobody's yet */
	rc_writer_put_known(t.writer, t.target, &k);
	test_store_flush(&t);
	v = test_view(&t);
	assert_int_equal(rc_view_known_count(v, t.target, false), 1);
	test_view_end(v);
	test_store_done(&t);
}

enum { PEOPLE = 70000 }; /* enough for names to be sorted by a thread */

struct look_ups {
	const struct rc_view *own;
	unsigned times[PEOPLE];
};

static void note_look_up(struct rc_view *v, void *ctx, size_t from, size_t to, struct rc_arena *mem)
{
	struct look_ups *l = ctx;

	(void)mem;
	assert_ptr_equal(v, l->own);
	while (from < to)
		l->times[from++]++;
}

/* Loaded at once, looked up at once, and ahead of whoever asks. */
static void a_bulk_load_and_its_look_ups(void **state)
{
	static struct rc_name_asked asked[PEOPLE];
	static char names[PEOPLE][24];
	static struct look_ups seen;
	struct rc_names_ahead *ahead;
	struct test_store t;
	struct rc_view *v;

	(void)state;
	test_store_begin(&t);
	allow(0);
	rc_writer_bulk(t.writer, true);
	for (unsigned i = 0; i < PEOPLE; i++) {
		char buf[64];
		struct rc_known k = test_known(i, buf);

		snprintf(names[i], sizeof(names[i]), "user%u", i);
		asked[i].name = rc_slice_str(names[i]);
		rc_writer_put_known(t.writer, t.target, &k);
	}
	rc_writer_bulk(t.writer, false);
	test_store_flush(&t);
	assert_int_equal(plenty(), 1);
	v = test_view(&t);
	assert_int_equal(rc_view_known_count(v, t.target, true), PEOPLE);
	allow(0);
	ahead = rc_view_names_ahead(v, t.target, asked, PEOPLE);
	rc_view_names_told(v, ahead);
	seen.own = v;
	rc_view_share(v, PEOPLE, note_look_up, &seen, NULL);
	assert_int_equal(plenty(), 2);
	for (unsigned i = 0; i < PEOPLE; i++) {
		assert_int_equal(asked[i].owner.kind, RC_NAME_MANAGED);
		assert_int_equal(seen.times[i], 1);
	}
	test_view_end(v);
	test_store_done(&t);
}

static void what_is_only_sooner_is_left_out(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	allow(0);
	assert_null(rc_writeout_begin(fileno(f)));
	assert_int_equal(plenty(), 1);
	fclose(f);
}

/* ---- the source and the report */

static void gzip_is_inflated(void **state)
{
	enum { BYTES = 5 << 20 };
	char *text = malloc(BYTES), *packed = malloc(BYTES), got[4096];
	struct rc_stream_opts o = {0};
	struct rc_err err = {0};
	struct rc_stream *s;
	z_stream z = {0};
	size_t n = 1, at = 0;

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		text[i] = (char)(i / 7 * 31 % 251);
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)text;
	z.avail_in = BYTES;
	z.next_out = (Bytef *)packed;
	z.avail_out = BYTES;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	o.memory = (struct rc_slice){packed, z.total_out};
	deflateEnd(&z);
	allow(0);
	assert_int_equal(rc_stream_open(&o, &s, &err), RC_OK);
	while (n) {
		assert_int_equal(rc_stream_read(s, got, sizeof(got), &n, &err), RC_OK);
		assert_true(at + n <= BYTES);
		assert_memory_equal(got, text + at, n);
		at += n;
	}
	assert_int_equal(plenty(), 1);
	assert_int_equal(at, BYTES);
	rc_stream_free(s);
	free(text);
	free(packed);
}

static void a_report_is_written(void **state)
{
	enum { ROWS = 3000 };
	struct rc_report_opts opts = {.html = true};
	struct rc_summary_target targets[2];
	struct rc_summary sum = summary_of("r", targets);
	struct rc_err err = {0};
	struct rc_report *r = NULL;
	struct report_dir d;
	char *csv;

	(void)state;
	report_dir_init(&d);
	assert_int_equal(rc_report_open(d.reports, "r", &opts, &r, &err), RC_OK);
	allow(0);
	rc_report_apart_begin(r, ROWS);
	assert_null(r->apart);
	assert_int_equal(plenty(), 1);
	for (unsigned i = 0; i < ROWS; i++) {
		struct rc_outcome o = outcome_of("k", "name");

		assert_int_equal(rc_report_row(r, &o, &err), RC_OK);
	}
	assert_int_equal(rc_report_apart_end(r, &err), RC_OK);
	assert_int_equal(rc_report_finish(r, &sum, RC_SLICE("{}\n"), &err), RC_OK);
	rc_report_free(r);
	csv = report_read(&d, "r", "users.csv");
	assert_int_equal(report_lines(csv), ROWS + 1);
	free(csv);
	report_dir_done(&d);
}

/* ---- a whole night */

/* More rows than one thread reads alone where there are others. */
static void long_file(void)
{
	struct rc_buf b = {0};

	rc_buf_adds(&b, "id,name,dept\n");
	for (unsigned i = 0; i < 140000; i++)
		rc_buf_addf(&b, "x%u,nobody,none\n", i);
	rc_buf_adds(&b, "1,ada.l,it\n2,bob.m,it\n");
	nights_file("hr.csv", b.p);
	rc_buf_done(&b);
}

static void a_night_with_any_number_of_threads(void **state)
{
	unsigned without = 1, done = 0;

	(void)state;
	nights_begin(NULL);
	nights_config("{ \"version\": 1, \"state\": \"state\", \"reports\": \"reports\","
		      "\"sources\": [ { \"files\": [\"hr.csv\"], \"key\": \"id\", \"where\": \"dept == 'it'\" } ],"
		      "\"timeouts\": { \"settle\": \"20ms\", \"confirm\": \"5s\" },"
		      "\"targets\": { \"vpn\": { \"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"@ENDPOINT@\","
		      "\"project_id\": \"P\", \"vpn_server_id\": \"S\","
		      "\"auth\": { \"method\": \"token\", \"token\": { \"env\": \"VPN_TOKEN\" } },"
		      "\"account\": { \"name\": \"name\", \"description\": \"dept\","
		      "\"password\": \"'Pw-' .. id .. '-xyz1'\" } } } }");
	nights_at("2026-01-05T01:00:00Z");
	long_file();
	for (int n = 0; without; n++) {
		int code;

		allow(n);
		code = nights_run("sync", NULL);
		without = plenty();
		if (code == 0) {
			assert_string_equal(nights_accounts(), "ada.l:+ bob.m:+");
			done += without > 0;
			continue;
		}
		assert_int_equal(code, RC_INTERNAL);
		assert_true(without > 0);
		assert_string_equal(nights_accounts(), ""); /* it ended before it began */
	}
	assert_true(done > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_writer_says_so),
		cmocka_unit_test(a_bulk_load_and_its_look_ups),
		cmocka_unit_test(what_is_only_sooner_is_left_out),
		cmocka_unit_test(gzip_is_inflated),
		cmocka_unit_test(a_report_is_written),
		cmocka_unit_test_teardown(a_night_with_any_number_of_threads, nights_end),
	};

	setenv("VPN_TOKEN", "secret", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
