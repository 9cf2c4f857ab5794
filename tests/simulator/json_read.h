/* tests/simulator/json_read.h - members of a script, each checked and read into its place.
 *
 * All return false after writing "NAME: must be ..." to *err; what was there before then stays. */
#ifndef SIMULATOR_JSON_READ_H
#define SIMULATOR_JSON_READ_H

#include <cjson/cJSON.h>

#include "tests/simulator/text.h"

const cJSON *sim_json_member(const cJSON *o, const char *name);
bool sim_json_wrong(struct sim_buf *err, const char *name, const char *wanted); /* always false */
bool sim_json_number(double *ret, const cJSON *v, struct sim_buf *err);         /* 0 or more */
bool sim_json_whole(uint64_t *ret, const cJSON *v, uint64_t least, struct sim_buf *err);
bool sim_json_bool(bool *ret, const cJSON *v, struct sim_buf *err);
bool sim_json_text(char **ret, const cJSON *v, struct sim_buf *err); /* replaces an owned text */
/* The object has no members but those listed (ending with NULL). */
bool sim_json_known(const cJSON *o, const char *const *names, struct sim_buf *err);

#endif
