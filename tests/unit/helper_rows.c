#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "connectors/shared/text.h"
#include "tests/unit/helper_rows.h"

enum { PIECE_MAX = 120 };

static const char *about(const struct row_case *c)
{
	static char text[200];

	snprintf(text, sizeof(text), "%d \"%s\" of %s", c->status, c->code, rc_call_name(c->kind));
	return text;
}

static void holds_all(const char *text, const char *pieces, const struct row_case *c)
{
	if (!*pieces && *text)
		fail_msg("%s: \"%s\" is said where nothing should be", about(c), text);
	while (*pieces) {
		size_t n = strcspn(pieces, "|");
		char piece[PIECE_MAX];

		snprintf(piece, sizeof(piece), "%.*s", (int)n, pieces);
		if (!strstr(text, piece))
			fail_msg("%s: \"%s\" does not say \"%s\"", about(c), text, piece);
		pieces += n + (pieces[n] == '|');
	}
}

void rows_say(const struct rc_error_row *row, const struct row_case *c)
{
	if (strcmp(row->class_, c->class_) != 0)
		fail_msg("%s: class %s, not %s", about(c), row->class_, c->class_);
	holds_all(row->meaning, c->meaning, c);
	holds_all(row->action, c->action, c);
	holds_all(row->remedy, c->remedy, c);
	assert_true(*row->meaning && *row->action);
}

static struct rc_said said_of(const struct row_case *c)
{
	return (struct rc_said){.status = c->status,
				.code = rc_slice_str(c->code),
				.message = rc_slice_str(c->message ? c->message : ""),
				.batch = c->n > 1};
}

static void check_answer(const struct row_case *c, const struct rc_error_row *row, const struct rc_answer *a)
{
	conn_is(a->v, c->verdict, about(c));
	if (*c->code)
		assert_string_equal(a->code, c->code);
	assert_string_equal(a->message, c->message ? c->message : row->meaning);
	if (a->renew != c->renew)
		fail_msg("%s: the credential is %sfetched anew", about(c), a->renew ? "" : "not ");
	holds_all(a->remedy ? a->remedy : "", c->remedy, c);
	for (size_t i = 0; a->each && i < c->n; i++)
		conn_is(a->each[i].v, c->verdict, about(c));
}

void rows_check(struct conn_world *w, const struct row_case *cases, size_t n, row_body *body, size_t shapes)
{
	for (const struct row_case *c = cases; c < cases + n; c++) {
		struct rc_said said = said_of(c);
		const struct rc_error_row *row = rc_error_match(w->c->errors, &said);

		if (!row)
			fail_msg("%s: no row", about(c));
		rows_say(row, c);
		for (size_t s = 0; s < shapes; s++) {
			struct rc_call call = conn_call(w, c->kind, c->n);
			struct rc_answer a = conn_judge(w, &call, c->status, NULL, body(w, s, c->code, c->message));

			check_answer(c, row, &a);
		}
	}
}

/* Whether a case led to this row by this code and this word of it. */
static bool reached(const struct rc_error_row *table, const struct rc_error_row *row, const char *code,
		    const char *word, const struct row_case *cases, size_t n)
{
	for (const struct row_case *c = cases; c < cases + n; c++) {
		struct rc_said said = said_of(c);

		if (rc_error_match(table, &said) == row && (*code ? rc_matches_any(said.code, code) : !said.code.n) &&
		    (!word || rc_holds_any(said.message, word) || rc_holds_any(said.code, word)))
			return true;
	}
	return false;
}

/* The list of pieces behind the first one; NULL: that was the last. */
static const char *rest(const char *pieces)
{
	const char *bar = strchr(pieces, '|');

	return bar ? bar + 1 : NULL;
}

static void one_code(const struct rc_error_row *table, const struct rc_error_row *row, const char *codes,
		     const struct row_case *cases, size_t n)
{
	char code[PIECE_MAX], word[PIECE_MAX];

	snprintf(code, sizeof(code), "%.*s", (int)strcspn(codes, "|"), codes);
	if (!row->text && !reached(table, row, code, NULL, cases, n))
		fail_msg("%d \"%s\": no test expects anything of it", row->http, code);
	for (const char *words = row->text; words; words = rest(words)) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(words, "|"), words);
		if (!reached(table, row, code, word, cases, n))
			fail_msg("%d \"%s\" with \"%s\": no test expects anything of it", row->http, code, word);
	}
}

void rows_all_reached(const struct rc_error_row *table, const struct row_case *cases, size_t n)
{
	for (const struct rc_error_row *row = table; row->code; row++)
		for (const char *codes = row->code; codes; codes = rest(codes))
			one_code(table, row, codes, cases, n);
}
