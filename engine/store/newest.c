#include "engine/store/newest.h"
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

static bool same_account(const struct rc_account *a, const struct rc_account *b)
{
	if (a->set != b->set)
		return false;
	for (size_t i = 0; i < RC_MAX_FIELDS; i++)
		if (a->set & 1u << i && !rc_slice_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

static bool same_event(const struct rc_event *a, const struct rc_event *b)
{
	return rc_slice_eq(a->key, b->key) && rc_slice_eq(a->run_id, b->run_id) && a->at_ns == b->at_ns &&
	       a->action == b->action && a->status == b->status && a->access == b->access &&
	       rc_slice_eq(a->name, b->name) && rc_slice_eq(a->server, b->server) &&
	       rc_slice_eq(a->changed_fields, b->changed_fields) && rc_slice_eq(a->error_code, b->error_code) &&
	       rc_slice_eq(a->reason, b->reason) && same_account(&a->before, &b->before) &&
	       same_account(&a->after, &b->after) && memcmp(a->fingerprint, b->fingerprint, 16) == 0 &&
	       rc_slice_eq(a->linked_name, b->linked_name);
}

static void write_field(const struct rc_event *e, const struct rc_known *k, bool may_word,
			const struct rc_codec_env *env, struct rc_buf *ret)
{
	bool own = memcmp(e->fingerprint, k->fingerprint, 16) != 0;
	uint32_t reason =
		may_word ? rc_words_give(env->words, e->reason, RC_WORD_FEW) : rc_words_find(env->words, e->reason);

	rc_buf_addc(ret, (char)((e->after.set ? WITH_AFTER : 0) | (own ? OWN_FINGERPRINT : 0) |
				(reason ? REASON_WORD : 0) | (e->access ? ACCESS : 0)));
	rc_buf_addc(ret, (char)(uint8_t)(e->action << 4 | e->status));
	rc_put_varint(ret, rc_words_give(env->words, e->changed_fields, RC_WORD_FEW));
	if (own)
		rc_buf_add(ret, e->fingerprint, 16);
	if (reason)
		rc_put_varint(ret, reason);
	else
		rc_buf_addslice(ret, e->reason);
}

bool rc_newest_put(struct rc_slice record, const struct rc_event *event, bool may_word, const struct rc_codec_env *env,
		   struct rc_buf *ret)
{
	size_t start = ret->n;
	struct rc_codec_env plain = *env;
	struct rc_buf field = {0};
	struct rc_event back;
	struct rc_known k;
	bool same;

	plain.mem = NULL;
	if (!env->words || !env->schema || event->action > 15 || event->status > 15 ||
	    !rc_known_read(record, &plain, &k))
		return false;
	write_field(event, &k, may_word, &plain, &field);
	/* What it would be read back as decides: whatever the record does not tell in the same words differs here. */
	same = read_field(rc_buf_slice(&field), &plain, &k, &back) && same_event(event, &back);
	if (same) {
		rc_buf_add(ret, record.p, record.n - RC_CODEC_SUM);
		rc_codec_add(ret, RC_TAG_NEWEST, rc_buf_slice(&field));
		rc_codec_end(ret, start);
	}
	rc_buf_done(&field);
	return same;
}
