/* engine/store/codec.h - structs to bytes and back, by tables. Used inside engine/store only.
 *
 * A value is: layout byte, fixed head (its length belongs to the table), fields, 4 bytes of XXH3 over all before. A
 * field is tag, varint length, bytes; integers are little endian without their leading zeros. Zero and empty fields are
 * left out, unknown tags are skipped, so a later version may add fields. Decoding trusts nothing: a value that is
 * short, overlong or does not match its checksum is false, and nothing outside of it is ever read. */
#ifndef RC_CODEC_H
#define RC_CODEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/account_schema.h"
#include "engine/base/buf.h"
#include "engine/base/slice.h"

enum rc_codec_type {
	RC_CODEC_SLICE, /* struct rc_slice */
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

struct rc_codec_field {
	uint8_t tag; /* 1 to 255, on disk */
	uint8_t type;
	uint16_t offset; /* in the struct */
	uint32_t below;  /* integers: a value from here on is damage; 0: any */
};

struct rc_codec {
	uint8_t layout;
	uint8_t head; /* bytes between the layout byte and the first field */
	uint8_t n;
	const struct rc_codec_field *fields;
};

enum { RC_CODEC_SUM = 4 };

/* Appends one value. head: c->head bytes. schema: names of an account's fields, may be NULL when there is no account.
 */
void rc_codec_encode(const struct rc_codec *c, const void *head, const void *from,
		     const struct rc_account_schema *schema, struct rc_buf *ret);

/* Fills *to, which the caller zeroed; slices point into v. Without a schema accounts stay empty. */
bool rc_codec_decode(const struct rc_codec *c, struct rc_slice v, const struct rc_account_schema *schema, void *to);

/* Parts, for values that hold lists: begin and end frame them; a list repeats its tag. */
void rc_codec_begin(const struct rc_codec *c, const void *head, struct rc_buf *ret);
void rc_codec_add(struct rc_buf *b, uint8_t tag, struct rc_slice bytes);
void rc_codec_add_fields(const struct rc_codec *c, const void *from, const struct rc_account_schema *schema,
			 struct rc_buf *ret);
void rc_codec_end(struct rc_buf *b, size_t start); /* start: b->n before begin */

/* The fields of a checked value, one by one. */
struct rc_codec_iter {
	const uint8_t *p, *end;
	bool bad;
};
bool rc_codec_open(const struct rc_codec *c, struct rc_slice v, struct rc_codec_iter *ret); /* false: damaged */
bool rc_codec_next(struct rc_codec_iter *it, uint8_t *ret_tag, struct rc_slice *ret);       /* false: end, or it->bad */

#endif
