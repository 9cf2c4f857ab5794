/* engine/store/dir.h - the state directory itself: made private, ours, on a local disk, without planted links. */
#ifndef RC_STORE_DIR_H
#define RC_STORE_DIR_H
#include <stdbool.h>
#include "engine/base/err.h"

#define RC_STORE_FILE "state.mdb"
#define RC_STORE_MDB_LOCK "state.mdb-lock" /* LMDB derives this name itself */
#define RC_STORE_COPY "state.mdb.new"
#define RC_STORE_LOCK "lock"

/* Opens the directory; with make, creates it (and missing parents) with mode 0700. -1 and err when it is not a
 * directory, belongs to somebody else, is writable by everybody or lies on a network file system. Without make a
 * missing directory is -1 with *ret_missing, err untouched. The caller closes the descriptor. */
int rc_dir_open(const char *dir, bool make, bool *ret_missing, struct rc_err *err);

/* RC_CANTCREAT when name in the directory is there and is anything but a regular file of ours; *ret_size -1: not there.
 */
enum rc_code rc_dir_check_file(int fd, const char *dir, const char *name, long long *ret_size, struct rc_err *err);

/* Whether a file system of this statfs type is a network's, where locks and maps cannot be trusted; its name, or NULL.
 */
const char *rc_dir_network_fs(long type);

#endif
