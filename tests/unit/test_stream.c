/* Bytes from files, pipes and memory, gzip in all its forms, and what must end a reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/source/stream.h"
#include "tests/unit/helper_reader.h"

/* One gzip member of text appended to out. */
static void pack(struct rc_buf *out, struct rc_slice text, gz_header *header)
{
	z_stream z = {0};
	size_t room = text.n + text.n / 1000 + 200;

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	if (header)
		deflateSetHeader(&z, header);
	z.next_in = (Bytef *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (Bytef *)rc_buf_reserve(out, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += room - z.avail_out;
	deflateEnd(&z);
}

/* All of a stream's text, or its error as "! reason". */
static void slurp(const struct rc_stream_opts *o, struct rc_buf *out, struct rc_stream_info *ret_info)
{
	struct rc_stream *s;
	struct rc_err err;
	char buf[4096];
	size_t n = 1;

	rc_buf_clear(out);
	rc_buf_adds(out, "");
	if (rc_stream_open(o, &s, &err)) {
		rc_buf_addf(out, "! %s", err.what);
		return;
	}
	while (n) {
		if (rc_stream_read(s, buf, sizeof(buf), &n, &err)) {
			rc_buf_clear(out);
			rc_buf_addf(out, "! %s", err.what);
			break;
		}
		rc_buf_add(out, buf, n);
	}
	if (ret_info)
		*ret_info = *rc_stream_info(s);
	rc_stream_free(s);
}

static void expect(struct rc_buf *packed, const char *want)
{
	struct rc_stream_opts o = {.memory = rc_buf_slice(packed)};
	struct rc_buf got = {0};

	for (o.piece = 0; o.piece < 4; o.piece++) {
		slurp(&o, &got, NULL);
		if (*want == '!')
			assert_memory_equal(got.p, want, strlen(want));
		else
			assert_string_equal(got.p, want);
	}
	rc_buf_done(&got);
}

static void members(void **state)
{
	struct rc_buf z = {0};
	gz_header h = {.text = 1,
		       .time = 1,
		       .extra = (Bytef *)(uintptr_t) "ab\2\0xy",
		       .extra_len = 6,
		       .name = (Bytef *)(uintptr_t) "n.csv",
		       .comment = (Bytef *)(uintptr_t) "c",
		       .hcrc = 1};

	(void)state;
	pack(&z, RC_SLICE("one,"), &h);
	expect(&z, "one,");
	pack(&z, RC_SLICE(""), NULL);
	pack(&z, RC_SLICE("two"), NULL);
	expect(&z, "one,two");
	rc_buf_add(&z, "\0\0\0", 3);
	expect(&z, "one,two");
	rc_buf_add(&z, "x", 1);
	expect(&z, "! garbage behind the end");
	z.p[16] ^= 1; /* in the header: its CRC no longer fits */
	expect(&z, "! corrupt gzip data");
	rc_buf_done(&z);
}

static void trailing(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {{"\x1f", 1}, {"\x1f\x8b", 2}, {"\x1f\x1f", 2}, {"garbage", 7}, {"\0\x1f\x8b", 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rc_buf z = {0};

		pack(&z, RC_SLICE("text"), NULL);
		rc_buf_add(&z, bad[i].bytes, bad[i].n);
		expect(&z, i == 1 ? "! truncated gzip" : "! garbage behind");
		rc_buf_done(&z);
	}
}

/* Cut at every byte: never taken for whole. With a bit flipped: never taken for another text. */
static void damaged(void **state)
{
	static const char text[] = "a,b\n1,2\n1,2\n1,2\n";
	struct rc_buf z = {0}, got = {0};
	struct rc_stream_opts o = {0};

	(void)state;
	pack(&z, rc_slice_str(text), NULL);
	for (size_t n = 2; n < z.n; n++) {
		o.memory = (struct rc_slice){z.p, n};
		slurp(&o, &got, NULL);
		assert_memory_equal(got.p, "! truncated", 11);
	}
	o.memory = rc_buf_slice(&z);
	for (size_t i = 8 * 10; i < 8 * z.n; i++) {
		z.p[i / 8] = (char)(z.p[i / 8] ^ 1 << i % 8);
		slurp(&o, &got, NULL);
		assert_true(got.p[0] == '!' || strcmp(got.p, text) == 0); /* padding bits mean nothing */
		z.p[i / 8] = (char)(z.p[i / 8] ^ 1 << i % 8);
	}
	rc_buf_done(&z);
	rc_buf_done(&got);
}

static void large_and_abandoned(void **state)
{
	struct rc_buf text = {0}, z = {0}, got = {0};
	struct rc_stream_info info;
	struct rc_stream_opts o = {0};
	struct rc_stream *s;
	struct rc_err err;
	char buf[64];
	size_t n;

	(void)state;
	for (int i = 0; i < 400000; i++)
		rc_buf_addf(&text, "%d,%d\n", i, i * 7);
	for (int i = 0; i < 3; i++)
		pack(&z, rc_buf_slice(&text), NULL);
	o.memory = rc_buf_slice(&z);
	slurp(&o, &got, &info);
	assert_int_equal(got.n, 3 * text.n);
	assert_memory_equal(got.p + 2 * text.n, text.p, text.n);
	assert_int_equal(info.bytes, z.n);
	assert_int_equal(info.text_bytes, 3 * text.n);
	assert_true(info.gzip);
	for (int i = 0; i < 20; i++) { /* freed while the helper is at work */
		assert_int_equal(rc_stream_open(&o, &s, &err), RC_OK);
		for (int k = 0; k < 700 * i; k++)
			assert_int_equal(rc_stream_read(s, buf, sizeof(buf), &n, &err), RC_OK);
		rc_stream_free(s);
	}
	rc_buf_done(&text);
	rc_buf_done(&z);
	rc_buf_done(&got);
}

static void bomb(void **state)
{
	struct rc_buf zeros = {0}, z = {0};
	struct rc_stream_opts o = {0};
	struct rc_stream *s;
	struct rc_err err = {0};
	static char buf[1 << 20];
	size_t n = 1;
	uint64_t total = 0;

	(void)state;
	memset(rc_buf_reserve(&zeros, 64 << 20), '\n', 64 << 20);
	zeros.n = 64 << 20;
	for (int i = 0; i < 6; i++)
		pack(&z, rc_buf_slice(&zeros), NULL);
	o.memory = rc_buf_slice(&z);
	assert_int_equal(rc_stream_open(&o, &s, &err), RC_OK);
	while (n && !rc_stream_read(s, buf, sizeof(buf), &n, &err))
		total += n;
	assert_int_equal(err.code, RC_DATA);
	assert_non_null(strstr(err.what, "500 times"));
	assert_in_range(total, 1, 300 << 20);
	rc_stream_free(s);
	o.max_ratio = RC_RATIO_NONE;
	assert_int_equal(rc_stream_open(&o, &s, &err), RC_OK);
	for (total = 0, n = 1; n; total += n)
		assert_int_equal(rc_stream_read(s, buf, sizeof(buf), &n, &err), RC_OK);
	assert_int_equal(total, (uint64_t)6 * (64 << 20));
	rc_stream_free(s);
	rc_buf_done(&zeros);
	rc_buf_done(&z);
}

static char *temp_file(const char *text)
{
	char *path = rc_xstrdup("/tmp/rollcall-test-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static void files(void **state)
{
	char *path = temp_file("a,b\n1,2\n");
	struct rc_stream_opts o = {.path = path, .sha256 = true};
	struct rc_stream_info info, again;
	struct rc_buf got = {0};
	static const unsigned char sha[4] = {0x49, 0x2d, 0x5e, 0xa4};

	(void)state;
	slurp(&o, &got, &info);
	assert_string_equal(got.p, "a,b\n1,2\n");
	assert_true(info.regular && !info.gzip && info.mtime_ns);
	assert_memory_equal(info.sha256, sha, 4);
	assert_string_equal(info.encoding, "UTF-8");
	o.piece = 1;
	slurp(&o, &got, &again);
	assert_memory_equal(info.hash, again.hash, sizeof(info.hash));
	o.path = "/tmp";
	slurp(&o, &got, NULL);
	assert_string_equal(got.p, "! cannot be read: Is a directory");
	o.path = "/nowhere/at/all";
	slurp(&o, &got, NULL);
	assert_string_equal(got.p, "! cannot be opened: No such file or directory");
	unlink(path);
	free(path);
	rc_buf_done(&got);
}

/* Grown, shrunk, or written over in place while it was read. */
static void still_written(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		char *path = temp_file("a,b\n1,2\n3,4\n");
		struct rc_stream_opts o = {.path = path, .piece = 8};
		const struct timespec later[2] = {{0, 1000}, {0, 1000}};
		struct rc_stream *s;
		struct rc_err err = {0};
		char buf[64];
		size_t n = 1;
		int fd;

		assert_int_equal(rc_stream_open(&o, &s, &err), RC_OK);
		fd = open(path, O_WRONLY | O_APPEND);
		if (how == 0)
			assert_int_equal(write(fd, "5,6\n", 4), 4);
		else if (how == 1)
			assert_int_equal(ftruncate(fd, 9), 0);
		else
			assert_int_equal(futimens(fd, later), 0);
		close(fd);
		while (n && !rc_stream_read(s, buf, sizeof(buf), &n, &err))
			;
		assert_int_equal(err.code, RC_DATA);
		assert_non_null(strstr(err.what, "changed while it was read"));
		assert_int_equal(rc_stream_read(s, buf, sizeof(buf), &n, &err), RC_DATA); /* and stays so */
		rc_stream_free(s);
		unlink(path);
		free(path);
	}
}

static void *feed(void *arg)
{
	int fd = open(arg, O_WRONLY);

	assert_int_equal(write(fd, "a,b\n", 4), 4);
	assert_int_equal(write(fd, "1,2\n", 4), 4);
	close(fd);
	return NULL;
}

static void fifo_and_fd(void **state)
{
	char path[] = "/tmp/rollcall-fifo-XXXXXX";
	struct rc_stream_opts o = {.path = path};
	struct rc_buf got = {0};
	pthread_t t;
	int fds[2];

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pthread_create(&t, NULL, feed, path), 0);
	slurp(&o, &got, NULL);
	pthread_join(t, NULL);
	assert_string_equal(got.p, "a,b\n1,2\n");
	unlink(path);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x\n", 2), 2);
	close(fds[1]);
	o = (struct rc_stream_opts){.fd = fds[0], .name = "hr-export"};
	slurp(&o, &got, NULL);
	assert_string_equal(got.p, "x\n");
	assert_int_equal(fcntl(fds[0], F_GETFD), -1); /* taken over and closed */
	rc_buf_done(&got);
}

static void legacy(const char *encoding, struct rc_slice bytes, const char *want)
{
	struct rc_stream_opts o = {.memory = bytes, .encoding = encoding};
	struct rc_buf got = {0};

	for (o.piece = 0; o.piece < 5; o.piece++) {
		slurp(&o, &got, NULL);
		assert_string_equal(got.p, want);
	}
	rc_buf_done(&got);
}

static void encodings(void **state)
{
	(void)state;
	legacy("GB18030", RC_SLICE("\xc4\xe3\xba\xc3,x\n"), "你好,x\n");
	legacy("GB18030", RC_SLICE("\x84\x31\x95\x33x"), "x"); /* its own byte order mark */
	legacy("latin1", RC_SLICE("\xe9\n"), "é\n");
	legacy("latin1", RC_SLICE("\xef\xbb\xbfé\n"), "é\n"); /* the mark goes first */
	legacy(NULL, RC_SLICE("\xfe\xff\0a\0\n"), "a\n");
	legacy(NULL, RC_SLICE("\xff\xfe\0\0a\0\0\0"), "a");
	legacy("UTF-16LE", RC_SLICE("a\0b"), "a\xff");
	legacy("GB18030", RC_SLICE("a\xc4"), "a\xff");
	legacy("GB18030",
	       RC_SLICE("a\xff\xff"
			"b"),
	       "a\xff\xff"
	       "b");
	legacy("a/b", RC_SLICE("a"), "! unknown encoding 'a/b'; iconv -l lists the names");
}

/* Text that grows when it is converted: all that comes before a fault is handed out, however small the reader's
 * buffer. */
static void before_a_fault(void **state)
{
	struct rc_buf z = {0}, text = {0};
	struct rc_stream_opts o = {0};
	struct rc_stream *s;
	struct rc_err err;
	char buf[4096];
	size_t n = 0, all = 0;

	(void)state;
	for (int i = 0; i < 4000; i++)
		rc_buf_adds(&text, "\xe9");
	pack(&z, rc_buf_slice(&text), NULL);
	rc_buf_adds(&z, "garbage");
	o = (struct rc_stream_opts){.memory = rc_buf_slice(&z), .encoding = "latin1"};
	assert_int_equal(rc_stream_open(&o, &s, &err), RC_OK);
	for (; !rc_stream_read(s, buf, sizeof(buf), &n, &err) && n; all += n)
		;
	assert_int_equal(all, 8000);
	assert_non_null(strstr(err.what, "garbage behind the end"));
	rc_stream_free(s);
	rc_buf_done(&text);
	rc_buf_done(&z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(trailing),
		cmocka_unit_test(damaged),
		cmocka_unit_test(bomb),
		cmocka_unit_test(large_and_abandoned),
		cmocka_unit_test(files),
		cmocka_unit_test(still_written),
		cmocka_unit_test(fifo_and_fd),
		cmocka_unit_test(encodings),
		cmocka_unit_test(before_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
