/* engine/report/summary_target.h - what the text on stdout says of each target. */
#ifndef RC_REPORT_SUMMARY_TARGET_H
#define RC_REPORT_SUMMARY_TARGET_H
#include "engine/report/summary.h"

enum {
	SUMMARY_DETAIL = 4, /* so many targets are told at length */
	SUMMARY_MUST = 3,   /* lines of each that are always there */
	SUMMARY_NAME = 64,
	SUMMARY_SENTENCE = 240,
};

/* Appends at most room lines: of every target what must be said, one line without detail, then what is most useful,
 * each target in its turn, as far as there is room. room: at least 1 for each target, SUMMARY_MUST with detail. */
void rc_summary_targets(struct rc_buf *b, const struct rc_summary_target *t, size_t n, bool detail, bool planned,
			size_t room);

#endif
