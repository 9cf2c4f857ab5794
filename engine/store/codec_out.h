/* engine/store/codec_out.h - fields going to the end of a buffer: whether there is room is asked once a field, and the
 * buffer hears of it when all are written. Used inside engine/store only. */
#ifndef RC_CODEC_OUT_H
#define RC_CODEC_OUT_H
#include "engine/base/bytes.h"
#include "engine/store/codec.h"

enum { RC_VARINT_MOST = 10 };

static inline size_t rc_varint_bytes(uint64_t n) /* how many it takes */
{
	return n < 0x80 ? 1 : (size_t)(63 - __builtin_clzll(n)) / 7 + 1;
}

/* Between begin and end the buffer is nobody else's. After its overflow nothing more is written. */
struct rc_out {
	char *p, *end;
	struct rc_buf *b;
};

bool rc_out_more(struct rc_out *o, size_t n); /* false: the buffer is full */

static inline bool rc_out_room(struct rc_out *o, size_t n)
{
	return n <= (size_t)(o->end - o->p) || rc_out_more(o, n);
}

static inline struct rc_out rc_out_begin(struct rc_buf *b)
{
	struct rc_out o = {NULL, NULL, b};

	if (b->p && !b->overflow) {
		o.p = b->p + b->n;
		o.end = b->p + b->cap - 1; /* a NUL comes last */
	}
	return o;
}

static inline void rc_out_end(struct rc_out *o)
{
	if (!o->p)
		return;
	*o->p = 0;
	o->b->n = (size_t)(o->p - o->b->p);
}

/* Bytes to p, where there is room for them; returns what comes behind. */
static inline char *rc_varint_put(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(uint8_t)(v | 0x80);
	*p++ = (char)(uint8_t)v;
	return p;
}

/* Whole fields. */

static inline void rc_out_number(struct rc_out *o, uint8_t tag, uint64_t n)
{
	if (!rc_out_room(o, 1 + RC_VARINT_MOST))
		return;
	*o->p = (char)(uint8_t)(RC_CODEC_NUMBER | tag);
	o->p = rc_varint_put(o->p + 1, n);
}

static inline void rc_out_field(struct rc_out *o, uint8_t tag, struct rc_slice bytes)
{
	if (!rc_out_room(o, 1 + RC_VARINT_MOST + bytes.n))
		return;
	*o->p = (char)tag;
	o->p = rc_bytes_put(rc_varint_put(o->p + 1, bytes.n), bytes);
}

/* A text that is no empty one: by its word, which the words look for at `tag` first; below as in the table. */
static inline void rc_out_word(struct rc_out *o, uint8_t tag, struct rc_slice s, struct rc_words *words, uint32_t below)
{
	uint32_t n = rc_words_give_at(words, tag, s, below ? below : RC_WORD_MANY);

	if (n)
		rc_out_number(o, tag, n);
	else
		rc_out_field(o, tag, s);
}

/* As a small number: its difference from the one before, whatever the sign. */
static inline void rc_out_time(struct rc_out *o, uint8_t tag, uint64_t n, uint64_t *before)
{
	uint64_t d = n - *before;

	rc_out_number(o, tag, d << 1 ^ (d >> 63 ? ~(uint64_t)0 : 0));
	*before = n;
}

void rc_out_id(struct rc_out *o, uint8_t tag, struct rc_slice id); /* packed, if it can be */

static inline bool rc_out_zero(const void *b16)
{
	return !(rc_eight(b16) | rc_eight((const char *)b16 + 8));
}

#endif
