#include "engine/store/newest.h"
#include "engine/store/codec_out.h"
#include <string.h>

/* First byte of the field; then action and status in one byte, the word of the changed fields (0: none), the
 * fingerprint of the row if it is not the record's, and the reason: its word, or its text. */
enum { WITH_AFTER = 1, OWN_FINGERPRINT = 2, REASON_WORD = 4, ACCESS = 8 };

static bool find_field(struct rc_slice record, struct rc_slice *ret)
{
	struct rc_codec_iter it;
	uint8_t tag;

	if (!rc_codec_open(&rc_codec_known, record, &it))
		return false;
	while (rc_codec_next(&it, &tag, ret))
		if (tag == RC_TAG_NEWEST)
			return true;
	return false;
}

bool rc_newest_in(struct rc_slice record)
{
	struct rc_slice field;

	return find_field(record, &field);
}

static struct rc_slice skip(struct rc_slice s, size_t n)
{
	return (struct rc_slice){s.p + n, s.n - n};
}

static bool word(const struct rc_codec_env *env, struct rc_slice *s, struct rc_slice *ret)
{
	uint64_t n;

	return rc_take_varint(s, &n) && (!n || rc_words_text(env->words, env->txn, n, ret));
}

static bool read_field(struct rc_slice s, const struct rc_codec_env *env, const struct rc_known *k,
		       struct rc_event *ret)
{
	uint8_t flags;

	if (s.n < 2)
		return false;
	flags = (uint8_t)s.p[0];
	*ret = (struct rc_event){.key = k->key,
				 .run_id = k->changed_run,
				 .at_ns = k->changed_at_ns,
				 .action = (uint8_t)s.p[1] >> 4,
				 .status = s.p[1] & 15,
				 .access = flags & ACCESS,
				 .name = k->name,
				 .server = k->server};
	memcpy(ret->fingerprint, k->fingerprint, 16);
	if (flags & WITH_AFTER)
		ret->after = k->account;
	s = skip(s, 2);
	if (!word(env, &s, &ret->changed_fields))
		return false;
	if (flags & OWN_FINGERPRINT) {
		if (s.n < 16)
			return false;
		memcpy(ret->fingerprint, s.p, 16);
		s = skip(s, 16);
	}
	ret->reason = s;
	return !(flags & REASON_WORD) || word(env, &s, &ret->reason);
}

bool rc_newest_get(struct rc_slice record, const struct rc_codec_env *env, struct rc_event *ret)
{
	struct rc_codec_env plain = *env;
	struct rc_slice field;
	struct rc_known k;

	plain.mem = NULL; /* an event has no id */
	return env->words && find_field(record, &field) && rc_known_read(record, &plain, &k) &&
	       read_field(field, &plain, &k, ret);
}

/* Fields that are stored: of the schema, and not secret. */
static uint32_t stored(const struct rc_account_schema *schema)
{
	return ((1u << schema->n_fields) - 1) & ~schema->secret;
}

/* The event and the record are mostly made of the same texts. */
static inline bool same(struct rc_slice a, struct rc_slice b)
{
	return (a.p == b.p && a.n == b.n) || rc_bytes_eq(a, b);
}

static bool same_account(const struct rc_account *a, const struct rc_account *b, uint32_t mask)
{
	if ((a->set ^ b->set) & mask)
		return false;
	for (uint32_t left = a->set & mask; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (!same(a->v[i], b->v[i]))
			return false;
	}
	return true;
}

/* Whether the record says all that the event does, beside what the field adds. mask: stored fields. */
static bool tells(const struct rc_known *k, const struct rc_event *e, uint32_t mask)
{
	return e->action <= 15 && e->status <= 15 && e->at_ns == k->changed_at_ns && same(e->key, k->key) &&
	       same(e->run_id, k->changed_run) && same(e->name, k->name) && same(e->server, k->server) &&
	       !e->error_code.n && !e->linked_name.n && !(e->before.set & mask) &&
	       (!(e->after.set & mask) || same_account(&e->after, &k->account, mask));
}

/* Where the words look first; below are tags. */
enum { AT_CHANGED = RC_CODEC_SHORT + 2 * RC_MAX_FIELDS, AT_REASON };

/* false, ret as it was: the record and the field do not tell the event. */
static bool add_field(const struct rc_known *k, const struct rc_event *e, bool may_word, const struct rc_codec_env *env,
		      struct rc_buf *ret)
{
	bool own = !rc_bytes_same((const char *)e->fingerprint, (const char *)k->fingerprint, 16);
	uint32_t mask, changed, reason;
	struct rc_out o;
	size_t n;
	char *p;

	if (!env->words || !env->schema)
		return false;
	mask = stored(env->schema);
	if (!tells(k, e, mask))
		return false;
	changed = rc_words_give_at(env->words, AT_CHANGED, e->changed_fields, RC_WORD_FEW);
	if (e->changed_fields.n && !changed)
		return false;
	reason = may_word ? rc_words_give_at(env->words, AT_REASON, e->reason, RC_WORD_FEW)
			  : rc_words_find(env->words, e->reason);
	n = 2 + rc_varint_bytes(changed) + (own ? 16 : 0) + (reason ? rc_varint_bytes(reason) : e->reason.n);
	o = rc_out_begin(ret);
	if (rc_out_room(&o, 1 + RC_VARINT_MOST + n)) {
		*o.p = RC_TAG_NEWEST;
		p = rc_varint_put(o.p + 1, n);
		*p++ = (char)(uint8_t)((e->after.set & mask ? WITH_AFTER : 0) | (own ? OWN_FINGERPRINT : 0) |
				       (reason ? REASON_WORD : 0) | (e->access ? ACCESS : 0));
		*p++ = (char)(uint8_t)(e->action << 4 | e->status);
		p = rc_varint_put(p, changed);
		if (own)
			p = rc_bytes_put(p, (struct rc_slice){(const char *)e->fingerprint, 16});
		o.p = reason ? rc_varint_put(p, reason) : rc_bytes_put(p, e->reason);
	}
	rc_out_end(&o);
	return true;
}

bool rc_newest_write(const struct rc_known *k, const struct rc_event *event, bool may_word,
		     const struct rc_codec_env *env, struct rc_buf *ret)
{
	size_t start = ret->n;
	bool kept;

	rc_known_add(k, env, ret);
	kept = add_field(k, event, may_word, env, ret);
	rc_codec_end(ret, start);
	return kept;
}

bool rc_newest_put(struct rc_slice record, const struct rc_event *event, bool may_word, const struct rc_codec_env *env,
		   struct rc_buf *ret)
{
	size_t start = ret->n;
	struct rc_codec_env plain = *env;
	struct rc_known k;

	plain.mem = NULL;
	if (!rc_known_read(record, &plain, &k))
		return false;
	rc_buf_add(ret, record.p, record.n - RC_CODEC_SUM);
	if (!add_field(&k, event, may_word, env, ret)) {
		ret->n = start;
		return false;
	}
	rc_codec_end(ret, start);
	return true;
}
