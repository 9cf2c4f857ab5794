/* engine/cmd/list_sort.h - lines in the order of their keys, in bounded memory.
 *
 * Lines are gathered up to a limit, sorted and spilled to a file without a name (in TMPDIR, else /tmp, mode 0600); at
 * the end the spilled pieces are merged, a small window of each in memory. What fits within the limit never meets the
 * disk. */
#ifndef RC_CMD_LIST_SORT_H
#define RC_CMD_LIST_SORT_H
#include "engine/base/err.h"
#include "engine/base/slice.h"

struct list_sort;

/* limit: bytes of lines in memory at once. */
struct list_sort *list_sort_new(size_t limit);
/* Copies both. Equal keys come out in the order they went in. The first failure to spill (RC_CANTCREAT) sticks and is
 * told by the end. */
void list_sort_add(struct list_sort *s, struct rc_slice key, struct rc_slice line);
/* Every line in order, until emit returns false; then s is empty again. RC_CANTCREAT: the temporary file failed. */
enum rc_code list_sort_end(struct list_sort *s, bool (*emit)(void *ctx, struct rc_slice line), void *ctx,
			   struct rc_err *err);
void list_sort_free(struct list_sort *s); /* NULL is fine */

#endif
