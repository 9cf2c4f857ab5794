#include "engine/store/codec.h"
#include "engine/store/codec_parts.h"
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

bool rc_take_varint(struct rc_slice *s, uint64_t *ret)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64 && s->n; shift += 7) {
		uint8_t c = (uint8_t)*s->p;

		s->p++;
		s->n--;
		n |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = n;
			return true;
		}
	}
	return false;
}

uint32_t rc_codec_sum(const char *p, size_t n)
{
	return (uint32_t)XXH3_64bits(p, n);
}

static bool store_int(void *p, uint8_t type, uint64_t n, uint32_t below)
{
	uint32_t u32 = (uint32_t)n;
	uint16_t u16 = (uint16_t)n;
	uint8_t u8 = (uint8_t)n;
	bool b = n != 0;

	if (below && n >= below)
		return false;
	switch (type) {
	case RC_CODEC_U32:
	case RC_CODEC_I32:
		memcpy(p, &u32, sizeof(u32));
		return n <= UINT32_MAX;
	case RC_CODEC_U16:
		memcpy(p, &u16, sizeof(u16));
		return n <= UINT16_MAX;
	case RC_CODEC_U8:
		memcpy(p, &u8, sizeof(u8));
		return n <= UINT8_MAX;
	case RC_CODEC_BOOL:
		memcpy(p, &b, sizeof(b));
		return n <= 1;
	default:
		memcpy(p, &n, sizeof(n));
		return true;
	}
}

static uint64_t unzigzag(uint64_t n, uint64_t before)
{
	return before + (n >> 1 ^ (n & 1 ? ~(uint64_t)0 : 0));
}

static struct rc_slice load_slice(const void *p)
{
	struct rc_slice s;

	memcpy(&s, p, sizeof(s));
	return s;
}

bool rc_codec_open(const struct rc_codec *c, struct rc_slice v, struct rc_codec_iter *ret)
{
	uint32_t sum = 0;
	size_t body;

	if (v.n < (size_t)1 + c->head + RC_CODEC_SUM || (uint8_t)v.p[0] != c->layout)
		return false;
	body = v.n - RC_CODEC_SUM;
	for (unsigned i = RC_CODEC_SUM; i-- > 0;)
		sum = sum << 8 | (uint8_t)v.p[body + i];
	if (sum != rc_codec_sum(v.p, body))
		return false;
	*ret = (struct rc_codec_iter){.p = (const uint8_t *)v.p + 1 + c->head, .end = (const uint8_t *)v.p + body};
	return true;
}

/* One field as it stands in a value. */
struct item {
	uint8_t tag;
	struct rc_slice bytes;
	uint64_t number; /* of a tag with RC_CODEC_NUMBER */
};

/* Nearly all are one byte. */
static inline bool take_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	struct rc_slice rest = {(const char *)*p, (size_t)(end - *p)};

	if (*p < end && **p < 0x80) {
		*ret = *(*p)++;
		return true;
	}
	if (!rc_take_varint(&rest, ret))
		return false;
	*p = (const uint8_t *)rest.p;
	return true;
}

static inline bool next_item(struct rc_codec_iter *it, struct item *ret)
{
	const uint8_t *p = it->p, *from;
	bool number;

	if (it->bad || p == it->end)
		return false;
	ret->tag = *p++;
	number = ret->tag & RC_CODEC_NUMBER;
	from = p;
	if (!take_varint(&p, it->end, &ret->number) || (!number && ret->number > (size_t)(it->end - p))) {
		it->bad = true;
		return false;
	}
	if (!number) {
		from = p;
		p += ret->number;
	}
	ret->bytes = (struct rc_slice){(const char *)from, (size_t)(p - from)};
	it->p = p;
	return true;
}

bool rc_codec_next(struct rc_codec_iter *it, uint8_t *ret_tag, struct rc_slice *ret)
{
	struct item item;

	if (!next_item(it, &item))
		return false;
	*ret_tag = item.tag;
	*ret = item.bytes;
	return true;
}

/* What decoding has on its way. */
struct decoding {
	const struct rc_codec *c;
	const struct rc_codec_env *env;
	char *to;
	uint64_t time; /* the last one */
};

static bool take_number(struct decoding *d, const struct rc_codec_field *f, uint64_t n)
{
	char *p = d->to + f->offset;
	struct rc_slice text;

	switch (f->type) {
	case RC_CODEC_WORD:
		if (!d->env->words || !rc_words_text(d->env->words, d->env->txn, n, &text))
			return false;
		memcpy(p, &text, sizeof(text));
		return true;
	case RC_CODEC_TIME:
		d->time = unzigzag(n, d->time);
		return store_int(p, f->type, d->time, f->below);
	case RC_CODEC_ACCOUNT:
		return rc_codec_take_account_number(n, d->env,
						    d->c->name ? load_slice(d->to + d->c->name) : (struct rc_slice){0},
						    (struct rc_account *)(void *)p);
	case RC_CODEC_SLICE:
	case RC_CODEC_ID:
	case RC_CODEC_B16:
		return false;
	default:
		return store_int(p, f->type, n, f->below);
	}
}

static bool take_short(struct decoding *d, const struct rc_codec_field *f, struct rc_slice s)
{
	struct rc_slice text = {NULL, RC_ID_TEXT};
	char *id;

	if (f->type == RC_CODEC_ACCOUNT)
		return rc_codec_take_account(s, true, d->env, (struct rc_account *)(void *)(d->to + f->offset));
	if (f->type != RC_CODEC_ID)
		return false;
	if (!d->env->mem) /* nobody asks for it */
		return true;
	text.p = id = rc_arena_alloc(d->env->mem, RC_ID_TEXT);
	if (!rc_id_unpack(s, id))
		return false;
	memcpy(d->to + f->offset, &text, sizeof(text));
	return true;
}

static bool take(struct decoding *d, const struct rc_codec_field *f, struct rc_slice s)
{
	char *p = d->to + f->offset;
	uint64_t n = 0;

	switch (f->type) {
	case RC_CODEC_SLICE:
	case RC_CODEC_WORD:
	case RC_CODEC_ID:
		memcpy(p, &s, sizeof(s));
		return true;
	case RC_CODEC_B16:
		if (s.n != 16)
			return false;
		memcpy(p, s.p, 16);
		return true;
	case RC_CODEC_ACCOUNT:
		return rc_codec_take_account(s, false, d->env, (struct rc_account *)(void *)p);
	default:
		if (s.n > 8)
			return false;
		for (size_t i = s.n; i-- > 0;)
			n = n << 8 | (uint8_t)s.p[i];
		return store_int(p, f->type, n, f->below);
	}
}

/* Tags of most tables count from 1, so that a field stands where its tag says. */
static const struct rc_codec_field *field_of(const struct rc_codec *c, uint8_t tag)
{
	if (tag && tag <= c->n && c->fields[tag - 1].tag == tag)
		return &c->fields[tag - 1];
	for (unsigned i = 0; i < c->n; i++)
		if (c->fields[i].tag == tag)
			return &c->fields[i];
	return NULL;
}

/* false: the value makes no sense; a tag that nobody knows is a later version's. */
static bool take_field(struct decoding *d, const struct item *item)
{
	bool number = item->tag & RC_CODEC_NUMBER;
	const struct rc_codec_field *f = field_of(d->c, number ? item->tag & 0x7f : item->tag);

	if (f)
		return number ? take_number(d, f, item->number) : take(d, f, item->bytes);
	if (number || !(item->tag & RC_CODEC_SHORT))
		return true;
	f = field_of(d->c, item->tag & (RC_CODEC_SHORT - 1));
	return !f || take_short(d, f, item->bytes);
}

bool rc_codec_decode(const struct rc_codec *c, struct rc_slice v, const struct rc_codec_env *env, void *to)
{
	static const struct rc_codec_env none;
	struct decoding d = {.c = c, .env = env ? env : &none, .to = to};
	struct rc_codec_iter it;
	struct item item;

	if (!rc_codec_open(c, v, &it))
		return false;
	while (next_item(&it, &item))
		if (!take_field(&d, &item))
			return false;
	return !it.bad;
}
