/* Typed facts: everything is encoded here, on the stating thread. */
#include "engine/base/bytes.h"
#include "engine/store/newest.h"
#include "engine/store/writer_impl.h"
#include <string.h>

enum { ABOUT = 400 }; /* bytes of a value, as far as the bound of the queue goes */

static const struct rc_slice none = {"", 0};

static uint64_t put(struct rc_writer *w, enum rc_kv_table table, struct rc_slice key, const struct rc_codec *c,
		    const void *from)
{
	struct rc_fact f = {.kind = RC_FACT_PUT, .table = (uint8_t)table};

	rc_codec_encode(c, NULL, from, NULL, rc_writer_open(w, &f, key, none, ABOUT));
	return rc_writer_close(w, 0);
}

static struct rc_key person(struct rc_writer *w, uint16_t target, struct rc_slice key)
{
	uint8_t hash[RC_HASH_BYTES];

	rc_hash_key(w->store->seed, key, hash);
	return rc_key_known(target, hash);
}

/* Whether somebody else's event before had the same reason; this one's is the one before for the next. Queue locked. */
static bool shares_reason(struct rc_writer *w, const struct rc_event *e, const struct rc_hash *person)
{
	bool other = (person->w[0] ^ w->last_person.w[0]) | (person->w[1] ^ w->last_person.w[1]);
	bool same = rc_bytes_eq(e->reason, rc_buf_slice(&w->last_reason));

	if (!same || !other) {
		rc_buf_clear(&w->last_reason);
		rc_buf_addslice(&w->last_reason, e->reason);
	}
	w->last_person = *person;
	return same && other;
}

/* Head, key and what the indexes will ask of the record: so that nobody reads it again. */
static struct rc_buf *open_known(struct rc_writer *w, uint16_t target, const struct rc_known *k,
				 const struct rc_hash *person, uint8_t state)
{
	bool managed = k->flags & RC_KNOWN_MANAGED, named = k->name.n && managed;
	struct rc_hash name = named ? rc_hash_of_name(w->store->seed, k->name) : (struct rc_hash){{0}};
	struct rc_fact *f = rc_writer_begin(w, ABOUT);
	uint8_t *key = (uint8_t *)(f + 1), *p = rc_key_known_put(key, target, person), *key_end = p;

	if (named)
		p = rc_key_name_put(p, w->store->seed, target, k->server, &name);
	*f = (struct rc_fact){
		.kind = RC_FACT_PUT_KNOWN,
		.target = target,
		.seq = w->seq,
		.at_ns = k->due_at_ns,
		.sent_ns = k->changed_at_ns,
		.key_n = (uint16_t)(key_end - key),
		.name_n = (uint8_t)(p - key_end),
		.state = (uint8_t)(state | (rc_known_open(k) ? RC_FACT_OPEN : 0) | (managed ? RC_FACT_MANAGED : 0)),
	};
	rc_buf_took(&w->queue.b, sizeof(*f) + (size_t)(p - key));
	return &w->queue.b;
}

/* e NULL: nothing happened to it. *ret_apart: the event has still to be stated, and *ret_begun: what holds the two
 * together was begun here. */
static uint64_t put_known(struct rc_writer *w, uint16_t target, const struct rc_known *k, const struct rc_event *e,
			  uint8_t state, bool *ret_apart, bool *ret_begun)
{
	struct rc_codec_env env = rc_store_env(w->store, NULL, target);
	struct rc_hash person = rc_hash_of(w->store->seed, k->key);
	struct rc_buf *b = open_known(w, target, k, &person, state);

	if (!e)
		rc_known_write(k, &env, b);
	else if (rc_newest_write(k, e, shares_reason(w, e, &person), &env, b))
		return rc_writer_close(w, RC_FACT_KEEPS_EVENT);
	*ret_apart = e;
	*ret_begun = e && !w->together;
	w->together |= *ret_begun;
	return rc_writer_close(w, 0);
}

uint64_t rc_writer_put_known(struct rc_writer *w, uint16_t target, const struct rc_known *k)
{
	bool apart, begun;

	return put_known(w, target, k, NULL, 0, &apart, &begun);
}

uint64_t rc_writer_take_name(struct rc_writer *w, uint16_t target, const struct rc_known *k)
{
	bool apart, begun;

	return put_known(w, target, k, NULL, RC_FACT_TAKES_NAME, &apart, &begun);
}

uint64_t rc_writer_put_known_event(struct rc_writer *w, uint16_t target, const struct rc_known *k,
				   const struct rc_event *e)
{
	bool apart = false, begun = false;
	uint64_t seq = put_known(w, target, k, e, 0, &apart, &begun);

	if (apart)
		seq = rc_writer_event(w, target, e);
	if (begun)
		rc_writer_together_end(w);
	return seq;
}

uint64_t rc_writer_del_known(struct rc_writer *w, uint16_t target, struct rc_slice key, int64_t retired_ns)
{
	struct rc_fact f = {.kind = RC_FACT_DEL_KNOWN, .target = target, .at_ns = retired_ns};
	struct rc_key k = person(w, target, key);

	return rc_writer_state(w, &f, rc_key_slice(&k), none);
}

static struct rc_key retiring_key(struct rc_writer *w, uint16_t target, struct rc_slice key, struct rc_slice server,
				  struct rc_slice name)
{
	uint8_t hash[RC_HASH_BYTES];

	rc_hash_key(w->store->seed, key, hash);
	return rc_key_retiring(w->store->seed, target, hash, server, name);
}

uint64_t rc_writer_put_retiring(struct rc_writer *w, uint16_t target, const struct rc_known *k)
{
	struct rc_fact f = {.kind = RC_FACT_PUT_RETIRING, .target = target};
	struct rc_codec_env env = rc_store_env(w->store, NULL, target);
	struct rc_key key = retiring_key(w, target, k->key, k->server, k->name);

	rc_known_write(k, &env, rc_writer_open(w, &f, rc_key_slice(&key), none, ABOUT));
	return rc_writer_close(w, 0);
}

uint64_t rc_writer_del_retiring(struct rc_writer *w, uint16_t target, struct rc_slice key, struct rc_slice server,
				struct rc_slice name, int64_t retired_ns)
{
	struct rc_fact f = {.kind = RC_FACT_DEL_RETIRING, .target = target, .at_ns = retired_ns};
	struct rc_key k = retiring_key(w, target, key, server, name);

	return rc_writer_state(w, &f, rc_key_slice(&k), none);
}

uint64_t rc_writer_prune_names(struct rc_writer *w, uint16_t target, int64_t before_ns)
{
	struct rc_fact f = {.kind = RC_FACT_PRUNE_NAMES, .target = target, .at_ns = before_ns};

	return rc_writer_state(w, &f, none, none);
}

uint64_t rc_writer_clear_unmanaged(struct rc_writer *w, uint16_t target, struct rc_slice server)
{
	struct rc_fact f = {.kind = RC_FACT_CLEAR_UNMANAGED, .target = target};
	struct rc_key k = rc_key_names_of(w->store->seed, target, server);

	return rc_writer_state(w, &f, rc_key_slice(&k), none);
}

uint64_t rc_writer_put_unmanaged(struct rc_writer *w, uint16_t target, const struct rc_unmanaged *u)
{
	struct rc_fact f = {.kind = RC_FACT_PUT_UNMANAGED, .target = target};
	struct rc_key k = rc_key_name(RC_STORE_FORMAT, w->store->seed, target, u->server, u->name);
	struct rc_codec_env env = {.schema = rc_store_schema(w->store, target)};

	rc_codec_encode(&rc_codec_unmanaged, NULL, u, &env, rc_writer_open(w, &f, rc_key_slice(&k), none, ABOUT));
	return rc_writer_close(w, 0);
}

uint64_t rc_writer_del_unmanaged(struct rc_writer *w, uint16_t target, struct rc_slice server, struct rc_slice name)
{
	struct rc_fact f = {.kind = RC_FACT_DEL_UNMANAGED, .target = target};
	struct rc_key k = rc_key_name(RC_STORE_FORMAT, w->store->seed, target, server, name);

	return rc_writer_state(w, &f, rc_key_slice(&k), none);
}

uint64_t rc_writer_listing(struct rc_writer *w, uint16_t target, struct rc_slice server, const struct rc_listing *l)
{
	struct rc_key k = rc_key_listing(w->store->seed, target, server);

	return put(w, RC_KV_META, rc_key_slice(&k), &rc_codec_listing, l);
}

static struct rc_key op_key(uint64_t id)
{
	struct rc_key k = {.n = 0};

	rc_key_u64(&k, id);
	return k;
}

uint64_t rc_writer_op(struct rc_writer *w, const struct rc_op_entry *op)
{
	struct rc_fact f = {.kind = RC_FACT_PUT, .table = RC_KV_OPS, .target = op->target};
	struct rc_key k = op_key(op->id);

	rc_op_encode(op, rc_store_schema(w->store, op->target), rc_writer_open(w, &f, rc_key_slice(&k), none, ABOUT));
	return rc_writer_close(w, 0);
}

uint64_t rc_writer_op_state(struct rc_writer *w, uint64_t id, enum rc_op_state state, int64_t at_ns, int64_t sent_ns)
{
	struct rc_fact f = {.kind = RC_FACT_OP_STATE,
			    .table = RC_KV_OPS,
			    .state = (uint8_t)state,
			    .at_ns = at_ns,
			    .sent_ns = sent_ns};
	struct rc_key k = op_key(id);

	return rc_writer_state(w, &f, rc_key_slice(&k), none);
}

static uint64_t del(struct rc_writer *w, enum rc_kv_table table, struct rc_slice key)
{
	struct rc_fact f = {.kind = RC_FACT_DEL, .table = (uint8_t)table};

	return rc_writer_state(w, &f, key, none);
}

uint64_t rc_writer_op_end(struct rc_writer *w, uint64_t id)
{
	struct rc_key k = op_key(id);

	return del(w, RC_KV_OPS, rc_key_slice(&k));
}

uint64_t rc_writer_event(struct rc_writer *w, uint16_t target, const struct rc_event *e)
{
	struct rc_fact f = {.kind = RC_FACT_EVENT, .table = RC_KV_HISTORY, .target = target};
	struct rc_codec_env env = rc_store_env(w->store, NULL, target);
	uint8_t hash[RC_HASH_BYTES];
	struct rc_key k;

	rc_hash_key(w->store->seed, e->key, hash);
	k = rc_key_event(target, hash, e->at_ns, 0);
	k.n -= 4; /* the running number is found when it is applied */
	rc_codec_encode(&rc_codec_event, NULL, e, &env, rc_writer_open(w, &f, rc_key_slice(&k), none, ABOUT));
	return rc_writer_close(w, 0);
}

uint64_t rc_writer_run(struct rc_writer *w, const struct rc_run *r)
{
	return put(w, RC_KV_RUNS, r->run_id, &rc_codec_run, r);
}

uint64_t rc_writer_prune_history(struct rc_writer *w, int64_t before_ns)
{
	struct rc_fact f = {.kind = RC_FACT_PRUNE_HISTORY, .at_ns = before_ns};

	return rc_writer_state(w, &f, none, none);
}

uint64_t rc_writer_forget(struct rc_writer *w, uint16_t target, struct rc_slice key)
{
	struct rc_fact f = {.kind = RC_FACT_FORGET, .target = target};
	struct rc_key k = person(w, target, key);

	return rc_writer_state(w, &f, rc_key_slice(&k), none);
}

uint64_t rc_writer_source(struct rc_writer *w, uint16_t source, const struct rc_source_facts *facts)
{
	struct rc_fact f = {.kind = RC_FACT_PUT, .table = RC_KV_META};
	struct rc_key k = rc_key_meta_u16("source", source);
	struct rc_buf *b = rc_writer_open(w, &f, rc_key_slice(&k), none, ABOUT);
	size_t start = b->n;

	rc_codec_begin(&rc_codec_source, NULL, b);
	rc_codec_add_fields(&rc_codec_source, facts, NULL, b);
	for (size_t i = 0; i < facts->n_columns; i++)
		rc_codec_add(b, RC_TAG_COLUMN, facts->columns[i]);
	for (size_t i = 0; i < facts->n_files; i++)
		rc_codec_add(b, RC_TAG_FILE, facts->files[i]);
	rc_codec_end(b, start);
	return rc_writer_close(w, 0);
}

uint64_t rc_writer_rate(struct rc_writer *w, struct rc_slice account, struct rc_slice server, const struct rc_rate *r)
{
	struct rc_key k = rc_key_rate(w->store->seed, account, server);

	return put(w, RC_KV_META, rc_key_slice(&k), &rc_codec_rate, r);
}

uint64_t rc_writer_marks(struct rc_writer *w, const struct rc_run_marks *m)
{
	return put(w, RC_KV_META, RC_SLICE("marks"), &rc_codec_marks, m);
}

uint64_t rc_writer_pause(struct rc_writer *w, const struct rc_pause *p)
{
	return p->until_ns ? put(w, RC_KV_META, RC_SLICE("pause"), &rc_codec_pause, p)
			   : del(w, RC_KV_META, RC_SLICE("pause"));
}

uint64_t rc_writer_note(struct rc_writer *w, struct rc_slice name, struct rc_slice value)
{
	struct rc_fact f = {.kind = value.n ? RC_FACT_PUT : RC_FACT_DEL, .table = RC_KV_META};
	char key[5 + 200] = "note/";

	if (!name.n || name.n > 200) /* no such note can be: rc_view_note() says the same */
		return rc_writer_queued(w);
	memcpy(key + 5, name.p, name.n);
	return rc_writer_state(w, &f, (struct rc_slice){key, 5 + name.n}, value);
}
