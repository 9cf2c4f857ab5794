/* engine/base/log.h - one event a line on stderr, text or JSON, run id on each, journald levels under systemd.
 *
 * Only cli, main and the run commands log; library code returns errors. Process-wide settings, set once by cli. */
#ifndef RC_LOG_H
#define RC_LOG_H
#include <stdbool.h>

enum rc_log_level { RC_LOG_ERROR, RC_LOG_WARN, RC_LOG_INFO, RC_LOG_VERBOSE, RC_LOG_DEBUG };

void rc_log_setup(enum rc_log_level level, bool json);
void rc_log_run_id(const char *run_id); /* copied; NULL or "" for none */
bool rc_log_on(enum rc_log_level level);
/* Called before and after a line is written, so that a progress line can step aside; may be NULL. */
void rc_log_hook(void (*before)(void), void (*after)(void));
void rc_log(enum rc_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An error that begins with FILE:LINE: and goes without our name in front, so that editors and scripts find the place.
 */
void rc_log_located(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
