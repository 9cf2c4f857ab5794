/* What one account means under its schema: canonical form, equality, local rules. Declared in account_schema.h. */
#include "engine/account_schema.h"
#include "engine/base/bytes.h"
#include "engine/config/schema.h"
#include <openssl/crypto.h>
#include <string.h>

static bool is_set(const struct rc_account *a, size_t i)
{
	return a->set >> i & 1;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool rc_account_name_same(struct rc_slice a, struct rc_slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

struct rc_slice rc_account_name(const struct rc_account_schema *s, const struct rc_account *a)
{
	for (size_t i = 0; i < s->n_names; i++)
		if (is_set(a, s->names[i]) && a->v[s->names[i]].n)
			return a->v[s->names[i]];
	return RC_SLICE("");
}

/* The high bit of each of eight bytes that is A to Z: adding leaves it from 'A' on, and behind 'Z'. */
static uint64_t upper_of_eight(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, low = x & 0x7f * ones;
	uint64_t from_a = low + (0x80 - 'A') * ones, behind_z = low + (0x7f - 'Z') * ones;

	return (from_a ^ behind_z) & ~x & 0x80 * ones;
}

bool rc_account_name_is_folded(struct rc_slice name)
{
	size_t i = 0;

	for (; i + 8 <= name.n; i += 8)
		if (upper_of_eight(rc_eight(name.p + i)))
			return false;
	if (name.n >= 8)
		return !upper_of_eight(rc_eight(name.p + name.n - 8));
	for (; i < name.n; i++)
		if (lower(name.p[i]) != name.p[i])
			return false;
	return true;
}

void rc_account_name_fold(struct rc_slice name, char *out)
{
	size_t i = 0;
	uint64_t x;

	for (; i + 8 <= name.n; i += 8) {
		x = rc_eight(name.p + i);
		x |= upper_of_eight(x) >> 2;
		memcpy(out + i, &x, sizeof(x));
	}
	for (; i < name.n; i++)
		out[i] = lower(name.p[i]);
}

/* ---- canonical form and equality ---- */

/* The digits without sign and leading zeros; false unless v is a whole number. "-0" is 0. */
static bool whole(struct rc_slice v, bool *ret_negative, struct rc_slice *ret_digits)
{
	size_t i = 0;
	bool negative = false;

	if (v.n && (v.p[0] == '-' || v.p[0] == '+')) {
		negative = v.p[0] == '-';
		i = 1;
	}
	if (i == v.n)
		return false;
	for (size_t k = i; k < v.n; k++)
		if (v.p[k] < '0' || v.p[k] > '9')
			return false;
	while (i + 1 < v.n && v.p[i] == '0')
		i++;
	*ret_digits = (struct rc_slice){v.p + i, v.n - i};
	*ret_negative = negative && !rc_slice_eqs(*ret_digits, "0");
	return true;
}

static struct rc_slice canonical_integer(struct rc_slice v, struct rc_arena *mem)
{
	struct rc_slice digits;
	bool negative;

	while (v.n && v.p[0] == ' ')
		v = (struct rc_slice){v.p + 1, v.n - 1};
	while (v.n && v.p[v.n - 1] == ' ')
		v.n--;
	/* A decimal that is whole: "2000.0" comes from a spreadsheet or from arithmetic. */
	for (size_t i = v.n; i > 1 && (v.p[i - 1] == '0' || v.p[i - 1] == '.'); i--)
		if (v.p[i - 1] == '.') {
			v.n = i - 1;
			break;
		}
	if (!whole(v, &negative, &digits))
		return v;
	if (!negative)
		return digits;
	if (digits.p > v.p && digits.p[-1] == '-')
		return (struct rc_slice){digits.p - 1, digits.n + 1};
	return rc_slice_str(rc_arena_printf(mem, "-%.*s", (int)(digits.n < 100 ? digits.n : 100), digits.p));
}

void rc_account_canonical(const struct rc_account_schema *s, struct rc_account *a, struct rc_arena *mem)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		const struct rc_field *f = &s->fields[i];

		if (!is_set(a, i))
			continue;
		if (f->integer)
			a->v[i] = canonical_integer(a->v[i], mem);
		if (a->v[i].n)
			continue;
		if (f->clear)
			a->v[i] = rc_slice_str(f->clear);
		else
			a->set &= ~(1u << i);
	}
}

void rc_account_for_create(const struct rc_account_schema *s, struct rc_account *a)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		if (is_set(a, i) || !s->fields[i].absent)
			continue;
		a->v[i] = rc_slice_str(s->fields[i].absent);
		a->set |= 1u << i;
	}
}

bool rc_account_blank(const struct rc_account_schema *s, size_t field, struct rc_slice v)
{
	return v.n == 0 || (s->fields[field].clear && rc_slice_eqs(v, s->fields[field].clear));
}

static bool same_integer(struct rc_slice a, struct rc_slice b)
{
	struct rc_slice da, db;
	bool na, nb;

	return whole(a, &na, &da) && whole(b, &nb, &db) && na == nb && rc_slice_eq(da, db);
}

static bool same_mail(struct rc_slice a, struct rc_slice b)
{
	const char *at_a = a.n ? memrchr(a.p, '@', a.n) : NULL, *at_b = b.n ? memrchr(b.p, '@', b.n) : NULL;
	size_t na, nb;

	if (!at_a || !at_b)
		return false;
	na = (size_t)(at_a - a.p);
	nb = (size_t)(at_b - b.p);
	return rc_slice_eq((struct rc_slice){a.p, na}, (struct rc_slice){b.p, nb}) &&
	       rc_account_name_same((struct rc_slice){at_a, a.n - na}, (struct rc_slice){at_b, b.n - nb});
}

bool rc_account_same(const struct rc_account_schema *s, size_t field, struct rc_slice a, struct rc_slice b)
{
	if (rc_slice_eq(a, b))
		return true;
	if (rc_account_blank(s, field, a) && rc_account_blank(s, field, b))
		return true;
	switch (s->fields[field].compare) {
	case RC_COMPARE_INTEGER:
		return same_integer(a, b);
	case RC_COMPARE_MAIL:
		return same_mail(a, b);
	case RC_COMPARE_EXACT:
		break;
	}
	return false;
}

uint32_t rc_account_diff(const struct rc_account_schema *s, const struct rc_account *want,
			 const struct rc_account *have)
{
	uint32_t bits = want->set & s->comparable, differ = 0;

	for (size_t i = 0; i < s->n_fields; i++) {
		struct rc_slice there = is_set(have, i) ? have->v[i] : RC_SLICE("");

		if (bits >> i & 1 && !rc_account_same(s, i, want->v[i], there))
			differ |= 1u << i;
	}
	return differ;
}

/* ---- local rules ---- */

static unsigned classes(struct rc_slice v)
{
	bool upper = false, low = false, digit = false, special = false;

	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c >= 'A' && c <= 'Z')
			upper = true;
		else if (c >= 'a' && c <= 'z')
			low = true;
		else if (c >= '0' && c <= '9')
			digit = true;
		else
			special = true;
	}
	return (unsigned)upper + low + digit + special;
}

static bool is_reverse(struct rc_slice a, struct rc_slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != b.p[b.n - 1 - i])
			return false;
	return true;
}

static enum rc_code check_password(const struct rc_field *f, struct rc_slice v, struct rc_slice name,
				   struct rc_err *err)
{
	if (classes(v) < f->password.min_classes)
		return rc_fail(err, RC_DATA, "%s needs at least %u of: upper case, lower case, digits, specials",
			       f->name, f->password.min_classes);
	if (f->password.not_name && v.n && (rc_slice_eq(v, name) || is_reverse(v, name)))
		return rc_fail(err, RC_DATA, "%s is the user name or its reverse", f->name);
	return RC_OK;
}

enum rc_code rc_account_check_field(const struct rc_account_schema *s, size_t field, struct rc_slice value,
				    struct rc_slice name, struct rc_err *err)
{
	const struct rc_field *f = &s->fields[field];
	struct rc_err why;

	if (rc_schema_check_string(f->rule, value, !f->secret, &why))
		return rc_fail(err, RC_DATA, "%s %s (%s)", f->name, why.what, f->describe);
	if (f->max_bytes && value.n > f->max_bytes)
		return rc_fail(err, RC_DATA, "%s is longer than %u bytes (%s)", f->name, f->max_bytes, f->describe);
	return f->secret ? check_password(f, value, name, err) : RC_OK;
}

static enum rc_code check_presence(const struct rc_account_schema *s, const struct rc_account *a, struct rc_err *err)
{
	const struct rc_field *first = &s->fields[s->names[0]];

	for (size_t i = 0; i < s->n_fields; i++) {
		const struct rc_field *f = &s->fields[i];

		if (f->required && !f->secret && !f->absent && !is_set(a, i))
			return rc_fail(err, RC_DATA, "%s is empty (%s)", f->name, f->describe);
	}
	if (!rc_account_name(s, a).n)
		return rc_fail(err, RC_DATA, "%s is empty: the account would have no name", first->name);
	if (s->name_needs_secret && s->secret_field >= 0 && is_set(a, (size_t)s->secret_field) &&
	    !is_set(a, s->names[0]))
		return rc_fail(err, RC_DATA, "%s needs a %s", s->fields[s->secret_field].name, first->name);
	return RC_OK;
}

enum rc_code rc_account_check(const struct rc_account_schema *s, const struct rc_account *a, bool partial,
			      struct rc_err *err)
{
	struct rc_slice name = rc_account_name(s, a);
	enum rc_code code;

	for (size_t i = 0; i < s->n_fields; i++) {
		if (!is_set(a, i))
			continue;
		code = rc_account_check_field(s, i, a->v[i], name, err);
		if (code)
			return code;
	}
	return partial ? RC_OK : check_presence(s, a, err);
}

/* ---- passwords ---- */

bool rc_account_takes_secret(const struct rc_account_schema *s, const struct rc_account *a)
{
	size_t first = s->names[0];

	return s->secret_field >= 0 && (!s->name_needs_secret || (is_set(a, first) && a->v[first].n));
}

/* One of the alphabet, each with the same chance. */
static char pick(const char *alphabet, const struct rc_clock *clock)
{
	size_t n = strlen(alphabet);
	unsigned limit = (unsigned)(256 - 256 % n);
	unsigned char byte;

	do
		rc_random(clock, &byte, 1);
	while (byte >= limit);
	return alphabet[byte % n];
}

void rc_account_generate(const struct rc_account_schema *s, unsigned length, struct rc_slice name,
			 const struct rc_clock *clock, struct rc_buf *ret)
{
	const struct rc_password_rule *r = &s->fields[s->secret_field].password;
	unsigned want_classes = classes(rc_slice_str(r->alphabet)); /* of those there are, three at most */
	char text[256];
	struct rc_slice made;

	if (want_classes > 3 && r->min_classes <= 3)
		want_classes = 3;
	if (!length)
		length = r->generate_length;
	if (length < r->min_length)
		length = r->min_length;
	if (length > r->max_length)
		length = r->max_length;
	if (length > sizeof(text))
		length = sizeof(text);
	made = (struct rc_slice){text, length};
	do {
		text[0] = pick(r->first, clock);
		for (unsigned i = 1; i < length; i++)
			text[i] = pick(r->alphabet, clock);
	} while (classes(made) < want_classes || rc_account_name_same(made, name) || is_reverse(made, name));
	rc_buf_add(ret, text, length);
	OPENSSL_cleanse(text, sizeof(text));
}
