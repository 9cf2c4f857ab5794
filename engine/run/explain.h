/* engine/run/explain.h - one person's story, told by the machinery of a plan that writes nothing and keeps nothing.
 *
 * Everything lives in the arena given. Offline unless the options say refresh: then each target is listed into a copy
 * of the state that goes away. */
#ifndef RC_RUN_EXPLAIN_H
#define RC_RUN_EXPLAIN_H
#include "engine/action.h"
#include "engine/run/run.h"
#include "engine/run/scan.h"

struct rc_story_target {
	bool wanted; /* the source wants an account here, with the fields below */
	struct rc_slice wanted_name;
	struct rc_account wanted_account;
	const char *rule; /* why not wanted, or what is wrong with what is wanted; NULL: nothing */

	bool has_known; /* the snapshot has a record */
	struct rc_known known;
	struct rc_slice retiring; /* name of the old account of a rename that is still there */

	bool has_actual, unmanaged, disabled; /* as of the last listing; unmanaged: of the wanted name, nobody's */
	struct rc_account actual;
	int64_t listed_ns; /* 0: never */

	bool has_row; /* what a plan says now */
	enum rc_action action;
	enum rc_status status;
	const char *reason, *error_code, *error_message; /* NULL: none */
	int64_t due_ns;
	uint32_t queue_position;
};

struct rc_story {
	struct rc_slice key;
	bool in_source;
	enum rc_person_kind kind; /* ABSENT: in no row */
	const char *file;         /* NULL: no row */
	uint64_t line;
	const char *rule; /* what places them, in words */
	struct rc_story_target *targets;
};

struct rc_explain {
	const struct rc_slice *keys;
	size_t n;
	struct rc_arena *mem;
	struct rc_story *stories; /* filled: one a key */
	char problem[800];        /* filled: why the sources could not be read, or the list; "" */
};

/* opts: command, targets and refresh count. Fills e; an error is one of the state or the config. */
enum rc_code rc_explain(const struct rc_config *cfg, const struct rc_run_opts *opts, struct rc_explain *e,
			struct rc_err *err);

#endif
