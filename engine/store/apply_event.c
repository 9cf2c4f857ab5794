/* Events: into the history, or into the record that tells the same. */
#include "engine/store/fact.h"
#include "engine/store/newest.h"
#include <string.h>

/* The key ends in a running number that nobody else has at that moment. */
static void put_event(struct rc_apply *a, struct rc_slice person_and_time, struct rc_slice value)
{
	struct rc_key k = {.n = 0};
	struct rc_slice there;

	for (uint32_t nth = 0;; nth++) {
		k.n = 0;
		rc_key_add(&k, person_and_time.p, person_and_time.n);
		rc_key_u32(&k, nth);
		if (!rc_kv_get(a->t, RC_KV_HISTORY, rc_key_slice(&k), &there))
			break;
	}
	rc_kv_put(a->t, RC_KV_HISTORY, rc_key_slice(&k), value);
}

void rc_apply_event_out(struct rc_apply *a, uint16_t target, struct rc_slice key)
{
	const struct rc_codec_env env = rc_apply_env(a, target);
	struct rc_slice raw;
	struct rc_event e;
	struct rc_key k;

	if (!rc_kv_get(a->t, RC_KV_KNOWN, key, &raw))
		return;
	if (!rc_newest_get(raw, &env, &e)) {
		rc_kv_damaged(a->t, RC_KV_KNOWN, "the event of a record is unreadable");
		return;
	}
	rc_buf_clear(&a->buf);
	rc_codec_encode(&rc_codec_event, NULL, &e, &env, &a->buf);
	k = rc_key_event(target, (const uint8_t *)key.p + 2, e.at_ns, 0);
	k.n -= 4;
	put_event(a, rc_key_slice(&k), rc_buf_slice(&a->buf));
}

/* The same record without its event. */
static void strip(struct rc_apply *a, struct rc_slice key)
{
	struct rc_slice raw, field;
	struct rc_codec_iter it;
	uint8_t tag;

	if (!rc_kv_get(a->t, RC_KV_KNOWN, key, &raw) || !rc_codec_open(&rc_codec_known, raw, &it))
		return;
	rc_buf_clear(&a->record);
	rc_buf_add(&a->record, raw.p, 1 + RC_KNOWN_HEAD);
	for (const uint8_t *at = it.p; rc_codec_next(&it, &tag, &field); at = it.p)
		if (tag != RC_TAG_NEWEST)
			rc_buf_add(&a->record, at, (size_t)(it.p - at));
	rc_codec_end(&a->record, 0);
	rc_kv_put(a->t, RC_KV_KNOWN, key, rc_buf_slice(&a->record));
}

void rc_apply_event(struct rc_apply *a, const struct rc_fact *f)
{
	struct rc_slice key = {rc_fact_key(f).p, 2 + RC_HASH_BYTES}, raw;

	/* What a record keeps is the newest: it makes room for what is newer. */
	if (rc_kv_get(a->t, RC_KV_KNOWN, key, &raw) && rc_newest_in(raw)) {
		rc_apply_event_out(a, f->target, key);
		strip(a, key);
	}
	put_event(a, rc_fact_key(f), rc_fact_value(f));
}
