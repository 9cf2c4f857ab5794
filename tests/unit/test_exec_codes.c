/* The codes of our own that tell why an account was not done: each from what leads to it, on a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/helper_exec_world.h"

/* A server "S" with the accounts u00001 to u00020, which have been listed. */
static void begin(struct exec_world *w, const char *more, const char *top)
{
	char script[800];

	snprintf(script, sizeof(script),
		 "{\"servers\": {\"S\": {\"project\": \"P\", \"generate\": {\"count\": 20, \"name\": \"u\"}}}%s}",
		 more);
	ew_begin(w, script, top, NULL);
	ew_start(w);
	ew_list(w);
	assert_int_equal(w->n_accounts, 20);
}

static void is(const struct rc_op *op, enum rc_step state, const char *code, const char *words)
{
	assert_int_equal(op->state, state);
	if (!op->error_code || strcmp(op->error_code, code) != 0)
		fail_msg("%s, not %s", op->error_code ? op->error_code : "no code", code);
	if (!strstr(op->error_message, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", code, op->error_message, words);
}

static void test_deadline(void **state)
{
	struct exec_world w;

	(void)state;
	ew_begin(&w, "{\"settings\": {\"capacity\": 5, \"queue\": 5}}", NULL, NULL);
	w.opts.deadline_ns = 20 * RC_SECOND;
	ew_start(&w);
	ew_creates(&w, 1, 2000);
	ew_run(&w);
	is(&w.op[w.n_ops - 1], RC_STEP_DEFERRED, "rollcall.deadline", "not done before the run ended");
	ew_end(&w);
}

/* Accepted, and no list shows it for as long as timeouts.confirm allows. */
static void test_unconfirmed(void **state)
{
	struct exec_world w;
	struct rc_op *op;

	(void)state;
	begin(&w, ", \"settings\": {\"apply_delay_ms\": 86400000}", "\"timeouts\": {\"confirm\": \"30s\"}, ");
	op = ew_create(&w, 101);
	ew_run(&w);
	is(op, RC_STEP_UNKNOWN, "rollcall.unconfirmed", "next run looks first");
	ew_end(&w);
}

/* Taken over from a killed run: sent, and whether it was answered nobody knows; the provider is silent now. */
static void test_unanswered(void **state)
{
	struct exec_world w;
	struct rc_op *op;

	(void)state;
	begin(&w, "", "\"timeouts\": {\"request\": \"2s\", \"unreachable\": \"1m\"}, ");
	w.silent = true;
	op = ew_prepare_create(&w, 102);
	op->state = RC_STEP_VERIFY;
	op->sent_ns = w.now_ns;
	rc_exec_add(w.x, op);
	ew_run(&w);
	is(op, RC_STEP_UNKNOWN, "rollcall.unanswered", "answer is not known");
	ew_end(&w);
}

/* Changed by us, removed by somebody else meanwhile: nothing is made on the strength of an old picture. */
static void test_gone(void **state)
{
	struct exec_world w;
	struct rc_op *op, *gone;

	(void)state;
	begin(&w, "", NULL);
	gone = ew_delete(&w, 3);
	ew_run(&w);
	assert_int_equal(gone->state, RC_STEP_DONE);
	rc_exec_free(w.x); /* the next night */
	ew_start(&w);
	op = ew_update(&w, 3, "moved");
	ew_run(&w);
	is(op, RC_STEP_FAILED, "rollcall.gone", "no longer at the provider");
	ew_end(&w);
}

/* The old account of a changed name stays where the new one was refused. */
static void test_linked(void **state)
{
	struct exec_world w;
	struct rc_op *old, *new;

	(void)state;
	begin(&w,
	      ", \"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\"}, \"do\": {\"status\": 400, \"code\": "
	      "\"VPN.0001\"}}]",
	      NULL);
	old = ew_prepare_delete(&w, 5);
	new = ew_prepare_create(&w, 105);
	old->class_ = RC_CLASS_RETIRE;
	old->linked = new;
	new->linked = old;
	rc_exec_add(w.x, new);
	rc_exec_add(w.x, old);
	ew_run(&w);
	assert_int_equal(new->state, RC_STEP_FAILED);
	assert_string_equal(new->error_code, "VPN.0001");
	is(old, RC_STEP_DEFERRED, "rollcall.linked", "the old one stays");
	ew_end(&w);
}

/* One answer that speaks of the whole target ends it; who waited is told why. */
static void test_stopped(void **state)
{
	struct exec_world w;

	(void)state;
	begin(&w,
	      ", \"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\"}, \"do\": {\"status\": 404, \"code\": "
	      "\"APIGW.0101\"}}]",
	      NULL);
	ew_creates(&w, 201, 300);
	ew_run(&w);
	is(&w.op[w.n_ops - 1], RC_STEP_DEFERRED, "rollcall.stopped", "APIGW.0101");
	ew_end(&w);
}

/* A group that is not there is not made unless the config says so: its users fail, the others do not. */
static void test_group(void **state)
{
	struct exec_world w;
	struct rc_op *op, *other;

	(void)state;
	begin(&w, "", NULL);
	op = ew_prepare_create(&w, 107);
	op->group = RC_SLICE("newcomers");
	rc_exec_add(w.x, op);
	other = ew_create(&w, 108);
	ew_run(&w);
	is(op, RC_STEP_FAILED, "rollcall.group", "create_groups");
	assert_int_equal(other->state, RC_STEP_DONE);
	ew_end(&w);
}

/* Sent so many times already without a word of why it did not last, and not at the provider. No answer leads here: each
 * brings a code with it. It is what an operation says that nothing else can be said of. */
static struct rc_op *sent_before(struct exec_world *w, unsigned i, uint32_t times)
{
	struct rc_op *op = ew_prepare_create(w, i);

	op->state = RC_STEP_VERIFY;
	op->sent_ns = w->now_ns;
	op->attempts = times;
	rc_exec_add(w->x, op);
	return op;
}

/* An operation is sent six times in all, and not once more. */
static void test_attempts(void **state)
{
	struct exec_world w;
	struct rc_op *sixth, *seventh;

	(void)state;
	begin(&w, "", NULL);
	sixth = sent_before(&w, 109, 5);
	seventh = sent_before(&w, 110, 6);
	ew_run(&w);
	assert_int_equal(sixth->state, RC_STEP_DONE);
	assert_int_equal(sixth->attempts, 6);
	is(seventh, RC_STEP_FAILED, "rollcall.attempts", "without a lasting effect");
	assert_int_equal(seventh->attempts, 6);
	assert_int_equal(ew_calls(&w, 'C'), 1);
	assert_int_equal(ew_users(), 1);
	ew_end(&w);
}

/* Where there was an answer, the last one is told. */
static void test_attempts_answered(void **state)
{
	struct exec_world w;
	struct rc_op *op;

	(void)state;
	begin(&w,
	      ", \"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\"}, \"do\": {\"status\": 500, \"code\": "
	      "\"VPN.0002\", \"message\": \"server error, once more\"}}]",
	      NULL);
	op = ew_create(&w, 111);
	ew_run(&w);
	is(op, RC_STEP_FAILED, "VPN.0002", "once more");
	assert_int_equal(ew_calls(&w, 'C'), 6);
	assert_int_equal(op->attempts, 6);
	ew_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_unconfirmed),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_linked),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_attempts_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
