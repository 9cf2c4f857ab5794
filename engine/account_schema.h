/* engine/account_schema.h (account_schema.c loads, account.c applies) - what an account of one provider may be,
 * compiled from schemas/targets/<connector>.json.
 *
 * One place decides which fields there are, which are required, secret, updatable, how two values compare and what a
 * provider can do. The file is plain JSON Schema plus keywords of ours that begin with "x-rollcall"; schemas/README.md
 * lists them. A compiled schema is immutable and may be used by any thread; it lives until the process ends. */
#ifndef RC_ACCOUNT_SCHEMA_H
#define RC_ACCOUNT_SCHEMA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/base/slice.h"

/* Each field costs every account in memory 16 bytes: raise it when a provider has more. */
enum { RC_MAX_FIELDS = 5, RC_MAX_NAME_FIELDS = 4 };

/* One account: slices are borrowed, whoever fills it says until when. Bit i of `set` says that field i is wanted
 * (mapping) or known (snapshot, listing); a field whose bit is clear is nobody's business and compares equal to nothing
 * and everything: callers look at the bit first. An integer field holds its canonical decimal text. */
struct rc_account {
	struct rc_slice v[RC_MAX_FIELDS];
	uint32_t set;
};

enum rc_field_compare {
	RC_COMPARE_EXACT,
	RC_COMPARE_INTEGER, /* by value: "02000" is "2000" */
	RC_COMPARE_MAIL,    /* the part after the last '@' without regard to ASCII case */
};

struct rc_password_rule {
	unsigned min_classes;     /* of upper case, lower case, digits, everything else */
	bool not_name;            /* neither the account name nor its reverse */
	unsigned generate_length; /* when the config names none */
	unsigned min_length, max_length;
	const char *alphabet; /* generated characters come from here */
	const char *first;    /* the first one from here; equals alphabet unless the schema says otherwise */
};

struct rc_schema; /* engine/config/schema.h */

struct rc_field {
	const char *name;  /* as in the provider's API and in the config's "account" */
	size_t name_n;     /* its length */
	const char *title; /* for people: plan wording, documentation */
	bool required;     /* a create without it breaks a local rule */
	bool secret;       /* never stored, logged, compared or shown */
	bool updatable;    /* may change on a live account; secret fields never do */
	bool create_only;  /* = !updatable && !name && !secret: a difference is reported, never sent */
	bool is_name;      /* the first name field: a change of it is a rename */
	bool is_group;     /* names a group: ids, create_groups, moves */
	bool integer;
	enum rc_field_compare compare;
	const char *clear;    /* value that means "nothing there": "" or e.g. "disable"; NULL: cannot be cleared */
	const char *absent;   /* value sent at create when the config maps none, e.g. "2000"; NULL: nothing is sent */
	const char *describe; /* one sentence about the rule, for messages: "4 to 32 of letters, digits, . _ -" */
	unsigned max_bytes;   /* beside the schema's own rules; 0: none */
	struct rc_password_rule password; /* secret fields only */
	const struct rc_schema *rule;
};

struct rc_account_schema {
	const char *connector; /* "huawei-p2c-vpn" */
	const char *title;
	size_t n_fields;
	struct rc_field fields[RC_MAX_FIELDS];
	size_t n_names;
	/* The first non-empty one names a new account. Only the first field renames: a provider that took a later one
	 * as the name keeps that name when the field changes. */
	uint8_t names[RC_MAX_NAME_FIELDS];
	int group_field, secret_field;                    /* index or -1 */
	uint32_t required, secret, updatable, comparable; /* bit per field; comparable: neither secret nor unreadable */

	/* What the provider can do. */
	bool batch_create, batch_delete;   /* many users in one call */
	unsigned batch_default, batch_max; /* users per call; 1 where there are no batches */
	bool can_disable;                  /* enable and disable calls exist */
	bool can_lock;                     /* an operator may set a password */
	bool can_disconnect;
	bool has_groups, has_ids;  /* has_ids: accounts carry an opaque id that a listing tells */
	bool names_case_sensitive; /* how the provider itself looks names up; uniqueness is always folded */
	bool mails_credentials;    /* a create or reset sends the password to a person */
	/* An account used this month is not deleted before the month is over in this time zone; NULL: no such rule. */
	const char *in_use_timezone;
	bool name_needs_secret; /* the first name field and the secret field go together or not at all */

	const char *server_key; /* config key of the server or instance id: "vpn_server_id" */
	size_t n_target_keys;
	const char *const
		*target_keys; /* config keys of a target that are this connector's own, server_key among them */
	const struct rc_schema *target_rule, *auth_rule,
		*server_rule; /* of the target's own keys, "auth", a server's id */
	uint64_t hash;        /* of the schema file's bytes: goes into fingerprints */
};

/* The compiled schema of a connector, or NULL when no such file is shipped. Compiled once per process at the first
 * call; a shipped file that does not compile is a bug of ours: err is filled with RC_INTERNAL. Thread-safe. */
const struct rc_account_schema *rc_account_schema_find(const char *connector, struct rc_err *err);

/* Name of the i-th shipped target schema without "targets/", NULL past the end. */
const char *rc_account_schema_name(size_t i);

/* Index of a field by its exact name, or -1. */
int rc_account_field(const struct rc_account_schema *s, struct rc_slice name);

/* The account's name: first non-empty name field, an empty slice when there is none. Borrowed from the account. */
struct rc_slice rc_account_name(const struct rc_account_schema *s, const struct rc_account *a);

/* Folds a name for uniqueness: ASCII letters to lower case, the rest byte for byte. out holds name.n bytes. */
void rc_account_name_fold(struct rc_slice name, char *out);
bool rc_account_name_is_folded(struct rc_slice name);            /* whether that would change nothing */
bool rc_account_name_same(struct rc_slice a, struct rc_slice b); /* whether both fold to one name */

/* Brings a mapped account into its canonical form, in place: integers to canonical decimal text; an empty value becomes
 * the field's `clear` value, or its bit is taken away where the field cannot be cleared; a field that is not set and
 * has `absent` stays unset (rc_account_for_create adds it). New text lives in mem. Total. */
void rc_account_canonical(const struct rc_account_schema *s, struct rc_account *a, struct rc_arena *mem);

/* Adds the `absent` values of fields that are not set: what a create really sends. */
void rc_account_for_create(const struct rc_account_schema *s, struct rc_account *a);

/* Checks every set field and every required one. Secret fields are checked only when set (a plan has none yet);
 * `partial` leaves out the required check and the pairing rules (an update). The first broken rule gives RC_DATA and a
 * sentence that names field, rule and, for a pattern, the offending character and its place; never a secret's value.
 * The report's error_code for it is rollcall.invalid. */
enum rc_code rc_account_check(const struct rc_account_schema *s, const struct rc_account *a, bool partial,
			      struct rc_err *err);

/* One field alone; name is needed for password rules, empty otherwise. */
enum rc_code rc_account_check_field(const struct rc_account_schema *s, size_t field, struct rc_slice value,
				    struct rc_slice name, struct rc_err *err);

/* Whether two values of a field are the same for the diff: absent, null and the `clear` value are one. */
bool rc_account_same(const struct rc_account_schema *s, size_t field, struct rc_slice a, struct rc_slice b);

/* Bits of the fields that are set in `want`, comparable, and differ from `have` (unset in have = absent). */
uint32_t rc_account_diff(const struct rc_account_schema *s, const struct rc_account *want,
			 const struct rc_account *have);

/* Whether a value means "nothing there": empty or the field's clear value. Guards count fields that become blank. */
bool rc_account_blank(const struct rc_account_schema *s, size_t field, struct rc_slice v);

/* Whether a create of this account carries a password: not where the provider makes it for an account without a name.
 */
bool rc_account_takes_secret(const struct rc_account_schema *s, const struct rc_account *a);

/* A password by the rule of the field, from the clock's random source; appended to ret (whose owner wipes it). length
 * 0: the schema's own. Never equal to name or its reverse. */
void rc_account_generate(const struct rc_account_schema *s, unsigned length, struct rc_slice name,
			 const struct rc_clock *clock, struct rc_buf *ret);

#endif
