/* Reading the journal, the runs and the small facts. */
#include "engine/store/history.h"
#include "engine/store/journal.h"
#include "engine/store/meta.h"
#include "engine/store/walk.h"
#include <string.h>

/* An entry names its target: the schema comes with a second look. */
static bool decode_op(struct rc_view *v, struct rc_slice key, struct rc_slice raw, struct rc_op_entry *ret)
{
	const struct rc_account_schema *schema;
	struct rc_op_entry op;
	uint64_t id;

	if (key.n != 8 || !rc_op_decode(id = rc_get_u64((const uint8_t *)key.p), raw, NULL, &op)) {
		rc_kv_damaged(v->txn, RC_KV_OPS, "an entry is unreadable");
		return false;
	}
	schema = rc_store_schema(v->store, op.target);
	if (schema)
		rc_op_decode(id, raw, schema, &op);
	*ret = op;
	return true;
}

void rc_walk_ops_begin(struct rc_view *v, struct rc_walk *w)
{
	rc_walk_range(v, RC_KV_OPS, NULL, 0, w);
}

bool rc_walk_ops(struct rc_walk *w, struct rc_op_entry *ret)
{
	struct rc_slice k, raw;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	if (decode_op(w->view, k, raw, ret))
		return true;
	rc_walk_end(w);
	return false;
}

bool rc_view_op(struct rc_view *v, uint64_t id, struct rc_op_entry *ret)
{
	struct rc_key k = {.n = 0};
	struct rc_slice raw;

	rc_key_u64(&k, id);
	return v->txn && rc_kv_get(v->txn, RC_KV_OPS, rc_key_slice(&k), &raw) &&
	       decode_op(v, rc_key_slice(&k), raw, ret);
}

uint64_t rc_view_op_count(struct rc_view *v)
{
	return v->txn ? rc_kv_count(v->txn, RC_KV_OPS) : 0;
}

/* One entry of meta or runs; false also when it is not there. */
static bool fact(struct rc_view *v, enum rc_kv_table table, struct rc_slice key, const struct rc_codec *c, void *to,
		 size_t size)
{
	struct rc_slice raw;

	if (!v->txn || !rc_kv_get(v->txn, table, key, &raw))
		return false;
	memset(to, 0, size);
	if (rc_codec_decode(c, raw, NULL, to))
		return true;
	rc_kv_damaged(v->txn, table, "a fact is unreadable");
	return false;
}

bool rc_view_run(struct rc_view *v, struct rc_slice run_id, struct rc_run *ret)
{
	return run_id.n && run_id.n <= 64 && fact(v, RC_KV_RUNS, run_id, &rc_codec_run, ret, sizeof(*ret));
}

void rc_walk_runs_begin(struct rc_view *v, struct rc_walk *w)
{
	rc_walk_range(v, RC_KV_RUNS, NULL, 0, w);
}

bool rc_walk_runs(struct rc_walk *w, struct rc_run *ret)
{
	struct rc_slice k, raw;

	if (!rc_walk_step(w, &k, &raw))
		return false;
	memset(ret, 0, sizeof(*ret));
	if (!rc_codec_decode(&rc_codec_run, raw, NULL, ret))
		return rc_walk_damaged(w, RC_KV_RUNS, "a run is unreadable");
	return true;
}

bool rc_view_rate(struct rc_view *v, struct rc_slice account, struct rc_slice server, struct rc_rate *ret)
{
	struct rc_key k = rc_key_rate(v->store->seed, account, server);

	return fact(v, RC_KV_META, rc_key_slice(&k), &rc_codec_rate, ret, sizeof(*ret));
}

bool rc_view_marks(struct rc_view *v, struct rc_run_marks *ret)
{
	return fact(v, RC_KV_META, RC_SLICE("marks"), &rc_codec_marks, ret, sizeof(*ret));
}

bool rc_view_pause(struct rc_view *v, struct rc_pause *ret)
{
	return fact(v, RC_KV_META, RC_SLICE("pause"), &rc_codec_pause, ret, sizeof(*ret));
}

bool rc_view_note(struct rc_view *v, struct rc_slice name, struct rc_slice *ret)
{
	char key[5 + 200] = "note/";

	if (!v->txn || !name.n || name.n > 200)
		return false;
	memcpy(key + 5, name.p, name.n);
	return rc_kv_get(v->txn, RC_KV_META, (struct rc_slice){key, 5 + name.n}, ret);
}

/* Strings of one tag, in the value's order. */
static bool strings(struct rc_slice raw, uint8_t want, struct rc_arena *mem, const struct rc_slice **ret, size_t *ret_n)
{
	struct rc_codec_iter it;
	struct rc_slice s, *list;
	size_t n = 0;
	uint8_t tag;

	if (!rc_codec_open(&rc_codec_source, raw, &it))
		return false;
	while (rc_codec_next(&it, &tag, &s))
		n += tag == want;
	if (it.bad)
		return false;
	list = rc_arena_alloc(mem, (n + 1) * sizeof(*list));
	*ret_n = 0;
	rc_codec_open(&rc_codec_source, raw, &it);
	while (rc_codec_next(&it, &tag, &s))
		if (tag == want)
			list[(*ret_n)++] = s;
	*ret = list;
	return true;
}

bool rc_view_source(struct rc_view *v, uint16_t source, struct rc_arena *mem, struct rc_source_facts *ret)
{
	struct rc_key k = rc_key_meta_u16("source", source);
	struct rc_source_facts f;
	struct rc_slice raw;

	if (!fact(v, RC_KV_META, rc_key_slice(&k), &rc_codec_source, &f, sizeof(f)) ||
	    !rc_kv_get(v->txn, RC_KV_META, rc_key_slice(&k), &raw) ||
	    !strings(raw, RC_TAG_COLUMN, mem, &f.columns, &f.n_columns) ||
	    !strings(raw, RC_TAG_FILE, mem, &f.files, &f.n_files))
		return false;
	*ret = f;
	return true;
}
