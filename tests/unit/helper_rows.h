/* helper_rows.h - what each error code of a provider must mean, checked against what its connector makes of an answer.
 *
 * The expectations are typed from the provider's documents, never computed from the connector's table: a row that is
 * changed by mistake, and a row that nobody expects, both fail. */
#ifndef HELPER_ROWS_H
#define HELPER_ROWS_H
#include "connectors/shared/judge.h"
#include "tests/unit/helper_conn.h"

/* One answer, and what is to come of it. */
struct row_case {
	int status;
	const char *code;    /* "": none in the answer */
	const char *message; /* NULL: none, the table's own sentence is then shown */
	enum rc_call_kind kind;
	size_t n; /* users of the call */
	enum rc_verdict verdict;
	const char *class_;
	const char *meaning, *action, *remedy; /* pieces parted by '|', each must be there; "": nothing at all */
	bool renew;                            /* the credential is fetched anew once */
};

/* Writes an error body in one of the shapes that a provider has. */
typedef const char *row_body(struct conn_world *w, size_t shape, const char *code, const char *message);

/* Each case, in each of the shapes, through the connector's own judge. */
void rows_check(struct conn_world *w, const struct row_case *cases, size_t n, row_body *body, size_t shapes);
/* Fails for a code, or a word that a row looks for, which no case has led to. */
void rows_all_reached(const struct rc_error_row *table, const struct row_case *cases, size_t n);
/* The texts of one row. */
void rows_say(const struct rc_error_row *row, const struct row_case *c);

#endif
