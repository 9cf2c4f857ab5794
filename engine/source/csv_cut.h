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

/* Notes the ends of the first cap fields. */
typedef void (*rc_csv_cutter)(struct rc_slice raw, char delimiter, uint32_t *end, size_t cap, struct rc_csv_cuts *ret);

rc_csv_cutter rc_csv_cutter_best(void); /* for this CPU */

#endif
