#include "connectors/shared/xml_read.h"
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>

enum { XML_MAX = 64 << 10, TAG_MAX = 40, TEXT_MAX = 4096 };

static struct rc_slice bounded(struct rc_slice s)
{
	if (s.n > XML_MAX)
		s.n = XML_MAX;
	return s;
}

static bool begins(struct rc_slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && strncasecmp(s.p, with, n) == 0;
}

bool rc_xml_is(struct rc_slice body)
{
	if (begins(body, "\xef\xbb\xbf")) {
		body.p += 3;
		body.n -= 3;
	}
	while (body.n && (*body.p == ' ' || *body.p == '\t' || *body.p == '\r' || *body.p == '\n')) {
		body.p++;
		body.n--;
	}
	return begins(body, "<?xml") || begins(body, "<Error>") || begins(body, "<Error ");
}

static struct rc_slice unescape(struct rc_slice s, struct rc_arena *mem)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
	char *out = rc_arena_alloc(mem, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		for (size_t k = 0; c == '&' && k < sizeof(entities) / sizeof(*entities); k++) {
			size_t len = strlen(entities[k].entity);

			if (s.n - i >= len && memcmp(s.p + i, entities[k].entity, len) == 0) {
				out[n++] = entities[k].c;
				i += len - 1;
				c = 0;
			}
		}
		if (c)
			out[n++] = c;
	}
	out[n] = 0;
	return (struct rc_slice){out, n};
}

struct rc_slice rc_xml_text(struct rc_slice body, const char *tag, struct rc_arena *mem)
{
	char open[TAG_MAX], close[TAG_MAX];
	const char *from, *to;

	body = bounded(body);
	snprintf(open, sizeof(open), "<%s>", tag);
	snprintf(close, sizeof(close), "</%s>", tag);
	from = body.n ? memmem(body.p, body.n, open, strlen(open)) : NULL;
	if (!from)
		return (struct rc_slice){0};
	from += strlen(open);
	to = memmem(from, (size_t)(body.p + body.n - from), close, strlen(close));
	if (!to || to - from > TEXT_MAX)
		return (struct rc_slice){0};
	return unescape((struct rc_slice){from, (size_t)(to - from)}, mem);
}
