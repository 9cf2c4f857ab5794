/* engine/store/known.h - what the state remembers of one person on one target: the account as last confirmed, and where
 * their row stands. */
#ifndef RC_KNOWN_H
#define RC_KNOWN_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/account_schema.h"
#include "engine/base/arena.h"
#include "engine/base/slice.h"

/* How the last run left the person. Numbers are on disk: append only. */
#define RC_KNOWN_STATUSES(X)                                                                                           \
	X(RC_KNOWN_SETTLED, "settled")   /* known equals wanted for the row of this fingerprint */                     \
	X(RC_KNOWN_FILTERED, "filtered") /* the row of this fingerprint is excluded by `where` */                      \
	X(RC_KNOWN_REJECTED, "rejected") /* the row of this fingerprint was refused: the person is frozen */           \
	X(RC_KNOWN_FAILED, "failed")                                                                                   \
	X(RC_KNOWN_DEFERRED, "deferred")                                                                               \
	X(RC_KNOWN_UNKNOWN, "unknown") /* sent or accepted, not yet seen in a listing */                               \
	X(RC_KNOWN_PARKED, "parked")   /* waits for a seat */                                                          \
	X(RC_KNOWN_WAITING, "waiting") /* a leaver not yet due */                                                      \
	X(RC_KNOWN_SKIPPED, "skipped") /* protected, held, report only */

enum rc_known_status {
#define X(name, text) name,
	RC_KNOWN_STATUSES(X)
#undef X
		RC_KNOWN_STATUS_COUNT
};
const char *rc_known_status_name(enum rc_known_status s);

enum rc_known_flag {                               /* on disk: append only */
		     RC_KNOWN_MANAGED = 1u << 0,   /* created or adopted by us: the account is there, or may be (status
						      unknown); its name   is taken */
		     RC_KNOWN_ADOPTED = 1u << 1,   /* was there before us */
		     RC_KNOWN_DISABLED = 1u << 2,  /* at the provider */
		     RC_KNOWN_LOCKED = 1u << 3,    /* got a password nobody knows */
		     RC_KNOWN_HELD = 1u << 4,      /* `hold`, or an override: touch nothing */
		     RC_KNOWN_UNDONE = 1u << 5,    /* by `undo`: held until the row changes */
		     RC_KNOWN_KEEP_NAME = 1u << 6, /* adopted under a name of its own, which it keeps */
		     RC_KNOWN_KEPT_DISABLED = 1u << 7, /* somebody else disabled it, and the config keeps that */
		     RC_KNOWN_PROMISED =
			     1u << 8, /* a killed run meant to make it: with status unknown, nobody has seen it */
		     RC_KNOWN_UNSURE_PASSWORD =
			     1u << 9, /* another one was sent, and nobody knows which one the account has */
};

/* On disk: append only. */
#define RC_DUE_CAUSES(X)                                                                                               \
	X(RC_DUE_NONE, "")                                                                                             \
	X(RC_DUE_LEFT, "left")                                                                                         \
	X(RC_DUE_UNTIL, "until")       /* active_until has passed then */                                              \
	X(RC_DUE_ABSENT, "absent")     /* missing.after_days */                                                        \
	X(RC_DUE_FROM, "from")         /* active_from begins then */                                                   \
	X(RC_DUE_OVERRIDE, "override") /* an override ends then */                                                     \
	X(RC_DUE_IN_USE, "in_use")     /* the provider refuses the delete until then */                                \
	X(RC_DUE_RENAME, "rename")     /* the retiring half of a rename or move */

enum rc_due_cause {
#define X(name, text) name,
	RC_DUE_CAUSES(X)
#undef X
		RC_DUE_CAUSE_COUNT
};
const char *rc_due_cause_name(enum rc_due_cause c);

/* A zeroed struct is an empty record. Slices are borrowed: from the view when read, from the caller when written (the
 * writer copies at once). Empty slices and zeros cost nothing on disk. Secret fields of the account are never written,
 * whatever the bits say. */
struct rc_known {
	struct rc_slice key;  /* 1 to 511 bytes; what the record is looked up by */
	struct rc_slice name; /* of the account, as the provider spells it */
	struct rc_slice remote_id;
	struct rc_slice server; /* label in a pool; empty: the target's only one */
	struct rc_slice group, group_id;
	struct rc_account account; /* as confirmed; canonical */
	struct rc_account kept;    /* fields somebody else changed and that the config keeps: what is really there */
	uint32_t flags;            /* enum rc_known_flag */
	struct rc_slice reason;    /* of hold, undo, skip, wait */
	uint8_t fingerprint[16];   /* of the row version this record was settled for; all zero: look at the row */
	uint16_t source;           /* index of the source the row came from */

	enum rc_known_status status;
	struct rc_slice error_code, error_message; /* of a person who is not settled */

	int64_t first_seen_ns; /* of the key in the source, or of the adopted account */
	int64_t created_at_ns, changed_at_ns;
	struct rc_slice created_run, changed_run;
	int64_t sent_at_ns; /* last write not yet confirmed; settle counts from here */

	int64_t missing_since_ns; /* 0: in the source */
	uint32_t missing_count;
	uint8_t missing_content[16]; /* hash of the source content counted last */

	int64_t due_at_ns; /* 0: nothing waits for a date */
	enum rc_due_cause due_cause;
	uint32_t in_use_month; /* yyyymm in which the provider refused the delete as in use; 0: none */

	struct rc_slice linked_name; /* the other account of a rename */
};

/* Whether each run must look at the record although its row did not change: not settled, missing, due, held, undone, or
 * managed without a fingerprint. The open index holds exactly these. */
bool rc_known_open(const struct rc_known *k);

/* The record in the state's own bytes, without secret fields, and back (slices into v); false: they are none. A saved
 * plan carries records so. */
void rc_known_encode(const struct rc_known *k, const struct rc_account_schema *schema, struct rc_buf *ret);
bool rc_known_decode(struct rc_slice v, const struct rc_account_schema *schema, struct rc_known *ret);

/* Deep copy into mem. */
struct rc_known rc_known_copy(const struct rc_known *k, struct rc_arena *mem);

/* The same in place: the texts alone are copied. */
void rc_known_keep(struct rc_known *k, struct rc_arena *mem);

#endif
