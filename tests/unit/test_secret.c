/* Every kind of secret reference, and every way it can fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/config/secret.h"

static char dir[] = "/tmp/rollcall-secret-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static const char *put(const char *name, const char *bytes, size_t n)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(bytes, 1, n, f);
	fclose(f);
	return path;
}

static bool gives(struct rc_secret s, const char *want)
{
	struct rc_buf b = {0};
	struct rc_err err = {0};
	bool ok;

	s.pointer = "/targets/t/auth/token";
	if (rc_secret_get(&s, &b, &err)) {
		assert_int_equal(err.code, RC_CONFIG);
		assert_non_null(strstr(err.what, "/targets/t/auth/token: secret from "));
		assert_null(strstr(err.what, "hunter2"));
		ok = want == NULL;
	} else {
		ok = want && b.n == strlen(want) && memcmp(b.p, want, b.n) == 0;
	}
	rc_buf_wipe(&b);
	return ok;
}

static void test_env(void **state)
{
	(void)state;
	setenv("RC_TEST_SECRET", "hunter2", 1);
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_ENV, .name = "RC_TEST_SECRET"}, "hunter2"));
	setenv("RC_TEST_SECRET", "", 1);
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_ENV, .name = "RC_TEST_SECRET"}, NULL));
	unsetenv("RC_TEST_SECRET");
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_ENV, .name = "RC_TEST_SECRET"}, NULL));
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_NONE}, NULL));
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_PLAIN, .name = "ops"}, "ops"));
}

static bool file_gives(const char *bytes, size_t n, const char *want)
{
	return gives((struct rc_secret){.kind = RC_SECRET_FILE, .name = put("s", bytes, n)}, want);
}

static void test_file(void **state)
{
	char *large = calloc(1, RC_SECRET_MAX + 2);

	(void)state;
	assert_true(file_gives("hunter2", 7, "hunter2"));
	assert_true(file_gives("hunter2\n", 8, "hunter2"));
	assert_true(file_gives("hunter2\r\n", 9, "hunter2"));
	assert_true(file_gives("hunter2\n\n", 9, "hunter2\n"));
	assert_true(file_gives(" hunter2 \n", 10, " hunter2 "));
	assert_true(file_gives("", 0, NULL));
	assert_true(file_gives("\n", 1, NULL));
	assert_true(file_gives("a\0b", 3, NULL));
	memset(large, 'x', RC_SECRET_MAX + 1);
	assert_true(file_gives(large, RC_SECRET_MAX + 1, NULL));
	large[RC_SECRET_MAX] = 0;
	assert_true(file_gives(large, RC_SECRET_MAX, large));
	free(large);
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_FILE, .name = "/nonexistent"}, NULL));
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_FILE, .name = "/"}, NULL));
}

static void test_credential(void **state)
{
	(void)state;
	put("cred", "hunter2\n", 8);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_CREDENTIAL, .name = "cred"}, NULL));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_CREDENTIAL, .name = "cred"}, "hunter2"));
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_CREDENTIAL, .name = "other"}, NULL));
	unsetenv("CREDENTIALS_DIRECTORY");
}

static bool command_gives(const char *script, const char *want)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const char *const hide[] = {"RC_TEST_HIDDEN", NULL};

	return gives((struct rc_secret){.kind = RC_SECRET_COMMAND, .argv = argv, .hide = hide}, want);
}

static void test_command(void **state)
{
	const char *const argv[] = {"/nonexistent/vault", NULL};
	const char *const plain[] = {"echo", "$HOME;hunter2", NULL};

	(void)state;
	assert_true(command_gives("echo hunter2", "hunter2"));
	assert_true(command_gives("echo hunter2; exit 3", NULL));
	assert_true(command_gives("kill -9 $$", NULL));
	assert_true(command_gives("true", NULL));
	assert_true(command_gives("cat", NULL)); /* standard input is empty, not ours */
	assert_true(command_gives("head -c 200000 /dev/zero | tr '\\0' x", NULL));
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_COMMAND, .argv = argv}, NULL));
	assert_true(gives((struct rc_secret){.kind = RC_SECRET_COMMAND, .argv = plain}, "$HOME;hunter2"));
	setenv("RC_TEST_HIDDEN", "hunter2", 1);
	setenv("RC_TEST_SHOWN", "yes", 1);
	assert_true(command_gives("echo \"${RC_TEST_HIDDEN-none} $RC_TEST_SHOWN\"", "none yes"));
	unsetenv("RC_TEST_HIDDEN");
}

static void test_text(void **state)
{
	const char *const argv[] = {"vault", "read", NULL};
	char out[64];

	(void)state;
	rc_secret_text(&(struct rc_secret){.kind = RC_SECRET_ENV, .name = "AK"}, out, sizeof(out));
	assert_string_equal(out, "env AK");
	rc_secret_text(&(struct rc_secret){.kind = RC_SECRET_COMMAND, .argv = argv}, out, sizeof(out));
	assert_string_equal(out, "command vault");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_env),     cmocka_unit_test(test_file), cmocka_unit_test(test_credential),
		cmocka_unit_test(test_command), cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
