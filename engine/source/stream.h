/* engine/source/stream.h - the bytes of one source: file, pipe, descriptor or memory; gunzipped, in UTF-8.
 *
 * Gzip     known by its magic bytes (RFC 1952), never by name; concatenated members are one stream, zeros behind the
 *          last one are padding, anything else there, a truncated or a corrupt member is an error. Inflating runs in a
 *          second thread, four buffers ahead. A bomb ends at max_ratio.
 * Encoding a byte order mark decides (UTF-8, UTF-16, UTF-32) and is removed; else the declared encoding through iconv.
 *          What cannot be decoded comes out as one byte 0xFF, which no UTF-8 holds, so that the record around it is
 *          refused and not the file. UTF-8 itself passes through unchecked: the parsers check it.
 * Changes  a regular file whose size or mtime differs between open and end is an error: it is still being written.
 * Memory   constant. Errors: 65 with "FILE: reason"; the reader adds the line. */
#ifndef RC_STREAM_H
#define RC_STREAM_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"

#define RC_MAX_RATIO 500         /* default of max_ratio: plain bytes per gzip byte, counted from 256 MiB on */
#define RC_RATIO_NONE UINT32_MAX /* max_ratio: no limit */

struct rc_stream_opts {
	const char *path;       /* "-": standard input; a FIFO is waited for */
	struct rc_slice memory; /* when path is NULL and memory.p is not: borrowed for the life of the stream */
	int fd;                 /* when both are NULL: taken over and closed */
	const char *name;       /* what messages call it; NULL: path or "(standard input)" */
	const char *encoding;   /* any iconv name without a slash; NULL: UTF-8 */
	uint32_t max_ratio;     /* 0: RC_MAX_RATIO */
	size_t piece;           /* tests: read at most so many bytes at a time; 0: no such limit */
	bool sha256;            /* also compute info.sha256 */
};

struct rc_stream_info {
	uint64_t bytes;           /* as stored, compressed */
	uint64_t text_bytes;      /* handed out */
	uint64_t hash[2];         /* XXH3-128 of the stored bytes: high, low; valid at the end of the stream */
	unsigned char sha256[32]; /* the same by SHA-256, if asked for */
	int64_t mtime_ns;         /* regular files, else 0 */
	uint64_t size;            /* the same: in bytes, when it was opened */
	bool regular;
	bool gzip;
	bool utf8_after_all; /* at the end: another encoding was declared, yet all of it is valid UTF-8 beyond ASCII */
	char encoding[32];   /* in effect: "UTF-8", "UTF-16LE", or as declared */
};

struct rc_stream;

enum rc_code rc_stream_open(const struct rc_stream_opts *opts, struct rc_stream **ret, struct rc_err *err);
void rc_stream_free(struct rc_stream *s);

/* Up to cap (at least 64) bytes; *ret_n 0 only at the end. After an error or the end every call repeats it. */
enum rc_code rc_stream_read(struct rc_stream *s, char *buf, size_t cap, size_t *ret_n, struct rc_err *err);

const struct rc_stream_info *rc_stream_info(const struct rc_stream *s);
const char *rc_stream_name(const struct rc_stream *s);
bool rc_stream_converts(const struct rc_stream *s); /* 0xFF in the text may come from a failed conversion */

#endif
