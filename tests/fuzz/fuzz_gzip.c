/* Any bytes as a gzip stream, through the thread that inflates: in one piece or many the text is the same, the sizes
 * add up, and a bomb ends at its ratio. Input: piece size, then the file. */
#include <assert.h>
#include <string.h>
#include "engine/base/buf.h"
#include "engine/source/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOCK = 4096, MOST = 1 << 22 };

static enum rc_code take(const struct rc_stream_opts *o, struct rc_buf *out, struct rc_err *err)
{
	struct rc_stream *s = NULL;
	char block[BLOCK];
	size_t n = 1;
	enum rc_code code = rc_stream_open(o, &s, err);

	if (code)
		return code;
	while (!code && n && out->n < MOST) {
		code = rc_stream_read(s, block, sizeof(block), &n, err);
		if (!code)
			rc_buf_add(out, block, n);
	}
	if (!code && n == 0) {
		assert(rc_stream_info(s)->bytes == o->memory.n);
		assert(rc_stream_info(s)->text_bytes == out->n);
	}
	rc_stream_free(s);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rc_buf whole = {0}, pieces = {0};
	struct rc_err a = {0}, b = {0};

	if (size < 1)
		return 0;
	struct rc_stream_opts o = {
		.memory = {(const char *)data + 1, size - 1}, .name = "f.gz", .max_ratio = RC_RATIO_NONE};
	enum rc_code code = take(&o, &whole, &a);

	o.piece = data[0] + 1u;
	assert(take(&o, &pieces, &b) == code);
	assert(!code || strcmp(a.what, b.what) == 0);
	assert(whole.n == pieces.n && (!whole.n || memcmp(whole.p, pieces.p, whole.n) == 0));
	rc_buf_done(&whole);
	rc_buf_done(&pieces);
	return 0;
}
