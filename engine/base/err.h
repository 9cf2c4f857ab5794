/* engine/base/err.h - an error: a code to decide with, a sentence to print.
 *
 * Codes are the exit codes of the program, so that one list serves both. Functions return enum rc_code and take
 * struct rc_err * last; on success the struct is untouched. Library code never prints and never exits. */
#ifndef RC_ERR_H
#define RC_ERR_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RC_CODES(X)                                                                                                    \
	X(RC_OK, 0)                                                                                                    \
	X(RC_PARTIAL, 1)      /* finished, some users failed or rows were rejected */                                  \
	X(RC_CHANGES, 2)      /* plan --detailed-exitcode: there are changes */                                        \
	X(RC_USAGE, 64)       /* wrong command line */                                                                 \
	X(RC_DATA, 65)        /* bad source data, damaged plan or credentials */                                       \
	X(RC_UNAVAILABLE, 69) /* a target accepted nothing */                                                          \
	X(RC_INTERNAL, 70)    /* internal error, out of memory, books that do not balance */                           \
	X(RC_CANTCREAT, 73)   /* state, report or stdout cannot be written; damaged or newer state */                  \
	X(RC_TEMPFAIL, 75)    /* people are deferred or unknown */                                                     \
	X(RC_GUARD, 76)       /* a guard, stale source or plan stopped a target */                                     \
	X(RC_NOPERM, 77)      /* the provider refused our credentials */                                               \
	X(RC_CONFIG, 78)      /* bad config */                                                                         \
	X(RC_LOCKED, 79)      /* another run holds this state */                                                       \
	X(RC_SIGINT, 130)                                                                                              \
	X(RC_SIGTERM, 143)

enum rc_code {
#define X(name, value) name = value,
	RC_CODES(X)
#undef X
};

struct rc_err {
	enum rc_code code;
	int sys;        /* errno, MDB_*, CURLcode or 0 */
	uint64_t line;  /* input line, 0 if none */
	char what[768]; /* one complete line: what happened, where, what to do; no secrets; control bytes escaped */
};

/* Fills *err (may be NULL) and returns code. Control characters and invalid bytes in the result become \xNN, so that
 * hostile input cannot reach a terminal. */
enum rc_code rc_fail(struct rc_err *err, enum rc_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
enum rc_code rc_fail_sys(struct rc_err *err, enum rc_code code, int sys, const char *fmt, ...)
	__attribute__((format(printf, 4, 5))); /* appends ": strerror(sys)"; ENOMEM makes it RC_INTERNAL */
enum rc_code rc_fail_line(struct rc_err *err, enum rc_code code, uint64_t line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* "RC_DATA" and so on; never NULL. */
const char *rc_code_name(enum rc_code code);

/* The graver of two run results by the contract's order: 70, 73, 130/143, 65, 77, 69, 76, 1, 75, 2, 0. */
enum rc_code rc_graver(enum rc_code a, enum rc_code b);

/* Rewrites s in place or into at most cap bytes: control bytes, DEL, C1 and invalid UTF-8 become \xNN. Truncates at
 * cap. */
void rc_printable(char *s, size_t cap);

#endif
