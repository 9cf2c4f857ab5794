#include "engine/store/codec_parts.h"
#include <string.h>

/* Where the words look first: for a field's name, and for the name and the value of a group. Below are tags. */
enum { AT_NAME = RC_CODEC_SHORT, AT_BOTH = AT_NAME + RC_MAX_FIELDS };

static struct rc_slice name_of(const struct rc_field *f)
{
	return (struct rc_slice){f->name, f->name_n};
}

/* Length of the field's name in one byte, the name, the value: as one text. */
static char *put_both(char *p, struct rc_slice field, struct rc_slice value)
{
	*p++ = (char)(uint8_t)field.n;
	return rc_bytes_put(rc_bytes_put(p, field), value);
}

static bool is_both(struct rc_slice both, struct rc_slice field, struct rc_slice value)
{
	return both.n == 1 + field.n + value.n && (uint8_t)both.p[0] == field.n &&
	       rc_bytes_same(both.p + 1, field.p, field.n) && rc_bytes_same(both.p + 1 + field.n, value.p, value.n);
}

/* Groups are few, and everybody has one: field and value are one word. */
static uint32_t word_of_both(struct rc_words *words, unsigned at, struct rc_slice field, struct rc_slice value)
{
	char both[RC_WORD_BYTES];
	struct rc_slice last;
	uint32_t n = rc_words_last_at(words, at, &last);

	if (n && is_both(last, field, value))
		return n;
	if (1 + field.n + value.n > sizeof(both))
		return 0;
	put_both(both, field, value);
	return rc_words_give_at(words, at, (struct rc_slice){both, 1 + field.n + value.n}, RC_WORD_FEW);
}

static bool add_short(struct rc_out *o, uint8_t tag, const struct rc_account_schema *schema, unsigned i,
		      struct rc_slice value, struct rc_words *words, struct rc_slice name)
{
	struct rc_slice field = name_of(&schema->fields[i]);
	uint32_t n = schema->fields[i].is_group ? word_of_both(words, AT_BOTH + i, field, value) : 0;
	char *p;

	if (n) {
		rc_out_number(o, tag, (uint64_t)n << 1 | 1);
		return true;
	}
	n = rc_words_give_at(words, AT_NAME + i, field, RC_WORD_MANY);
	if (!n)
		return false;
	if (value.n && value.n == name.n && (value.p == name.p || rc_bytes_same(value.p, name.p, value.n))) {
		rc_out_number(o, tag, (uint64_t)n << 1);
		return true;
	}
	if (!rc_out_room(o, 1 + 2 * RC_VARINT_MOST + value.n))
		return true;
	*o->p = (char)(uint8_t)(tag | RC_CODEC_SHORT);
	p = rc_varint_put(o->p + 1, rc_varint_bytes(n) + value.n);
	o->p = rc_bytes_put(rc_varint_put(p, n), value);
	return true;
}

static void add_plain(struct rc_out *o, uint8_t tag, struct rc_slice field, struct rc_slice value)
{
	if (!rc_out_room(o, 2 + RC_VARINT_MOST + field.n + value.n))
		return;
	*o->p = (char)tag;
	o->p = put_both(rc_varint_put(o->p + 1, 1 + field.n + value.n), field, value);
}

void rc_codec_add_account(struct rc_out *o, uint8_t tag, const struct rc_account *a, const struct rc_codec_env *env,
			  struct rc_slice name)
{
	const struct rc_account_schema *s = env ? env->schema : NULL;
	uint32_t left = s ? a->set & ((1u << s->n_fields) - 1) & ~s->secret : 0;

	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (!env->words || !add_short(o, tag, s, i, a->v[i], env->words, name))
			add_plain(o, tag, name_of(&s->fields[i]), a->v[i]);
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
