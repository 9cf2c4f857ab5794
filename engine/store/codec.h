/* engine/store/codec.h - structs to bytes and back, by tables. Used inside engine/store only.
 *
 * A value is: layout byte, fixed head (its length belongs to the table), fields, 4 bytes of XXH3 over all before. A
 * field is tag, varint length, bytes; integers are little endian without their leading zeros. Fields have short forms
 * too, which need the state's words: schemas/store-format.md. Zero and empty fields are left out, unknown tags are
 * skipped, so a later version may add fields. Decoding trusts nothing: a value that is short, overlong or does not
 * match its checksum is false, and nothing outside of it is ever read. */
#ifndef RC_CODEC_H
#define RC_CODEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/account_schema.h"
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/slice.h"
#include "engine/store/words.h"

enum rc_codec_type {
	RC_CODEC_SLICE, /* struct rc_slice */
	RC_CODEC_WORD,  /* the same, one of few texts */
	RC_CODEC_ID,    /* the same, an id of a provider */
	RC_CODEC_TIME,  /* int64_t, near to the one before it in the table */
	RC_CODEC_I64,
	RC_CODEC_U64,
	RC_CODEC_U32, /* also enums */
	RC_CODEC_I32,
	RC_CODEC_U16,
	RC_CODEC_U8,
	RC_CODEC_BOOL,
	RC_CODEC_DOUBLE,
	RC_CODEC_B16,     /* uint8_t[16] */
	RC_CODEC_ACCOUNT, /* struct rc_account, by field names */
};

/* How a field stands in a value, in the high bits of its tag; without them: tag, length, bytes. Tags of tables with
 * short forms are below 64. */
enum {
	RC_CODEC_NUMBER = 0x80, /* tag, varint; no length */
	RC_CODEC_SHORT = 0x40,  /* tag, length, bytes: an id packed, an account's field under its name's number */
};

/* What values are read and written with. All may be NULL. */
struct rc_codec_env {
	const struct rc_account_schema *schema; /* NULL: accounts stay empty */
	struct rc_words *words;                 /* NULL: no short forms; reading one is damage */
	struct rc_kv_txn *txn;                  /* reading: where words are that this process has not seen */
	struct rc_arena *mem;                   /* reading: for texts that no value holds; NULL: such ids stay empty */
};

struct rc_codec_field {
	uint8_t tag; /* 1 to 255, on disk */
	uint8_t type;
	uint16_t offset; /* in the struct */
	uint32_t below;  /* integers: a value from here on is damage; words: as rc_words_give(); 0: any, or many */
};

struct rc_codec {
	uint8_t layout;
	uint8_t head; /* bytes between the layout byte and the first field */
	uint8_t n;
	const struct rc_codec_field *fields;
	uint16_t name; /* offset of the slice that an account's field often repeats; 0: there is none */
};

enum { RC_CODEC_SUM = 4 };

/* Appends one value. head: c->head bytes. env may be NULL where there is no account and nothing to shorten. */
void rc_codec_encode(const struct rc_codec *c, const void *head, const void *from, const struct rc_codec_env *env,
		     struct rc_buf *ret);

/* Fills *to, which the caller zeroed; slices point into v, into the words or into env->mem. */
bool rc_codec_decode(const struct rc_codec *c, struct rc_slice v, const struct rc_codec_env *env, void *to);

/* Parts, for values that hold lists: begin and end frame them; a list repeats its tag. */
void rc_codec_begin(const struct rc_codec *c, const void *head, struct rc_buf *ret);
void rc_codec_add(struct rc_buf *b, uint8_t tag, struct rc_slice bytes);
void rc_codec_add_fields(const struct rc_codec *c, const void *from, const struct rc_codec_env *env,
			 struct rc_buf *ret);
void rc_codec_end(struct rc_buf *b, size_t start); /* start: b->n before begin */

/* The fields of a checked value, one by one. */
struct rc_codec_iter {
	const uint8_t *p, *end;
	bool bad;
};
bool rc_codec_open(const struct rc_codec *c, struct rc_slice v, struct rc_codec_iter *ret); /* false: damaged */
bool rc_codec_next(struct rc_codec_iter *it, uint8_t *ret_tag, struct rc_slice *ret);       /* false: end, or it->bad */

/* Takes one off the front of *s; false: it holds none. */
bool rc_take_varint(struct rc_slice *s, uint64_t *ret);

/* Ids of 32 digits and letters in groups of 8-4-4-4-12: 16 bytes when they are hexadecimal in lower case, else 24.
 * pack: 0, the id has another form. unpack: false, n bytes are no id. */
enum { RC_ID_TEXT = 36, RC_ID_PACKED = 24 };
size_t rc_id_pack(struct rc_slice id, uint8_t ret[RC_ID_PACKED]);
bool rc_id_unpack(struct rc_slice packed, char ret[RC_ID_TEXT]);

#endif
