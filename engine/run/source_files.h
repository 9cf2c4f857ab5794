/* engine/run/source_files.h - which files a source has, how old they are, and whether they may be read yet.
 *
 * Looks at names, sizes of time and neighbours (ready files), never at contents. Errors: RC_DATA for what is missing or
 * not finished, RC_GUARD for what is stale; both name the file and what to do. Source: the contract's source keys
 * files, pick, stamp, max_age, expect.ready, expect.min_quiet. */
#ifndef RC_RUN_SOURCE_FILES_H
#define RC_RUN_SOURCE_FILES_H
#include "engine/config/config.h"
#include "engine/store/meta.h"

struct rc_source_file {
	char *path;       /* "-": standard input; of a command: its program */
	int64_t mtime_ns; /* 0: no regular file */
	int64_t stamp_ns; /* first moment of the day in its name; 0: the source has no `stamp` */
	bool regular;
};

struct rc_source_files {
	struct rc_source_file *v;
	size_t n;
};

/* Globs in the config's order, a file matched twice once; with `pick: newest` one. A command is one file. */
enum rc_code rc_source_files_find(struct rc_source_files *f, const struct rc_config *cfg, size_t source,
				  struct rc_err *err);
void rc_source_files_done(struct rc_source_files *f);
/* An entry of `files` as a glob: what is there by just this name, the directories at its beginning if no more, is meant
 * as it is written. Heap. */
char *rc_source_pattern(const char *files);

/* Of the newest file: its stamp, or 0. */
int64_t rc_source_files_stamp(const struct rc_source_files *f);
bool rc_source_files_regular(const struct rc_source_files *f); /* every one can be read twice */

/* Ready files and quiet times; RC_DATA. */
enum rc_code rc_source_files_ready(const struct rc_source_files *f, const struct rc_source *s, int64_t now_ns,
				   struct rc_err *err);
/* max_age, and with it or a stamp: not older than what was applied last (NULL: nothing was); RC_GUARD. */
enum rc_code rc_source_files_fresh(const struct rc_source_files *f, const struct rc_source *s, int64_t now_ns,
				   const struct rc_source_facts *applied, struct rc_err *err);

/* A path of the config with "{file}" in it: at its beginning the whole path of the file, elsewhere its name. Heap. */
char *rc_source_beside(const char *pattern, const char *path);

#endif
