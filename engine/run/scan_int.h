/* engine/run/scan_int.h - shared by scan*.c only. */
#ifndef RC_RUN_SCAN_INT_H
#define RC_RUN_SCAN_INT_H
#include "engine/run/rowmatch.h"
#include "engine/run/scan.h"

/* Expands globs, or starts the command. */
struct rc_feed {
	const struct rc_source *cfg;
	struct rc_strings hide;
	char **files;
	size_t n, at;
	int pid; /* of a command, 0 none */
};
enum rc_code rc_feed_open(struct rc_feed *f, const struct rc_config *cfg, size_t source, struct rc_err *err);
/* The next file's reader; *ret NULL when there is none left. A command that failed is RC_DATA. */
enum rc_code rc_feed_next(struct rc_feed *f, struct rc_reader **ret, const char **ret_name, struct rc_err *err);
void rc_feed_done(struct rc_feed *f);

struct rc_person *scan_add(struct rc_scan *s, const uint8_t hash[16]);
void scan_refuse(struct rc_scan *s, uint16_t source, uint32_t file, uint64_t line, const char *why,
		 struct rc_slice raw);

#endif
