/* The config that a command line names: its faults told, the environment as promised, the filter on before it is used.
 */
#include <string.h>
#include "engine/cli.h"
#include "engine/base/confine.h"
#include "engine/base/log.h"
#include "engine/run/mapping.h"

static enum rc_code load(const struct rc_cli *c, struct rc_config **ret)
{
	struct rc_config_errors errs = {.also = rc_mapping_faults};
	struct rc_err err;
	enum rc_code code = rc_config_load(c->config_path, ret, &errs, &err);

	for (size_t i = 0; code && i < errs.n; i++) {
		const char *pointer = errs.v[i].pointer;

		if (pointer[0])
			rc_log(RC_LOG_ERROR, "%s: %s: %s", c->config_path, pointer, errs.v[i].reason);
		else
			rc_log(RC_LOG_ERROR, "%s", errs.v[i].reason);
	}
	if (code && !errs.n)
		rc_log(RC_LOG_ERROR, "%s", err.what);
	rc_config_errors_done(&errs);
	return code;
}

/* That it is the config that was meant, and that nothing more is started than it names. */
static enum rc_code accept(const struct rc_cli *c, const struct rc_config *cfg, struct rc_err *err)
{
	if (c->expect_env && (!cfg->environment || strcmp(c->expect_env, cfg->environment) != 0))
		return rc_fail(err, RC_USAGE, "--expect-env %s: this config is for %s", c->expect_env,
			       cfg->environment ? cfg->environment : "no named environment");
	return c->confine ? rc_confine(rc_config_starts_programs(cfg), err) : RC_OK;
}

enum rc_code rc_cli_config(const struct rc_cli *c, struct rc_config **ret)
{
	struct rc_err err;
	enum rc_code code = load(c, ret);

	if (code)
		return code;
	code = accept(c, *ret, &err);
	if (code) {
		rc_log(RC_LOG_ERROR, "%s", err.what);
		rc_config_free(*ret);
		*ret = NULL;
	}
	return code;
}
