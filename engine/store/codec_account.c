#include "engine/store/codec_parts.h"
#include <string.h>

/* Length of the field's name in one byte, the name, the value: as one text. */
static void add_plain(struct rc_buf *b, struct rc_slice field, struct rc_slice value)
{
	rc_buf_addc(b, (char)(uint8_t)field.n);
	rc_buf_addslice(b, field);
	rc_buf_addslice(b, value);
}

/* Groups are few, and everybody has one: field and value are one word. */
static uint32_t word_of_both(struct rc_words *words, struct rc_slice field, struct rc_slice value)
{
	char both[RC_WORD_BYTES];

	if (1 + field.n + value.n > sizeof(both))
		return 0;
	both[0] = (char)(uint8_t)field.n;
	memcpy(both + 1, field.p, field.n);
	if (value.n)
		memcpy(both + 1 + field.n, value.p, value.n);
	return rc_words_give(words, (struct rc_slice){both, 1 + field.n + value.n}, RC_WORD_FEW);
}

static bool add_short(struct rc_buf *b, uint8_t tag, const struct rc_field *f, struct rc_slice value,
		      struct rc_words *words, struct rc_slice name)
{
	struct rc_slice field = rc_slice_str(f->name);
	uint32_t n = f->is_group ? word_of_both(words, field, value) : 0;

	if (n) {
		rc_codec_add_number(b, tag, (uint64_t)n << 1 | 1);
		return true;
	}
	n = rc_words_give(words, field, RC_WORD_MANY);
	if (!n)
		return false;
	if (value.n && rc_slice_eq(value, name)) {
		rc_codec_add_number(b, tag, (uint64_t)n << 1);
		return true;
	}
	rc_buf_addc(b, (char)(tag | RC_CODEC_SHORT));
	rc_put_varint(b, rc_varint_bytes(n) + value.n);
	rc_put_varint(b, n);
	rc_buf_addslice(b, value);
	return true;
}

void rc_codec_add_account(struct rc_buf *b, uint8_t tag, const struct rc_account *a, const struct rc_codec_env *env,
			  struct rc_slice name)
{
	const struct rc_account_schema *s = env ? env->schema : NULL;

	for (size_t i = 0; s && i < s->n_fields; i++) {
		struct rc_slice field = rc_slice_str(s->fields[i].name);

		if (!(a->set & 1u << i) || s->fields[i].secret ||
		    (env->words && add_short(b, tag, &s->fields[i], a->v[i], env->words, name)))
			continue;
		rc_buf_addc(b, (char)tag);
		rc_put_varint(b, 1 + field.n + a->v[i].n);
		add_plain(b, field, a->v[i]);
	}
}

/* A field that the provider's schema no longer has, or that is secret, is nobody's. */
static bool set_field(const struct rc_account_schema *schema, struct rc_slice field, struct rc_slice value,
		      struct rc_account *a)
{
	int i = schema ? rc_account_field(schema, field) : -1;

	if (i < 0 || schema->fields[i].secret)
		return true;
	a->v[i] = value;
	a->set |= 1u << i;
	return true;
}

static bool take_plain(struct rc_slice s, const struct rc_account_schema *schema, struct rc_account *ret)
{
	size_t n;

	if (!s.n || (n = (uint8_t)s.p[0]) > s.n - 1)
		return false;
	return set_field(schema, (struct rc_slice){s.p + 1, n}, (struct rc_slice){s.p + 1 + n, s.n - 1 - n}, ret);
}

static bool word(const struct rc_codec_env *env, uint64_t n, struct rc_slice *ret)
{
	return env->words && rc_words_text(env->words, env->txn, n, ret);
}

bool rc_codec_take_account(struct rc_slice s, bool is_short, const struct rc_codec_env *env, struct rc_account *ret)
{
	struct rc_slice field;
	uint64_t n;

	if (!is_short)
		return take_plain(s, env->schema, ret);
	return rc_take_varint(&s, &n) && word(env, n, &field) && set_field(env->schema, field, s, ret);
}

bool rc_codec_take_account_number(uint64_t n, const struct rc_codec_env *env, struct rc_slice name,
				  struct rc_account *ret)
{
	struct rc_slice text;

	if (!word(env, n >> 1, &text))
		return false;
	return n & 1 ? take_plain(text, env->schema, ret) : set_field(env->schema, text, name, ret);
}
