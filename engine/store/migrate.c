/* A state of format 1 becomes one of format 2: the same facts in shorter values. schemas/store-format.md says what
 * differs. */
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/store/dir.h"
#include "engine/store/newest.h"
#include "engine/store/rewrite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERSON = 2 + RC_HASH_BYTES };

struct migration {
	struct rc_rewrite r; /* first: what the rewriting hands back */
	struct rc_store *s;
	uint64_t seed;
	struct rc_kv_cursor *history; /* of the old file */
	enum rc_kv_table table;       /* that `last` is of */
	struct rc_key last;           /* greatest key put */
	struct rc_slice reason;       /* of the event before: one that the next person shares may become a word */
	struct rc_buf value, more;
};

static struct rc_codec_env env_of(struct migration *m, struct rc_slice key)
{
	/* NULL: values stay as they are. */
	return (struct rc_codec_env){.schema = rc_target_schema(m->r.from, rc_get_u16((const uint8_t *)key.p)),
				     .words = m->s->words};
}

static void put(struct migration *m, struct rc_kv_cursor *out, enum rc_kv_table table, struct rc_slice key,
		struct rc_slice value)
{
	bool append;

	if (table != m->table)
		m->last.n = 0;
	m->table = table;
	append = rc_slice_cmp(key, rc_key_slice(&m->last)) > 0;
	rc_kv_cursor_put(out, key, value, append);
	if (!append)
		return;
	m->last.n = 0;
	rc_key_add(&m->last, key.p, key.n);
}

/* The latest event of a person, in format 1 bytes. */
static bool latest_event(struct migration *m, struct rc_slice person, struct rc_slice *ret)
{
	struct rc_slice k, v;
	bool found = false;

	if (!m->history)
		m->history = rc_kv_cursor(m->r.from, RC_KV_HISTORY);
	for (bool there = rc_kv_seek(m->history, person, &k, &v);
	     there && k.n > PERSON && memcmp(k.p, person.p, PERSON) == 0; there = rc_kv_next(m->history, &k, &v)) {
		*ret = v;
		found = true;
	}
	return found;
}

static bool read_event(struct rc_slice raw, const struct rc_codec_env *env, struct rc_event *ret)
{
	memset(ret, 0, sizeof(*ret));
	return rc_codec_decode(&rc_codec_event, raw, env, ret);
}

static bool shorten(struct migration *m, const struct rc_codec_env *env, struct rc_slice raw)
{
	struct rc_known k;

	rc_buf_clear(&m->value);
	if (!env->schema || !rc_known_read(raw, env, &k))
		return false;
	rc_known_write(&k, env, &m->value);
	return true;
}

/* Damaged values stay what they are: whoever reads them says so. */
static void put_known(struct migration *m, struct rc_kv_cursor *out, struct rc_slice key, struct rc_slice raw)
{
	struct rc_codec_env env = env_of(m, key);
	struct rc_slice event;
	struct rc_event e;
	bool shared;

	if (key.n != PERSON || !shorten(m, &env, raw)) {
		put(m, out, RC_KV_KNOWN, key, raw);
		return;
	}
	rc_buf_clear(&m->more);
	if (!latest_event(m, key, &event) || !read_event(event, &env, &e)) {
		put(m, out, RC_KV_KNOWN, key, rc_buf_slice(&m->value));
		return;
	}
	shared = rc_slice_eq(e.reason, m->reason);
	m->reason = e.reason;
	if (!rc_newest_put(rc_buf_slice(&m->value), &e, shared, &env, &m->more))
		rc_buf_addslice(&m->more, rc_buf_slice(&m->value));
	put(m, out, RC_KV_KNOWN, key, rc_buf_slice(&m->more));
}

/* Whether the person's record in the new file has the event already. */
static bool is_kept(struct migration *m, struct rc_kv_txn *to, struct rc_slice key, struct rc_slice raw)
{
	struct rc_slice person = {key.p, PERSON}, record, event;

	return rc_kv_get(to, RC_KV_KNOWN, person, &record) && rc_newest_in(record) && latest_event(m, person, &event) &&
	       event.p == raw.p;
}

static void put_event(struct migration *m, struct rc_kv_txn *to, struct rc_kv_cursor *out, struct rc_slice key,
		      struct rc_slice raw)
{
	struct rc_codec_env env;
	struct rc_event e;

	if (key.n > PERSON && is_kept(m, to, key, raw))
		return;
	env = env_of(m, key);
	rc_buf_clear(&m->value);
	if (env.schema && read_event(raw, &env, &e))
		rc_codec_encode(&rc_codec_event, NULL, &e, &env, &m->value);
	put(m, out, RC_KV_HISTORY, key, m->value.n ? rc_buf_slice(&m->value) : raw);
}

static void put_name(struct migration *m, struct rc_kv_cursor *out, enum rc_kv_table table, struct rc_slice key,
		     struct rc_slice raw)
{
	struct rc_name_value v;
	struct rc_key k;

	if (!rc_key_name_from_1(m->seed, key, &k))
		return;
	rc_buf_clear(&m->value);
	if (table == RC_KV_NAMES && rc_name_read(raw, &v))
		rc_name_write(&v, &m->value);
	put(m, out, table, rc_key_slice(&k), m->value.n ? rc_buf_slice(&m->value) : raw);
}

static void put_entry(struct rc_rewrite *r, struct rc_kv_txn *to, struct rc_kv_cursor *out, enum rc_kv_table table,
		      struct rc_slice key, struct rc_slice raw)
{
	struct migration *m = (struct migration *)(void *)r;
	struct rc_codec_env env;

	switch (table) {
	case RC_KV_META:
		if (!rc_slice_eqs(key, "format")) /* the new file has its own */
			rc_kv_cursor_put(out, key, raw, false);
		break;
	case RC_KV_KNOWN:
		put_known(m, out, key, raw);
		break;
	case RC_KV_RETIRING:
		env = env_of(m, key);
		put(m, out, table, key, shorten(m, &env, raw) ? rc_buf_slice(&m->value) : raw);
		break;
	case RC_KV_NAMES:
	case RC_KV_UNMANAGED:
		put_name(m, out, table, key, raw);
		break;
	case RC_KV_HISTORY:
		put_event(m, to, out, key, raw);
		break;
	default:
		put(m, out, table, key, raw);
	}
}

static void put_words(struct rc_rewrite *r, struct rc_kv_txn *to)
{
	rc_words_store(((struct migration *)(void *)r)->s->words, to);
}

static enum rc_code read_seed(struct rc_store *s, uint64_t *ret, struct rc_err *err)
{
	struct rc_view *v;
	enum rc_code code = rc_view_begin(s, &v, err);

	if (code)
		return code;
	*ret = rc_meta_u64(v->txn, "seed");
	return rc_view_end(v, err);
}

enum rc_code rc_store_migrate(struct rc_store *s, int dirfd, bool scratch, struct rc_err *err)
{
	struct migration m = {.r = {.put = put_entry, .last = put_words}, .s = s};
	enum rc_code code = read_seed(s, &m.seed, err);
	uint32_t before = s->format;
	char kept[40];

	snprintf(kept, sizeof(kept), RC_STORE_FILE ".format-%u", (unsigned)before);
	m.r.keep = scratch ? NULL : kept;
	if (!code)
		code = rc_store_rewrite(s, &m.r, dirfd, err);
	rc_buf_done(&m.value);
	rc_buf_done(&m.more);
	if (code)
		return code;
	s->format = rc_kv_format(s->kv);
	if (!scratch)
		rc_log(RC_LOG_WARN,
		       "state %s: brought from format %u to %u; the old one is kept as %s/%s: remove it when you will "
		       "not "
		       "go back to the version before",
		       s->path, (unsigned)before, (unsigned)s->format, s->dir, kept);
	return RC_OK;
}
