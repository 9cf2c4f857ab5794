/* engine/source/utf8_watch.h - whether a stream of bytes that is read as something else is UTF-8 after all.
 *
 * Feed every byte in order, in pieces of any size. A zeroed struct has seen nothing. */
#ifndef RC_UTF8_WATCH_H
#define RC_UTF8_WATCH_H
#include <stdbool.h>
#include <stddef.h>

struct rc_utf8_watch {
	bool broken, beyond; /* not UTF-8; holds something beyond ASCII */
	char tail[4];        /* the beginning of a character that goes on in the next piece */
	size_t n;
};

void rc_utf8_watch_feed(struct rc_utf8_watch *w, const char *p, size_t n);
/* At the end: all of it is valid, and more than ASCII. Text in another encoding is that by chance only when short. */
bool rc_utf8_watch_says(const struct rc_utf8_watch *w);

#endif
