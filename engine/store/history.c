/* Reading the history: what stands in it, and the newest events, which their records keep, as one stream. */
#include "engine/store/history.h"
#include "engine/store/newest.h"
#include "engine/store/walk.h"
#include <string.h>

enum { PERSON = 2 + RC_HASH_BYTES, MOMENT = PERSON + 8 };

struct rc_walk_newest {
	struct rc_walk known;
	struct rc_slice key, raw; /* the next stored event, when there is one */
	struct rc_event event;    /* the next kept one, when there is one */
	struct rc_key at;         /* of event: person and moment, as the history's keys begin */
	bool begun, stored, kept;
};

static void next_stored(struct rc_walk *w, struct rc_walk_newest *n)
{
	n->stored = rc_walk_step(w, &n->key, &n->raw);
}

static void next_kept(struct rc_walk_newest *n)
{
	struct rc_codec_env env = rc_store_env(n->known.view->store, n->known.view, n->known.target);
	struct rc_slice key, raw;

	n->kept = false;
	while (!n->kept && rc_walk_step(&n->known, &key, &raw)) {
		if (key.n != PERSON || !rc_newest_in(raw))
			continue;
		if (!rc_newest_get(raw, &env, &n->event)) {
			rc_walk_damaged(&n->known, RC_KV_KNOWN, "the event of a record is unreadable");
			return;
		}
		n->at = rc_key_event(n->known.target, (const uint8_t *)key.p + 2, n->event.at_ns, 0);
		n->kept = true;
	}
}

void rc_walk_history_begin(struct rc_view *v, uint16_t target, struct rc_slice key, struct rc_walk *w)
{
	uint8_t hash[RC_HASH_BYTES];
	struct rc_key k = {.n = 0};

	if (key.n) {
		rc_hash_key(v->store->seed, key, hash);
		k = rc_key_known(target, hash);
	} else {
		rc_key_u16(&k, target);
	}
	rc_walk_range(v, RC_KV_HISTORY, &k, target, w);
	w->newest = v->spare ? v->spare : rc_arena_alloc(&v->mem, sizeof(*w->newest));
	v->spare = NULL;
	*w->newest = (struct rc_walk_newest){.begun = false};
	rc_walk_range(v, RC_KV_KNOWN, &k, target, &w->newest->known);
}

void rc_walk_newest_end(struct rc_walk *w)
{
	rc_walk_end(&w->newest->known);
	w->view->spare = w->newest;
	w->newest = NULL;
}

bool rc_walk_history(struct rc_walk *w, struct rc_event *ret)
{
	struct rc_codec_env env = rc_store_env(w->view->store, w->view, w->target);
	struct rc_walk_newest *n = w->newest;
	struct rc_event e;

	if (!n) /* it has ended */
		return false;
	if (!n->begun) {
		next_stored(w, n);
		next_kept(n);
		n->begun = true;
	}
	if (n->stored && n->key.n < MOMENT)
		return rc_walk_damaged(w, RC_KV_HISTORY, "an event is unreadable");
	if (n->kept && (!n->stored || memcmp(n->at.b, n->key.p, MOMENT) < 0)) {
		*ret = n->event;
		next_kept(n);
		return true;
	}
	if (!n->stored) {
		rc_walk_end(w);
		return false;
	}
	memset(&e, 0, sizeof(e));
	if (!rc_codec_decode(&rc_codec_event, n->raw, &env, &e))
		return rc_walk_damaged(w, RC_KV_HISTORY, "an event is unreadable");
	*ret = e;
	next_stored(w, n);
	return true;
}
