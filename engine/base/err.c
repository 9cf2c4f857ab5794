#include "engine/base/err.h"
#include "engine/base/utf8.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

void rc_printable(char *s, size_t cap)
{
	char out[2048];
	size_t o = 0, n = strlen(s);
	size_t max = cap < sizeof(out) ? cap : sizeof(out);

	for (size_t i = 0; i < n && o + 5 < max;) {
		uint32_t cp;
		size_t w = rc_utf8_next(s + i, n - i, &cp);

		if (w && cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0) && !(cp >= 0x202a && cp <= 0x202e) &&
		    !(cp >= 0x2066 && cp <= 0x2069)) {
			memcpy(out + o, s + i, w);
			o += w;
			i += w;
			continue;
		}
		o += (size_t)snprintf(out + o, 5, "\\x%02x", (unsigned char)s[i]);
		i++;
	}
	if (max == 0)
		return;
	out[o] = 0;
	memcpy(s, out, o + 1);
}

static void fill(struct rc_err *err, enum rc_code code, int sys, uint64_t line, const char *fmt, va_list ap)
{
	if (!err)
		return;
	err->code = code;
	err->sys = sys;
	err->line = line;
	vsnprintf(err->what, sizeof(err->what), fmt, ap);
	if (sys) {
		size_t n = strlen(err->what);

		snprintf(err->what + n, sizeof(err->what) - n, ": %s", strerror(sys));
	}
	rc_printable(err->what, sizeof(err->what));
}

enum rc_code rc_fail(struct rc_err *err, enum rc_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, 0, fmt, ap);
	va_end(ap);
	return code;
}

enum rc_code rc_fail_sys(struct rc_err *err, enum rc_code code, int sys, const char *fmt, ...)
{
	va_list ap;

	if (sys == ENOMEM)
		code = RC_INTERNAL; /* says nothing about the file, the state or the config */
	va_start(ap, fmt);
	fill(err, code, sys, 0, fmt, ap);
	va_end(ap);
	return code;
}

enum rc_code rc_fail_line(struct rc_err *err, enum rc_code code, uint64_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, line, fmt, ap);
	va_end(ap);
	return code;
}

const char *rc_code_name(enum rc_code code)
{
	switch (code) {
#define X(name, value)                                                                                                 \
	case name:                                                                                                     \
		return #name;
		RC_CODES(X)
#undef X
	}
	return "RC_?";
}

enum rc_code rc_graver(enum rc_code a, enum rc_code b)
{
	static const enum rc_code order[] = {RC_INTERNAL, RC_CANTCREAT, RC_SIGINT,      RC_SIGTERM,
					     RC_DATA,     RC_NOPERM,    RC_UNAVAILABLE, RC_GUARD,
					     RC_PARTIAL,  RC_TEMPFAIL,  RC_CHANGES};

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a > b ? a : b;
}
