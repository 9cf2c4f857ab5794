/* engine/store/meta.h - small facts about sources, pacing and runs. */
#ifndef RC_META_H
#define RC_META_H
#include "engine/store/store.h"

/* What the last run that applied a source saw of it. */
struct rc_source_facts {
	uint64_t rows, filtered, rejected, bytes;
	uint8_t content[16]; /* hash over all bytes */
	int64_t stamp_ns;    /* by `stamp`, 0 none */
	int64_t mtime_ns;    /* of the newest file */
	int64_t applied_ns;
	struct rc_slice run_id;
	const struct rc_slice *columns; /* of the header; in the arena when read */
	size_t n_columns;
	const struct rc_slice *files; /* that the globs matched */
	size_t n_files;
	uint32_t unreadable_runs;         /* runs in a row in which an unreadable key kept absence from counting */
	struct rc_slice unreadable_where; /* FILE:LINE of the first one */
};

/* A pace the provider bore, for one account at the provider (endpoint and credential, the caller's text) and server. */
struct rc_rate {
	double users_per_s;
	int64_t learned_ns;
};

struct rc_run_marks {
	struct rc_slice attempt_run, success_run;
	int64_t attempt_ns, success_ns;
	int32_t attempt_exit; /* -1: none */
};

struct rc_pause {
	int64_t until_ns, set_ns; /* until 0: not paused */
	struct rc_slice reason;
};

/* false: nothing stored. Strings live as long as the view, arrays as long as mem. */
bool rc_view_source(struct rc_view *v, uint16_t source, struct rc_arena *mem, struct rc_source_facts *ret);
bool rc_view_rate(struct rc_view *v, struct rc_slice account, struct rc_slice server, struct rc_rate *ret);
bool rc_view_marks(struct rc_view *v, struct rc_run_marks *ret);
bool rc_view_pause(struct rc_view *v, struct rc_pause *ret);
/* Anything else: a name of up to 200 bytes, a value of the caller's own format. */
bool rc_view_note(struct rc_view *v, struct rc_slice name, struct rc_slice *ret);

#endif
