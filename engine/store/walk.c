#include "engine/store/walk.h"
#include <assert.h>
#include <string.h>

void rc_walk_range(struct rc_view *v, enum rc_kv_table table, const struct rc_key *prefix, uint16_t target,
		   struct rc_walk *w)
{
	*w = (struct rc_walk){.view = v, .target = target, .kind = (uint8_t)table};
	if (prefix) {
		assert(prefix->n <= sizeof(w->prefix));
		memcpy(w->prefix, prefix->b, prefix->n);
		w->prefix_n = (uint8_t)prefix->n;
	}
	if (v->txn)
		w->cursor = rc_kv_cursor(v->txn, table);
}

static void close_cursor(struct rc_walk *w)
{
	rc_kv_cursor_close(w->cursor);
	w->cursor = NULL;
}

void rc_walk_end(struct rc_walk *w)
{
	if (!w)
		return;
	close_cursor(w);
	if (w->newest)
		rc_walk_newest_end(w);
}

bool rc_walk_step(struct rc_walk *w, struct rc_slice *k, struct rc_slice *v)
{
	bool there;

	if (!w->cursor)
		return false;
	there = w->started ? rc_kv_next(w->cursor, k, v)
			   : rc_kv_seek(w->cursor, (struct rc_slice){(char *)w->prefix, w->prefix_n}, k, v);
	w->started = true;
	if (there && k->n >= w->prefix_n && memcmp(k->p, w->prefix, w->prefix_n) == 0)
		return true;
	close_cursor(w);
	return false;
}

bool rc_walk_damaged(struct rc_walk *w, enum rc_kv_table table, const char *what)
{
	rc_kv_damaged(w->view->txn, table, what);
	rc_walk_end(w);
	return false;
}
