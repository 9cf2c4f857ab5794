#include "engine/source/utf8_watch.h"
#include "engine/base/utf8.h"
#include <string.h>

static size_t length_of(unsigned char lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

void rc_utf8_watch_feed(struct rc_utf8_watch *w, const char *p, size_t n)
{
	size_t ok;

	while (w->n && n && !w->broken) { /* the character between two pieces */
		w->tail[w->n++] = *p++;
		n--;
		if (w->n < length_of((unsigned char)w->tail[0]))
			continue;
		w->broken = rc_utf8_valid(w->tail, w->n) != w->n;
		w->beyond = true;
		w->n = 0;
	}
	if (w->broken || !n)
		return;
	ok = rc_utf8_valid(p, n);
	for (size_t i = 0; i < ok && !w->beyond; i++)
		w->beyond = (unsigned char)p[i] >= 0x80;
	w->n = n - ok;
	w->broken = w->n && w->n >= length_of((unsigned char)p[ok]);
	if (w->broken)
		w->n = 0;
	else
		memcpy(w->tail, p + ok, w->n);
}

bool rc_utf8_watch_says(const struct rc_utf8_watch *w)
{
	return !w->broken && w->beyond && w->n == 0;
}
