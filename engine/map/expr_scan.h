/* engine/map/expr_scan.h - finds the free names of one Lua expression that Lua has already accepted.
 *
 * A light reading, not a parser: it may call a name used that a local variable hides, never the other way round. Slices
 * borrow from the text. */
#ifndef RC_MAP_EXPR_SCAN_H
#define RC_MAP_EXPR_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include "engine/base/slice.h"

enum rc_use_kind {
	RC_USE_NAME,    /* mail */
	RC_USE_CALL,    /* lower(...); literal: its first argument when that is a plain string */
	RC_USE_MEMBER,  /* all.mail, col["Given Name"]; literal: the key */
	RC_USE_COMPUTED /* col[x] */
};

struct rc_use {
	enum rc_use_kind kind;
	struct rc_slice name;
	struct rc_slice literal; /* p NULL: none, or one with escapes */
	bool local;              /* also declared as a local variable, parameter or label somewhere */
};

struct rc_uses {
	size_t n, cap;
	struct rc_use *v; /* heap, in the order of the text */
	size_t tokens;    /* 1: a bare name or a constant */
	bool literal;     /* the one token is a string or a number */
	bool escapes;     /* a bracket closes that the text did not open: it would leave the `return ( )` around it */
};

void rc_uses_find(struct rc_slice text, struct rc_uses *ret);

/* The first words that stand side by side, of letters of any script: no Lua, but the name of a column with blanks,
 * written as it is. Of any text; p NULL: there are none. */
struct rc_slice rc_bare_words(struct rc_slice text);
void rc_uses_done(struct rc_uses *s);

#endif
