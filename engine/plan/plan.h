/* engine/plan/plan.h - a saved plan: what one run decided, for another to carry out exactly so.
 *
 * The file is one JSON document (schemas/plan.schema.json): its format and integrity, then the header, then one person
 * a line. It is bound to what it was made from by hashes that the run fills and checks; here only the file's own
 * integrity is: a SHA-256 over every byte of it but its own digits, so that a damaged or edited file is told from a
 * stale one. No secret is in it: secret fields are never in an account that the run decides upon.
 *
 * Slices are borrowed; what is read lives in the arena given. */
#ifndef RC_PLAN_H
#define RC_PLAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/action.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/slice.h"

enum { RC_PLAN_FORMAT = 1 };

struct rc_plan_value { /* of a field of an account */
	struct rc_slice field, value;
};

struct rc_plan_values {
	struct rc_plan_value *v;
	size_t n;
};

/* A person on a target: an operation, or an outcome that needs no call. */
struct rc_plan_row {
	struct rc_slice target, key, name, remote_id, server;
	enum rc_action action;
	struct rc_slice reason, linked_name, error_code, error_message;
	struct rc_slice source_file;
	uint64_t source_line;
	uint16_t source;
	bool has_row;    /* the person was in a row of the source */
	uint8_t row[16]; /* its fingerprint */
	bool drift;
	uint8_t precondition[16]; /* of what the snapshot said of the person and of the name */
	struct rc_slice record; /* in the state's own bytes; of an operation: before it; of an outcome: what to keep */

	bool call; /* an operation; else an outcome */

	/* operations */
	uint64_t id, linked, after; /* numbers of operations, from 1; 0: none */
	uint8_t class_;             /* enum rc_op_class */
	uint8_t state;              /* enum rc_step: QUEUED, VERIFY, FAILED or DEFERRED */
	bool adopts;                /* the account is nobody's yet */
	bool mail_sent, retiring, sets_password, disabled;
	struct rc_plan_values want, before; /* whole; and the changed fields as they were, for people */
	struct rc_plan_values changed;      /* names only */
	struct rc_slice group;
	bool has_priority;
	int64_t priority;

	/* outcomes */
	enum rc_status status;
	int64_t due_at;
	bool put, drop, release;
};

/* What was seen of a source: the facts the next run compares its own with. */
struct rc_plan_source {
	uint64_t rows, filtered, rejected, bytes;
	uint8_t content[16];
	int64_t stamp, mtime;
	struct rc_slice *columns, *files;
	size_t n_columns, n_files;
};

struct rc_plan_target {
	struct rc_slice name;
	uint8_t snapshot[16]; /* digest of its part of the snapshot */
	uint64_t wanted;
};

struct rc_plan {
	struct rc_slice version, run_id, command, undo_of, config_hash, environment, created_at;
	bool whole;                      /* every person was decided upon: no --only, no --exclude-keys */
	bool selects;                    /* --only was given: nobody but `only` */
	struct rc_slice *only, *exclude; /* keys */
	size_t n_only, n_exclude;
	uint8_t mapping[16]; /* seed of the fingerprints */
	struct rc_plan_source *sources;
	size_t n_sources;
	struct rc_plan_target *targets; /* the selected ones */
	size_t n_targets;
	struct rc_plan_row *rows;
	size_t n_rows;
	char integrity[65]; /* after reading or writing: names this plan */
};

/* Appends the file's bytes and sets p->integrity. False: SHA-256 is not available. */
bool rc_plan_write(struct rc_plan *p, struct rc_buf *ret);

/* RC_DATA, naming the file, for everything that is not exactly what was written. */
enum rc_code rc_plan_parse(const char *path, struct rc_slice bytes, struct rc_arena *mem, struct rc_plan *ret,
			   struct rc_err *err);

/* Writes a file of mode 0600 by temporary file, fsync and rename; RC_CANTCREAT. Reads one; RC_DATA. */
enum rc_code rc_plan_save(const char *path, struct rc_plan *p, struct rc_err *err);
enum rc_code rc_plan_load(const char *path, struct rc_arena *mem, struct rc_plan *ret, struct rc_err *err);

#endif
