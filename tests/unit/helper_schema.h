/* Whether a text obeys one of the shipped schemas. */
#ifndef HELPER_SCHEMA_H
#define HELPER_SCHEMA_H
#include "engine/base/slice.h"

/* Fails the test with every finding otherwise; schema: "summary.schema.json". */
void assert_valid(const char *schema, struct rc_slice text);

#endif
