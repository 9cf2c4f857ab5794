/* A name that changes hands, after a run that was killed: the delete of the old account and the newcomer's create. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/helper_exec_world.h"

static void begin(struct exec_world *w, const char *top)
{
	ew_begin(w, "{\"servers\": {\"S\": {\"project\": \"P\", \"generate\": {\"count\": 20, \"name\": \"u\"}}}}", top,
		 NULL);
	ew_start(w);
	ew_list(w);
	assert_int_equal(w->n_accounts, 20);
}

/* The create of an earlier run waits for the name of an account that goes. */
static void hand_on(struct exec_world *w, unsigned i, bool id_known, struct rc_op **ret_leaver, struct rc_op **ret_heir)
{
	struct rc_op *leaver = ew_prepare_delete(w, i), *heir = ew_prepare_create(w, i);

	if (!id_known)
		leaver->remote_id = (struct rc_slice){0};
	heir->state = RC_STEP_VERIFY;
	heir->sent_ns = w->now_ns;
	heir->in_doubt = heir->mail_sent = true;
	heir->after = leaver;
	leaver->heir = heir;
	leaver->after_heir = !id_known;
	rc_exec_add(w->x, leaver);
	rc_exec_add(w->x, heir);
	*ret_leaver = leaver;
	*ret_heir = heir;
}

/* By id the old account is told from the new one: it goes, and then the create. */
static void test_by_id(void **state)
{
	struct exec_world w;
	struct rc_op *leaver, *heir;

	(void)state;
	begin(&w, NULL);
	hand_on(&w, 3, true, &leaver, &heir);
	ew_run(&w);
	assert_int_equal(leaver->state, RC_STEP_DONE);
	assert_int_equal(heir->state, RC_STEP_DONE);
	assert_int_equal(ew_calls(&w, 'D'), 1);
	assert_int_equal(ew_calls(&w, 'C'), 1);
	assert_int_equal(ew_users(), 0);
	ew_end(&w);
}

/* The account of the name is the newcomer's: nothing of that name is deleted, and nothing made. */
static void test_already_theirs(void **state)
{
	struct exec_world w;
	struct rc_op *leaver, *heir;

	(void)state;
	begin(&w, NULL);
	hand_on(&w, 3, false, &leaver, &heir);
	ew_run(&w);
	assert_int_equal(heir->state, RC_STEP_DONE);
	assert_int_equal(leaver->state, RC_STEP_DONE);
	assert_int_equal(ew_calls(&w, 'D') + ew_calls(&w, 'C'), 0);
	assert_int_equal(ew_users(), 0);
	ew_end(&w);
}

/* Nobody says whose the account is: it stays, and the next run looks. */
static void test_not_seen(void **state)
{
	struct exec_world w;
	struct rc_op *leaver, *heir;

	(void)state;
	begin(&w, "\"timeouts\": {\"request\": \"2s\", \"unreachable\": \"1m\"}, ");
	w.silent = true;
	hand_on(&w, 3, false, &leaver, &heir);
	ew_run(&w);
	assert_int_equal(heir->state, RC_STEP_UNKNOWN);
	assert_int_equal(leaver->state, RC_STEP_DEFERRED);
	assert_string_equal(leaver->error_code, "rollcall.name");
	assert_non_null(strstr(leaver->error_message, "could not be seen"));
	assert_int_equal(ew_calls(&w, 'D') + ew_calls(&w, 'C'), 0);
	ew_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_id),
		cmocka_unit_test(test_already_theirs),
		cmocka_unit_test(test_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
