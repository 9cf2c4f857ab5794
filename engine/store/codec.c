#include "engine/store/codec.h"
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static void put_varint(struct rc_buf *b, uint64_t n)
{
	while (n >= 0x80) {
		rc_buf_addc(b, (char)(uint8_t)(n | 0x80));
		n >>= 7;
	}
	rc_buf_addc(b, (char)(uint8_t)n);
}

static bool get_varint(struct rc_codec_iter *it, uint64_t *ret)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 35 && it->p < it->end; shift += 7) {
		uint8_t c = *it->p++;

		n |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = n;
			return true;
		}
	}
	return false;
}

static uint32_t sum(const char *p, size_t n)
{
	return (uint32_t)XXH3_64bits(p, n);
}

static void put_sum(uint32_t s, char out[RC_CODEC_SUM])
{
	for (unsigned i = 0; i < RC_CODEC_SUM; i++)
		out[i] = (char)(uint8_t)(s >> (8 * i));
}

void rc_codec_begin(const struct rc_codec *c, const void *head, struct rc_buf *ret)
{
	rc_buf_addc(ret, (char)c->layout);
	if (c->head)
		rc_buf_add(ret, head, c->head);
}

void rc_codec_add(struct rc_buf *b, uint8_t tag, struct rc_slice bytes)
{
	rc_buf_addc(b, (char)tag);
	put_varint(b, bytes.n);
	rc_buf_addslice(b, bytes);
}

void rc_codec_end(struct rc_buf *b, size_t start)
{
	char s[RC_CODEC_SUM];

	if (b->overflow)
		return;
	put_sum(sum(b->p + start, b->n - start), s);
	rc_buf_add(b, s, sizeof(s));
}

static void add_int(struct rc_buf *b, uint8_t tag, uint64_t n)
{
	char bytes[8];
	size_t len = 0;

	for (; n; n >>= 8)
		bytes[len++] = (char)(uint8_t)n;
	if (len)
		rc_codec_add(b, tag, (struct rc_slice){bytes, len});
}

static void add_account(struct rc_buf *b, uint8_t tag, const struct rc_account *a, const struct rc_account_schema *s)
{
	for (size_t i = 0; s && i < s->n_fields; i++) {
		struct rc_slice name = rc_slice_str(s->fields[i].name);

		if (!(a->set & 1u << i) || s->fields[i].secret)
			continue;
		rc_buf_addc(b, (char)tag);
		put_varint(b, 1 + name.n + a->v[i].n);
		rc_buf_addc(b, (char)(uint8_t)name.n);
		rc_buf_addslice(b, name);
		rc_buf_addslice(b, a->v[i]);
	}
}

static uint64_t load_int(const void *p, uint8_t type)
{
	union {
		uint64_t u64;
		int32_t i32;
		uint32_t u32;
		uint16_t u16;
		uint8_t u8;
		bool b;
	} x;

	memset(&x, 0, sizeof(x));
	switch (type) {
	case RC_CODEC_U32:
		memcpy(&x.u32, p, sizeof(x.u32));
		return x.u32;
	case RC_CODEC_I32:
		memcpy(&x.i32, p, sizeof(x.i32));
		return (uint64_t)(uint32_t)x.i32;
	case RC_CODEC_U16:
		memcpy(&x.u16, p, sizeof(x.u16));
		return x.u16;
	case RC_CODEC_U8:
		memcpy(&x.u8, p, sizeof(x.u8));
		return x.u8;
	case RC_CODEC_BOOL:
		memcpy(&x.b, p, sizeof(x.b));
		return x.b;
	default: /* 64 bits, as they are: integers of either sign and doubles */
		memcpy(&x.u64, p, sizeof(x.u64));
		return x.u64;
	}
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

void rc_codec_add_fields(const struct rc_codec *c, const void *from, const struct rc_account_schema *schema,
			 struct rc_buf *ret)
{
	static const uint8_t none[16];

	for (unsigned i = 0; i < c->n; i++) {
		const struct rc_codec_field *f = &c->fields[i];
		const char *p = (const char *)from + f->offset;
		struct rc_slice s;

		switch (f->type) {
		case RC_CODEC_SLICE:
			memcpy(&s, p, sizeof(s));
			if (s.n)
				rc_codec_add(ret, f->tag, s);
			break;
		case RC_CODEC_B16:
			if (memcmp(p, none, 16) != 0)
				rc_codec_add(ret, f->tag, (struct rc_slice){p, 16});
			break;
		case RC_CODEC_ACCOUNT:
			add_account(ret, f->tag, (const struct rc_account *)(const void *)p, schema);
			break;
		default:
			add_int(ret, f->tag, load_int(p, f->type));
		}
	}
}

void rc_codec_encode(const struct rc_codec *c, const void *head, const void *from,
		     const struct rc_account_schema *schema, struct rc_buf *ret)
{
	size_t start = ret->n;

	rc_codec_begin(c, head, ret);
	rc_codec_add_fields(c, from, schema, ret);
	rc_codec_end(ret, start);
}

bool rc_codec_open(const struct rc_codec *c, struct rc_slice v, struct rc_codec_iter *ret)
{
	char s[RC_CODEC_SUM];
	size_t body;

	if (v.n < (size_t)1 + c->head + RC_CODEC_SUM || (uint8_t)v.p[0] != c->layout)
		return false;
	body = v.n - RC_CODEC_SUM;
	put_sum(sum(v.p, body), s);
	if (memcmp(s, v.p + body, sizeof(s)) != 0)
		return false;
	*ret = (struct rc_codec_iter){.p = (const uint8_t *)v.p + 1 + c->head, .end = (const uint8_t *)v.p + body};
	return true;
}

bool rc_codec_next(struct rc_codec_iter *it, uint8_t *ret_tag, struct rc_slice *ret)
{
	uint64_t n;

	if (it->bad || it->p == it->end)
		return false;
	*ret_tag = *it->p++;
	if (!get_varint(it, &n) || n > (size_t)(it->end - it->p)) {
		it->bad = true;
		return false;
	}
	*ret = (struct rc_slice){(const char *)it->p, (size_t)n};
	it->p += n;
	return true;
}

static bool take_account(struct rc_slice s, const struct rc_account_schema *schema, struct rc_account *a)
{
	size_t name;
	int i;

	if (!s.n || (name = (uint8_t)s.p[0]) > s.n - 1)
		return false;
	i = schema ? rc_account_field(schema, (struct rc_slice){s.p + 1, name}) : -1;
	if (i < 0 || schema->fields[i].secret) /* a field the provider's schema no longer has */
		return true;
	a->v[i] = (struct rc_slice){s.p + 1 + name, s.n - 1 - name};
	a->set |= 1u << i;
	return true;
}

static bool take(const struct rc_codec_field *f, struct rc_slice s, const struct rc_account_schema *schema, char *p)
{
	uint64_t n = 0;

	switch (f->type) {
	case RC_CODEC_SLICE:
		memcpy(p, &s, sizeof(s));
		return true;
	case RC_CODEC_B16:
		if (s.n != 16)
			return false;
		memcpy(p, s.p, 16);
		return true;
	case RC_CODEC_ACCOUNT:
		return take_account(s, schema, (struct rc_account *)(void *)p);
	default:
		if (s.n > 8)
			return false;
		for (size_t i = s.n; i-- > 0;)
			n = n << 8 | (uint8_t)s.p[i];
		return store_int(p, f->type, n, f->below);
	}
}

bool rc_codec_decode(const struct rc_codec *c, struct rc_slice v, const struct rc_account_schema *schema, void *to)
{
	struct rc_codec_iter it;
	struct rc_slice s;
	unsigned next = 0; /* fields come in the table's order: look there first */
	uint8_t tag;

	if (!rc_codec_open(c, v, &it))
		return false;
	while (rc_codec_next(&it, &tag, &s))
		for (unsigned i = 0; i < c->n; i++) {
			const struct rc_codec_field *f = &c->fields[(next + i) % c->n];

			if (f->tag != tag)
				continue;
			if (!take(f, s, schema, (char *)to + f->offset))
				return false;
			next = (next + i) % c->n;
			break;
		}
	return !it.bad;
}
