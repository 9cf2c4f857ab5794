#include "engine/source/stream.h"
#include "engine/base/alloc.h"
#include "engine/source/convert.h"
#include "engine/source/inflate.h"
#include "engine/source/input.h"
#include "engine/source/utf8_watch.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { HEAD = 4096, PACKED = 64 * 1024 };

struct rc_stream {
	char *name;
	struct rc_input input;
	struct rc_inflate *inflate;
	char head[HEAD]; /* read to recognise gzip and byte order marks, handed out first */
	size_t head_at, head_n;
	struct rc_convert *convert; /* NULL: the bytes are UTF-8 */
	char *raw;                  /* what convert still has to do */
	size_t raw_at, raw_n;
	bool watching; /* the encoding was declared, not marked */
	struct rc_utf8_watch watch;
	bool raw_ended;
	enum rc_code raw_failed; /* told once the text before the fault is out */
	bool ended;
	enum rc_code failed;
	struct rc_err err;
	uint64_t text_bytes;
	struct rc_stream_info info;
};

/* Bytes below the encoding: what was read ahead, then the inflated or the plain file. */
static enum rc_code bytes(struct rc_stream *s, char *buf, size_t cap, size_t *ret_n, struct rc_err *err)
{
	if (s->head_at < s->head_n) {
		size_t n = s->head_n - s->head_at < cap ? s->head_n - s->head_at : cap;

		memcpy(buf, s->head + s->head_at, n);
		s->head_at += n;
		*ret_n = n;
		return RC_OK;
	}
	if (s->inflate)
		return rc_inflate_read(s->inflate, buf, cap, ret_n, err);
	return rc_input_read(&s->input, buf, cap, ret_n, err);
}

/* Reads ahead until need bytes are there or the end is. */
static enum rc_code look(struct rc_stream *s, size_t need, struct rc_err *err)
{
	s->head_at = s->head_n = 0;
	while (s->head_n < need) {
		size_t n;
		enum rc_code code;

		if (s->inflate)
			code = rc_inflate_read(s->inflate, s->head + s->head_n, HEAD - s->head_n, &n, err);
		else
			code = rc_input_read(&s->input, s->head + s->head_n, HEAD - s->head_n, &n, err);
		if (code)
			return code;
		if (n == 0)
			break;
		s->head_n += n;
	}
	return RC_OK;
}

static bool is_utf8(const char *encoding)
{
	return !encoding || !*encoding || strcasecmp(encoding, "utf-8") == 0 || strcasecmp(encoding, "utf8") == 0;
}

/* The encoding a byte order mark names, or NULL; steps over the mark. */
static const char *mark(struct rc_stream *s)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *encoding;
	} marks[] = {
		{"\xef\xbb\xbf", 3, "UTF-8"}, {"\xff\xfe\0\0", 4, "UTF-32LE"}, {"\0\0\xfe\xff", 4, "UTF-32BE"},
		{"\xff\xfe", 2, "UTF-16LE"},  {"\xfe\xff", 2, "UTF-16BE"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (s->head_n >= marks[i].n && memcmp(s->head, marks[i].bytes, marks[i].n) == 0) {
			s->head_at = marks[i].n;
			return marks[i].encoding;
		}
	return NULL;
}

static enum rc_code begin(struct rc_stream *s, const struct rc_stream_opts *opts, struct rc_err *err)
{
	const char *encoding;
	enum rc_code code = look(s, 4, err);

	if (code)
		return code;
	if (s->head_n == 0)
		return rc_fail(err, RC_DATA, "is empty (0 bytes)");
	if (s->head_n >= 2 && s->head[0] == '\x1f' && s->head[1] == '\x8b') {
		s->inflate = rc_inflate_new(&s->input, (struct rc_slice){s->head, s->head_n},
					    opts->max_ratio ? opts->max_ratio : RC_MAX_RATIO);
		s->info.gzip = true;
		code = look(s, 4, err);
		if (code)
			return code;
	}
	encoding = mark(s);
	s->watching = !encoding;
	if (!encoding)
		encoding = is_utf8(opts->encoding) ? "UTF-8" : opts->encoding;
	snprintf(s->info.encoding, sizeof(s->info.encoding), "%s", encoding);
	if (!is_utf8(encoding)) {
		code = rc_convert_new(encoding, &s->convert, err);
		s->raw = rc_xmalloc(PACKED);
	}
	return code;
}

enum rc_code rc_stream_open(const struct rc_stream_opts *opts, struct rc_stream **ret, struct rc_err *err)
{
	struct rc_stream *s = rc_xcalloc(1, sizeof(*s));
	enum rc_code code;

	if (opts->name)
		s->name = rc_xstrdup(opts->name);
	else
		s->name = rc_xstrdup(!opts->path || strcmp(opts->path, "-") == 0 ? "(standard input)" : opts->path);
	code = rc_input_init(&s->input, opts, err);
	if (!code)
		code = begin(s, opts, err);
	if (code) {
		rc_stream_free(s);
		return code;
	}
	*ret = s;
	return RC_OK;
}

static enum rc_code converted(struct rc_stream *s, char *buf, size_t cap, size_t *ret_n, struct rc_err *err)
{
	size_t n = 0;

	while (n == 0 && !(s->raw_ended && s->raw_at == s->raw_n)) {
		size_t got = 0;

		if (!s->raw_ended && !s->raw_failed) {
			memmove(s->raw, s->raw + s->raw_at, s->raw_n - s->raw_at);
			s->raw_n -= s->raw_at;
			s->raw_at = 0;
			/* room first: what is left over from last time may fill buf by itself */
			if (s->raw_n < PACKED / 2) {
				s->raw_failed = bytes(s, s->raw + s->raw_n, PACKED - s->raw_n, &got, err);
				s->raw_ended = !s->raw_failed && got == 0;
				if (s->watching)
					rc_utf8_watch_feed(&s->watch, s->raw + s->raw_n, got);
				s->raw_n += got;
			}
		}
		s->raw_at += rc_convert_some(s->convert, (struct rc_slice){s->raw + s->raw_at, s->raw_n - s->raw_at},
					     s->raw_ended, buf, cap, &n);
		if (n == 0 && s->raw_failed) /* not before the text that comes before the fault is out */
			return s->raw_failed;
	}
	*ret_n = n;
	return RC_OK;
}

enum rc_code rc_stream_read(struct rc_stream *s, char *buf, size_t cap, size_t *ret_n, struct rc_err *err)
{
	*ret_n = 0;
	if (!s->failed && !s->ended) {
		s->failed = s->convert ? converted(s, buf, cap, ret_n, &s->err) : bytes(s, buf, cap, ret_n, &s->err);
		if (s->failed)
			*ret_n = 0;
		else
			s->ended = *ret_n == 0;
		s->text_bytes += *ret_n;
	}
	if (s->failed && err)
		*err = s->err;
	return s->failed;
}

const struct rc_stream_info *rc_stream_info(const struct rc_stream *s)
{
	struct rc_stream *w = (struct rc_stream *)(uintptr_t)s; /* a cache filled on demand, not state */
	struct rc_stream_info of = s->inflate ? *rc_inflate_info(s->inflate) : s->input.info;

	of.gzip = s->info.gzip;
	memcpy(of.encoding, s->info.encoding, sizeof(of.encoding));
	of.text_bytes = s->text_bytes;
	of.utf8_after_all = s->ended && rc_utf8_watch_says(&s->watch);
	w->info = of;
	return &s->info;
}

const char *rc_stream_name(const struct rc_stream *s)
{
	return s->name;
}

bool rc_stream_converts(const struct rc_stream *s)
{
	return s->convert != NULL;
}

void rc_stream_free(struct rc_stream *s)
{
	if (!s)
		return;
	rc_inflate_free(s->inflate); /* before the input it reads from */
	rc_input_done(&s->input);
	rc_convert_free(s->convert);
	free(s->raw);
	free(s->name);
	free(s);
}
