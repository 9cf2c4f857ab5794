/* Each call of the database's fails once, wherever it is made: whoever works on the state is told why, or is none the
 * worse for it, and what was durable is there afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/store/backup.h"
#include "engine/store/kv_impl.h"
#include "engine/store/scratch.h"
#include "tests/unit/helper_store.h"

/* Calls that have failed have done nothing. */
#define CALLS(X)                                                                                                       \
	X(mdb_env_create, (MDB_env * *a), (a))                                                                         \
	X(mdb_env_open, (MDB_env * a, const char *b, unsigned c, mdb_mode_t d), (a, b, c, d))                          \
	X(mdb_env_copyfd, (MDB_env * a, mdb_filehandle_t b), (a, b))                                                   \
	X(mdb_env_stat, (MDB_env * a, MDB_stat * b), (a, b))                                                           \
	X(mdb_env_info, (MDB_env * a, MDB_envinfo * b), (a, b))                                                        \
	X(mdb_env_get_fd, (MDB_env * a, mdb_filehandle_t * b), (a, b))                                                 \
	X(mdb_env_set_mapsize, (MDB_env * a, size_t b), (a, b))                                                        \
	X(mdb_env_set_maxdbs, (MDB_env * a, MDB_dbi b), (a, b))                                                        \
	X(mdb_reader_check, (MDB_env * a, int *b), (a, b))                                                             \
	X(mdb_txn_begin, (MDB_env * a, MDB_txn * b, unsigned c, MDB_txn **d), (a, b, c, d))                            \
	X(mdb_dbi_open, (MDB_txn * a, const char *b, unsigned c, MDB_dbi *d), (a, b, c, d))                            \
	X(mdb_stat, (MDB_txn * a, MDB_dbi b, MDB_stat * c), (a, b, c))                                                 \
	X(mdb_drop, (MDB_txn * a, MDB_dbi b, int c), (a, b, c))                                                        \
	X(mdb_get, (MDB_txn * a, MDB_dbi b, MDB_val * c, MDB_val * d), (a, b, c, d))                                   \
	X(mdb_put, (MDB_txn * a, MDB_dbi b, MDB_val * c, MDB_val * d, unsigned e), (a, b, c, d, e))                    \
	X(mdb_del, (MDB_txn * a, MDB_dbi b, MDB_val * c, MDB_val * d), (a, b, c, d))                                   \
	X(mdb_cursor_open, (MDB_txn * a, MDB_dbi b, MDB_cursor * *c), (a, b, c))                                       \
	X(mdb_cursor_get, (MDB_cursor * a, MDB_val * b, MDB_val * c, MDB_cursor_op d), (a, b, c, d))                   \
	X(mdb_cursor_put, (MDB_cursor * a, MDB_val * b, MDB_val * c, unsigned d), (a, b, c, d))                        \
	X(mdb_cursor_del, (MDB_cursor * a, unsigned b), (a, b))

static unsigned long made, fail_at; /* fail_at 0: none is counted */
static int fail_with;

static bool fails(void)
{
	return fail_at && ++made == fail_at;
}

static void *real(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	assert_non_null(p);
	return p;
}

#define X(name, parameters, arguments)                                                                                 \
	int name parameters                                                                                            \
	{                                                                                                              \
		static int(*its) parameters;                                                                           \
                                                                                                                       \
		if (fails())                                                                                           \
			return fail_with;                                                                              \
		if (!its)                                                                                              \
			*(void **)&its = real(#name);                                                                  \
		return its arguments;                                                                                  \
	}
CALLS(X)
#undef X

/* One that fails ends the transaction all the same. */
int mdb_txn_commit(MDB_txn *t)
{
	static int (*its)(MDB_txn *);

	if (fails()) {
		mdb_txn_abort(t);
		return fail_with;
	}
	if (!its)
		*(void **)&its = real("mdb_txn_commit");
	return its(t);
}

/* ---- what is done meanwhile; each returns what it was told */

enum { FIRST = 20, MORE = 10 };

struct seen {
	unsigned people, events, names, ops, due, open;
};

static void forget(struct test_store *t)
{
	rc_writer_abandon(t->writer);
	test_store_release(t);
}

static enum rc_code open_state(struct test_store *t, enum rc_store_mode mode, struct rc_err *err)
{
	struct rc_store_options o = {.dir = t->dir, .mode = mode};
	struct rc_target_bound b;
	enum rc_code code;

	assert_int_equal(rc_lock_take(t->dir, "run-1", NULL, 0, &t->lock, NULL, err), RC_OK);
	o.lock = t->lock;
	code = rc_store_open(&o, &t->store, err);
	if (!code)
		code = rc_store_bind(t->store, RC_SLICE("vpn"), rc_account_schema_find("huawei-p2c-vpn", err), NULL, 0,
				     &t->mem, &b, err);
	if (!code)
		t->target = b.number;
	return code;
}

static void put(struct test_store *t, unsigned i)
{
	char buf[64];
	struct rc_known k = test_known(i, buf);
	struct rc_event e = {.key = k.key, .run_id = RC_SLICE("run-1"), .at_ns = 1000 + i, .action = 1, .name = k.name};
	struct rc_op_entry op = {.id = i + 1, .target = t->target, .key = k.key, .run_id = e.run_id};

	k.due_at_ns = i % 3 ? 0 : 2000;
	e.reason = RC_SLICE("in the source, no account yet");
	rc_writer_put_known_event(t->writer, t->target, &k, &e);
	rc_writer_op(t->writer, &op);
}

/* A state that holds FIRST people, made without any failure. */
static void make(struct test_store *t)
{
	struct rc_err err = {0};

	test_store_dir(t);
	assert_int_equal(open_state(t, RC_STORE_WRITE, &err), RC_OK);
	test_store_write(t);
	for (unsigned i = 0; i < FIRST; i++)
		put(t, i);
	test_store_close(t);
}

static enum rc_code look(struct test_store *t, struct seen *ret, struct rc_err *err)
{
	struct rc_name_asked asked[FIRST + MORE];
	char name[FIRST + MORE][16];
	struct rc_op_entry op;
	struct rc_known k;
	struct rc_event e;
	struct rc_view *v;
	struct rc_walk w;
	enum rc_code code = rc_view_begin(t->store, &v, err);
	uint16_t target;
	bool retiring;

	*ret = (struct seen){0};
	if (code)
		return code;
	rc_walk_known_begin(v, t->target, &w);
	while (rc_walk_known(&w, &k, NULL))
		ret->people++;
	rc_walk_history_begin(v, t->target, (struct rc_slice){0}, &w);
	while (rc_walk_history(&w, &e))
		ret->events++;
	rc_walk_ops_begin(v, &w);
	while (rc_walk_ops(&w, &op))
		ret->ops++;
	rc_walk_due_begin(v, INT64_MAX, &w);
	while (rc_walk_due(&w, &target, &k, &retiring))
		ret->due++;
	rc_walk_open_begin(v, t->target, &w);
	while (rc_walk_open(&w, &k, NULL))
		ret->open++;
	for (unsigned i = 0; i < FIRST + MORE; i++) {
		snprintf(name[i], sizeof(name[i]), "User%u", i);
		asked[i] = (struct rc_name_asked){.name = rc_slice_str(name[i])};
	}
	rc_view_names(v, t->target, asked, FIRST + MORE);
	for (unsigned i = 0; i < FIRST + MORE; i++)
		ret->names += asked[i].owner.kind == RC_NAME_MANAGED;
	return rc_view_end(v, err);
}

static void is_whole(const struct seen *s, unsigned people)
{
	assert_int_equal(s->people, people);
	assert_int_equal(s->events, people);
	assert_int_equal(s->names, people);
	assert_int_equal(s->ops, people);
	assert_int_equal(s->due, (people + 2) / 3);
	assert_int_equal(s->open, s->due);
}

static enum rc_code read_it(struct test_store *t, struct rc_err *err)
{
	struct seen s;
	enum rc_code code = open_state(t, RC_STORE_READ, err);

	if (!code)
		code = look(t, &s, err);
	if (!code)
		is_whole(&s, FIRST);
	return code;
}

/* Half of them are put off, the rest is not; one is deleted and put again. */
static enum rc_code write_it(struct test_store *t, struct rc_err *err)
{
	struct rc_writer_options o = {.manual = true};
	enum rc_code code = open_state(t, RC_STORE_WRITE, err);
	struct seen s;

	if (!code)
		code = rc_writer_start(t->store, &o, &t->writer, err);
	if (code)
		return code;
	for (unsigned i = FIRST; i < FIRST + MORE / 2; i++)
		put(t, i);
	code = rc_writer_pump(t->writer, err);
	if (!code)
		code = look(t, &s, err);
	if (code)
		return code;
	is_whole(&s, FIRST + MORE / 2);
	rc_writer_together_begin(t->writer);
	rc_writer_forget(t->writer, t->target, RC_SLICE("k3"));
	put(t, 3);
	rc_writer_together_end(t->writer);
	for (unsigned i = FIRST + MORE / 2; i < FIRST + MORE; i++)
		put(t, i);
	code = rc_writer_flush_wait(t->writer, err);
	if (!code)
		code = look(t, &s, err);
	if (code)
		return code;
	is_whole(&s, FIRST + MORE);
	code = rc_writer_stop(t->writer, err);
	t->writer = NULL;
	return code;
}

static enum rc_code compact_it(struct test_store *t, struct rc_err *err)
{
	enum rc_code code = open_state(t, RC_STORE_WRITE, err);
	struct seen s;
	bool done;

	if (!code)
		code = rc_store_compact(t->store, true, &done, err);
	if (!code)
		code = look(t, &s, err);
	if (!code)
		is_whole(&s, FIRST);
	return code;
}

static enum rc_code measure_it(struct test_store *t, struct rc_err *err)
{
	enum rc_code code = open_state(t, RC_STORE_READ, err);
	struct rc_store_size size;

	if (!code)
		code = rc_store_size(t->store, &size, err);
	if (!code)
		assert_true(size.used_bytes && size.used_bytes + size.free_bytes <= size.file_bytes + (1 << 20));
	return code;
}

/* A new state made of a backup. */
static enum rc_code restore(const char *path, struct rc_err *err)
{
	struct test_store t;
	struct seen s;
	enum rc_code code;

	test_store_dir(&t);
	assert_int_equal(rc_lock_take(t.dir, "run-1", NULL, 0, &t.lock, NULL, err), RC_OK);
	code = rc_store_open(&(struct rc_store_options){.dir = t.dir, .mode = RC_STORE_WRITE, .lock = t.lock}, &t.store,
			     err);
	if (!code)
		code = rc_store_import(t.store, path, err);
	forget(&t);
	if (!code) {
		code = open_state(&t, RC_STORE_READ, err);
		if (!code)
			code = look(&t, &s, err);
		if (!code)
			is_whole(&s, FIRST);
		forget(&t);
	}
	test_store_done(&t);
	return code;
}

static enum rc_code back_up(struct test_store *t, struct rc_err *err)
{
	enum rc_code code = open_state(t, RC_STORE_READ, err);
	char path[80];

	snprintf(path, sizeof(path), "%s/backup", t->dir);
	unlink(path);
	if (!code)
		code = rc_store_export(t->store, path, err);
	if (!code)
		return restore(path, err);
	fail_at = 0;
	if (access(path, F_OK) == 0) /* a whole one or none */
		assert_int_equal(restore(path, &(struct rc_err){0}), RC_OK);
	return code;
}

/* A copy that is thrown away once it is open. */
static enum rc_code clone_it(struct test_store *t, struct rc_err *err)
{
	char dir[RC_SCRATCH_DIR];
	enum rc_code code = rc_store_clone(t->dir, dir, err);
	struct test_store copy = {.store = NULL};
	struct seen s;

	assert_int_equal(dir[0] != 0, code == RC_OK);
	if (code)
		return code;
	snprintf(copy.dir, sizeof(copy.dir), "%.60s", dir);
	code = open_state(&copy, RC_STORE_READ, err);
	rc_scratch_drop(dir);
	if (!code)
		code = look(&copy, &s, err);
	if (!code)
		is_whole(&s, FIRST);
	forget(&copy);
	assert_int_equal(access(copy.dir, F_OK), -1);
	return code;
}

/* ---- */

struct trouble {
	int with;
	enum rc_code code;
	const char *what; /* part of what is told */
};

static const struct trouble io = {EIO, RC_CANTCREAT, "Input/output error"},
			    damaged = {MDB_CORRUPTED, RC_CANTCREAT, "is damaged"},
			    newer = {MDB_VERSION_MISMATCH, RC_CANTCREAT, "another version of LMDB"},
			    crowded = {MDB_READERS_FULL, RC_CANTCREAT, "too many readers"},
			    memory = {ENOMEM, RC_INTERNAL, "Cannot allocate memory"},
			    tables = {MDB_DBS_FULL, RC_INTERNAL, "MDB_DBS_FULL"};

/* Lets the work fail at each of its calls; how many of them were told. */
static unsigned each_call(enum rc_code (*work)(struct test_store *, struct rc_err *), const struct trouble *trouble)
{
	struct test_store t;
	unsigned told = 0;

	fail_with = trouble->with;
	make(&t);
	for (unsigned long n = 1;; n++) {
		struct rc_err err = {0};
		enum rc_code code;
		struct seen s;

		made = 0;
		fail_at = n;
		code = work(&t, &err);
		fail_at = 0;
		forget(&t);
		told += code != RC_OK;
		assert_true(made >= n || !code);
		if (code) {
			assert_int_equal(code, trouble->code);
			assert_non_null(strstr(err.what, trouble->what));
		}
		assert_int_equal(open_state(&t, RC_STORE_WRITE, &err), RC_OK);
		assert_int_equal(look(&t, &s, &err), RC_OK);
		assert_true(s.people == FIRST || s.people == FIRST + MORE / 2 || s.people == FIRST + MORE);
		is_whole(&s, s.people);
		if (made < n)
			break; /* none is left that could fail, and none has */
		if (s.people == FIRST) {
			test_store_close(&t);
			continue;
		}
		test_store_done(&t);
		make(&t);
	}
	test_store_done(&t);
	return told;
}

static void test_read(void **state)
{
	(void)state;
	assert_true(each_call(read_it, &io) > 50);
	assert_true(each_call(read_it, &damaged) > 50);
	assert_true(each_call(read_it, &crowded) > 50);
	assert_true(each_call(read_it, &tables) > 50);
}

static void test_write(void **state)
{
	(void)state;
	assert_true(each_call(write_it, &io) > 100);
	assert_true(each_call(write_it, &memory) > 100);
}

static void test_compact(void **state)
{
	(void)state;
	assert_true(each_call(compact_it, &io) > 50);
	assert_true(each_call(compact_it, &newer) > 50);
}

static void test_measure(void **state)
{
	(void)state;
	assert_true(each_call(measure_it, &io) > 10);
}

static void test_back_up(void **state)
{
	(void)state;
	assert_true(each_call(back_up, &io) > 50);
	assert_true(each_call(back_up, &damaged) > 50);
}

static void test_clone(void **state)
{
	(void)state;
	assert_true(each_call(clone_it, &io) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),    cmocka_unit_test(test_write),   cmocka_unit_test(test_compact),
		cmocka_unit_test(test_measure), cmocka_unit_test(test_back_up), cmocka_unit_test(test_clone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
