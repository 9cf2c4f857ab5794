#include "engine/store/codec_parts.h"
#include "engine/store/layout.h"
#include <stddef.h>
#include <string.h>

/* Tag, type, member, and where the type has a bound: RC_WORD_FEW or how many values there are. Status, flags and
 * fingerprint stand in the head. */
#define KNOWN_FIELDS(X)                                                                                                \
	X(1, SLICE, key, 0)                                                                                            \
	X(2, SLICE, name, 0)                                                                                           \
	X(3, ID, remote_id, 0)                                                                                         \
	X(4, WORD, server, 0)                                                                                          \
	X(5, WORD, group, RC_WORD_FEW)                                                                                 \
	X(6, WORD, group_id, RC_WORD_FEW)                                                                              \
	X(7, ACCOUNT, account, 0)                                                                                      \
	X(8, SLICE, reason, 0)                                                                                         \
	X(9, U16, source, 0)                                                                                           \
	X(10, WORD, error_code, RC_WORD_FEW)                                                                           \
	X(11, SLICE, error_message, 0)                                                                                 \
	X(12, TIME, first_seen_ns, 0)                                                                                  \
	X(13, TIME, created_at_ns, 0)                                                                                  \
	X(14, TIME, changed_at_ns, 0)                                                                                  \
	X(15, WORD, created_run, 0)                                                                                    \
	X(16, WORD, changed_run, 0)                                                                                    \
	X(17, TIME, sent_at_ns, 0)                                                                                     \
	X(18, TIME, missing_since_ns, 0)                                                                               \
	X(19, U32, missing_count, 0)                                                                                   \
	X(20, B16, missing_content, 0)                                                                                 \
	X(21, TIME, due_at_ns, 0)                                                                                      \
	X(22, U32, due_cause, RC_DUE_CAUSE_COUNT)                                                                      \
	X(23, U32, in_use_month, 0)                                                                                    \
	X(24, SLICE, linked_name, 0)                                                                                   \
	X(25, ACCOUNT, kept, 0)

static const struct rc_codec_field known_fields[] = {
#define X(tag, type, member, below) {tag, RC_CODEC_##type, offsetof(struct rc_known, member), below},
	KNOWN_FIELDS(X)
#undef X
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

static void collect(struct rc_known *k, struct pieces *ret)
{
	struct rc_slice *const s[] = {&k->key,           &k->name,        &k->remote_id,   &k->server,
				      &k->group,         &k->group_id,    &k->reason,      &k->error_code,
				      &k->error_message, &k->created_run, &k->changed_run, &k->linked_name};

	ret->n = ret->bytes = 0;
	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		add_piece(ret, s[i]);
	for (size_t i = 0; i < RC_MAX_FIELDS; i++)
		if (k->account.set & 1u << i)
			add_piece(ret, &k->account.v[i]);
	for (size_t i = 0; i < RC_MAX_FIELDS; i++)
		if (k->kept.set & 1u << i)
			add_piece(ret, &k->kept.v[i]);
}

static void take_pieces(const struct pieces *all, char *to)
{
	for (size_t i = 0; i < all->n; to += all->v[i++]->n + 1) {
		if (all->v[i]->n)
			memcpy(to, all->v[i]->p, all->v[i]->n);
		to[all->v[i]->n] = 0;
		all->v[i]->p = to;
	}
}

void rc_known_keep(struct rc_known *k, struct rc_arena *mem)
{
	struct pieces all;

	collect(k, &all);
	take_pieces(&all, rc_arena_alloc(mem, all.bytes));
}

struct rc_known rc_known_copy(const struct rc_known *k, struct rc_arena *mem)
{
	struct rc_known c = *k;

	rc_known_keep(&c, mem);
	return c;
}

/* What rc_codec_add_fields() does with the table, written out: records are stated by the million, and most of their
 * fields are empty. */
#define ADD_SLICE(tag, member, below)                                                                                  \
	if (k->member.n)                                                                                               \
	rc_out_field(o, tag, k->member)
#define ADD_WORD(tag, member, below)                                                                                   \
	if (k->member.n)                                                                                               \
	rc_out_word(o, tag, k->member, env->words, below)
#define ADD_ID(tag, member, below)                                                                                     \
	if (k->member.n)                                                                                               \
	rc_out_id(o, tag, k->member)
#define ADD_ACCOUNT(tag, member, below)                                                                                \
	if (k->member.set)                                                                                             \
	rc_codec_add_account(o, tag, &k->member, env, k->name)
#define ADD_TIME(tag, member, below)                                                                                   \
	if (k->member)                                                                                                 \
	rc_out_time(o, tag, (uint64_t)k->member, &time)
#define ADD_U32(tag, member, below)                                                                                    \
	if (k->member)                                                                                                 \
	rc_out_number(o, tag, k->member)
#define ADD_U16 ADD_U32
#define ADD_B16(tag, member, below)                                                                                    \
	if (!rc_out_zero(k->member))                                                                                   \
	rc_out_field(o, tag, (struct rc_slice){(const char *)k->member, 16})

static void add_short(const struct rc_known *k, const struct rc_codec_env *env, struct rc_out *o)
{
	uint64_t time = 0;

#define X(tag, type, member, below) ADD_##type(tag, member, below);
	KNOWN_FIELDS(X)
#undef X
}

static char *put_head(const struct rc_known *k, char *p)
{
	*p++ = (char)rc_codec_known.layout;
	memset(p, 0, RC_KNOWN_HEAD);
	/* The head begins behind the layout byte, hence the minus one throughout. */
	p[RC_KNOWN_AT_STATUS - 1] = (char)k->status;
	p[RC_KNOWN_AT_BITS - 1] =
		(char)((rc_known_open(k) ? RC_KNOWN_BIT_OPEN : 0) | (k->missing_since_ns ? RC_KNOWN_BIT_MISSING : 0));
	for (unsigned i = 0; i < 4; i++)
		p[RC_KNOWN_AT_FLAGS - 1 + i] = (char)(uint8_t)(k->flags >> (8 * i));
	memcpy(p + RC_KNOWN_AT_FINGERPRINT - 1, k->fingerprint, 16);
	return p + RC_KNOWN_HEAD;
}

void rc_known_add(const struct rc_known *k, const struct rc_codec_env *env, struct rc_buf *ret)
{
	struct rc_out o = rc_out_begin(ret);

	if (!rc_out_room(&o, 1 + RC_KNOWN_HEAD))
		return;
	o.p = put_head(k, o.p);
	if (env->words)
		add_short(k, env, &o);
	rc_out_end(&o);
	if (!env->words)
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

	memset(ret, 0, sizeof(*ret));
	if (!rc_known_decode_brief(v, &b) || !rc_codec_decode(&rc_codec_known, v, env, ret) || !ret->key.n)
		return false;
	ret->status = b.status;
	ret->flags = b.flags;
	memcpy(ret->fingerprint, b.fingerprint, 16);
	return true;
}

bool rc_known_decode(struct rc_slice v, const struct rc_account_schema *schema, struct rc_known *ret)
{
	return rc_known_read(v, &(struct rc_codec_env){.schema = schema}, ret);
}
