/* tests/unit/helper_simulator.h - a simulated world on a clock of the test's own, and one request at a time to it. */
#ifndef HELPER_SIMULATOR_H
#define HELPER_SIMULATOR_H

#include "tests/simulator/world.h"

#define HUAWEI_BASE "/v5/p1/p2c-vpn-gateways/vpn-servers/s1"

extern struct sim_world sim_test_world;
extern struct sim_reply sim_test_reply;                          /* the last one */
extern const char *sim_test_header_name, *sim_test_header_value; /* one more header for the next requests */

/* A fresh world at midnight, with this script in force; NULL: none. */
void sim_test_begin(const char *script);
/* A cmocka teardown. */
int sim_test_end(void **state);
/* So many seconds after midnight. */
void sim_test_at(double s);
/* The status; a body goes as JSON, or as the type says. */
int sim_test_ask(const char *method, const char *target, const char *body);
int sim_test_ask_as(const char *method, const char *target, const char *type, const char *body);
/* The last answer's body. */
const char *sim_test_answer(void);
bool sim_test_says(const char *text);

#endif
