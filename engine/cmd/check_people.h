/* engine/cmd/check_people.h - check: what the mapping makes of everybody, told as warnings that change no exit code. */
#ifndef RC_CMD_CHECK_PEOPLE_H
#define RC_CMD_CHECK_PEOPLE_H
#include "engine/run/mapping.h"

struct check_people;
struct check_people *check_people_new(const struct rc_config *cfg, int64_t now_ns);
void check_people_free(struct check_people *p);

/* Reads the rows of a file of this source; columns: its header with aliases in place, none for LDIF. false: that is
 * enough of this source. */
bool check_people_read(struct check_people *p, size_t source, struct rc_mapping *m, struct rc_reader *r,
		       const struct rc_slice *columns, size_t n, const char *name);

/* Logs what was found. */
void check_people_tell(struct check_people *p);

/* Logs the ids that still are what `init` wrote for want of better. */
void check_placeholders(const struct rc_config *cfg);

#endif
