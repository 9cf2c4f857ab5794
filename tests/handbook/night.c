/* handbook-night SCRIPT CONFIG RUN_ID: `rollcall sync CONFIG --run-id RUN_ID` in virtual time, from 22:00 on an evening
 * of March.
 *
 * The real engine, against the simulator's world in the same process under a script of tests/simulator/README.md: a
 * night of hours is over in a second, and the same each time. State and reports are real ones, for the real program to
 * read. */
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/log.h"
#include "engine/run/run.h"
#include "tests/world/world.h"
#include <stdio.h>
#include <stdlib.h>

static char *content(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;

	if (!f || getdelim(&text, &cap, 0, f) < 0) {
		perror(path);
		exit(1);
	}
	fclose(f);
	return text;
}

int main(int argc, char **argv)
{
	static const struct world_faults none;
	struct rc_run_opts o = {.command = "sync", .writes = true};
	struct provider *p;
	struct rc_buf said = {0};
	struct rc_err err;
	int64_t end_ns;
	char *script;
	int code;

	if (argc != 4) {
		fputs("usage: handbook-night SCRIPT CONFIG RUN_ID\n", stderr);
		return 64;
	}
	world_wall0_ns = INT64_C(1772488800) * 1000000000;
	rc_log_setup(RC_LOG_INFO, false);
	script = content(argv[1]);
	p = provider_new(1, 300);
	provider_script(p, 0, script);
	o.run_id = argv[3];
	code = world_run_said(argv[2], (struct world_link){.fd = -1, .provider = p}, 1, &none, 0, &end_ns, &o, &said,
			      &err);
	if (err.what[0])
		rc_log(RC_LOG_ERROR, "%s", err.what);
	printf("%.*s", (int)said.n, said.p ? said.p : "");
	rc_buf_done(&said);
	provider_free(p);
	free(script);
	return code;
}
