/* engine/run/finish_int.h - shared by finish*.c only. */
#ifndef RC_FINISH_INT_H
#define RC_FINISH_INT_H
#include "engine/run/run_int.h"

enum { FINISH_BUCKETS = 4 };

/* Every row of a source is in exactly one bucket; found by walking the rows, not by subtracting. */
void finish_count_rows(const struct run *r, size_t source, struct rc_bucket ret[FINISH_BUCKETS]);
void finish_fill_source(const struct run *r, size_t i, struct rc_summary_source *s);
/* RC_PARTIAL: more rows were refused than every target tolerates, or a source is frozen. */
enum rc_code finish_sources_code(const struct run *r);

#endif
