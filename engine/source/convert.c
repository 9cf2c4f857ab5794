#include "engine/source/convert.h"
#include "engine/base/alloc.h"
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

struct rc_convert {
	iconv_t cd;
	size_t unit; /* bytes of a code unit: how far to step over what cannot be decoded */
	bool begun;  /* the first character is out */
};

/* How many bytes one newline takes says how wide the encoding's units are. */
static size_t unit_of(const char *encoding)
{
	char in[] = "\n\n", out[32];
	char *from = in, *to = out;
	size_t n = 1, room = sizeof(out), first;
	iconv_t cd = iconv_open(encoding, "UTF-8");

	if (cd == (iconv_t)-1) {
		rc_xenomem();
		return 1;
	}
	iconv(cd, &from, &n, &to, &room); /* takes a byte order mark with it */
	first = room;
	n = 1;
	iconv(cd, &from, &n, &to, &room);
	iconv_close(cd);
	first -= room;
	return first >= 1 && first <= 4 ? first : 1;
}

enum rc_code rc_convert_new(const char *encoding, struct rc_convert **ret, struct rc_err *err)
{
	struct rc_convert *c;
	iconv_t cd;

	errno = EINVAL;
	cd = strchr(encoding, '/') ? (iconv_t)-1 : iconv_open("UTF-8", encoding);
	if (cd == (iconv_t)-1 && errno != EINVAL) /* the module of an encoding is a file */
		return rc_fail_sys(err, RC_DATA, errno, "encoding '%s' cannot be loaded", encoding);
	if (cd == (iconv_t)-1)
		return rc_fail(err, RC_DATA, "unknown encoding '%s'; iconv -l lists the names", encoding);
	c = rc_xcalloc(1, sizeof(*c));
	c->cd = cd;
	c->unit = unit_of(encoding);
	*ret = c;
	return RC_OK;
}

static size_t without_mark(struct rc_convert *c, char *out, size_t n)
{
	if (c->begun || n == 0)
		return n;
	c->begun = true;
	if (n < 3 || memcmp(out, "\xef\xbb\xbf", 3) != 0)
		return n;
	memmove(out, out + 3, n - 3);
	return n - 3;
}

size_t rc_convert_some(struct rc_convert *c, struct rc_slice in, bool end, char *out, size_t cap, size_t *ret_n)
{
	char *from = (char *)(uintptr_t)in.p, *to = out;
	size_t left = in.n, room = cap;

	while (left && room >= 16) {
		size_t skip;

		if (iconv(c->cd, &from, &left, &to, &room) != (size_t)-1 || errno == E2BIG)
			break;
		if (errno == EINVAL && !end)
			break;
		skip = left < c->unit ? left : c->unit;
		from += skip;
		left -= skip;
		*to++ = '\xff';
		room--;
	}
	if (end && left == 0)
		iconv(c->cd, NULL, NULL, &to, &room); /* stateful encodings may hold a last character */
	*ret_n = without_mark(c, out, cap - room);
	return in.n - left;
}

bool rc_convert_fits(const char *encoding, struct rc_slice s)
{
	char out[1024];
	char *from = (char *)(uintptr_t)s.p;
	size_t left = s.n;
	iconv_t cd = iconv_open("UTF-8", encoding);
	bool fits = true;

	if (cd == (iconv_t)-1)
		return false;
	while (left && fits) {
		char *to = out;
		size_t room = sizeof(out);

		fits = iconv(cd, &from, &left, &to, &room) != (size_t)-1 || errno == E2BIG;
	}
	iconv_close(cd);
	return fits;
}

void rc_convert_free(struct rc_convert *c)
{
	if (!c)
		return;
	iconv_close(c->cd);
	free(c);
}
