/* engine/store/layout.h - keys and values of every table, as schemas/store-format.md gives them. Used inside
 * engine/store only. */
#ifndef RC_STORE_LAYOUT_H
#define RC_STORE_LAYOUT_H
#include <assert.h>
#include <endian.h>
#include <string.h>
#include "engine/store/codec.h"
#include "engine/store/history.h"
#include "engine/store/journal.h"
#include "engine/store/known.h"
#include "engine/store/meta.h"

/* UNSETTLED: what a file of our format is marked with while facts are put off in it (later.h). */
enum { RC_STORE_FORMAT = 2, RC_STORE_FORMAT_UNSETTLED = 1000 + RC_STORE_FORMAT };

/* A key being built: at most 50 bytes. */
struct rc_key {
	uint8_t b[56];
	size_t n;
};

static inline struct rc_slice rc_key_slice(const struct rc_key *k)
{
	return (struct rc_slice){(const char *)k->b, k->n};
}

static inline void rc_key_add(struct rc_key *k, const void *p, size_t n)
{
	assert(k->n + n <= sizeof(k->b));
	memcpy(k->b + k->n, p, n);
	k->n += n;
}

static inline void rc_key_u8(struct rc_key *k, uint8_t n)
{
	rc_key_add(k, &n, sizeof(n));
}

/* Big endian, so that byte order is number order. */

static inline void rc_key_u16(struct rc_key *k, uint16_t n)
{
	n = htobe16(n);
	rc_key_add(k, &n, sizeof(n));
}

static inline void rc_key_u32(struct rc_key *k, uint32_t n)
{
	n = htobe32(n);
	rc_key_add(k, &n, sizeof(n));
}

static inline void rc_key_u64(struct rc_key *k, uint64_t n)
{
	n = htobe64(n);
	rc_key_add(k, &n, sizeof(n));
}

static inline uint16_t rc_get_u16(const uint8_t *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof(n));
	return be16toh(n);
}

static inline uint32_t rc_get_u32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static inline uint64_t rc_get_u64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return be64toh(n);
}

/* The bytes of a hash, in their order: kept in registers where memory that was written in pieces would be read whole.
 */
struct rc_hash {
	uint64_t w[RC_HASH_BYTES / 8];
};

struct rc_hash rc_hash_of(uint64_t seed, struct rc_slice key);
struct rc_hash rc_hash_of_name(uint64_t seed, struct rc_slice name); /* folded first */
void rc_hash_key(uint64_t seed, struct rc_slice key, uint8_t ret[RC_HASH_BYTES]);
void rc_hash_server(uint64_t seed, struct rc_slice server, uint8_t ret[8]);

/* known, open: target, key hash */
struct rc_key rc_key_known(uint16_t target, const uint8_t hash[RC_HASH_BYTES]);
/* retiring: target, key hash, server hash, name hash */
struct rc_key rc_key_retiring(uint64_t seed, uint16_t target, const uint8_t hash[RC_HASH_BYTES], struct rc_slice server,
			      struct rc_slice name);
/* names, unmanaged: target, server (a 0 byte for the only one, else 1 and its hash), 12 bytes of the name hash; in
 * format 1: target, server hash, name hash. A listing's facts: target, server hash, in meta. */
struct rc_key rc_key_name(uint32_t format, uint64_t seed, uint16_t target, struct rc_slice server,
			  struct rc_slice name);
struct rc_key rc_key_names_of(uint64_t seed, uint16_t target, struct rc_slice server); /* what they begin with */
/* The first and this one, in the format of today, to where there is room for a key; returns what comes behind. */
uint8_t *rc_key_known_put(uint8_t *p, uint16_t target, const struct rc_hash *hash);
uint8_t *rc_key_name_put(uint8_t *p, uint64_t seed, uint16_t target, struct rc_slice server,
			 const struct rc_hash *name);
/* The same key in format 2; false: raw is no key of format 1. */
bool rc_key_name_from_1(uint64_t seed, struct rc_slice raw, struct rc_key *ret);
struct rc_key rc_key_listing(uint64_t seed, uint16_t target, struct rc_slice server);
/* due: time, kind (0 known, 1 retiring), the rest of the record's own key */
struct rc_key rc_key_due(int64_t at_ns, bool retiring, struct rc_slice record_key);
/* history: target, key hash, time, running number */
struct rc_key rc_key_event(uint16_t target, const uint8_t hash[RC_HASH_BYTES], int64_t at_ns, uint32_t nth);
/* order: source, epoch, block; the hashes of a block's groups have an entry of their own, that of the block and this
 * bit */
#define RC_ORDER_GROUPS 0x80000000u
struct rc_key rc_key_order(uint16_t source, uint32_t epoch, uint32_t block);
/* meta: a name and a number */
struct rc_key rc_key_meta(const char *name);
struct rc_key rc_key_meta_u16(const char *name, uint16_t n);
struct rc_key rc_key_rate(uint64_t seed, struct rc_slice account, struct rc_slice server);

/* Records of a target and how many of them are managed: two numbers of 8 bytes, big endian, in meta. Absent: 0, 0. */
struct rc_kv_txn;
void rc_counts_get(struct rc_kv_txn *t, uint16_t target, uint64_t ret[2]);
void rc_counts_put(struct rc_kv_txn *t, uint16_t target, const uint64_t n[2]);

/* A value of names. The name of a managed account stands in its record: there is only the key hash, without a sum. */
struct rc_name_value {
	struct rc_slice name; /* folded, compared: the key holds only a hash; empty: see the record */
	uint8_t key_hash[RC_HASH_BYTES];
	uint8_t kind;
	int64_t since_ns;
};

bool rc_name_read(struct rc_slice raw, struct rc_name_value *ret);
void rc_name_write(const struct rc_name_value *v, struct rc_buf *ret);

/* The sequence of one source, in meta. */
struct rc_order_value {
	uint64_t n, generation;
	uint8_t seed[16];
	uint32_t epoch;
	bool raw;
};

struct rc_target_value {
	struct rc_slice name, connector;
};

extern const struct rc_codec rc_codec_known, rc_codec_unmanaged, rc_codec_listing, rc_codec_op, rc_codec_event,
	rc_codec_run, rc_codec_source, rc_codec_rate, rc_codec_marks, rc_codec_pause, rc_codec_name, rc_codec_order,
	rc_codec_target;

enum { RC_TAG_COLUMN = 100, RC_TAG_FILE = 101, RC_TAG_ID = 102 }; /* lists: source facts, target ids */

/* Records begin with what a merge needs, at fixed places (offsets after the layout byte). */
enum {
	RC_KNOWN_AT_STATUS = 1,
	RC_KNOWN_AT_BITS = 2, /* RC_KNOWN_BIT_... */
	RC_KNOWN_AT_FLAGS = 4,
	RC_KNOWN_AT_FINGERPRINT = 8,
	RC_KNOWN_HEAD = 23,
	RC_KNOWN_BIT_OPEN = 1,
	RC_KNOWN_BIT_MISSING = 2,
};
bool rc_known_decode_brief(struct rc_slice v, struct rc_known_brief *ret); /* all but hash */
void rc_known_write(const struct rc_known *k, const struct rc_codec_env *env, struct rc_buf *ret);
void rc_known_add(const struct rc_known *k, const struct rc_codec_env *env, struct rc_buf *ret); /* without the sum */
bool rc_known_read(struct rc_slice v, const struct rc_codec_env *env, struct rc_known *ret);

/* Journal entries: the state alone can be changed in place. */
enum { RC_OP_AT_STATE = 1, RC_OP_AT_TIME = 2, RC_OP_AT_SENT = 10, RC_OP_HEAD = 17 };
void rc_op_encode(const struct rc_op_entry *op, const struct rc_account_schema *schema, struct rc_buf *ret);
bool rc_op_decode(uint64_t id, struct rc_slice v, const struct rc_account_schema *schema, struct rc_op_entry *ret);
/* The same value with another state; false: damaged. */
bool rc_op_patch(struct rc_slice v, enum rc_op_state state, int64_t at_ns, int64_t sent_ns, struct rc_buf *ret);

#endif
