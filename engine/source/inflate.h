/* engine/source/inflate.h - gzip to plain bytes, ahead of the reader in a second thread.
 *
 * The first buffers are filled in the caller's thread, so that small files start no thread. All signals are blocked in
 * the helper. rc_input belongs to this module from _new to _free. Reads after the end or an error repeat it. Errors are
 * 65 and give the reason only. */
#ifndef RC_INFLATE_H
#define RC_INFLATE_H
#include "engine/source/input.h"

struct rc_inflate;

/* head: bytes already taken from in (copied). max_ratio: see rc_stream_opts, resolved. */
struct rc_inflate *rc_inflate_new(struct rc_input *in, struct rc_slice head, uint32_t max_ratio);
void rc_inflate_free(struct rc_inflate *z);

enum rc_code rc_inflate_read(struct rc_inflate *z, char *buf, size_t cap, size_t *ret_n, struct rc_err *err);

/* Input statistics up to the bytes read so far; final at the end. */
const struct rc_stream_info *rc_inflate_info(const struct rc_inflate *z);

#endif
