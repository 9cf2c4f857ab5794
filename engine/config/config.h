/* engine/config/config.h - the config, typed, checked, with defaults filled in.
 *
 * schemas/config.schema.json is the authority for shapes and defaults; the code adds what a schema cannot say. All
 * strings are NUL-terminated and live until rc_config_free; all paths are absolute. Durations are nanoseconds. Loading
 * reads no secret, no source and no clock. NULL means "not configured" unless a line says otherwise. */
#ifndef RC_CONFIG_H
#define RC_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/account_schema.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/config/limits.h"
#include "engine/config/secret.h"

struct rc_strings {
	size_t n;
	const char *const *v; /* NULL-terminated */
};

struct rc_setting {
	const char *name, *value;
};

struct rc_date_range {
	const char *text;
	int32_t first_day, last_day; /* days since 1970-01-01, both inside */
};

/* ---- sources ---- */

enum rc_pick { RC_PICK_ALL, RC_PICK_NEWEST };
enum rc_duplicates { RC_DUP_REJECT, RC_DUP_ERROR, RC_DUP_FIRST, RC_DUP_LAST, RC_DUP_PREFER };
enum rc_unchanged { RC_UNCHANGED_OK, RC_UNCHANGED_WARN, RC_UNCHANGED_STOP };
enum rc_source_error { RC_SOURCE_STOP, RC_SOURCE_FREEZE };

struct rc_column_alias {
	const char *name;
	struct rc_strings aliases;
};

struct rc_source {
	struct rc_strings files; /* globs; n 0 when command is set */
	enum rc_pick pick;
	struct rc_strings command; /* argv */
	const char *format;        /* "auto", "csv", "ldif" */
	char delimiter;            /* 0: sniff */
	const char *encoding;
	size_t n_columns;
	const struct rc_column_alias *columns;
	const char *key, *where, *left, *active_from, *active_until; /* expressions */
	const char *date_format, *timezone;
	enum rc_duplicates duplicates;
	const char *prefer; /* expression, with RC_DUP_PREFER */
	struct {
		int64_t min_rows, max_rows; /* -1: any */
		const char *sha256_file;    /* path, "{file}" stands for each file */
		const char *trailer;        /* pattern whose first group is the number of rows */
		const char *ready;          /* path, "{file}" */
		int64_t min_quiet_ns;       /* 0: none */
	} expect;
	int64_t max_age_ns; /* 0: any age */
	const char *stamp;  /* pattern over the file name whose first group is a date */
	enum rc_unchanged unchanged;
	enum rc_source_error on_error;
	uint64_t max_record_bytes;
	uint64_t max_ratio; /* inflated : compressed; 0: none */
};

/* ---- targets ---- */

enum rc_rule_kind { RC_RULE_NONE, RC_RULE_EXPR, RC_RULE_FIRST_FREE, RC_RULE_GENERATE };

/* How one account field gets its value; in the order of the connector's schema. */
struct rc_account_rule {
	enum rc_rule_kind kind;
	struct rc_strings exprs; /* EXPR: one; FIRST_FREE: tried in order, the last one with n = 2..max_n */
	unsigned max_n;
	unsigned generate_length; /* 0: the schema's own */
};

struct rc_server {
	const char *id, *label; /* label defaults to the id */
	uint64_t seats;         /* 0: not told */
	bool drain;             /* takes no newcomers */
	const char *address;    /* for people; may be NULL */
};

enum rc_missing_action { RC_MISSING_REPORT, RC_MISSING_IGNORE, RC_MISSING_DISABLE, RC_MISSING_LOCK, RC_MISSING_DELETE };
enum rc_existing { RC_EXISTING_ADOPT, RC_EXISTING_REPORT, RC_EXISTING_FAIL };
enum rc_policy { RC_ENFORCE, RC_KEEP, RC_REPORT };

struct rc_missing {
	enum rc_missing_action action;
	const char *group; /* lock: group of the locked */
	unsigned after_runs, after_days;
	bool disconnect;
};

struct rc_guards {
	struct rc_limit max_creates, max_updates, max_deletes, max_changes, max_renames, max_blanked, max_adopts;
	struct rc_limit max_failures, max_source_shrink, max_rejected_rows;
	uint64_t min_source_rows, tolerate_rejected;
};

struct rc_pace {
	unsigned max_in_flight;         /* 0: no ceiling */
	double max_requests_per_second; /* 0: none */
	uint64_t max_requests_per_day;  /* 0: none */
	int64_t wait_for_seats_ns;
};

struct rc_auth {
	const char *method;    /* "token", "aksk", "password" */
	const char *signature; /* "v3", "v1"; NULL where the connector has one only */
	const char *iam_endpoint, *domain, *project_name;
	struct rc_secret access_key, secret_key, security_token, token, user, password;
};

struct rc_target {
	const char *name;
	const char *connector;
	const struct rc_account_schema *schema;
	const char *endpoint; /* without a trailing slash */
	size_t n_keys;
	const struct rc_setting *keys; /* the connector's own settings, by rc_target_key() */
	struct rc_auth auth;
	const char *where;
	struct rc_account_rule account[RC_MAX_FIELDS];
	uint32_t mapped;  /* bit per field with a rule */
	size_t n_servers; /* at least 1; 1 without a pool */
	const struct rc_server *servers;
	bool pool;          /* "servers" was given */
	const char *server; /* expression that gives a label */
	bool create_groups;
	struct rc_missing missing;
	enum rc_existing existing;
	const char *adopt_if, *adopt_map; /* expression, path */
	enum rc_policy on_adopt;
	enum rc_policy drift[RC_MAX_FIELDS]; /* per field */
	enum rc_policy drift_disabled;       /* of an account that somebody else disabled or enabled: "*" of drift */
	int64_t list_max_age_ns;
	struct rc_strings protect; /* globs */
	const char *priority;
	unsigned name_reuse_days;
	struct rc_guards guards;
	struct rc_pace pace;
	unsigned batch_users;      /* users per call: the smaller of batch.max_users and what the connector can */
	struct rc_strings seal_to; /* certificate paths */
	struct rc_strings include; /* extra columns of the credentials */
};

/* ---- all of it ---- */

struct rc_config {
	struct rc_arena mem;
	const char *path, *dir; /* the file as opened; its directory, absolute */
	const char *environment;
	const char *state, *reports;
	size_t n_sources;
	const struct rc_source *sources;
	size_t n_targets;
	const struct rc_target *targets; /* in the order of the file */
	int64_t deadline_ns;
	unsigned max_in_flight;
	size_t n_lookups;
	const struct rc_setting *lookups; /* name, path */
	const char *overrides_file;
	struct rc_secret proxy; /* kind NONE: as the environment says */
	const char *tls_ca_file;
	struct {
		int64_t connect_ns, request_ns, settle_ns, confirm_ns, unreachable_ns;
	} timeouts;
	size_t n_freeze;
	const struct rc_date_range *freeze;
	int64_t retention_reports_ns, retention_history_ns;
	struct rc_strings on_finish; /* argv; n 0: none */
	struct {
		bool all_users; /* users: "all" */
		bool html;
		const char *metrics_file;
		struct rc_strings columns;
	} report;
	struct {
		struct rc_strings seal_to, include;
		const char *file; /* absolute */
	} credentials;
	struct rc_strings secret_env; /* variables that hold a secret: rc_env_without() keeps them from children */
	char hash[65];                /* SHA-256 of the effective config, lower-case hex */
	char *effective;              /* JSON text, secrets as references; heap */
};

struct rc_config_error {
	const char *pointer; /* JSON Pointer, "" for the whole file */
	const char *reason;
};

struct rc_config_errors {
	struct rc_arena mem;
	size_t n, cap;
	struct rc_config_error *v;
	/* Who can judge what this room cannot (expressions) adds faults of its own, so that all are told in one go.
	 * NULL: nobody. c is whole as far as the faults found so far allow: any text, list or schema in it may be
	 * missing. */
	void (*also)(const struct rc_config *c, struct rc_config_errors *e);
};
/* Whether a fault at this place is known already. */
bool rc_config_errors_at(const struct rc_config_errors *e, const char *pointer);

/* Loads, merges `extends`, validates everything. On RC_OK *ret is the caller's (rc_config_free). Otherwise RC_CONFIG:
 * errs (required) holds every violation in the order of the file, and err the first with the number of the others; for
 * an unreadable file or a syntax error errs holds one entry whose reason begins with FILE:LINE:COLUMN. */
enum rc_code rc_config_load(const char *path, struct rc_config **ret, struct rc_config_errors *errs,
			    struct rc_err *err);

/* The same for text that is not in a file; relative paths count from dir. */
enum rc_code rc_config_parse(struct rc_slice text, const char *dir, struct rc_config **ret,
			     struct rc_config_errors *errs, struct rc_err *err);
void rc_config_free(struct rc_config *c);

void rc_config_errors_add(struct rc_config_errors *e, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void rc_config_errors_done(struct rc_config_errors *e);

/* Appends the effective config: JSON, indented, defaults filled in, secrets as references, ends with a newline. */
void rc_config_print(const struct rc_config *c, struct rc_buf *out);

/* Whether a run under this config starts any: for a source, for a secret, or when it ends. */
bool rc_config_starts_programs(const struct rc_config *c);

const struct rc_target *rc_config_target(const struct rc_config *c, const char *name); /* NULL: no such target */
const char *rc_target_key(const struct rc_target *t, const char *name);                /* NULL: not set */

/* Whether the proxy's secret, or any of the targets, or of the one given, cannot be fetched; all of them into errs,
 * each once. RC_OK or RC_CONFIG.
 * Fetches and wipes each one. */
enum rc_code rc_config_check_secrets(const struct rc_config *c, const struct rc_target *only,
				     struct rc_config_errors *errs);

#endif
