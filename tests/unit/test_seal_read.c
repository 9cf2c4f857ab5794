#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/seal/seal_block.h"
#include "engine/seal/seal_read.h"
#include "tests/unit/helper_seal.h"

static struct seal_box box;
static EVP_PKEY *ec, *other, *rsa;
static const char *const to_ec[] = {"ec", NULL}, *const to_other[] = {"other", NULL},
			 *const to_both[] = {"rsa", "ec", NULL};

static int setup(void **state)
{
	(void)state;
	seal_box_make(&box);
	ec = seal_identity(&box, "ec", "ec", -1, 30, NULL);
	other = seal_identity(&box, "other", "ec", -1, 30, NULL);
	rsa = seal_identity(&box, "rsa", "rsa", -1, 30, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(other);
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

static void seal(enum rc_seal_kind kind, const char *run, const char *name, const char *password)
{
	struct rc_seal_entry e = seal_entry(kind, run, name, password);

	seal_block_of(&box, to_ec, &e, 1);
}

/* "name=password" of the entries that hold, in the file's order, blank-separated. */
static const char *holding(EVP_PKEY *key)
{
	static char text[1024];
	struct rc_seal_rows rows = {0};
	struct rc_err err;
	size_t n = 0;

	text[0] = 0;
	if (rc_seal_read(box.file, key, &rows, &err))
		snprintf(text, sizeof(text), "%s", err.what);
	for (size_t i = 0; i < rows.n; i++)
		if (rows.v[i].last)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%s", n ? " " : "",
					      rows.v[i].cells[RC_SEAL_NAME].p, rows.v[i].cells[RC_SEAL_PASSWD].p);
	rc_seal_rows_done(&rows);
	return text;
}

static void the_last_entry_holds(void **state)
{
	(void)state;
	seal(RC_SEAL_PASSWORD, "r1", "anna", "one");
	seal(RC_SEAL_PASSWORD, "r1", "bert", "two");
	seal(RC_SEAL_PASSWORD, "r2", "anna", "three");
	assert_string_equal(holding(ec), "bert=two anna=three");
	seal(RC_SEAL_LOCK, "r3", "bert", "");
	assert_string_equal(holding(ec), "anna=three bert=");
}

static void a_void_brings_back_the_entry_before(void **state)
{
	(void)state;
	seal(RC_SEAL_PASSWORD, "r1", "anna", "one");
	seal(RC_SEAL_PASSWORD, "r2", "anna", "two");
	seal(RC_SEAL_VOID, "r2", "anna", "");
	assert_string_equal(holding(ec), "anna=one");
	seal(RC_SEAL_VOID, "r2", "anna", ""); /* sealed again after a crash: withdraws no more */
	assert_string_equal(holding(ec), "anna=one");
	seal(RC_SEAL_PASSWORD, "r2", "anna", "again");
	assert_string_equal(holding(ec), "anna=again");
	seal(RC_SEAL_LOCK, "r3", "anna", "");
	seal(RC_SEAL_VOID, "r3", "anna", "");
	assert_string_equal(holding(ec), "anna=again");
	seal(RC_SEAL_VOID, "r2", "anna", "");
	assert_string_equal(holding(ec), "anna=one");
	seal(RC_SEAL_VOID, "r1", "anna", "");
	assert_string_equal(holding(ec), "");
}

static void servers_and_targets_keep_accounts_apart(void **state)
{
	struct rc_seal_entry e[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		e[i] = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", i == 0 ? "a" : i == 1 ? "b" : "c");
	e[1].server = RC_SLICE("gw-2");
	e[2].target = RC_SLICE("other");
	seal_block_of(&box, to_ec, e, 3);
	assert_string_equal(holding(ec), "anna=a anna=b anna=c");
}

static void bytes_come_back_exactly(void **state)
{
	static const char odd[] = "=1+1,\"q\"\r\n tab\t\xff end ";

	(void)state;
	seal(RC_SEAL_PASSWORD, "r1", "a,\"b\"\nc", odd);
	assert_string_equal(holding(ec), "a,\"b\"\nc==1+1,\"q\"\r\n tab\t\xff end ");
}

static void each_recipient_reads(void **state)
{
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "one");

	(void)state;
	seal_block_of(&box, to_both, &e, 1);
	assert_string_equal(holding(ec), "anna=one");
	assert_string_equal(holding(rsa), "anna=one");
	assert_non_null(strstr(holding(other), "none of its 1 blocks opens with this key"));
}

static void blocks_for_others_are_skipped_and_counted(void **state)
{
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "bert", "two");
	struct rc_seal_rows rows = {0};
	struct rc_err err;

	(void)state;
	seal_block_of(&box, to_other, &e, 1);
	seal(RC_SEAL_PASSWORD, "r1", "anna", "one");
	assert_int_equal(rc_seal_read(box.file, ec, &rows, &err), RC_OK);
	assert_int_equal(rows.others, 1);
	assert_int_equal(rows.blocks, 1);
	rc_seal_rows_done(&rows);
}

static void included_columns_are_united(void **state)
{
	static const char *const first[] = {"email", "name"}, *const second[] = {"phone", "email"};
	const char *path = seal_path(&box, "ec", ".crt");
	struct rc_slice values[] = {RC_SLICE("v1"), RC_SLICE("v2")};
	struct rc_seal_entry e = seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "one");
	struct rc_seal_rows rows = {0};
	struct rc_seal_certs *to;
	struct rc_seal *s;
	struct rc_err err;

	(void)state;
	e.columns = values;
	assert_int_equal(rc_seal_certs_load(&path, 1, SEAL_NOW, &to, &err), RC_OK);
	assert_int_equal(rc_seal_open(box.file, &s, &err), RC_OK);
	for (int i = 0; i < 2; i++) {
		struct rc_seal_batch *b = rc_seal_batch_new(to, i ? second : first, 2);

		assert_int_equal(rc_seal_add(b, &e, &err), RC_OK);
		assert_int_equal(rc_seal_commit(s, b, &err), RC_OK);
		rc_seal_batch_free(b);
	}
	rc_seal_close(s);
	rc_seal_certs_free(to);
	assert_int_equal(rc_seal_read(box.file, ec, &rows, &err), RC_OK);
	assert_int_equal(rows.columns_n, 3);
	assert_true(rc_slice_eqs(rows.columns[1], "source.name"));
	assert_true(rc_slice_eqs(rc_seal_row_extra(&rows.v[0], 0), "v1"));
	assert_true(rc_slice_eqs(rc_seal_row_extra(&rows.v[1], 0), "v2"));
	assert_true(rc_slice_eqs(rc_seal_row_extra(&rows.v[1], 1), ""));
	assert_true(rc_slice_eqs(rc_seal_row_extra(&rows.v[1], 2), "v1"));
	rc_seal_rows_done(&rows);
}

/* Whatever one byte is changed to, nothing but the truth comes out. Where the change leaves the block whole (a
 * recipient's name, a blank) it opens; in the tail of the file it may look like a crash. */
static void no_changed_byte_gives_another_answer(void **state)
{
	struct rc_buf good = {0}, bad = {0};
	size_t first, refused = 0, torn = 0;

	(void)state;
	seal(RC_SEAL_PASSWORD, "r1", "anna", "one");
	seal_slurp(box.file, &good);
	first = good.n;
	seal(RC_SEAL_PASSWORD, "r2", "anna", "two");
	seal_slurp(box.file, &good);
	for (size_t i = 0; i < good.n; i++) {
		struct rc_seal_rows rows = {0};
		struct rc_err err;

		rc_buf_clear(&bad);
		rc_buf_addslice(&bad, rc_buf_slice(&good));
		bad.p[i] = (char)(bad.p[i] == 'Q' ? 'R' : 'Q');
		seal_spill(box.file, rc_buf_slice(&bad));
		if (rc_seal_read(box.file, ec, &rows, &err)) {
			assert_int_equal(err.code, RC_DATA);
			assert_non_null(strstr(err.what, box.file));
			refused++;
		} else if (rows.torn) {
			assert_true(i >= first);
			torn++;
		} else {
			assert_int_equal(rows.n, 2);
			assert_true(rc_slice_eqs(rows.v[1].cells[RC_SEAL_PASSWD], "two"));
			assert_true(rows.v[1].last && !rows.v[0].last);
		}
		rc_seal_rows_done(&rows);
	}
	assert_true(refused > good.n / 3);
	assert_in_range(torn, 0, sizeof(RC_SEAL_BEGIN RC_SEAL_END) + 2);
	rc_buf_done(&good);
	rc_buf_done(&bad);
}

static void a_file_cut_anywhere_keeps_what_was_synced(void **state)
{
	struct rc_buf good = {0};
	size_t first;

	(void)state;
	seal(RC_SEAL_PASSWORD, "r1", "anna", "one");
	seal_slurp(box.file, &good);
	first = good.n;
	seal(RC_SEAL_PASSWORD, "r2", "anna", "two");
	seal_slurp(box.file, &good);
	for (size_t n = first; n < good.n; n++) {
		struct rc_seal_rows rows = {0};
		struct rc_err err;

		seal_spill(box.file, (struct rc_slice){good.p, n});
		assert_int_equal(rc_seal_read(box.file, ec, &rows, &err), RC_OK);
		assert_int_equal(rows.torn, n > first && n < good.n - 1);
		assert_int_equal(rows.n, n < good.n - 1 ? 1 : 2);
		rc_seal_rows_done(&rows);
		if (n % 13 && n > first + 25)
			continue; /* the rest syncs */
		seal(RC_SEAL_PASSWORD, "r3", "anna", "three");
		assert_string_equal(holding(ec), "anna=three");
	}
	rc_buf_done(&good);
}

static void zeros_at_the_end_are_a_crash_too(void **state)
{
	static const char zeros[100];
	struct rc_buf text = {0};

	(void)state;
	seal(RC_SEAL_PASSWORD, "r1", "anna", "one");
	seal_slurp(box.file, &text);
	rc_buf_add(&text, zeros, sizeof(zeros));
	seal_spill(box.file, rc_buf_slice(&text));
	assert_string_equal(holding(ec), "anna=one");
	seal(RC_SEAL_PASSWORD, "r2", "anna", "two");
	assert_string_equal(holding(ec), "anna=two");
	rc_buf_done(&text);
}

static void what_is_no_credentials_file_is_refused(void **state)
{
	static const char *const texts[] = {
		"hello\n",
		"-----BEGIN CMS-----\n-----END CMS-----\n",
		"-----BEGIN CMS-----\nAAAA\n-----BEGIN CMS-----\n",
		"-----BEGIN CMS-----\n\x01\x02\n",
		"-----END CMS-----\n",
		"note\n-----BEGIN CMS-----\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct rc_seal_rows rows = {0};
		struct rc_err err;

		seal_spill(box.file, rc_slice_str(texts[i]));
		assert_int_equal(rc_seal_read(box.file, ec, &rows, &err), RC_DATA);
		assert_int_not_equal(err.line, 0);
		rc_seal_rows_done(&rows);
	}
	seal_spill(box.file, RC_SLICE(""));
	assert_string_equal(holding(ec), "");
	unlink(box.file);
	assert_non_null(strstr(holding(ec), "cannot be read"));
}

/* Sealed properly, but not by us. */
static void a_stranger_inside_a_good_block_is_refused(void **state)
{
	static const char *const plain[] = {
		"hello",
		"run_id,target,server,key,name,password,created_at\n1,2,3,4,5,6\n",
		"run_id,target,server,key,name,password,created_at\n1,2,3,4,5,6,7",
		"run_id,target,server,key,name,password,created_at\n\"1,2,3,4,5,6,7\n",
		"run_id,target,server,key,name,secret,created_at\n1,2,3,4,5,6,7\n",
		"run_id,target\n",
	};
	BIO *in = BIO_new_file(seal_path(&box, "ec", ".crt"), "r");
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		struct rc_buf block = {0};
		struct rc_err err;

		assert_int_equal(rc_seal_block_make(rc_slice_str(plain[i]), &x, 1, &block, &err), RC_OK);
		seal_spill(box.file, rc_buf_slice(&block));
		assert_non_null(strstr(holding(ec), "no credentials"));
		rc_buf_done(&block);
	}
	X509_free(x);
	BIO_free(in);
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		EACH(the_last_entry_holds),
		EACH(a_void_brings_back_the_entry_before),
		EACH(servers_and_targets_keep_accounts_apart),
		EACH(bytes_come_back_exactly),
		EACH(each_recipient_reads),
		EACH(blocks_for_others_are_skipped_and_counted),
		EACH(included_columns_are_united),
		EACH(no_changed_byte_gives_another_answer),
		EACH(a_file_cut_anywhere_keeps_what_was_synced),
		EACH(zeros_at_the_end_are_a_crash_too),
		EACH(what_is_no_credentials_file_is_refused),
		EACH(a_stranger_inside_a_good_block_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
