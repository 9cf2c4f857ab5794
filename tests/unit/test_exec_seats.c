/* Seats: own deletes first, freed seats used at once, a stable waiting order, one last probe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "tests/unit/helper_exec_world.h"

/* A server with n seats, all taken by u00001 and on, which have been listed. */
static void full_house(struct exec_world *w, unsigned n, const char *more, const char *target)
{
	char script[600];

	snprintf(script, sizeof(script),
		 "{\"servers\": {\"S\": {\"project\": \"P\", \"seat_limit\": %u, \"generate\": {\"count\": %u, "
		 "\"name\": "
		 "\"u\"}}}%s}",
		 n, n, more);
	ew_begin(w, script, NULL, target);
	ew_start(w);
	ew_list(w);
	assert_int_equal(w->n_accounts, n);
}

static void leavers_and_joiners(struct exec_world *w, unsigned leavers, unsigned joiners)
{
	for (unsigned i = 1; i <= leavers; i++)
		ew_delete(w, i);
	ew_creates(w, 20001, joiners);
}

static uint64_t refused_for_seats(void)
{
	return sim_test_world.server_list[0]->stats.by_op[SIM_OP_batchCreateVpnUsers][SIM_quota];
}

/* The last n in the order wait, with their places. */
static void check_waiting(struct exec_world *w, size_t n)
{
	uint32_t position = 0;

	for (size_t i = 0; i < w->n_ops; i++)
		if (w->op[i].action == RC_ACT_CREATE && w->op[i].state == RC_STEP_DEFERRED) {
			assert_int_equal(w->op[i].queue_position, ++position);
		} else if (w->op[i].action == RC_ACT_CREATE) {
			assert_int_equal(position, 0); /* nobody overtakes */
		}
	assert_int_equal(position, n);
	assert_int_equal(ew_result(w, 0).seats_waiting, n);
}

static void test_full_house(void **state)
{
	struct exec_world w;

	(void)state;
	full_house(&w, 9000, "", NULL);
	leavers_and_joiners(&w, 800, 1000);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 1600);
	assert_int_equal(ew_users(), 800 - 800); /* of those that were made or deleted */
	check_waiting(&w, 200);
	assert_in_range(refused_for_seats(), 1, 12); /* the halving, and one last probe */
	assert_int_equal(ew_result(&w, 0).seats_used, 9000);
	ew_end(&w);
}

/* Deletes are taken at once and free their seats half a minute later: creates wait for them, not for tomorrow. */
static void test_slow_deletes(void **state)
{
	struct exec_world w;

	(void)state;
	full_house(&w, 2000, ", \"settings\": {\"capacity\": 100, \"queue\": 400, \"apply_delay_ms\": 20000}", NULL);
	leavers_and_joiners(&w, 300, 400);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 600);
	check_waiting(&w, 100);
	assert_true(ew_now(&w) < 90);
	ew_end(&w);
}

/* Other work goes on while creates wait, and what the pacer refuses comes back in order. */
static void test_updates_go_on(void **state)
{
	struct exec_world w;

	(void)state;
	full_house(&w, 100, "", NULL);
	for (unsigned i = 1; i <= 50; i++)
		ew_update(&w, i, "new");
	ew_creates(&w, 20001, 10);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 50);
	check_waiting(&w, 10);
	ew_end(&w);
}

static void test_raised_limit(void **state)
{
	struct exec_world w;
	double first = 0;

	(void)state;
	full_house(&w, 100, ", \"timeline\": [{\"at_s\": 300, \"server\": \"S\", \"set\": {\"seat_limit\": 150}}]",
		   "\"pace\": {\"wait_for_seats\": \"20m\"}, ");
	ew_creates(&w, 20001, 60);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 50);
	check_waiting(&w, 10);
	for (size_t i = 0; i < w.n_sent && !first; i++)
		if (w.sent[i].kind == 'C' && w.sent[i].status == 201)
			first = w.sent[i].t;
	assert_true(first >= 300 && first < 300 + 30 * 1.25 + 1); /* one probe interval */
	assert_true(refused_for_seats() < 70);                    /* a probe every half minute for 20 minutes */
	ew_end(&w);
}

static struct rc_op *rename_one(struct exec_world *w, unsigned i)
{
	struct rc_op *old = &w->op[w->n_ops], *new;

	ew_prepare_delete(w, i);
	new = ew_prepare_create(w, 30000 + i);
	old->class_ = RC_CLASS_RETIRE;
	old->linked = new;
	new->linked = old;
	new->linked_name = old->name;
	rc_exec_add(w->x, new);
	rc_exec_add(w->x, old);
	return new;
}

/* No seat at all: each rename gives up its old account first, one after the other. */
static void test_renames_one_at_a_time(void **state)
{
	struct exec_world w;
	int out = 0;

	(void)state;
	full_house(&w, 50, "", NULL);
	for (unsigned i = 1; i <= 3; i++)
		rename_one(&w, i);
	ew_creates(&w, 20001, 2);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 6);
	assert_int_equal(ew_count(&w, RC_STEP_DEFERRED), 2); /* the newcomers have no claim on those seats */
	for (size_t i = 0; i < w.n_sent; i++) {
		out += w.sent[i].kind == 'D' ? 1 : w.sent[i].kind == 'C' && w.sent[i].status == 201 ? -1 : 0;
		assert_in_range(out, 0, 1); /* never two people without their accounts */
	}
	ew_end(&w);
}

/* With a seat to spare the new account comes first, as always. */
static void test_rename_with_a_seat(void **state)
{
	struct exec_world w;
	char last = 0;

	(void)state;
	full_house(&w, 50, ", \"timeline\": [{\"at_s\": 0, \"server\": \"S\", \"set\": {\"seat_limit\": 51}}]", NULL);
	for (unsigned i = 1; i <= 3; i++)
		rename_one(&w, i);
	ew_run(&w);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 6);
	for (size_t i = 0; i < w.n_sent && last != 'C'; i++) {
		assert_int_not_equal(w.sent[i].kind, 'D');
		last = w.sent[i].kind == 'C' && w.sent[i].status == 201 ? 'C' : last;
	}
	ew_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_house),
		cmocka_unit_test(test_slow_deletes),
		cmocka_unit_test(test_updates_go_on),
		cmocka_unit_test(test_raised_limit),
		cmocka_unit_test(test_renames_one_at_a_time),
		cmocka_unit_test(test_rename_with_a_seat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
