#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/cmd/credentials.h"
#include "tests/unit/helper_seal.h"

#define HEAD "run_id,target,server,key,name,password,created_at\n"
#define AT "2025-11-24T16:00:00Z\n"

static struct seal_box box;
static struct rc_buf out, log_;

static int setup(void **state)
{
	const struct rc_seal_entry e[] = {
		seal_entry(RC_SEAL_PASSWORD, "r1", "anna", "=one"),
		seal_entry(RC_SEAL_PASSWORD, "r1", "=bert", "two"),
		seal_entry(RC_SEAL_PASSWORD, "r2", "anna", "three"),
		seal_entry(RC_SEAL_VOID, "r2", "anna", ""),
	};

	(void)state;
	seal_box_make(&box);
	EVP_PKEY_free(seal_identity(&box, "plain", "ec", -1, 30, NULL));
	EVP_PKEY_free(seal_identity(&box, "guarded", "rsa", -1, 30, "open sesame"));
	seal_block_of(&box, (const char *const[]){"plain", "guarded", NULL}, e, 4);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rc_buf_done(&out);
	rc_buf_done(&log_);
	seal_box_remove(&box);
	return 0;
}

static void redirect(int fd, const char *path)
{
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (to < 0 || dup2(to, fd) < 0)
		_exit(126);
}

/* In a child without a terminal; its exit code, its streams in out and log_. to: where stdout goes. */
static int run_to(const char *to, const char *const *args)
{
	char *argv[16] = {(char *)(uintptr_t) "credentials"};
	int argc = 1, status;
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		redirect(1, to);
		redirect(2, seal_path(&box, "stderr", ""));
		for (; args[argc - 1]; argc++)
			argv[argc] = (char *)(uintptr_t)args[argc - 1];
		_exit(rc_cmd_credentials(argc, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	seal_slurp(seal_path(&box, "stderr", ""), &log_);
	return WEXITSTATUS(status);
}

static int run(const char *const *args)
{
	int code = run_to(seal_path(&box, "stdout", ""), args);

	seal_slurp(seal_path(&box, "stdout", ""), &out);
	return code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})
#define PLAIN "open", "--key", seal_path(&box, "plain", ".key"), box.file
#define GUARDED "open", "--key", seal_path(&box, "guarded", ".key"), box.file
#define OUT (out.n ? out.p : "")
#define LOG (log_.n ? log_.p : "")

static void prints_what_holds_and_disarms_formulas(void **state)
{
	(void)state;
	assert_int_equal(RUN(PLAIN), 0);
	assert_string_equal(OUT, HEAD "r1,vpn,gw-1,E1,anna,=one," AT "r1,vpn,gw-1,E1,\"'=bert\",two," AT);
	assert_string_equal(LOG, "");
}

static void prints_all_with_voids(void **state)
{
	(void)state;
	assert_int_equal(RUN(PLAIN, "--all", "--name", "anna"), 0);
	assert_string_equal(OUT, HEAD "r1,vpn,gw-1,E1,anna,=one," AT "r2,vpn,gw-1,E1,anna,three," AT
				      "r2,vpn,gw-1,E1,anna,,\n");
}

static void filters_what_holds(void **state)
{
	(void)state;
	assert_int_equal(RUN(PLAIN, "--run", "r2"), 0);
	assert_string_equal(OUT, HEAD);
	assert_non_null(strstr(LOG, "--all shows them"));
	assert_int_equal(RUN(PLAIN, "--target", "elsewhere"), 0);
	assert_string_equal(OUT, HEAD);
	assert_int_equal(RUN(PLAIN, "--target", "vpn", "--name", "anna", "--run", "r1"), 0);
	assert_string_equal(OUT, HEAD "r1,vpn,gw-1,E1,anna,=one," AT);
}

static void a_passphrase_comes_from_a_file_or_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(RUN(GUARDED), 64);
	assert_non_null(strstr(LOG, "--passphrase-file"));
	seal_spill(seal_path(&box, "pass", ""), RC_SLICE("open sesame\r\n"));
	assert_int_equal(RUN(GUARDED, "--passphrase-file", seal_path(&box, "pass", "")), 0);
	assert_non_null(strstr(OUT, "=one"));
	seal_spill(seal_path(&box, "pass", ""), RC_SLICE("open barley\n"));
	assert_int_equal(RUN(GUARDED, "--passphrase-file", seal_path(&box, "pass", "")), 65);
	assert_null(strstr(LOG, "barley"));
	assert_int_equal(RUN(GUARDED, "--passphrase-file", seal_path(&box, "absent", "")), 65);
}

/* Asks on a terminal, answers, and gives what the terminal showed since and the wait status. */
static int on_terminal(const char *answer, char *shown, size_t cap)
{
	const char *key = seal_path(&box, "guarded", ".key");
	int fd, status;
	size_t n = 0;
	ssize_t got;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	if (pid == 0) {
		char *argv[] = {(char *)(uintptr_t) "credentials",
				(char *)(uintptr_t) "open",
				(char *)(uintptr_t) "--key",
				(char *)(uintptr_t)key,
				box.file,
				NULL};

		signal(SIGINT, SIG_DFL); /* a test run in the background was started with it ignored */
		_exit(rc_cmd_credentials(5, argv));
	}
	assert_true(pid > 0);
	shown[0] = 0;
	while (!strstr(shown, ".key: ") && n + 1 < cap && (got = read(fd, shown + n, cap - n - 1)) > 0)
		shown[n += (size_t)got] = 0;
	assert_true(write(fd, answer, strlen(answer)) > 0);
	n = 0;
	while (n + 1 < cap && (got = read(fd, shown + n, cap - n - 1)) > 0)
		n += (size_t)got;
	shown[n] = 0;
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void the_terminal_does_not_show_the_passphrase(void **state)
{
	char shown[4096];
	int status = on_terminal("open sesame\n", shown, sizeof(shown));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_non_null(strstr(shown, "=one"));
	assert_null(strstr(shown, "sesame"));
	status = on_terminal("\x03", shown, sizeof(shown));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static void another_key_is_data_error_65(void **state)
{
	(void)state;
	EVP_PKEY_free(seal_identity(&box, "stranger", "rsa", -1, 30, NULL));
	assert_int_equal(RUN("open", "--key", seal_path(&box, "stranger", ".key"), box.file), 65);
	assert_string_equal(OUT, "");
	assert_int_equal(RUN("open", "--key", seal_path(&box, "plain", ".crt"), box.file), 65);
	assert_non_null(strstr(LOG, "no private key"));
	assert_int_equal(RUN("open", "--key", seal_path(&box, "absent", ".key"), box.file), 65);
}

static void damage_prints_nothing_and_names_the_line(void **state)
{
	struct rc_buf text = {0};
	char place[160];

	(void)state;
	seal_slurp(box.file, &text);
	text.p[text.n / 2] = text.p[text.n / 2] == 'A' ? 'B' : 'A';
	seal_spill(seal_path(&box, "bad", ""), rc_buf_slice(&text));
	assert_int_equal(RUN("open", "--key", seal_path(&box, "plain", ".key"), seal_path(&box, "bad", "")), 65);
	assert_string_equal(OUT, "");
	rc_buf_done(&text);
	seal_spill(seal_path(&box, "bad", ""), RC_SLICE("-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n"));
	assert_int_equal(RUN("open", "--key", seal_path(&box, "plain", ".key"), seal_path(&box, "bad", "")), 65);
	snprintf(place, sizeof(place), "%s:1: ", seal_path(&box, "bad", ""));
	assert_int_equal(strncmp(LOG, place, strlen(place)), 0);
}

static void a_torn_end_is_a_warning(void **state)
{
	struct rc_buf text = {0};

	(void)state;
	seal_slurp(box.file, &text);
	rc_buf_adds(&text, "-----BEGIN CMS-----\nMIIB");
	seal_spill(seal_path(&box, "torn", ""), rc_buf_slice(&text));
	rc_buf_done(&text);
	assert_int_equal(RUN("open", "--key", seal_path(&box, "plain", ".key"), seal_path(&box, "torn", "")), 0);
	assert_non_null(strstr(OUT, "=one"));
	assert_non_null(strstr(LOG, "cut off by a crash"));
}

static void wrong_command_lines_are_64(void **state)
{
	const char *key = seal_path(&box, "plain", ".key");

	(void)state;
	assert_int_equal(run((const char *const[]){NULL}), 64);
	assert_int_equal(RUN("shut", "--key", key, box.file), 64);
	assert_int_equal(RUN("open", box.file), 64);
	assert_int_equal(RUN("open", "--key", key), 64);
	assert_int_equal(RUN("open", "--key", key, box.file, box.file), 64);
	assert_int_equal(RUN(PLAIN, "--nonsense"), 64);
	assert_int_equal(RUN(PLAIN, "--log-level", "loud"), 64);
}

static void help_fits_a_screen(void **state)
{
	size_t lines = 0, width = 0;

	(void)state;
	assert_int_equal(RUN("open", "--help"), 0);
	for (size_t i = 0; i < out.n; i++) {
		width = out.p[i] == '\n' ? 0 : width + 1;
		lines += out.p[i] == '\n';
		assert_in_range(width, 0, 90);
	}
	assert_in_range(lines, 10, 25);
}

static void a_full_standard_output_is_73(void **state)
{
	(void)state;
	assert_int_equal(run_to("/dev/full", (const char *const[]){PLAIN, NULL}), 73);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_what_holds_and_disarms_formulas),
		cmocka_unit_test(prints_all_with_voids),
		cmocka_unit_test(filters_what_holds),
		cmocka_unit_test(a_passphrase_comes_from_a_file_or_a_terminal),
		cmocka_unit_test(the_terminal_does_not_show_the_passphrase),
		cmocka_unit_test(another_key_is_data_error_65),
		cmocka_unit_test(damage_prints_nothing_and_names_the_line),
		cmocka_unit_test(a_torn_end_is_a_warning),
		cmocka_unit_test(wrong_command_lines_are_64),
		cmocka_unit_test(help_fits_a_screen),
		cmocka_unit_test(a_full_standard_output_is_73),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
