/* engine/store/scratch.h - a private copy of a state's file, in the directory for temporary files. */
#ifndef RC_STORE_SCRATCH_H
#define RC_STORE_SCRATCH_H
#include "engine/store/store.h"

struct rc_kv;

/* A new directory of ours alone in $TMPDIR (or /tmp) with a copy of the state as it is committed now, whoever writes
 * meanwhile. kv NULL: an empty one. ret names it, or is "" on an error. RC_CANTCREAT. */
enum rc_code rc_scratch_make(struct rc_kv *kv, char ret[RC_SCRATCH_DIR], struct rc_err *err);
/* Its names go, and dir becomes "". Once it is open nobody needs them, so that a killed process leaves no copy. */
void rc_scratch_drop(char dir[RC_SCRATCH_DIR]);

#endif
