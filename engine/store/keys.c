#include "engine/base/alloc.h"
#include "engine/store/kv.h"
#include "engine/store/layout.h"
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

struct rc_hash rc_hash_of(uint64_t seed, struct rc_slice key)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(key.p, key.n, seed);

	return (struct rc_hash){{htobe64(h.high64), htobe64(h.low64)}};
}

void rc_hash_key(uint64_t seed, struct rc_slice key, uint8_t ret[RC_HASH_BYTES])
{
	struct rc_hash h = rc_hash_of(seed, key);

	memcpy(ret, h.w, RC_HASH_BYTES);
}

struct rc_hash rc_hash_of_name(uint64_t seed, struct rc_slice name)
{
	char small[256], *p = small;
	struct rc_hash h;

	if (rc_account_name_is_folded(name))
		return rc_hash_of(seed, name);
	if (name.n > sizeof(small))
		p = rc_xmalloc(name.n);
	rc_account_name_fold(name, p);
	h = rc_hash_of(seed, (struct rc_slice){p, name.n});
	if (p != small)
		free(p);
	return h;
}

void rc_hash_server(uint64_t seed, struct rc_slice server, uint8_t ret[8])
{
	XXH64_canonical_t c;

	XXH64_canonicalFromHash(&c, XXH3_64bits_withSeed(server.p, server.n, seed));
	memcpy(ret, c.digest, 8);
}

static uint8_t *put_u16(uint8_t *p, uint16_t n)
{
	n = htobe16(n);
	memcpy(p, &n, sizeof(n));
	return p + sizeof(n);
}

/* In one piece, not byte by byte: what is written so is not read again at once as whole words. */
struct rc_key rc_key_known(uint16_t target, const uint8_t hash[RC_HASH_BYTES])
{
	struct rc_key k;

	memcpy(put_u16(k.b, target), hash, RC_HASH_BYTES);
	k.n = 2 + RC_HASH_BYTES;
	return k;
}

static void add_name(struct rc_key *k, uint64_t seed, struct rc_slice server, struct rc_slice name)
{
	struct rc_hash n = rc_hash_of_name(seed, name);
	uint8_t s[8];

	rc_hash_server(seed, server, s);
	rc_key_add(k, s, sizeof(s));
	rc_key_add(k, n.w, RC_HASH_BYTES);
}

struct rc_key rc_key_retiring(uint64_t seed, uint16_t target, const uint8_t hash[RC_HASH_BYTES], struct rc_slice server,
			      struct rc_slice name)
{
	struct rc_key k = rc_key_known(target, hash);

	add_name(&k, seed, server, name);
	return k;
}

enum { NAME_BYTES = 12, NAME_KEY_1 = 2 + 8 + RC_HASH_BYTES };

uint8_t *rc_key_known_put(uint8_t *p, uint16_t target, const struct rc_hash *hash)
{
	p = put_u16(p, target);
	memcpy(p, &hash->w[0], 8);
	memcpy(p + 8, &hash->w[1], 8);
	return p + RC_HASH_BYTES;
}

static void add_server(struct rc_key *k, const uint8_t hash[8], bool only)
{
	rc_key_u8(k, !only);
	if (!only)
		rc_key_add(k, hash, 8);
}

static uint8_t *put_names_of(uint8_t *p, uint64_t seed, uint16_t target, struct rc_slice server)
{
	p = put_u16(p, target);
	*p++ = server.n != 0;
	if (server.n)
		rc_hash_server(seed, server, p);
	return p + (server.n ? 8 : 0);
}

struct rc_key rc_key_names_of(uint64_t seed, uint16_t target, struct rc_slice server)
{
	struct rc_key k;

	k.n = (size_t)(put_names_of(k.b, seed, target, server) - k.b);
	return k;
}

uint8_t *rc_key_name_put(uint8_t *p, uint64_t seed, uint16_t target, struct rc_slice server, const struct rc_hash *name)
{
	p = put_names_of(p, seed, target, server);
	memcpy(p, &name->w[0], 8);
	memcpy(p + 8, &name->w[1], NAME_BYTES - 8);
	return p + NAME_BYTES;
}

struct rc_key rc_key_name(uint32_t format, uint64_t seed, uint16_t target, struct rc_slice server, struct rc_slice name)
{
	struct rc_key k = {.n = 0};
	struct rc_hash hash;

	if (format < 2) {
		rc_key_u16(&k, target);
		add_name(&k, seed, server, name);
		return k;
	}
	hash = rc_hash_of_name(seed, name);
	k.n = (size_t)(rc_key_name_put(k.b, seed, target, server, &hash) - k.b);
	return k;
}

bool rc_key_name_from_1(uint64_t seed, struct rc_slice raw, struct rc_key *ret)
{
	uint8_t only[8];

	if (raw.n != NAME_KEY_1)
		return false;
	rc_hash_server(seed, (struct rc_slice){"", 0}, only);
	ret->n = 0;
	rc_key_add(ret, raw.p, 2);
	add_server(ret, (const uint8_t *)raw.p + 2, memcmp(raw.p + 2, only, 8) == 0);
	rc_key_add(ret, raw.p + 10, NAME_BYTES);
	return true;
}

struct rc_key rc_key_due(int64_t at_ns, bool retiring, struct rc_slice record_key)
{
	struct rc_key k = {.n = 0};

	/* The sign bit turned, so that moments before 1970 sort first. */
	rc_key_u64(&k, (uint64_t)at_ns ^ (uint64_t)1 << 63);
	rc_key_u8(&k, retiring);
	rc_key_add(&k, record_key.p, record_key.n);
	return k;
}

struct rc_key rc_key_event(uint16_t target, const uint8_t hash[RC_HASH_BYTES], int64_t at_ns, uint32_t nth)
{
	struct rc_key k = rc_key_known(target, hash);

	rc_key_u64(&k, (uint64_t)at_ns ^ (uint64_t)1 << 63);
	rc_key_u32(&k, nth);
	return k;
}

struct rc_key rc_key_order(uint16_t source, uint32_t epoch, uint32_t block)
{
	struct rc_key k = {.n = 0};

	rc_key_u16(&k, source);
	rc_key_u32(&k, epoch);
	rc_key_u32(&k, block);
	return k;
}

struct rc_key rc_key_meta(const char *name)
{
	struct rc_key k = {.n = 0};

	rc_key_add(&k, name, strlen(name));
	return k;
}

struct rc_key rc_key_meta_u16(const char *name, uint16_t n)
{
	struct rc_key k = rc_key_meta(name);

	rc_key_u8(&k, '/');
	rc_key_u16(&k, n);
	return k;
}

struct rc_key rc_key_listing(uint64_t seed, uint16_t target, struct rc_slice server)
{
	struct rc_key k = rc_key_meta_u16("listing", target);
	uint8_t s[8];

	rc_hash_server(seed, server, s);
	rc_key_add(&k, s, sizeof(s));
	return k;
}

struct rc_key rc_key_rate(uint64_t seed, struct rc_slice account, struct rc_slice server)
{
	struct rc_key k = rc_key_meta("rate/");
	uint8_t a[RC_HASH_BYTES], s[8];

	rc_hash_key(seed, account, a);
	rc_hash_server(seed, server, s);
	rc_key_add(&k, a, sizeof(a));
	rc_key_add(&k, s, sizeof(s));
	return k;
}

void rc_counts_get(struct rc_kv_txn *t, uint16_t target, uint64_t ret[2])
{
	struct rc_key k = rc_key_meta_u16("counts", target);
	struct rc_slice raw;

	ret[0] = ret[1] = 0;
	if (!rc_kv_get(t, RC_KV_META, rc_key_slice(&k), &raw))
		return;
	if (raw.n != 16) {
		rc_kv_damaged(t, RC_KV_META, "the counts of a target are unreadable");
		return;
	}
	ret[0] = rc_get_u64((const uint8_t *)raw.p);
	ret[1] = rc_get_u64((const uint8_t *)raw.p + 8);
}

void rc_counts_put(struct rc_kv_txn *t, uint16_t target, const uint64_t n[2])
{
	struct rc_key k = rc_key_meta_u16("counts", target), v = {.n = 0};

	rc_key_u64(&v, n[0]);
	rc_key_u64(&v, n[1]);
	rc_kv_put(t, RC_KV_META, rc_key_slice(&k), rc_key_slice(&v));
}

/* Layout byte of a managed account's name. */
enum { NAME_MANAGED = 2 };

bool rc_name_read(struct rc_slice raw, struct rc_name_value *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (raw.n != 1 + RC_HASH_BYTES || raw.p[0] != NAME_MANAGED)
		return rc_codec_decode(&rc_codec_name, raw, NULL, ret);
	memcpy(ret->key_hash, raw.p + 1, RC_HASH_BYTES);
	ret->kind = RC_NAME_MANAGED;
	return true;
}

void rc_name_write(const struct rc_name_value *v, struct rc_buf *ret)
{
	if (v->kind != RC_NAME_MANAGED) {
		rc_codec_encode(&rc_codec_name, NULL, v, NULL, ret);
		return;
	}
	rc_buf_addc(ret, NAME_MANAGED);
	rc_buf_add(ret, v->key_hash, RC_HASH_BYTES);
}
