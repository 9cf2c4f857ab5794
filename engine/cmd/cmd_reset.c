/* reset-password: which people, how many at most, and the question. */
#include "engine/base/log.h"
#include "engine/cli.h"
#include <stdio.h>
#include <unistd.h>

static void drop_doubles(struct rc_cli *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_arguments; i++) {
		bool there = false;

		for (size_t k = 0; k < n && !there; k++)
			there = strcmp(c->arguments[k], c->arguments[i]) == 0;
		if (!there)
			c->arguments[n++] = c->arguments[i];
	}
	c->n_arguments = n;
}

static enum rc_code check_words(const struct rc_cli *c, struct rc_err *err)
{
	if (c->run.n_targets != 1)
		return rc_fail(err, RC_USAGE, "reset-password needs one --target NAME");
	if (c->n_arguments == 0)
		return rc_fail(err, RC_USAGE, "reset-password needs keys, or --file F with one a line");
	if (c->n_arguments > c->max_resets)
		return rc_fail(err, RC_USAGE,
			       "%zu passwords at once are more than %llu; if they are meant, --max-resets %zu",
			       c->n_arguments, (unsigned long long)c->max_resets, c->n_arguments);
	return RC_OK;
}

static enum rc_code check_target(const struct rc_cli *c, const struct rc_config *cfg, struct rc_err *err)
{
	const struct rc_target *t = rc_config_target(cfg, c->targets[0]);

	if (!t)
		return rc_fail(err, RC_USAGE, "--target %s: the config has no such target", c->targets[0]);
	if (!t->schema->can_lock)
		return rc_fail(err, RC_CONFIG, "/targets/%s: this provider lets nobody set a password", t->name);
	if (!t->seal_to.n)
		return rc_fail(err, RC_CONFIG,
			       "/credentials/seal_to: new passwords need a certificate to be sealed to");
	return RC_OK;
}

static bool confirmed(const struct rc_cli *c)
{
	char answer[16] = "";

	fprintf(stderr, "New passwords on %s for %zu people:\n", c->targets[0], c->n_arguments);
	for (size_t i = 0; i < c->n_arguments && i < 20; i++) {
		char key[600];

		snprintf(key, sizeof(key), "%s", c->arguments[i]);
		rc_printable(key, sizeof(key));
		fprintf(stderr, "  %s\n", key);
	}
	if (c->n_arguments > 20)
		fprintf(stderr, "  and %zu more\n", c->n_arguments - 20);
	fprintf(stderr, "Carry this out? Only \"yes\" does: ");
	return fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0;
}

static int carry_out(struct rc_cli *c, const struct rc_config *cfg)
{
	struct rc_run_result res;
	struct rc_err err = {0};
	int out;

	c->run.writes = true;
	c->run.reset = c->arguments;
	c->run.n_reset = c->n_arguments;
	rc_run(cfg, &c->run, &res, &err);
	if (err.what[0])
		rc_log(RC_LOG_ERROR, "%s", err.what);
	out = (int)res.code;
	if (res.summary_valid && !c->run.quiet && rc_cli_print(rc_buf_slice(&res.text)))
		out = (int)rc_graver((enum rc_code)out, RC_CANTCREAT);
	rc_buf_done(&res.text);
	return out;
}

int rc_cmd_reset(struct rc_cli *c)
{
	struct rc_config *cfg = NULL;
	struct rc_err err;
	enum rc_code code;
	int out = 0;

	drop_doubles(c);
	if (check_words(c, &err))
		return rc_cli_fail(&err);
	code = rc_cli_config(c, &cfg);
	if (code)
		return (int)code;
	if (check_target(c, cfg, &err))
		out = rc_cli_fail(&err);
	else if (!c->yes && isatty(0) && isatty(2) && !confirmed(c))
		rc_log(RC_LOG_INFO, "nothing was changed");
	else
		out = carry_out(c, cfg);
	rc_config_free(cfg);
	return out;
}
