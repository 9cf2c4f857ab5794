/* Log lines: text and JSON, the run's id, and the levels that journald takes from their beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/base/log.h"

/* What an error and a warning look like on a stderr that is the journal, or is not. */
static const char *say(bool json, bool journal, const char *run)
{
	static char text[1000];
	char stream[64];
	int fds[2], keep = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	struct stat st;
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fstat(fds[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + !journal);
	setenv("JOURNAL_STREAM", stream, 1);
	dup2(fds[1], STDERR_FILENO);
	rc_log_setup(RC_LOG_WARN, json);
	rc_log_run_id(run);
	rc_log(RC_LOG_ERROR, "no %s", "luck");
	rc_log(RC_LOG_WARN, "be\nware");
	rc_log(RC_LOG_INFO, "not asked for");
	dup2(keep, STDERR_FILENO);
	close(keep);
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	text[n > 0 ? n : 0] = 0;
	unsetenv("JOURNAL_STREAM");
	return text;
}

static void test_text(void **state)
{
	(void)state;
	assert_string_equal(say(false, false, NULL), "rollcall: no luck\nrollcall: warning: be\\x0aware\n");
	assert_string_equal(say(false, false, "night-1"),
			    "rollcall: [night-1] no luck\nrollcall: [night-1] warning: be\\x0aware\n");
}

static void test_journal(void **state)
{
	const char *json;

	(void)state;
	assert_string_equal(say(false, true, NULL), "<3>rollcall: no luck\n<4>rollcall: warning: be\\x0aware\n");
	json = say(true, true, "night-1");
	assert_int_equal(strncmp(json, "<3>{\"time\":\"", 12), 0);
	assert_non_null(strstr(json, "\n<4>{\"time\":\""));
}

static void test_json(void **state)
{
	const char *json = say(true, false, "night-1");

	(void)state;
	assert_int_equal(json[0], '{');
	assert_non_null(strstr(json, "\"level\":\"error\",\"run_id\":\"night-1\",\"message\":\"no luck\"}\n{"));
	assert_non_null(strstr(json, "\"level\":\"warning\""));
	assert_null(strstr(json, "not asked for"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
