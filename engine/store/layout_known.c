#include "engine/store/layout.h"
#include <stddef.h>
#include <string.h>

#define F(tag, type, member)                                                                                           \
	{                                                                                                              \
		tag, RC_CODEC_##type, offsetof(struct rc_known, member), 0                                             \
	}

/* Status, flags and fingerprint stand in the head. */
static const struct rc_codec_field known_fields[] = {
	F(1, SLICE, key),
	F(2, SLICE, name),
	F(3, ID, remote_id),
	F(4, WORD, server),
	{5, RC_CODEC_WORD, offsetof(struct rc_known, group), RC_WORD_FEW},
	{6, RC_CODEC_WORD, offsetof(struct rc_known, group_id), RC_WORD_FEW},
	F(7, ACCOUNT, account),
	F(8, SLICE, reason),
	F(9, U16, source),
	{10, RC_CODEC_WORD, offsetof(struct rc_known, error_code), RC_WORD_FEW},
	F(11, SLICE, error_message),
	F(12, TIME, first_seen_ns),
	F(13, TIME, created_at_ns),
	F(14, TIME, changed_at_ns),
	F(15, WORD, created_run),
	F(16, WORD, changed_run),
	F(17, TIME, sent_at_ns),
	F(18, TIME, missing_since_ns),
	F(19, U32, missing_count),
	F(20, B16, missing_content),
	F(21, TIME, due_at_ns),
	{22, RC_CODEC_U32, offsetof(struct rc_known, due_cause), RC_DUE_CAUSE_COUNT},
	F(23, U32, in_use_month),
	F(24, SLICE, linked_name),
	F(25, ACCOUNT, kept),
};
const struct rc_codec rc_codec_known = {1, RC_KNOWN_HEAD, sizeof(known_fields) / sizeof(known_fields[0]), known_fields,
					offsetof(struct rc_known, name)};

static const char *name_in(const char *const *names, unsigned n, unsigned i)
{
	return i < n ? names[i] : "?";
}

const char *rc_known_status_name(enum rc_known_status s)
{
	static const char *const names[] = {
#define X(name, text) text,
		RC_KNOWN_STATUSES(X)
#undef X
	};

	return name_in(names, RC_KNOWN_STATUS_COUNT, s);
}

const char *rc_due_cause_name(enum rc_due_cause c)
{
	static const char *const names[] = {
#define X(name, text) text,
		RC_DUE_CAUSES(X)
#undef X
	};

	return name_in(names, RC_DUE_CAUSE_COUNT, c);
}

static bool no_fingerprint(const uint8_t fp[16])
{
	static const uint8_t none[16];

	return memcmp(fp, none, 16) == 0;
}

bool rc_known_open(const struct rc_known *k)
{
	if (k->status != RC_KNOWN_SETTLED && k->status != RC_KNOWN_FILTERED)
		return true;
	return k->missing_since_ns || k->due_at_ns || (k->flags & (RC_KNOWN_HELD | RC_KNOWN_UNDONE)) ||
	       ((k->flags & RC_KNOWN_MANAGED) && no_fingerprint(k->fingerprint));
}

/* Slices of a record in one piece of memory. */
struct pieces {
	struct rc_slice *v[12 + 2 * RC_MAX_FIELDS];
	size_t n, bytes;
};

static void add_piece(struct pieces *p, struct rc_slice *s)
{
	p->v[p->n++] = s;
	p->bytes += s->n + 1;
}

struct rc_known rc_known_copy(const struct rc_known *k, struct rc_arena *mem)
{
	struct rc_known c = *k;
	struct rc_slice *const s[] = {&c.key,           &c.name,        &c.remote_id,   &c.server,
				      &c.group,         &c.group_id,    &c.reason,      &c.error_code,
				      &c.error_message, &c.created_run, &c.changed_run, &c.linked_name};
	struct pieces all = {.n = 0};
	char *to;

	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		add_piece(&all, s[i]);
	for (size_t i = 0; i < RC_MAX_FIELDS; i++)
		if (c.account.set & 1u << i)
			add_piece(&all, &c.account.v[i]);
	for (size_t i = 0; i < RC_MAX_FIELDS; i++)
		if (c.kept.set & 1u << i)
			add_piece(&all, &c.kept.v[i]);
	to = rc_arena_alloc(mem, all.bytes);
	for (size_t i = 0; i < all.n; to += all.v[i++]->n + 1) {
		if (all.v[i]->n)
			memcpy(to, all.v[i]->p, all.v[i]->n);
		to[all.v[i]->n] = 0;
		all.v[i]->p = to;
	}
	return c;
}

void rc_known_add(const struct rc_known *k, const struct rc_codec_env *env, struct rc_buf *ret)
{
	uint8_t head[RC_KNOWN_HEAD] = {0};

	/* The head begins behind the layout byte, hence the minus one throughout. */
	head[RC_KNOWN_AT_STATUS - 1] = (uint8_t)k->status;
	head[RC_KNOWN_AT_BITS - 1] = (uint8_t)((rc_known_open(k) ? RC_KNOWN_BIT_OPEN : 0) |
					       (k->missing_since_ns ? RC_KNOWN_BIT_MISSING : 0));
	for (unsigned i = 0; i < 4; i++)
		head[RC_KNOWN_AT_FLAGS - 1 + i] = (uint8_t)(k->flags >> (8 * i));
	memcpy(head + RC_KNOWN_AT_FINGERPRINT - 1, k->fingerprint, 16);
	rc_codec_begin(&rc_codec_known, head, ret);
	rc_codec_add_fields(&rc_codec_known, k, env, ret);
}

void rc_known_write(const struct rc_known *k, const struct rc_codec_env *env, struct rc_buf *ret)
{
	size_t start = ret->n;

	rc_known_add(k, env, ret);
	rc_codec_end(ret, start);
}

void rc_known_encode(const struct rc_known *k, const struct rc_account_schema *schema, struct rc_buf *ret)
{
	rc_known_write(k, &(struct rc_codec_env){.schema = schema}, ret);
}

bool rc_known_decode_brief(struct rc_slice v, struct rc_known_brief *ret)
{
	const uint8_t *p = (const uint8_t *)v.p;

	if (v.n < 1 + RC_KNOWN_HEAD + RC_CODEC_SUM || p[0] != rc_codec_known.layout ||
	    p[RC_KNOWN_AT_STATUS] >= RC_KNOWN_STATUS_COUNT)
		return false;
	ret->fingerprint = p + RC_KNOWN_AT_FINGERPRINT;
	ret->flags = 0;
	for (unsigned i = 0; i < 4; i++)
		ret->flags |= (uint32_t)p[RC_KNOWN_AT_FLAGS + i] << (8 * i);
	ret->status = p[RC_KNOWN_AT_STATUS];
	ret->open = p[RC_KNOWN_AT_BITS] & RC_KNOWN_BIT_OPEN;
	ret->missing = p[RC_KNOWN_AT_BITS] & RC_KNOWN_BIT_MISSING;
	return true;
}

bool rc_known_read(struct rc_slice v, const struct rc_codec_env *env, struct rc_known *ret)
{
	struct rc_known_brief b;
	struct rc_known k;

	memset(&k, 0, sizeof(k));
	if (!rc_known_decode_brief(v, &b) || !rc_codec_decode(&rc_codec_known, v, env, &k) || !k.key.n)
		return false;
	k.status = b.status;
	k.flags = b.flags;
	memcpy(k.fingerprint, b.fingerprint, 16);
	*ret = k;
	return true;
}

bool rc_known_decode(struct rc_slice v, const struct rc_account_schema *schema, struct rc_known *ret)
{
	return rc_known_read(v, &(struct rc_codec_env){.schema = schema}, ret);
}
