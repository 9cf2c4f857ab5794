/* engine/report/reasons.h - why people failed, grouped: thousands of messages that differ in a name or a number only
 * are one reason. Memory is bounded; what is beyond it counts as "others". */
#ifndef RC_REPORT_REASONS_H
#define RC_REPORT_REASONS_H
#include <stddef.h>
#include <stdint.h>
#include "engine/base/buf.h"
#include "engine/base/slice.h"

enum { RC_REASONS_MAX = 16, RC_REASON_FIRST = 3, RC_REASON_TEXT = 240, RC_REASON_KEY = 80 };

struct rc_reason {
	uint64_t n;
	char shape[RC_REASON_TEXT]; /* what all its messages have in common */
	char text[RC_REASON_TEXT];  /* the first message, or one that stands for all */
	char first[RC_REASON_FIRST][RC_REASON_KEY];
	size_t n_first;
};

struct rc_reasons {
	struct rc_reason v[RC_REASONS_MAX];
	size_t n;
	uint64_t others;
};

/* who: the person's key, or whatever tells them apart. */
void rc_reasons_add(struct rc_reasons *r, const char *message, struct rc_slice who);

/* The most frequent first. */
void rc_reasons_sort(struct rc_reasons *r);

/* Appends "two people want the same name (10003, 10005, …): see "first_free"", printable. */
void rc_reason_words(struct rc_buf *b, const struct rc_reason *reason);

#endif
