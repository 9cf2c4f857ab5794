#include "engine/base/log.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/base/json_out.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc_log_level max_level = RC_LOG_INFO;
static bool as_json;
static char run[80];
static void (*hook_before)(void);
static void (*hook_after)(void);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void rc_log_setup(enum rc_log_level level, bool json)
{
	max_level = level;
	as_json = json;
}

void rc_log_run_id(const char *run_id)
{
	snprintf(run, sizeof(run), "%s", run_id ? run_id : "");
}

bool rc_log_on(enum rc_log_level level)
{
	return level <= max_level;
}

void rc_log_hook(void (*before)(void), void (*after)(void))
{
	hook_before = before;
	hook_after = after;
}

/* Whether stderr is the stream that JOURNAL_STREAM ("DEVICE:INODE") names: a child's pipe or a file is not, though the
 * variable is inherited. */
static bool to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char text[64];

	if (!stream || fstat(STDERR_FILENO, &st))
		return false;
	snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(stream, text) == 0;
}

static void format_json(struct rc_buf *b, const char *level, const char *msg)
{
	char when[32];

	rc_time_iso_ms(rc_wall_ns(&rc_clock_system), when);
	rc_buf_addc(b, '{');
	rc_json_kcstr(b, "time", when);
	rc_json_kcstr(b, "level", level);
	if (run[0])
		rc_json_kcstr(b, "run_id", run);
	rc_json_kcstr(b, "message", msg);
	rc_buf_adds(b, "}\n");
}

static void format_text(struct rc_buf *b, enum rc_log_level level, const char *name, const char *prefix,
			const char *msg)
{
	rc_buf_adds(b, prefix);
	if (run[0])
		rc_buf_addf(b, "[%s] ", run);
	if (level == RC_LOG_WARN)
		rc_buf_addf(b, "%s: ", name);
	rc_buf_addf(b, "%s\n", msg);
}

static void emit(enum rc_log_level level, const char *prefix, const char *fmt, va_list ap)
{
	static const char *const names[] = {"error", "warning", "info", "verbose", "debug"};
	static const char *const journald[] = {"<3>", "<4>", "<6>", "<6>", "<7>"};
	char msg[2000];
	struct rc_buf b = {0};
	ssize_t ignored;

	vsnprintf(msg, sizeof(msg), fmt, ap);
	rc_printable(msg, sizeof(msg));
	if (to_journal())
		rc_buf_adds(&b, journald[level]);
	if (as_json)
		format_json(&b, names[level], msg);
	else
		format_text(&b, level, names[level], prefix, msg);
	pthread_mutex_lock(&lock);
	if (hook_before)
		hook_before();
	ignored = write(STDERR_FILENO, b.p, b.n); /* stderr gone: nobody to tell */
	(void)ignored;
	if (hook_after)
		hook_after();
	pthread_mutex_unlock(&lock);
	rc_buf_done(&b);
}

void rc_log(enum rc_log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, fmt);
	emit(level, "rollcall: ", fmt, ap);
	va_end(ap);
}

void rc_log_located(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(RC_LOG_ERROR, "", fmt, ap);
	va_end(ap);
}
