/* engine/run/source_sums.h - a file against the checksum that came with it. */
#ifndef RC_RUN_SOURCE_SUMS_H
#define RC_RUN_SOURCE_SUMS_H
#include "engine/base/err.h"

/* pattern: path of the checksum file, with "{file}" as in rc_source_beside. It holds lines as sha256sum writes them (or
 * its --tag form), or the 64 digits alone; of several lines the one that names the file counts. RC_DATA when it is not
 * there, names another sum, or none. */
enum rc_code rc_source_sum_check(const char *pattern, const char *path, const unsigned char sha256[32],
				 struct rc_err *err);

#endif
