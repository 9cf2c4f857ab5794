/* engine/config/config_build.h - shared by the files that turn a checked JSON tree into struct rc_config.
 *
 * The schema has spoken before these run, and they run even when it found faults, so that everything is told in one go:
 * a getter that meets a missing or mistyped value returns nothing and stays silent. */
#ifndef RC_CONFIG_BUILD_H
#define RC_CONFIG_BUILD_H
#include "engine/config/config.h"
#include "engine/config/json.h"

struct cfg_build {
	struct rc_config *c;
	struct rc_config_errors *errs;
	size_t n_env, cap_env;
	const char **env; /* variables that hold secrets */
	struct rc_target *targets;
};

/* A fault at a key below `at` (key NULL: at itself); silent when that place has one already. */
void cfg_fault(struct cfg_build *b, const struct rc_json_path *at, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

const char *cfg_copy(struct cfg_build *b, const char *s);
const char *cfg_text(struct cfg_build *b, const cJSON *obj, const char *key);
bool cfg_flag(const cJSON *obj, const char *key);
uint64_t cfg_whole(const cJSON *obj, const char *key);
struct rc_strings cfg_strings(struct cfg_build *b, const cJSON *list);
int64_t cfg_duration(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at);
struct rc_limit cfg_limit(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at);
struct rc_secret cfg_secret(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at);

/* Absolute, counted from the config's directory; NULL stays NULL, "-" and "{file}…" stay as they are. */
const char *cfg_resolve(struct cfg_build *b, const char *path);
const char *cfg_path(struct cfg_build *b, const cJSON *obj, const char *key);
struct rc_strings cfg_paths(struct cfg_build *b, const cJSON *list);
/* A program with a slash in its name is a path; one without is looked up in PATH. */
struct rc_strings cfg_argv(struct cfg_build *b, const cJSON *list);

/* Position of the value of obj[key] in names, a NULL-terminated list; 0 when it is none of them. */
unsigned cfg_choice(const cJSON *obj, const char *key, const char *const *names);

/* https, or http to loopback; told as a fault otherwise. Without trailing slashes. */
const char *cfg_endpoint(struct cfg_build *b, const cJSON *obj, const char *key, const struct rc_json_path *at);

/* config_source.c, config_target.c, config_account.c */
void cfg_sources(struct cfg_build *b, const cJSON *root);
void cfg_targets(struct cfg_build *b, const cJSON *root);
void cfg_account(struct cfg_build *b, const cJSON *target, const struct rc_json_path *at, struct rc_target *t);

/* config_paths.c: calls fn for every path that a config document holds. */
void cfg_each_path(cJSON *doc, void (*fn)(void *ctx, cJSON *text), void *ctx);

/* config_merge.c: reads a file and all that it extends. The result is the caller's; faults that do not stop it (keys
 * that stand twice) go to errs. */
enum rc_code cfg_read(const char *path, cJSON **ret, struct rc_config_errors *errs, struct rc_err *err);
enum rc_code cfg_extend(const char *path, const char *dir, cJSON *doc, cJSON **ret, struct rc_config_errors *errs,
			struct rc_err *err);

/* config_ignored.c, in a build that checks the tests; see engine/base/ignored.h. */
#ifdef ROLLCALL_MUTATE
void cfg_ignore(cJSON *root);
#else
static inline void cfg_ignore(cJSON *root)
{
	(void)root;
}
#endif

#endif
