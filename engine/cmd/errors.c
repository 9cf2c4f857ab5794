#include "engine/base/err.h"
#include "engine/base/log.h"
#include "engine/base/nearest.h"
#include "engine/cmd/cmd_errors.h"
#include "engine/cmd/own_options.h"
#include "engine/connector.h"
#include <errno.h>
#include <stdio.h>

enum { NAMES_MAX = 64 };

static const char help[] =
	"Usage: rollcall errors [CONNECTOR]\n"
	"\n"
	"Prints the codes a provider answers with, in the order in which they are looked up: HTTP\n"
	"status, code, class, what it means, what rollcall does and what is left to you. Codes that\n"
	"need no provider (rollcall.*, http.*) come last. '*' stands for anything.\n"
	"\n"
	"Example:\n"
	"  rollcall errors huawei-p2c-vpn | grep -A3 VPN.0030\n";

static void put_status(int http)
{
	if (http == 0)
		fputs("any ", stdout);
	else if (http < 10)
		printf("%dxx ", http);
	else
		printf("%-3d ", http);
}

/* "A|B" as "A, B"; words of the text that a row needs follow in quotes. */
static void put_code(const struct rc_error_row *r)
{
	if (!*r->code)
		fputs("(no code)", stdout);
	for (const char *c = r->code; *c; c++)
		fputs(*c == '|' ? ", " : (char[]){*c, 0}, stdout);
	if (!r->text)
		return;
	fputs(" with \"", stdout);
	for (const char *c = r->text; *c; c++)
		fputs(*c == '|' ? "\" or \"" : (char[]){*c, 0}, stdout);
	fputs("\"", stdout);
}

static void put_table(const char *title, const struct rc_error_row *rows)
{
	printf("%s\n", title);
	for (const struct rc_error_row *r = rows; r->code; r++) {
		fputs("\n  ", stdout);
		put_status(r->http);
		put_code(r);
		printf("  [%s]\n      means     %s\n      rollcall  %s\n", r->class_, r->meaning, r->action);
		if (*r->remedy)
			printf("      you       %s\n", r->remedy);
	}
	puts("");
}

static int unknown(const char *name)
{
	const char *names[NAMES_MAX], *near;
	size_t n = 0;

	for (const struct connector *const *c = rc_connectors(); *c && n < NAMES_MAX; c++)
		names[n++] = (*c)->name;
	near = rc_nearest(rc_slice_str(name), names, n);
	if (near)
		rc_log(RC_LOG_ERROR, "errors: there is no connector \"%s\"; did you mean \"%s\"?", name, near);
	else
		rc_log(RC_LOG_ERROR, "errors: there is no connector \"%s\"; `rollcall errors` prints all of them",
		       name);
	return RC_USAGE;
}

static int finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return RC_OK;
	rc_log(RC_LOG_ERROR, "standard output cannot be written: %s", strerror(errno));
	return RC_CANTCREAT;
}

int rc_cmd_errors(int argc, char **argv)
{
	const struct connector *only;

	if (rc_asks_help(argc, argv)) {
		fputs(help, stdout);
		return finish();
	}
	if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
		rc_log(RC_LOG_ERROR, "errors: takes one connector at most; see rollcall errors --help");
		return RC_USAGE;
	}
	only = argc == 2 ? rc_connector_find(argv[1]) : NULL;
	if (argc == 2 && !only)
		return unknown(argv[1]);
	for (const struct connector *const *c = rc_connectors(); *c; c++)
		if (!only || *c == only)
			put_table((*c)->name, (*c)->errors);
	put_table("every connector", rc_common_errors);
	return finish();
}
