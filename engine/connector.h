/* engine/connector.h - the contract every provider implements.
 *
 * A connector turns a call into an HTTP request and an answer into verdicts. It is pure: no clock, socket, store, wait
 * or retry; time and nonces are arguments. The engine never knows a provider's name, path or error code. Account rules
 * and capabilities come from schemas/targets/<name>.json (engine/account_schema.h). */
#ifndef RC_CONNECTOR_H
#define RC_CONNECTOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/account_schema.h"
#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/http_msg.h"

#define RC_CALLS(X)                                                                                                    \
	X(CALL_LOGIN, "login")             /* password -> token; only where auth needs it */                           \
	X(CALL_WHOAMI, "whoami")           /* cheap authenticated read: check --online, the lone first read */         \
	X(CALL_LIST_USERS, "list_users")   /* one page */                                                              \
	X(CALL_LIST_GROUPS, "list_groups") /* one page */                                                              \
	X(CALL_LIST_GROUP_USERS, "list_group_users") /* one page, to complete a short listing */                       \
	X(CALL_LOOKUP, "lookup")                     /* one account by id, or by name: V_OK and its row, or V_GONE */  \
	X(CALL_SEATS, "seats")                       /* seat limit, where the provider tells */                        \
	X(CALL_CREATE, "create")                     /* n users if the schema's batch_create, else 1 */                \
	X(CALL_UPDATE, "update")                     /* 1 user, fields in `changed` */                                 \
	X(CALL_DELETE, "delete")                     /* n users if batch_delete, else 1 */                             \
	X(CALL_ENABLE, "enable")                                                                                       \
	X(CALL_DISABLE, "disable")                                                                                     \
	X(CALL_PASSWORD, "password")     /* operator's reset */                                                        \
	X(CALL_DISCONNECT, "disconnect") /* cut live connections, best effort */                                       \
	X(CALL_GROUP_CREATE, "group_create")

enum rc_call_kind {
#define X(name, text) name,
	RC_CALLS(X)
#undef X
		RC_CALL_KINDS
};
const char *rc_call_name(enum rc_call_kind k);

/* Target-wide settings, from the config; lives as long as the run. Strings NUL-terminated. */
struct rc_conn_config {
	const char *endpoint;    /* "https://host[:port]" without a trailing slash; may hold a base path */
	const char *project_id;  /* huawei */
	const char *region_id;   /* alibaba */
	const char *auth_method; /* "token" | "aksk" | "password" */
	const char *signature;   /* "v3" | "v1", alibaba */
	const char *iam_endpoint, *domain, *project_name; /* password login */
	const struct rc_account_schema *schema;
};

/* Secrets of one moment; owned by the caller, wiped by it. */
struct rc_conn_auth {
	struct rc_slice access_key, secret_key, security_token; /* aksk; security_token n 0 unless temporary */
	struct rc_slice token;                                  /* token and password methods: X-Auth-Token */
	struct rc_slice user, password;                         /* password method, for CALL_LOGIN only */
};

struct rc_call_user {
	struct rc_slice name;          /* account name */
	struct rc_slice remote_id;     /* empty when unknown or the provider has none */
	const struct rc_account *want; /* create: every set field; update: the new values */
	const struct rc_account *have; /* update: what is there now, may be NULL */
	uint32_t changed;              /* update: bit per field of the schema */
	struct rc_slice group_id;      /* id of want's group, where the schema has a group field; empty: none */
	struct rc_slice password;      /* create, password */
};

struct rc_call {
	enum rc_call_kind kind;
	const char *server_id; /* vpn_server_id, smart_ag_id */
	const struct rc_call_user *users;
	size_t n;
	struct rc_slice marker;   /* lists: next_marker of the page before, byte for byte; empty: first page */
	unsigned page_limit;      /* lists: rows wanted; 0: the connector's own */
	struct rc_slice group;    /* GROUP_CREATE: name; LIST_GROUP_USERS: id */
	const char *client_token; /* 36 characters, one per logical request; NULL where not used */
	int64_t wall_ns;          /* signatures */
	const char *nonce;        /* fresh for every try: UUID text */
};

#define RC_VERDICTS(X)                                                                                                 \
	X(V_OK)        /* accepted or answered */                                                                      \
	X(V_EXISTS)    /* create: the name is there already: look */                                                   \
	X(V_GONE)      /* the account is proven not to exist */                                                        \
	X(V_BUSY)      /* nothing done, work queue full: slow down, same bytes again */                                \
	X(V_THROTTLED) /* nothing done, too many calls */                                                              \
	X(V_QUOTA)     /* nothing done, seats are used up */                                                           \
	X(V_REJECTED)  /* this user cannot be done; error_code and message say why */                                  \
	X(V_INNOCENT)  /* batch refused because of others; nothing done for this user: send again without them */      \
	X(V_SPLIT)     /* batch refused, nobody named: nothing done, bisect */                                         \
	X(V_TOO_BIG)   /* nothing done, halve the batch */                                                             \
	X(V_IN_USE)    /* delete refused this month: disable now, delete later */                                      \
	X(V_REREAD)    /* stale picture (our id is unknown, repeated operation): look before anything else */          \
	X(V_UNSURE)    /* may have been done: look before repeating; a read: no usable answer, repeat with pauses */   \
	X(V_AUTH)      /* credentials refused; `renew` says whether fetching them anew may help, once */               \
	X(V_CLOCK)     /* our clock is off; server_date_ns if known: correct once, then stop */                        \
	X(V_TARGET)    /* the target cannot work (no such instance, wrong path): stop it */                            \
	X(V_NOT_SENT)  /* transport failed before sending: nothing done, try again with pauses */

enum rc_verdict {
#define X(name) name,
	RC_VERDICTS(X)
#undef X
		RC_VERDICT_KINDS
};
const char *rc_verdict_name(enum rc_verdict v);

struct rc_user_verdict {
	enum rc_verdict v;
	const char *code;    /* provider's code or "http.502", "rollcall.…"; never NULL for a refusal */
	const char *message; /* provider's text, printable, at most 300 bytes */
};

struct rc_listed { /* one row of a list or lookup */
	struct rc_slice name, remote_id, group_id, created_at;
	struct rc_account account; /* non-secret fields the answer had */
	bool disabled;
};

struct rc_listed_group {
	struct rc_slice name, id;
	bool is_default;
};

struct rc_answer {                    /* everything lives in the arena given to judge */
	enum rc_verdict v;            /* of the call as a whole; V_OK with refused users is possible */
	const char *code, *message;   /* as in rc_user_verdict; NULL when V_OK */
	struct rc_user_verdict *each; /* n of the call, writes only */
	const char *request_id;       /* or NULL */
	double retry_after_s;         /* 0: none */
	double hint_rate;             /* calls per second the provider announced; 0: none */
	bool renew;                   /* V_AUTH: the credential may just be stale */
	bool unlisted;          /* the code is in no table: the same one for five users in a row stops the target */
	int64_t server_date_ns; /* V_CLOCK: 0 unknown */
	const char *remedy;     /* V_AUTH, V_CLOCK, V_TARGET: what the operator does; may be NULL */
	/* lists and lookup; a create where the answer names the account (one row) */
	struct rc_listed *rows;
	size_t n_rows;
	struct rc_listed_group *groups;
	size_t n_groups;
	struct rc_slice next_marker; /* empty: last page */
	int64_t total_count;         /* -1: not told */
	struct rc_slice remote_id;   /* id of a created user or group, when told; empty otherwise */
	/* login */
	struct rc_slice token;
	int64_t token_expires_ns; /* wall; 0 unknown */
	/* seats */
	int64_t seat_limit, seats_used; /* -1: not told */
};

/* A row of the provider's error table: `rollcall errors` prints it and the judge decides by it, so that the two cannot
 * disagree. The first row that fits an answer wins. */
struct rc_error_row {
	int http;         /* 0: any; 3, 4, 5: any 3xx, 4xx, 5xx */
	const char *code; /* alternatives parted by '|', '*' stands for anything; "": an answer without a code */
	const char *text; /* NULL, or pieces parted by '|' of which code or message must hold one, ASCII case is free */
	enum rc_verdict verdict; /* for a call about one user; the judge fits it to batches and reads */
	bool renew;              /* V_AUTH: fetching the credential anew may help */
	const char
		*class_; /* busy, throttle, quota, conflict, invalid, auth, clock, transient, ambiguous, target, gone */
	const char *meaning;
	const char *action; /* what rollcall does */
	const char *remedy; /* what the operator does; "" for nothing */
};

struct connector {
	const char *name;           /* "huawei-p2c-vpn" = schemas/targets/<name>.json */
	uint32_t calls;             /* bit per rc_call_kind that the provider has */
	bool lookup_by_name;        /* CALL_LOOKUP works without remote_id */
	bool client_token;          /* creates are idempotent on the wire under one token */
	bool paging_needs_proof;    /* listing must be proven by total_count */
	bool pages_are_counted;     /* pages are cut by row number: a row that goes moves those behind it */
	unsigned largest_page;      /* rows that a page of a list may hold; 0: as many as are asked for */
	bool needs_lone_first_read; /* aksk: one read alone before fanning out */
	/* Builds the request; RC_USAGE for a call kind the provider does not have. */
	enum rc_code (*build)(const struct rc_conn_config *cfg, const struct rc_conn_auth *auth,
			      const struct rc_call *call, struct rc_arena *mem, struct http_req *ret,
			      struct rc_err *err);
	/* Total: any bytes give an answer. call is the one that was built. */
	void (*judge)(const struct rc_conn_config *cfg, const struct rc_call *call, const struct http_resp *resp,
		      struct rc_arena *mem, struct rc_answer *ret);
	const struct rc_error_row *errors; /* ends with code NULL */
};

/* The row of an error code in the connector's table or among the codes of our own ("rollcall.*", "http.NNN"), for its
 * remedy in a report; NULL: unlisted. connectors/shared/errors.c */
const struct rc_error_row *rc_error_row_find(const struct connector *c, const char *code);
extern const struct rc_error_row rc_common_errors[]; /* codes that need no provider; ends with code NULL */

/* connectors/registry.c */
const struct connector *rc_connector_find(const char *name); /* NULL: unknown */
const struct connector *const *rc_connectors(void);          /* NULL-terminated */

#endif
