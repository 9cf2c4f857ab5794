/* Targets: names to numbers, and the ids that tie a snapshot to one place. */
#include "engine/base/alloc.h"
#include "engine/store/store_impl.h"
#include <string.h>

const struct rc_account_schema *rc_store_schema(const struct rc_store *s, uint16_t target)
{
	for (size_t i = 0; i < s->n_targets; i++)
		if (s->targets[i].number == target)
			return s->targets[i].schema;
	return NULL;
}

const struct rc_account_schema *rc_target_schema(struct rc_kv_txn *t, uint16_t target)
{
	struct rc_key k = {.n = 0};
	struct rc_target_value v = {{0}, {0}};
	struct rc_slice raw;
	char connector[64];
	struct rc_err ignored;

	rc_key_u16(&k, target);
	if (!rc_kv_get(t, RC_KV_TARGETS, rc_key_slice(&k), &raw) || !rc_codec_decode(&rc_codec_target, raw, NULL, &v) ||
	    v.connector.n >= sizeof(connector))
		return NULL;
	memcpy(connector, v.connector.p, v.connector.n);
	connector[v.connector.n] = 0;
	return rc_account_schema_find(connector, &ignored);
}

struct rc_codec_env rc_store_env(const struct rc_store *s, struct rc_view *v, uint16_t target)
{
	return (struct rc_codec_env){
		rc_store_schema(s, target),
		s->words,
		v ? v->txn : NULL,
		v ? &v->mem : NULL,
	};
}

static void remember(struct rc_store *s, uint16_t number, const struct rc_account_schema *schema)
{
	for (size_t i = 0; i < s->n_targets; i++)
		if (s->targets[i].number == number) {
			s->targets[i].schema = schema;
			return;
		}
	s->targets = rc_xreallocarray(s->targets, s->n_targets + 1, sizeof(*s->targets));
	s->targets[s->n_targets++] = (struct rc_store_target){number, schema};
}

/* Ids are lists of: length of the name in one byte, name, value. */
static void add_ids(struct rc_buf *b, const struct rc_pair *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rc_buf one = {0};
		size_t len = ids[i].name.n < 255 ? ids[i].name.n : 255;

		rc_buf_addc(&one, (char)(uint8_t)len);
		rc_buf_add(&one, ids[i].name.p, len);
		rc_buf_addslice(&one, ids[i].value);
		rc_codec_add(b, RC_TAG_ID, rc_buf_slice(&one));
		rc_buf_done(&one);
	}
}

static bool read_ids(struct rc_slice v, struct rc_arena *mem, struct rc_pair **ret, size_t *ret_n)
{
	struct rc_codec_iter it;
	struct rc_slice s;
	size_t n = 0, cap = 0;
	struct rc_pair *p = NULL;
	uint8_t tag;

	if (!rc_codec_open(&rc_codec_target, v, &it))
		return false;
	while (rc_codec_next(&it, &tag, &s)) {
		size_t len;

		if (tag != RC_TAG_ID)
			continue;
		if (!s.n || (len = (uint8_t)s.p[0]) > s.n - 1)
			return false;
		if (n == cap) {
			struct rc_pair *more = rc_arena_alloc(mem, (cap = cap ? cap * 2 : 8) * sizeof(*p));

			if (n)
				memcpy(more, p, n * sizeof(*p));
			p = more;
		}
		p[n].name = rc_arena_copy(mem, (struct rc_slice){s.p + 1, len});
		p[n++].value = rc_arena_copy(mem, (struct rc_slice){s.p + 1 + len, s.n - 1 - len});
	}
	*ret = p;
	*ret_n = n;
	return !it.bad;
}

static bool same_ids(const struct rc_pair *a, size_t n_a, const struct rc_pair *b, size_t n_b)
{
	size_t found = 0;

	for (size_t i = 0; i < n_a; i++)
		for (size_t j = 0; j < n_b; j++)
			if (rc_slice_eq(a[i].name, b[j].name) && rc_slice_eq(a[i].value, b[j].value)) {
				found++;
				break;
			}
	return n_a == n_b && found == n_a;
}

struct target_put {
	uint16_t number;
	struct rc_target_value value;
	const struct rc_pair *ids;
	size_t n_ids;
};

static void put_target(struct rc_store *s, struct rc_kv_txn *t, void *ctx)
{
	const struct target_put *p = ctx;
	struct rc_key k = {.n = 0};
	struct rc_buf b = {0};

	(void)s;
	rc_key_u16(&k, p->number);
	rc_codec_begin(&rc_codec_target, NULL, &b);
	rc_codec_add_fields(&rc_codec_target, &p->value, NULL, &b);
	add_ids(&b, p->ids, p->n_ids);
	rc_codec_end(&b, 0);
	rc_kv_put(t, RC_KV_TARGETS, rc_key_slice(&k), rc_buf_slice(&b));
	rc_buf_done(&b);
}

/* Walks the table; decoded values point into the map. */
static bool each(struct rc_view *v, struct rc_kv_cursor *c, bool first, uint16_t *ret,
		 struct rc_target_value *ret_value, struct rc_slice *ret_raw)
{
	struct rc_slice k;

	if (!(first ? rc_kv_seek(c, (struct rc_slice){0}, &k, ret_raw) : rc_kv_next(c, &k, ret_raw)))
		return false;
	memset(ret_value, 0, sizeof(*ret_value));
	if (k.n != 2 || !rc_codec_decode(&rc_codec_target, *ret_raw, NULL, ret_value)) {
		rc_kv_damaged(v->txn, RC_KV_TARGETS, "an entry is unreadable");
		return false;
	}
	*ret = rc_get_u16((const uint8_t *)k.p);
	return true;
}

/* Fills *ret when the name is known; *ret_max is the highest number ever given. */
static enum rc_code find(struct rc_store *s, struct rc_slice name, struct rc_arena *mem, struct rc_target_bound *ret,
			 uint16_t *ret_max, struct rc_err *err)
{
	struct rc_target_value value;
	struct rc_kv_cursor *c;
	struct rc_slice raw;
	struct rc_view *v;
	uint16_t n;
	enum rc_code code = rc_view_begin(s, &v, err);

	if (code)
		return code;
	*ret_max = 0;
	c = v->txn ? rc_kv_cursor(v->txn, RC_KV_TARGETS) : NULL;
	for (bool first = true; c && each(v, c, first, &n, &value, &raw); first = false) {
		*ret_max = n;
		if (!rc_slice_eq(value.name, name))
			continue;
		ret->number = n;
		ret->is_new = false;
		if (!read_ids(raw, mem, &ret->ids, &ret->n_ids))
			rc_kv_damaged(v->txn, RC_KV_TARGETS, "ids are unreadable");
	}
	rc_kv_cursor_close(c);
	return rc_view_end(v, err);
}

enum rc_code rc_store_bind(struct rc_store *s, struct rc_slice name, const struct rc_account_schema *schema,
			   const struct rc_pair *ids, size_t n_ids, struct rc_arena *mem, struct rc_target_bound *ret,
			   struct rc_err *err)
{
	struct rc_target_bound b = {.is_new = true};
	uint16_t max;
	enum rc_code code = find(s, name, mem, &b, &max, err);

	if (code)
		return code;
	if (!b.is_new) {
		b.ids_differ = !same_ids(ids, n_ids, b.ids, b.n_ids);
	} else {
		if (max < s->next_target)
			max = s->next_target;
		if (max == UINT16_MAX)
			return rc_fail(err, RC_CANTCREAT, "state %s has known 65535 targets: no number is left",
				       s->dir);
		b.number = (uint16_t)(max + 1);
		s->next_target = b.number;
		if (s->mode == RC_STORE_WRITE) {
			struct target_put p = {
				b.number, {name, rc_slice_str(schema ? schema->connector : NULL)}, ids, n_ids};

			code = rc_store_write(s, put_target, &p, NULL, NULL, err);
		}
	}
	if (!code) {
		remember(s, b.number, schema);
		*ret = b;
	}
	return code;
}

enum rc_code rc_store_targets(struct rc_store *s, struct rc_arena *mem, struct rc_target_known **ret, size_t *ret_n,
			      struct rc_err *err)
{
	struct rc_target_known *p = NULL;
	struct rc_target_value value;
	struct rc_kv_cursor *c;
	struct rc_slice raw;
	struct rc_view *v;
	size_t n = 0, cap;
	uint16_t number;
	enum rc_code code = rc_view_begin(s, &v, err);

	if (code)
		return code;
	cap = v->txn ? rc_kv_count(v->txn, RC_KV_TARGETS) : 0;
	c = v->txn ? rc_kv_cursor(v->txn, RC_KV_TARGETS) : NULL;
	p = rc_arena_alloc(mem, (cap + 1) * sizeof(*p));
	for (bool first = true; c && n < cap && each(v, c, first, &number, &value, &raw); first = false)
		p[n++] = (struct rc_target_known){number, rc_arena_copy(mem, value.name),
						  rc_arena_copy(mem, value.connector)};
	rc_kv_cursor_close(c);
	code = rc_view_end(v, err);
	if (!code) {
		*ret = p;
		*ret_n = n;
	}
	return code;
}

struct rebind {
	uint16_t number;
	const struct rc_pair *ids;
	size_t n_ids;
};

static void put_ids(struct rc_store *s, struct rc_kv_txn *t, void *ctx)
{
	const struct rebind *r = ctx;
	struct target_put p = {r->number, {{0}, {0}}, r->ids, r->n_ids};
	struct rc_slice raw;
	struct rc_key k = {.n = 0};

	rc_key_u16(&k, r->number);
	if (!rc_kv_get(t, RC_KV_TARGETS, rc_key_slice(&k), &raw) ||
	    !rc_codec_decode(&rc_codec_target, raw, NULL, &p.value)) {
		rc_kv_damaged(t, RC_KV_TARGETS, "a bound target is not there");
		return;
	}
	put_target(s, t, &p); /* encodes before it puts: the strings are still there */
}

enum rc_code rc_store_rebind(struct rc_store *s, uint16_t target, const struct rc_pair *ids, size_t n_ids,
			     struct rc_err *err)
{
	struct rebind r = {target, ids, n_ids};

	if (s->mode != RC_STORE_WRITE)
		return rc_fail(err, RC_INTERNAL, "state %s is open for reading", s->dir);
	return rc_store_write(s, put_ids, &r, NULL, NULL, err);
}
