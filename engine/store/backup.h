/* engine/store/backup.h - the state as one portable file: to another machine, another disk, or a safe place.
 *
 * Format in schemas/store-format.md, "Backup". Whole tables, byte for byte, in the state's own format, with a checksum
 * over all of it; no secret, because the state has none. */
#ifndef RC_STORE_BACKUP_H
#define RC_STORE_BACKUP_H
#include "engine/store/store.h"

/* Writes path (0600) by temporary file and rename, from one consistent picture; a run may go on meanwhile.
 * RC_CANTCREAT: there is no state, it is damaged, or the file cannot be written. */
enum rc_code rc_store_export(struct rc_store *s, const char *path, struct rc_err *err);

/* Fills an empty state in one transaction: all of it or nothing. WRITE mode, no writer, no view; nothing but closing
 * the store may follow. RC_USAGE: no such file. RC_DATA: no backup of ours, or damaged. RC_CANTCREAT: the state is not
 * empty, the backup is of a newer format, or it cannot be written. */
enum rc_code rc_store_import(struct rc_store *s, const char *path, struct rc_err *err);

#endif
