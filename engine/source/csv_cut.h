/* engine/source/csv_cut.h - where the fields of a raw CSV row end, and what is in it that needs a closer look. */
#ifndef RC_CSV_CUT_H
#define RC_CSV_CUT_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/base/slice.h"

struct rc_csv_cuts {
	size_t n; /* fields, also beyond those noted */
	bool quoted, nul, high;
	bool bad; /* a quote where none may stand, or one never closed; n and ends are of no use */
};

/* Notes the ends of the first cap fields. wide: rc_simd_wide(). */
void rc_csv_cut(struct rc_slice raw, char delimiter, bool wide, uint32_t *end, size_t cap, struct rc_csv_cuts *ret);

#endif
