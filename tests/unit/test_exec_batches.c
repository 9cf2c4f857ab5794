/* Batch surgery: what a refused batch costs, in calls and in people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/helper_exec_world.h"

#define NAMED(pattern)                                                                                                 \
	"{\"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\", \"name\": \"" pattern                              \
	"\"}, \"do\": {\"cause\": \"Password length invalid.\"}}]}"
#define UNNAMED(pattern)                                                                                               \
	"{\"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\", \"name\": \"" pattern                              \
	"\"}, \"do\": {\"code\": \"VPN.0001\", \"message\": \"invalid request\"}}]}"

/* A night that begins at a rate at which a batch of 50 goes as one call. */
static void begin(struct exec_world *w, const char *script, const char *target)
{
	ew_begin(w, script, NULL, target);
	ew_start(w);
	rc_exec_learned(w->x, 0, 0, 400);
}

/* The n users of one batch; how many calls that cost. */
static size_t calls_for(struct exec_world *w, unsigned n)
{
	ew_creates(w, 1, n);
	ew_run(w);
	for (size_t i = 0, first = 1; i < w->n_sent; i++)
		if (w->sent[i].kind == 'C' && first) {
			assert_int_equal(w->sent[i].users, n); /* it was one batch */
			first = 0;
		}
	return ew_calls(w, 'C');
}

static void check_tokens(const struct exec_world *w)
{
	for (size_t i = 0; i < w->n_sent; i++)
		for (size_t j = 0; j < i && w->sent[i].kind == 'C'; j++)
			assert_true(!w->sent[i].token[0] || strcmp(w->sent[i].token, w->sent[j].token) != 0);
}

static void named(const char *script, size_t bad)
{
	struct exec_world w;

	begin(&w, script, NULL);
	assert_in_range(calls_for(&w, 50), 1, bad < 50 ? 3 : 1);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 50 - bad);
	assert_int_equal(ew_count(&w, RC_STEP_FAILED), bad);
	for (size_t i = 0; i < w.n_ops; i++)
		if (w.op[i].state == RC_STEP_FAILED) {
			assert_int_equal(w.op[i].attempts, 1);
			assert_non_null(strstr(w.op[i].error_message, "Password length invalid."));
		}
	check_tokens(&w);
	ew_end(&w);
}

static void test_named(void **state)
{
	(void)state;
	named(NAMED("u00017"), 1);
	named(NAMED("u000[0-4]3"), 5);
	named(NAMED("u000[0-4][38]"), 10);
	named(NAMED("u"), 50);
}

/* Wherever the culprit sits, and with any size: at most 2 log2 n calls more than the one. */
static void test_unnamed(void **state)
{
	(void)state;
	for (unsigned n = 2; n <= 50; n = n < 8 ? n + 1 : n < 32 ? 2 * n : n + 18)
		for (unsigned bad = 1; bad <= n; bad++) {
			char script[300];
			struct exec_world w;
			unsigned bound = 0;

			snprintf(script, sizeof(script), UNNAMED("u%05u"), bad);
			begin(&w, script, "\"guards\": {\"max_failures\": \"unlimited\"}, ");
			while ((1u << (bound + 1)) <= n * n) /* floor of 2 log2 n */
				bound++;
			assert_in_range(calls_for(&w, n), 1, 1 + bound);
			assert_int_equal(ew_count(&w, RC_STEP_DONE), n - 1);
			assert_int_equal(w.op[bad - 1].state, RC_STEP_FAILED);
			assert_non_null(strstr(w.op[bad - 1].error_message, "invalid request"));
			check_tokens(&w);
			ew_end(&w);
		}
}

static void test_two_unnamed(void **state)
{
	struct exec_world w;

	(void)state;
	begin(&w, UNNAMED("u000(07|31)"), NULL);
	assert_in_range(calls_for(&w, 50), 1, 1 + 2 * 11);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 48);
	assert_int_equal(ew_count(&w, RC_STEP_FAILED), 2);
	ew_end(&w);
}

/* Bad users side by side, refused with a code of no table: they cost themselves only. */
static void test_ten_unnamed_in_a_row(void **state)
{
	struct exec_world w;

	(void)state;
	begin(&w,
	      "{\"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\", \"name\": \"u000(0[1-9]|10)\"}, \"do\": "
	      "{\"code\": "
	      "\"VPN.9876\", \"message\": \"odd\"}}]}",
	      "\"guards\": {\"max_failures\": \"unlimited\"}, ");
	calls_for(&w, 50);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 40);
	assert_int_equal(ew_count(&w, RC_STEP_FAILED), 10);
	ew_end(&w);
}

/* A full queue in the middle of it changes nothing about who is to blame. */
static void test_unnamed_and_busy(void **state)
{
	struct exec_world w;

	(void)state;
	begin(&w,
	      "{\"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\", \"nth\": [2, 3, 5, 8]}, \"do\": {\"code\": "
	      "\"VPN.0030\"}}, {\"match\": {\"op\": \"batchCreateVpnUsers\", \"nth\": [4]}, \"do\": {\"status\": 429, "
	      "\"code\": "
	      "\"APIGW.0308\", \"headers\": {\"Retry-After\": \"1\"}}}, {\"match\": {\"op\": \"batchCreateVpnUsers\", "
	      "\"name\": "
	      "\"u00029\"}, \"do\": {\"code\": \"VPN.0001\", \"message\": \"invalid request\"}}]}",
	      NULL);
	calls_for(&w, 50);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 49);
	assert_int_equal(w.op[28].state, RC_STEP_FAILED);
	ew_end(&w);
}

static void test_too_large(void **state)
{
	struct exec_world w;

	(void)state;
	begin(&w,
	      "{\"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\", \"times\": 2}, \"do\": {\"status\": 413, "
	      "\"code\": "
	      "\"APIGW.0201\", \"message\": \"Request entity too large\"}}]}",
	      NULL);
	calls_for(&w, 48);
	assert_int_equal(ew_count(&w, RC_STEP_DONE), 48);
	for (size_t i = 0, met = 0; i < w.n_sent; i++) {
		met += w.sent[i].status == 413;
		if (w.sent[i].kind == 'C' && met)
			assert_true(w.sent[i].users <= 48u >> (w.sent[i].status == 413 ? met - 1 : met));
	}
	check_tokens(&w);
	ew_end(&w);
}

/* The same refusal that no table lists, user after user: the target is out of order, not the users. */
static void test_unlisted_code(void **state)
{
	struct exec_world w;
	struct rc_exec_target_result res;

	(void)state;
	begin(&w,
	      "{\"rules\": [{\"match\": {\"op\": \"batchCreateVpnUsers\"}, \"do\": {\"status\": 400, \"code\": "
	      "\"VPN.9876\", "
	      "\"message\": \"odd\"}}]}",
	      "\"batch\": {\"max_users\": 1}, \"guards\": {\"max_failures\": \"unlimited\"}, ");
	ew_creates(&w, 1, 200);
	ew_run(&w);
	res = ew_result(&w, 0);
	assert_string_equal(res.stopped_by, "unlisted_code");
	assert_in_range(ew_count(&w, RC_STEP_FAILED), 5, 40);
	assert_int_equal(ew_count(&w, RC_STEP_FAILED) + ew_count(&w, RC_STEP_DEFERRED), 200);
	ew_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_unnamed),
		cmocka_unit_test(test_two_unnamed),
		cmocka_unit_test(test_ten_unnamed_in_a_row),
		cmocka_unit_test(test_unnamed_and_busy),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_unlisted_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
