#include "engine/base/embedded.h"
#include "engine/base/err.h"
#include "engine/base/log.h"
#include "engine/base/nearest.h"
#include "engine/cmd/cmd_config.h"
#include "engine/cmd/own_options.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 64 };

static const char help[] = "Usage: rollcall schema [NAME]\n"
			   "\n"
			   "Prints a shipped JSON Schema (draft 2020-12); without NAME lists what there is.\n"
			   "A connector's schema says which account fields it has, what may stand in them and\n"
			   "which of them can be changed later.\n"
			   "\n"
			   "Example:\n"
			   "  rollcall schema config > config.schema.json     # for an editor\n"
			   "  rollcall schema huawei-p2c-vpn\n";

/* The name of its file in schemas/ will do as well. */
static bool is_called(const char *embedded, const char *name)
{
	size_t n = strlen(embedded);

	if (strncmp(name, "schemas/", 8) == 0)
		name += 8;
	return strncmp(name, embedded, n) == 0 &&
	       (!name[n] || strcmp(name + n, ".schema.json") == 0 || strcmp(name + n, ".json") == 0);
}

static const struct rc_embedded *find(const char *name)
{
	for (const struct rc_embedded *e = rc_embedded_schemas; e->name; e++)
		if (is_called(e->name, name) || (strncmp(e->name, "targets/", 8) == 0 && is_called(e->name + 8, name)))
			return e;
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[NAMES_MAX], *near;
	size_t n = 0;

	for (const struct rc_embedded *e = rc_embedded_schemas; e->name && n < NAMES_MAX; e++)
		names[n++] = strncmp(e->name, "targets/", 8) == 0 ? e->name + 8 : e->name;
	near = rc_nearest(rc_slice_str(name), names, n);
	if (near)
		rc_log(RC_LOG_ERROR, "schema: there is none named \"%s\"; did you mean \"%s\"?", name, near);
	else
		rc_log(RC_LOG_ERROR, "schema: there is none named \"%s\"; `rollcall schema` lists them", name);
	return RC_USAGE;
}

static int finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return RC_OK;
	rc_log(RC_LOG_ERROR, "standard output cannot be written: %s", strerror(errno));
	return RC_CANTCREAT;
}

int rc_cmd_schema(int argc, char **argv)
{
	const struct rc_embedded *e;

	if (rc_asks_help(argc, argv)) {
		fputs(help, stdout);
		return finish();
	}
	if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
		rc_log(RC_LOG_ERROR, "schema: takes one name at most; see rollcall schema --help");
		return RC_USAGE;
	}
	if (argc < 2) {
		for (e = rc_embedded_schemas; e->name; e++)
			puts(e->name);
		return finish();
	}
	e = find(argv[1]);
	if (!e)
		return unknown(argv[1]);
	fwrite(e->data, 1, e->n, stdout);
	return finish();
}
