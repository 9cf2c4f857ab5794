/* engine/report/summary_words.h - numbers and counts as people read them; shared by the text and the verdict. */
#ifndef RC_REPORT_SUMMARY_WORDS_H
#define RC_REPORT_SUMMARY_WORDS_H
#include "engine/report/summary.h"

/* 1234567 as "1,234,567". */
void rc_words_number(struct rc_buf *b, uint64_t v);

/* ", WORD 1,234", nothing when v is not known (-1). */
void rc_words_maybe(struct rc_buf *b, const char *word, int64_t v);

/* "10 created, 3 to update, 2 failed": what was done, what is planned, then how the rest ended. Appends nothing when
 * there is nothing to say, returns how many phrases. unchanged: also "N unchanged". */
size_t rc_words_counts(struct rc_buf *b, const uint64_t counts[RC_ACTION_COUNT][RC_STATUS_COUNT], bool unchanged);

/* Adds src to dst. */
void rc_words_sum(uint64_t dst[RC_ACTION_COUNT][RC_STATUS_COUNT], const uint64_t src[RC_ACTION_COUNT][RC_STATUS_COUNT]);

/* Appends text without control characters, at most max bytes of it. */
void rc_words_safe(struct rc_buf *b, struct rc_slice text, size_t max);

#endif
