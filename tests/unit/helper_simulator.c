#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/simulator/script.h"
#include "tests/unit/helper_simulator.h"

#define MIDNIGHT INT64_C(1767312000000)

struct sim_world sim_test_world;
struct sim_reply sim_test_reply;
const char *sim_test_header_name, *sim_test_header_value; /* one more header for the next requests */

void sim_test_begin(const char *script)
{
	struct sim_settings settings;
	struct sim_buf err = {0};
	struct sim_script *s;

	sim_settings_default(&settings);
	settings.server.queue = 200;
	sim_world_init(&sim_test_world, &settings, 7);
	sim_settings_done(&settings);
	sim_test_header_name = NULL;
	sim_world_tick(&sim_test_world, 0, MIDNIGHT);
	if (!script)
		return;
	s = sim_script_read(&sim_test_world, sim_str_of(script), &err);
	if (!s)
		fail_msg("%s", err.p);
	sim_script_begin(&sim_test_world, s);
}

int sim_test_end(void **state)
{
	(void)state;
	sim_reply_done(&sim_test_reply);
	sim_test_reply = (struct sim_reply){0};
	sim_world_done(&sim_test_world);
	return 0;
}

void sim_test_at(double s)
{
	sim_world_tick(&sim_test_world, s, MIDNIGHT + (int64_t)(s * 1000 + 0.5));
}

int sim_test_ask_as(const char *method, const char *target, const char *type, const char *body)
{
	struct sim_request r = {.method = sim_str_of(method), .target = sim_str_of(target)};
	struct sim_server *server;

	if (body) {
		r.body = sim_str_of(body);
		r.headers[r.header_count++] = (struct sim_header){SIM_STR("Content-Type"), sim_str_of(type)};
	}
	if (sim_test_header_name)
		r.headers[r.header_count++] =
			(struct sim_header){sim_str_of(sim_test_header_name), sim_str_of(sim_test_header_value)};
	sim_request_split(&r);
	sim_reply_done(&sim_test_reply);
	sim_test_reply = (struct sim_reply){0};
	sim_world_handle(&sim_test_world, &r, &sim_test_reply, &server);
	if (sim_test_reply.counted)
		sim_world_finished(&sim_test_world, server);
	return sim_test_reply.status;
}

int sim_test_ask(const char *method, const char *target, const char *body)
{
	return sim_test_ask_as(method, target, "application/json", body);
}

const char *sim_test_answer(void)
{
	return sim_test_reply.body.p ? sim_test_reply.body.p : "";
}

bool sim_test_says(const char *text)
{
	return strstr(sim_test_answer(), text);
}
