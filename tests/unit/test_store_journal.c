/* Journal, history, runs and small facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/helper_store.h"

static void flush(struct test_store *t)
{
	struct rc_err err = {0};

	if (rc_writer_flush_wait(t->writer, &err))
		fail_msg("%s", err.what);
}

static void begin(struct test_store *t)
{
	test_store_dir(t);
	test_store_open(t);
	test_store_write(t);
}

static void test_journal(void **state)
{
	struct test_store t;
	struct rc_op_entry op, got;
	struct rc_view *v;
	struct rc_walk w;
	uint64_t first, second;

	(void)state;
	begin(&t);
	memset(&op, 0, sizeof(op));
	first = op.id = rc_writer_id(t.writer);
	op.run_id = RC_SLICE("run-1");
	op.target = t.target;
	op.key = RC_SLICE("k1");
	op.name = RC_SLICE("User1");
	op.state = RC_OP_INTENT;
	op.client_token = RC_SLICE("token");
	op.after.v[0] = RC_SLICE("User1");
	op.after.set = 1;
	rc_writer_op(t.writer, &op);
	second = op.id = rc_writer_id(t.writer);
	assert_true(second > first);
	rc_writer_op(t.writer, &op);
	rc_writer_op_state(t.writer, first, RC_OP_SENT, 11, 12);
	rc_writer_op_state(t.writer, first, RC_OP_VERIFY, 13, 0);
	rc_writer_op_state(t.writer, 9999, RC_OP_SENT, 1, 1);
	flush(&t);
	test_store_close(&t); /* the run ends, whatever the journal holds */

	test_store_open(&t);
	v = test_view(&t);
	assert_int_equal(rc_view_op_count(v), 2);
	rc_journal_unfinished(v, &w);
	assert_true(rc_walk_ops(&w, &got));
	assert_true(got.id == first && got.state == RC_OP_VERIFY && got.at_ns == 13 && got.sent_ns == 12);
	assert_true(rc_slice_eqs(got.after.v[0], "User1") && got.after.set == 1);
	assert_true(rc_walk_ops(&w, &got));
	assert_true(got.id == second && got.state == RC_OP_INTENT);
	assert_false(rc_walk_ops(&w, &got));
	assert_true(rc_view_op(v, second, &got));
	assert_false(rc_view_op(v, 9999, &got));
	test_view_end(v);
	test_store_write(&t);
	assert_true(rc_writer_id(t.writer) > second);
	rc_writer_op_end(t.writer, first);
	rc_writer_op_end(t.writer, second);
	flush(&t);
	v = test_view(&t);
	assert_int_equal(rc_view_op_count(v), 0);
	test_view_end(v);
	first = rc_writer_id(t.writer);
	test_store_close(&t);
	test_store_open(&t);
	test_store_write(&t);
	assert_true(rc_writer_id(t.writer) >= first); /* also with an empty journal */
	test_store_done(&t);
}

static void add_event(struct test_store *t, const char *key, int64_t at_ns, bool access)
{
	struct rc_event e;

	memset(&e, 0, sizeof(e));
	e.key = rc_slice_str(key);
	e.run_id = RC_SLICE("run");
	e.at_ns = at_ns;
	e.access = access;
	e.changed_fields = RC_SLICE("name,description");
	e.before.v[0] = RC_SLICE("old");
	e.after.v[0] = RC_SLICE("new");
	e.after.v[2] = RC_SLICE("");
	e.before.set = 1;
	e.after.set = 5;
	e.fingerprint[15] = 7;
	e.linked_name = RC_SLICE("other");
	rc_writer_event(t->writer, t->target, &e);
}

static unsigned count_events(struct test_store *t, const char *key)
{
	struct rc_view *v = test_view(t);
	struct rc_event e;
	struct rc_walk w;
	int64_t last = INT64_MIN;
	unsigned n = 0;

	rc_walk_history_begin(v, t->target, rc_slice_str(key), &w);
	for (; rc_walk_history(&w, &e); n++) {
		assert_true(!*key || e.at_ns >= last);
		assert_true(rc_slice_eqs(e.changed_fields, "name,description"));
		assert_true(e.before.set == 1 && rc_slice_eqs(e.before.v[0], "old"));
		assert_true(e.after.set == 5 && rc_slice_eqs(e.after.v[0], "new") && e.after.v[2].n == 0);
		assert_true(e.fingerprint[15] == 7 && rc_slice_eqs(e.linked_name, "other"));
		last = e.at_ns;
	}
	test_view_end(v);
	return n;
}

static void test_history(void **state)
{
	struct test_store t;

	(void)state;
	begin(&t);
	add_event(&t, "a", 100, true);
	add_event(&t, "a", 300, true);
	add_event(&t, "a", 200, true);
	add_event(&t, "a", 200, true); /* at the same moment: both stay */
	add_event(&t, "a", 900, false);
	add_event(&t, "b", 100, true);
	add_event(&t, "b", 150, false);
	add_event(&t, "c", 950, true);
	flush(&t);
	assert_int_equal(count_events(&t, "a"), 5);
	assert_int_equal(count_events(&t, "b"), 2);
	assert_int_equal(count_events(&t, ""), 8);
	assert_int_equal(count_events(&t, "nobody"), 0);
	/* Of a: the one of 300 stays, it says who had access at 500. Nothing of b: no access then. */
	rc_writer_prune_history(t.writer, 500);
	flush(&t);
	assert_int_equal(count_events(&t, "a"), 2);
	assert_int_equal(count_events(&t, "b"), 0);
	assert_int_equal(count_events(&t, "c"), 1);
	rc_writer_prune_history(t.writer, 5000);
	flush(&t);
	assert_int_equal(count_events(&t, "a"), 0);
	assert_int_equal(count_events(&t, "c"), 1);
	test_store_done(&t);
}

static void test_runs(void **state)
{
	struct rc_run r = {.run_id = RC_SLICE("2026-11-24T05"), .started_ns = 10, .exit_code = -1}, got;
	struct rc_slice note;
	struct test_store t;
	struct rc_view *v;
	struct rc_walk w;

	(void)state;
	begin(&t);
	rc_writer_run(t.writer, &r);
	r.run_id = RC_SLICE("other");
	r.finished_ns = 20;
	r.exit_code = 75;
	r.json = RC_SLICE("{\"a\":1}");
	rc_writer_run(t.writer, &r);
	flush(&t);
	v = test_view(&t);
	rc_walk_runs_begin(v, &w);
	assert_true(rc_walk_runs(&w, &got));
	assert_true(!got.finished_ns && got.exit_code == -1);
	assert_true(rc_walk_runs(&w, &got));
	assert_true(got.exit_code == 75 && rc_slice_eqs(got.json, "{\"a\":1}"));
	assert_false(rc_walk_runs(&w, &got));
	assert_true(rc_view_run(v, RC_SLICE("other"), &got));
	assert_false(rc_view_run(v, RC_SLICE("none"), &got));
	assert_false(rc_view_run(v, RC_SLICE(""), &got));
	test_view_end(v);
	rc_writer_note(t.writer, RC_SLICE("applied/a"), RC_SLICE("other"));
	rc_writer_note(t.writer, RC_SLICE("applied/b"), RC_SLICE("2026-11-24T05"));
	rc_writer_note(t.writer, RC_SLICE("seats/1"), RC_SLICE("other"));
	flush(&t);
	rc_writer_prune_history(t.writer, 1000); /* the unfinished one stays: nobody has told its end yet */
	flush(&t);
	v = test_view(&t);
	assert_false(rc_view_run(v, RC_SLICE("other"), &got));
	assert_true(rc_view_run(v, RC_SLICE("2026-11-24T05"), &got));
	assert_false(rc_view_note(v, RC_SLICE("applied/a"), &note)); /* with its run */
	assert_true(rc_view_note(v, RC_SLICE("applied/b"), &note));
	assert_true(rc_view_note(v, RC_SLICE("seats/1"), &note));
	test_view_end(v);
	test_store_done(&t);
}

static void test_facts(void **state)
{
	const struct rc_slice columns[] = {RC_SLICE("employee_id"), RC_SLICE(""), RC_SLICE("mail")};
	const struct rc_slice files[] = {RC_SLICE("hr/a.csv")};
	struct rc_source_facts f, got;
	struct rc_rate rate = {2.5, 77}, rate2;
	struct rc_run_marks marks, marks2;
	struct rc_pause pause = {5, 6, RC_SLICE("migration")}, pause2;
	struct rc_slice note;
	struct test_store t;
	struct rc_view *v;

	(void)state;
	begin(&t);
	memset(&f, 0, sizeof(f));
	f.rows = 1000000;
	memset(f.content, 3, sizeof(f.content));
	f.columns = columns;
	f.n_columns = 3;
	f.files = files;
	f.n_files = 1;
	f.unreadable_runs = 2;
	f.unreadable_where = RC_SLICE("hr/a.csv:17");
	rc_writer_source(t.writer, 0, &f);
	rc_writer_rate(t.writer, RC_SLICE("https://x|ak"), RC_SLICE("s1"), &rate);
	memset(&marks, 0, sizeof(marks));
	marks.attempt_run = RC_SLICE("r9");
	marks.attempt_exit = -1;
	marks.success_ns = 88;
	rc_writer_marks(t.writer, &marks);
	rc_writer_pause(t.writer, &pause);
	rc_writer_note(t.writer, RC_SLICE("absence"), RC_SLICE("xyz"));
	flush(&t);
	v = test_view(&t);
	assert_true(rc_view_source(v, 0, &t.mem, &got));
	assert_true(got.rows == 1000000 && got.n_columns == 3 && got.n_files == 1 && got.unreadable_runs == 2);
	assert_true(rc_slice_eqs(got.columns[0], "employee_id") && !got.columns[1].n);
	assert_true(rc_slice_eqs(got.columns[2], "mail") && rc_slice_eqs(got.files[0], "hr/a.csv"));
	assert_memory_equal(got.content, f.content, 16);
	assert_false(rc_view_source(v, 1, &t.mem, &got));
	assert_true(rc_view_rate(v, RC_SLICE("https://x|ak"), RC_SLICE("s1"), &rate2));
	assert_true(rate2.users_per_s == 2.5 && rate2.learned_ns == 77);
	assert_false(rc_view_rate(v, RC_SLICE("https://x|ak"), RC_SLICE("s2"), &rate2));
	assert_true(rc_view_marks(v, &marks2));
	assert_true(marks2.attempt_exit == -1 && marks2.success_ns == 88 && rc_slice_eqs(marks2.attempt_run, "r9"));
	assert_true(rc_view_pause(v, &pause2) && rc_slice_eqs(pause2.reason, "migration"));
	assert_true(rc_view_note(v, RC_SLICE("absence"), &note) && rc_slice_eqs(note, "xyz"));
	assert_false(rc_view_note(v, RC_SLICE(""), &note));
	test_view_end(v);
	pause.until_ns = 0;
	rc_writer_pause(t.writer, &pause);
	rc_writer_note(t.writer, RC_SLICE("absence"), RC_SLICE(""));
	flush(&t);
	v = test_view(&t);
	assert_false(rc_view_pause(v, &pause2));
	assert_false(rc_view_note(v, RC_SLICE("absence"), &note));
	test_view_end(v);
	test_store_done(&t);
}

static void test_forget(void **state)
{
	struct test_store t;
	struct rc_op_entry op;
	struct rc_known k, other;
	struct rc_view *v;
	struct rc_walk w;
	char buf[64], buf2[64];

	(void)state;
	begin(&t);
	k = test_known(1, buf);
	other = test_known(2, buf2);
	rc_writer_put_known(t.writer, t.target, &other);
	rc_writer_put_known(t.writer, t.target, &k);
	k.name = RC_SLICE("Oldname");
	rc_writer_put_retiring(t.writer, t.target, &k);
	k.name = RC_SLICE("Older");
	rc_writer_put_retiring(t.writer, t.target, &k);
	rc_writer_del_retiring(t.writer, t.target, k.key, k.server, k.name, 9);
	add_event(&t, "k1", 1, true);
	add_event(&t, "k1", 2, true);
	add_event(&t, "k2", 1, true);
	memset(&op, 0, sizeof(op));
	op.target = t.target;
	for (unsigned i = 1; i < 4; i++) {
		op.id = rc_writer_id(t.writer);
		op.key = i == 2 ? other.key : k.key;
		rc_writer_op(t.writer, &op);
	}
	flush(&t);
	rc_writer_forget(t.writer, t.target, k.key);
	flush(&t);
	v = test_view(&t);
	assert_false(rc_view_known(v, t.target, k.key, &k));
	rc_walk_retiring_begin(v, t.target, RC_SLICE(""), &w);
	assert_false(rc_walk_retiring(&w, &k));
	assert_int_equal(rc_view_op_count(v), 1);
	assert_int_equal(rc_view_name(v, t.target, RC_SLICE(""), RC_SLICE("user1")).kind, RC_NAME_FREE);
	assert_int_equal(rc_view_name(v, t.target, RC_SLICE(""), RC_SLICE("oldname")).kind, RC_NAME_FREE);
	assert_int_equal(rc_view_name(v, t.target, RC_SLICE(""), RC_SLICE("older")).kind, RC_NAME_FREE);
	assert_int_equal(rc_view_name(v, t.target, RC_SLICE(""), RC_SLICE("user2")).kind, RC_NAME_MANAGED);
	test_view_end(v);
	assert_int_equal(count_events(&t, "k1"), 0);
	assert_int_equal(count_events(&t, "k2"), 1);
	test_store_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_journal), cmocka_unit_test(test_history), cmocka_unit_test(test_runs),
		cmocka_unit_test(test_facts),   cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
