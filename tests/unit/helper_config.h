/* tests/unit/helper_config.h - a config with a target of each connector, and what a test changes in it. */
#ifndef HELPER_CONFIG_H
#define HELPER_CONFIG_H
#include <cjson/cJSON.h>
#include "engine/config/config.h"

/* Text that must be JSON; the caller deletes it. */
cJSON *config_json(const char *text);
/* The good config with a merge patch over it; NULL: it has faults. */
struct rc_config *config_load(const char *patch, struct rc_config_errors *errs, struct rc_err *err);
/* The same, and it has none. */
struct rc_config *config_must(const char *patch);

#endif
