/* Structs to bytes. */
#include "engine/store/codec_parts.h"
#include <string.h>

bool rc_out_more(struct rc_out *o, size_t n)
{
	rc_out_end(o);
	if (!rc_buf_room(o->b, n)) {
		*o = (struct rc_out){NULL, NULL, o->b};
		return false;
	}
	*o = rc_out_begin(o->b);
	return true;
}

void rc_codec_begin(const struct rc_codec *c, const void *head, struct rc_buf *ret)
{
	rc_buf_addc(ret, (char)c->layout);
	if (c->head)
		rc_buf_add(ret, head, c->head);
}

void rc_codec_add(struct rc_buf *b, uint8_t tag, struct rc_slice bytes)
{
	struct rc_out o = rc_out_begin(b);

	rc_out_field(&o, tag, bytes);
	rc_out_end(&o);
}

void rc_codec_end(struct rc_buf *b, size_t start)
{
	uint32_t sum;
	char *p = rc_buf_room(b, RC_CODEC_SUM);

	if (!p)
		return;
	sum = rc_codec_sum(b->p + start, b->n - start);
	for (unsigned i = 0; i < RC_CODEC_SUM; i++)
		p[i] = (char)(uint8_t)(sum >> (8 * i));
	rc_buf_took(b, RC_CODEC_SUM);
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

static void add_int(struct rc_out *o, uint8_t tag, uint64_t n)
{
	char bytes[8];
	size_t len = 0;

	for (; n; n >>= 8)
		bytes[len++] = (char)(uint8_t)n;
	rc_out_field(o, tag, (struct rc_slice){bytes, len});
}

static void add_short_int(const struct rc_codec_field *f, uint64_t n, uint64_t *time, struct rc_out *o)
{
	switch (f->type) {
	case RC_CODEC_TIME:
		rc_out_time(o, f->tag, n, time);
		break;
	case RC_CODEC_I64:
	case RC_CODEC_I32:
	case RC_CODEC_DOUBLE: /* often with high bits set: longer as a varint */
		add_int(o, f->tag, n);
		break;
	default:
		rc_out_number(o, f->tag, n);
	}
}

void rc_out_id(struct rc_out *o, uint8_t tag, struct rc_slice id)
{
	size_t n;

	if (!rc_out_room(o, 2 + RC_ID_PACKED))
		return;
	n = rc_id_pack(id, (uint8_t *)o->p + 2);
	if (!n) {
		rc_out_field(o, tag, id);
		return;
	}
	o->p[0] = (char)(uint8_t)(tag | RC_CODEC_SHORT);
	o->p[1] = (char)n;
	o->p += 2 + n;
}

static void add_text(const struct rc_codec_field *f, struct rc_slice s, struct rc_words *words, struct rc_out *o)
{
	if (words && f->type == RC_CODEC_WORD)
		rc_out_word(o, f->tag, s, words, f->below);
	else if (words && f->type == RC_CODEC_ID)
		rc_out_id(o, f->tag, s);
	else
		rc_out_field(o, f->tag, s);
}

static struct rc_slice load_slice(const void *p)
{
	struct rc_slice s;

	memcpy(&s, p, sizeof(s));
	return s;
}

void rc_codec_add_fields(const struct rc_codec *c, const void *from, const struct rc_codec_env *env, struct rc_buf *ret)
{
	struct rc_words *words = env ? env->words : NULL;
	struct rc_out o = rc_out_begin(ret);
	uint64_t time = 0, n;
	struct rc_slice s;

	for (const struct rc_codec_field *f = c->fields; f < c->fields + c->n; f++) {
		const char *p = (const char *)from + f->offset;

		switch (f->type) {
		case RC_CODEC_SLICE:
		case RC_CODEC_WORD:
		case RC_CODEC_ID:
			s = load_slice(p);
			if (s.n)
				add_text(f, s, words, &o);
			break;
		case RC_CODEC_B16:
			if (!rc_out_zero(p))
				rc_out_field(&o, f->tag, (struct rc_slice){p, 16});
			break;
		case RC_CODEC_ACCOUNT:
			rc_codec_add_account(&o, f->tag, (const struct rc_account *)(const void *)p, env,
					     c->name ? load_slice((const char *)from + c->name) : (struct rc_slice){0});
			break;
		default:
			n = load_int(p, f->type);
			if (n && words)
				add_short_int(f, n, &time, &o);
			else if (n)
				add_int(&o, f->tag, n);
		}
	}
	rc_out_end(&o);
}

void rc_codec_encode(const struct rc_codec *c, const void *head, const void *from, const struct rc_codec_env *env,
		     struct rc_buf *ret)
{
	size_t start = ret->n;

	rc_codec_begin(c, head, ret);
	rc_codec_add_fields(c, from, env, ret);
	rc_codec_end(ret, start);
}
