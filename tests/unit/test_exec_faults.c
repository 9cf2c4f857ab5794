/* Whatever a service answers: nothing is made twice, nothing is done that is not there, and the run ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/helper_exec_world.h"

/* Lists that lie, answers that break off, codes that nobody knows: each with a chance of some percent. */
static const char *const faults[] = {
	"{\"reset\": \"before\"}",
	"{\"reset\": \"after\"}",
	"{\"drop\": \"after\"}",
	"{\"hang\": \"after\"}",
	"{\"half_body\": true}",
	"{\"invalid_json\": true}",
	"{\"html\": true}",
	"{\"status\": 500, \"code\": \"VPN.0100\", \"message\": \"internal\"}",
	"{\"status\": 500, \"code\": \"VPN.0100\", \"commit\": true}",
	"{\"status\": 200, \"code\": \"VPN.0030\"}",
	"{\"status\": 429, \"code\": \"APIGW.0308\", \"headers\": {\"Retry-After\": \"2\"}}",
	"{\"status\": 404, \"code\": \"VPN.0005\", \"message\": \"not found\"}",
	"{\"status\": 409, \"code\": \"VPN.0999\", \"message\": \"conflict\"}",
	"{\"status\": 413, \"code\": \"APIGW.0201\"}",
	"{\"status\": 401, \"code\": \"APIGW.0301\"}",
	"{\"status\": 204, \"body\": \"\"}",
	"{\"body\": \"[]\", \"status\": 200}",
	"{\"body\": {\"users\": null}, \"status\": 200}",
};
static const char *const list_faults[] = {
	"{\"wrong_ids\": true}",
	"{\"shuffle\": true}",
	"{\"duplicate\": true}",
	"{\"truncate\": 40}",
};

static void script_of(char *out, size_t cap, unsigned seed, unsigned permille)
{
	size_t n = (size_t)snprintf(
		out, cap,
		"{\"settings\": {\"capacity\": 300, \"queue\": 200, \"apply_delay_ms\": 400}, "
		"\"servers\": {\"S\": {\"project\": \"P\", \"generate\": {\"count\": 120, \"name\": \"u\", \"tie\": "
		"7}}}, \"rules\": [{\"match\": {\"from_s\": 0, \"to_s\": 2}, \"do\": {\"delay_ms\": 1}}");

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if ((seed * 2654435761u >> (i % 16)) & 1)
			n += (size_t)snprintf(out + n, cap - n, ", {\"match\": {\"probability\": 0.%03u}, \"do\": %s}",
					      permille, faults[i]);
	for (size_t i = 0; i < sizeof(list_faults) / sizeof(*list_faults); i++)
		n += (size_t)snprintf(out + n, cap - n,
				      ", {\"match\": {\"op\": \"listVpnUsers\", \"probability\": 0.%03u}, \"do\": %s}",
				      permille * 3, list_faults[i]);
	snprintf(out + n, cap - n, "]}");
}

static bool at_provider(const struct rc_op *op)
{
	char name[32];

	snprintf(name, sizeof(name), "\"name\":\"%.*s\"", (int)op->name.n, op->name.p);
	return sim_test_says(name);
}

static void check(struct exec_world *w)
{
	const struct sim_stats *s = &sim_test_world.server_list[0]->stats;
	size_t ended = 0;

	assert_int_equal(s->double_creates, 0);
	for (enum rc_step st = RC_STEP_DONE; st < RC_STEP_COUNT; st++)
		ended += ew_count(w, st);
	assert_int_equal(ended, w->n_ops);
	sim_test_at(ew_now(w) + 60);
	sim_test_ask("GET", "/_sim/users", NULL);
	for (size_t i = 0; i < w->n_ops; i++)
		if (w->op[i].state == RC_STEP_DONE)
			assert_int_equal(at_provider(&w->op[i]), w->op[i].action != RC_ACT_DELETE);
	for (unsigned i = 41; i <= 120; i++) { /* nobody else was deleted in a leaver's place */
		char name[32];

		snprintf(name, sizeof(name), "\"name\":\"u%05u\"", i);
		assert_true(sim_test_says(name));
	}
}

static void test_any_fault(void **state)
{
	size_t done = 0, all = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		static char script[8000];
		struct exec_world w;

		script_of(script, sizeof(script), seed, seed % 3 == 0 ? 100 : seed % 3 == 1 ? 30 : 8);
		ew_begin(&w, script, "\"timeouts\": {\"settle\": \"2s\", \"confirm\": \"20s\", \"request\": \"5s\"}, ",
			 "\"guards\": {\"max_failures\": \"unlimited\"}, ");
		w.random = seed;
		w.opts.deadline_ns = 1200 * RC_SECOND;
		ew_start(&w);
		ew_list(&w);
		for (unsigned i = 1; i <= 40; i++)
			ew_delete(&w, i);
		for (unsigned i = 41; i <= 80; i++)
			ew_update(&w, i, "other");
		ew_creates(&w, 20001, 300);
		ew_run(&w);
		assert_true(ew_now(&w) <= 1211);
		check(&w);
		done += ew_count(&w, RC_STEP_DONE);
		all += w.n_ops;
		ew_end(&w);
	}
	assert_true(done > all / 3);
	print_message("%zu of %zu done\n", done, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
