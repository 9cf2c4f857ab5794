/* Keys of --only that nobody has: a mistyped key selects nobody, and a run that does nothing looks like one that had
 * nothing to do. */
#include "engine/run/carry.h"
#include "engine/store/history.h"
#include "engine/base/log.h"
#include <stdio.h>

/* The run that is to be taken back did something to them. */
static bool in_undone(const struct run *r, uint16_t target, struct rc_slice key)
{
	struct rc_walk w = {0};
	struct rc_event e;
	bool there = false;

	rc_walk_history_begin(r->view, target, key, &w);
	while (!there && rc_walk_history(&w, &e))
		there = rc_slice_eqs(e.run_id, r->opts->undo_of) && e.action != RC_ACT_NONE;
	rc_walk_end(&w);
	return there;
}

static bool has_record(const struct run *r, uint16_t target, struct rc_slice key)
{
	struct rc_walk w = {0};
	struct rc_known k;
	bool there = rc_view_known(r->view, target, key, &k);

	if (there)
		return true;
	rc_walk_retiring_begin(r->view, target, key, &w);
	there = rc_walk_retiring(&w, &k);
	rc_walk_end(&w);
	return there;
}

static bool is_known(const struct run *r, struct rc_slice key)
{
	for (size_t i = 0; i < r->cfg->n_targets; i++)
		if (r->opts->undo_of ? in_undone(r, r->targets[i].number, key)
				     : has_record(r, r->targets[i].number, key))
			return true;
	return false;
}

void run_only_begin(struct run *r)
{
	uint8_t(*ask)[16];

	if (!r->opts->only)
		return;
	r->strangers = rc_arena_alloc(&r->mem, (r->opts->n_only + 1) * sizeof(*r->strangers));
	for (size_t i = 0; i < r->opts->n_only; i++)
		if ((!i || !rc_slice_eq(r->only[i], r->only[i - 1])) && !is_known(r, r->only[i]))
			r->strangers[r->n_strangers++] = r->only[i];
	if (!r->n_strangers || r->opts->undo_of)
		return;
	ask = rc_arena_alloc(&r->mem, (r->scan.n_ask + r->n_strangers) * sizeof(*ask));
	if (r->scan.n_ask)
		memcpy(ask, r->scan.ask, r->scan.n_ask * sizeof(*ask));
	for (size_t i = 0; i < r->n_strangers; i++)
		rc_store_key_hash(r->store, r->strangers[i], ask[r->scan.n_ask++]);
	r->scan.ask = (const uint8_t(*)[16])ask;
}

static bool has_row(const struct run *r, struct rc_slice key)
{
	uint8_t hash[16];

	rc_store_key_hash(r->store, key, hash);
	return !r->opts->undo_of && rc_sources_find(&r->scan, hash);
}

enum { KEYS_NAMED = 5, KEY_SHOWN = 64 };

static void name_key(struct rc_buf *b, struct rc_slice key)
{
	char text[4 * KEY_SHOWN + 1];

	snprintf(text, sizeof(text), "%.*s", (int)(key.n < KEY_SHOWN ? key.n : KEY_SHOWN), key.p);
	rc_printable(text, sizeof(text));
	rc_buf_addf(b, "%s%s", text, key.n > KEY_SHOWN ? "…" : "");
}

void run_hint_only(struct run *r)
{
	struct rc_buf b = {0};
	size_t n = 0;

	for (size_t i = 0; i < r->n_strangers; i++) {
		if (has_row(r, r->strangers[i]))
			continue;
		if (n < KEYS_NAMED) {
			rc_buf_adds(&b, n ? ", " : "--only ");
			name_key(&b, r->strangers[i]);
		}
		n++;
	}
	if (n > KEYS_NAMED)
		rc_buf_addf(&b, " and %zu more", n - KEYS_NAMED);
	if (n && r->n_notes < sizeof(r->notes) / sizeof(*r->notes)) {
		if (r->opts->undo_of)
			rc_buf_addf(&b, ": run %s did nothing to %s", r->opts->undo_of,
				    n == 1 ? "this person" : "these people");
		else
			rc_buf_adds(&b, n == 1 ? ": no row that was read has this key, and no account of it is known"
					       : ": no row that was read has one of these keys, and no account of "
						 "them is known");
		r->notes[r->n_notes] = rc_arena_strdup(&r->mem, b.p);
		rc_log(RC_LOG_WARN, "%s", r->notes[r->n_notes]);
		r->n_notes++;
	}
	rc_buf_done(&b);
}
