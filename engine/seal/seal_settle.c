#include "engine/base/alloc.h"
#include "engine/seal/seal_read.h"
#include <stdlib.h>

static int by_account(const void *x, const void *y)
{
	static const enum rc_seal_column order[] = {RC_SEAL_TARGET, RC_SEAL_SERVER, RC_SEAL_NAME};
	const struct rc_seal_row *a = *(struct rc_seal_row *const *)x, *b = *(struct rc_seal_row *const *)y;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		int c = rc_slice_cmp(a->cells[order[i]], b->cells[order[i]]);

		if (c)
			return c;
	}
	return (a > b) - (a < b); /* the order of the file */
}

static bool same_account(struct rc_seal_row *a, struct rc_seal_row *b)
{
	return rc_slice_eq(a->cells[RC_SEAL_TARGET], b->cells[RC_SEAL_TARGET]) &&
	       rc_slice_eq(a->cells[RC_SEAL_SERVER], b->cells[RC_SEAL_SERVER]) &&
	       rc_slice_eq(a->cells[RC_SEAL_NAME], b->cells[RC_SEAL_NAME]);
}

/* Backwards over one account: the first entry that no later void of its run withdraws. */
static void mark_last(struct rc_seal_row **v, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		bool withdrawn = v[i]->kind == RC_SEAL_VOID;

		for (size_t later = i + 1; !withdrawn && later < n; later++)
			withdrawn = v[later]->kind == RC_SEAL_VOID &&
				    rc_slice_eq(v[later]->cells[RC_SEAL_RUN_ID], v[i]->cells[RC_SEAL_RUN_ID]);
		if (!withdrawn) {
			v[i]->last = true;
			return;
		}
	}
}

void rc_seal_settle(struct rc_seal_rows *rows)
{
	struct rc_seal_row **v = rc_xcalloc(rows->n, sizeof(*v));

	for (size_t i = 0; i < rows->n; i++)
		v[i] = &rows->v[i];
	qsort(v, rows->n, sizeof(*v), by_account);
	for (size_t from = 0, to; from < rows->n; from = to) {
		for (to = from + 1; to < rows->n && same_account(v[from], v[to]);)
			to++;
		mark_last(v + from, to - from);
	}
	free(v);
}
