/* engine/source/gunzip.h - the bytes of one gzip member after the other, by zlib or, in builds with ROLLCALL_ISAL, by
 * Intel's ISA-L, which is two to three times as fast. zlib is the reference: a test of those builds holds the other
 * equal to it. Header, checksum and length of a member are checked; what lies between members is the caller's. */
#ifndef RC_GUNZIP_H
#define RC_GUNZIP_H
#include <stddef.h>

struct rc_gunzip_io {
	const unsigned char *in; /* moves on */
	size_t in_n;
	char *out; /* moves on */
	size_t out_n;
	const char *why; /* of RC_GUNZIP_CORRUPT */
};

enum rc_gunzip_did {
	RC_GUNZIP_MORE, /* input or room ran out */
	RC_GUNZIP_END,  /* of a member: what is left of `in` lies behind it */
	RC_GUNZIP_CORRUPT,
};

struct rc_gunzip_kind {
	void *(*begin)(void); /* NULL: no memory for it */
	enum rc_gunzip_did (*step)(void *state, struct rc_gunzip_io *io);
	void (*next)(void *state); /* another member */
	void (*end)(void *state);
};

extern const struct rc_gunzip_kind rc_gunzip_zlib;
#ifdef ROLLCALL_ISAL
extern const struct rc_gunzip_kind rc_gunzip_isal;
#define RC_GUNZIP (&rc_gunzip_isal)
#else
#define RC_GUNZIP (&rc_gunzip_zlib)
#endif

#endif
