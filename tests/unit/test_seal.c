#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/seal/seal_block.h"
#include "engine/seal/seal_read.h"
#include "tests/unit/helper_seal.h"

static struct seal_box box;
static EVP_PKEY *ec, *rsa;

static int setup(void **state)
{
	(void)state;
	seal_box_make(&box);
	ec = seal_identity(&box, "ec", "ec", -1, 30, NULL);
	rsa = seal_identity(&box, "rsa", "rsa", -1, 30, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	seal_box_remove(&box);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	unlink(box.file);
	return 0;
}

static void refused(const char *name, const char *suffix, const char *says)
{
	struct rc_err err;
	const char *path = seal_path(&box, name, suffix);

	assert_int_equal(rc_seal_cert_check(path, SEAL_NOW, NULL, &err), RC_CONFIG);
	if (!strstr(err.what, path) || !strstr(err.what, says))
		fail_msg("\"%s\" lacks \"%s\" or the file", err.what, says);
}

static void bad_certificates_are_named_with_the_reason(void **state)
{
	int64_t until = 0;
	struct rc_err err;

	(void)state;
	EVP_PKEY_free(seal_identity(&box, "old", "ec", -20, -1, NULL));
	EVP_PKEY_free(seal_identity(&box, "early", "ec", 1, 20, NULL));
	EVP_PKEY_free(seal_identity(&box, "short", "rsa1024", -1, 20, NULL));
	EVP_PKEY_free(seal_identity(&box, "signs", "ed25519", -1, 20, NULL));
	refused("old", ".crt", "expired at 2025-11-23T");
	refused("early", ".crt", "not valid before 2025-11-25T");
	refused("short", ".crt", "1024 bits");
	refused("signs", ".crt", "ED25519");
	refused("none", ".crt", "No such file");
	refused("ec", ".key", "no X.509 certificate");
	refused("", "", "Is a directory");
	assert_int_equal(rc_seal_cert_check(seal_path(&box, "ec", ".crt"), SEAL_NOW, &until, &err), RC_OK);
	assert_true(until == SEAL_NOW + 30 * 86400 * INT64_C(1000000000));
}

static void nobody_to_seal_to_is_a_config_error(void **state)
{
	struct rc_seal_certs *c;
	struct rc_err err;

	(void)state;
	assert_int_equal(rc_seal_certs_load(NULL, 0, SEAL_NOW, &c, &err), RC_CONFIG);
}

static void openssl_opens_every_block(void **state)
{
	const struct rc_seal_entry e[] = {seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "=a,\"b\"; c"),
					  seal_entry(RC_SEAL_LOCK, "r1", "bert", "")};
	struct rc_buf out = {0};
	char line[600];

	(void)state;
	if (system("command -v openssl >/dev/null"))
		skip();
	seal_block_of(&box, (const char *const[]){"ec", "rsa", NULL}, e, 2);
	for (int i = 0; i < 2; i++) {
		const char *who = i ? "rsa" : "ec";

		snprintf(line, sizeof(line), "openssl cms -decrypt -inform PEM -in %s -inkey %s -recip %s -out %s",
			 box.file, seal_path(&box, who, ".key"), seal_path(&box, who, ".crt"),
			 seal_path(&box, "plain", ""));
		assert_int_equal(system(line), 0);
		seal_slurp(seal_path(&box, "plain", ""), &out);
		assert_string_equal(out.p, "run_id,target,server,key,name,password,created_at\n"
					   "r1,vpn,gw-1,E1,anna,\"=a,\"\"b\"\"; c\",2025-11-24T16:00:00Z\n"
					   "r1,vpn,gw-1,E1,bert,,2025-11-24T16:00:00Z\n");
	}
	snprintf(line, sizeof(line),
		 "openssl cms -cmsout -print -noout -inform PEM -in %s | grep -q 'id-smime-ct-authEnvelopedData'",
		 box.file);
	assert_int_equal(system(line), 0);
	snprintf(line, sizeof(line), "openssl cms -cmsout -print -noout -inform PEM -in %s | grep -q 'aes-256-gcm'",
		 box.file);
	assert_int_equal(system(line), 0);
	rc_buf_done(&out);
}

static void the_file_is_private(void **state)
{
	struct rc_seal *s;
	struct rc_err err;
	struct stat st;

	(void)state;
	umask(0);
	assert_int_equal(rc_seal_open(box.file, &s, &err), RC_OK);
	rc_seal_close(s);
	assert_int_equal(stat(box.file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	chmod(box.file, 0664);
	assert_int_equal(rc_seal_open(box.file, &s, &err), RC_OK);
	rc_seal_close(s);
	assert_int_equal(stat(box.file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void links_directories_and_pipes_are_refused(void **state)
{
	struct rc_seal *s;
	struct rc_err err;

	(void)state;
	assert_int_equal(symlink("elsewhere", box.file), 0);
	assert_int_equal(rc_seal_open(box.file, &s, &err), RC_CANTCREAT);
	assert_non_null(strstr(err.what, "symbolic link"));
	assert_int_not_equal(access(seal_path(&box, "elsewhere", ""), F_OK), 0);
	unlink(box.file);
	assert_int_equal(mkfifo(box.file, 0600), 0);
	assert_int_equal(rc_seal_open(box.file, &s, &err), RC_CANTCREAT);
	assert_int_equal(rc_seal_open(box.dir, &s, &err), RC_CANTCREAT);
	assert_int_equal(rc_seal_open(seal_path(&box, "no", "/credentials"), &s, &err), RC_CANTCREAT);
}

struct writer {
	struct rc_seal_certs *to;
	struct rc_seal_batch *b;
	struct rc_seal *s;
};

static struct writer writer(const char *const *columns, size_t n)
{
	const char *path = seal_path(&box, "ec", ".crt");
	struct writer w;
	struct rc_err err;

	assert_int_equal(rc_seal_certs_load(&path, 1, SEAL_NOW, &w.to, &err), RC_OK);
	w.b = rc_seal_batch_new(w.to, columns, n);
	assert_int_equal(rc_seal_open(box.file, &w.s, &err), RC_OK);
	return w;
}

static void writer_done(struct writer *w)
{
	rc_seal_close(w->s);
	rc_seal_batch_free(w->b);
	rc_seal_certs_free(w->to);
}

static void a_batch_holds_two_hundred(void **state)
{
	struct writer w = writer(NULL, 0);
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "pw");
	struct rc_err err;

	(void)state;
	for (int i = 0; i < RC_SEAL_BATCH; i++) {
		assert_false(rc_seal_full(w.b));
		assert_int_equal(rc_seal_add(w.b, &e, &err), RC_OK);
	}
	assert_true(rc_seal_full(w.b));
	assert_int_equal(rc_seal_add(w.b, &e, &err), RC_INTERNAL);
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_OK);
	assert_int_equal(rc_seal_count(w.b), 0);
	e.password.n = 0;
	assert_int_equal(rc_seal_add(w.b, &e, &err), RC_INTERNAL);
	writer_done(&w);
}

static void an_entry_beyond_its_size_leaves_the_batch_alone(void **state)
{
	static const char *const columns[] = {"photo"};
	struct writer w = writer(columns, 1);
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "pw");
	char *huge = calloc(1, RC_SEAL_ENTRY_BYTES);
	struct rc_slice value = {huge, RC_SEAL_ENTRY_BYTES};
	struct rc_err err;

	(void)state;
	memset(huge, 'x', RC_SEAL_ENTRY_BYTES);
	e.columns = &value;
	assert_int_equal(rc_seal_add(w.b, &e, &err), RC_DATA);
	assert_null(strstr(err.what, "pw"));
	assert_int_equal(rc_seal_count(w.b), 0);
	value.n = RC_SEAL_ENTRY_BYTES / 2;
	assert_int_equal(rc_seal_add(w.b, &e, &err), RC_OK);
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_OK);
	writer_done(&w);
	free(huge);
}

static void an_empty_batch_writes_nothing(void **state)
{
	struct writer w = writer(NULL, 0);
	struct rc_err err;
	struct stat st;

	(void)state;
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_OK);
	assert_int_equal(stat(box.file, &st), 0);
	assert_int_equal(st.st_size, 0);
	writer_done(&w);
}

static void a_file_moved_away_is_noticed(void **state)
{
	struct writer w = writer(NULL, 0);
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "pw");
	struct rc_err err;

	(void)state;
	assert_int_equal(rc_seal_add(w.b, &e, &err), RC_OK);
	unlink(box.file);
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_CANTCREAT);
	assert_int_equal(rc_seal_count(w.b), 0);
	writer_done(&w);
}

static void a_failed_commit_leaves_voids_only(void **state)
{
	const struct rc_seal_entry e[] = {seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "pw"),
					  seal_entry(RC_SEAL_VOID, "r1", "bert", ""),
					  seal_entry(RC_SEAL_LOCK, "r1", "carl", "")};
	struct rc_seal_rows rows = {0};
	struct writer w = writer(NULL, 0);
	struct rc_err err;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(rc_seal_add(w.b, &e[i], &err), RC_OK);
	assert_int_equal(rename(box.file, seal_path(&box, "away", "")), 0);
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_CANTCREAT);
	assert_int_equal(rc_seal_count(w.b), 1);
	assert_int_equal(rename(seal_path(&box, "away", ""), box.file), 0);
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_OK);
	writer_done(&w);
	assert_int_equal(rc_seal_read(box.file, ec, &rows, &err), RC_OK);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].kind, RC_SEAL_VOID);
	assert_true(rc_slice_eqs(rows.v[0].cells[RC_SEAL_NAME], "bert"));
	rc_seal_rows_done(&rows);
}

/* A full disk, by a limit on the file's size: half a block arrives, and is taken back. */
static void a_block_that_does_not_fit_is_taken_back(void **state)
{
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "pw");
	struct rlimit before, small;
	struct rc_err err;
	struct stat a, b;
	struct writer w;

	(void)state;
	seal_block_of(&box, (const char *const[]){"ec", NULL}, &e, 1);
	assert_int_equal(stat(box.file, &a), 0);
	w = writer(NULL, 0);
	assert_int_equal(rc_seal_add(w.b, &e, &err), RC_OK);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = (rlim_t)a.st_size + 100;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_CANTCREAT);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(stat(box.file, &b), 0);
	assert_int_equal(a.st_size, b.st_size);
	assert_int_equal(rc_seal_add(w.b, &e, &err), RC_OK);
	assert_int_equal(rc_seal_commit(w.s, w.b, &err), RC_OK);
	writer_done(&w);
}

static void *commit_many(void *arg)
{
	struct writer *w = arg;
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "pw");
	struct rc_seal_batch *b = rc_seal_batch_new(w->to, NULL, 0);
	uintptr_t bad = 0;

	for (int i = 0; i < 20; i++)
		bad |= rc_seal_add(b, &e, NULL) || rc_seal_commit(w->s, b, NULL);
	rc_seal_batch_free(b);
	return (void *)bad;
}

static void threads_take_turns(void **state)
{
	struct writer w = writer(NULL, 0);
	struct rc_seal_rows rows = {0};
	struct rc_err err;
	pthread_t t[3];
	void *bad;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, commit_many, &w), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	writer_done(&w);
	assert_int_equal(rc_seal_read(box.file, ec, &rows, &err), RC_OK);
	assert_int_equal(rows.blocks, 60);
	assert_int_equal(rows.n, 60);
	rc_seal_rows_done(&rows);
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		EACH(bad_certificates_are_named_with_the_reason),
		EACH(nobody_to_seal_to_is_a_config_error),
		EACH(openssl_opens_every_block),
		EACH(the_file_is_private),
		EACH(links_directories_and_pipes_are_refused),
		EACH(a_batch_holds_two_hundred),
		EACH(an_entry_beyond_its_size_leaves_the_batch_alone),
		EACH(an_empty_batch_writes_nothing),
		EACH(a_file_moved_away_is_noticed),
		EACH(a_failed_commit_leaves_voids_only),
		EACH(a_block_that_does_not_fit_is_taken_back),
		EACH(threads_take_turns),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
