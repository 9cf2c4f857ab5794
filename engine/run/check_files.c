/* Files that a run reads beside its sources: looked at before one begins. */
#include "engine/run/adopt.h"
#include "engine/run/run_int.h"
#include "engine/base/log.h"
#include "engine/net/net_tls.h"
#include "engine/seal/seal.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct look {
	const struct rc_config *cfg;
	int64_t now_ns;
	enum rc_code worst;
};

static void note(struct look *l, enum rc_code code, const struct rc_err *err)
{
	if (!code)
		return;
	rc_log(RC_LOG_ERROR, "%s", err->what);
	l->worst = l->worst == RC_CONFIG || code == RC_CONFIG ? RC_CONFIG : rc_graver(l->worst, code);
}

enum rc_code run_check_ca(const struct rc_config *cfg, struct rc_err *err)
{
	if (!cfg->tls_ca_file || rc_net_tls_readable(cfg->tls_ca_file))
		return RC_OK;
	return rc_fail(err, RC_CONFIG, "%s: /tls/ca_file: no certificates can be read from %s", cfg->path,
		       cfg->tls_ca_file);
}

static void look_at_overrides(struct look *l)
{
	struct rc_overrides o = {0};
	struct rc_arena mem = {0};
	struct rc_zone *zone = NULL;
	struct rc_err err;
	enum rc_code code = rc_calendar_zone(l->cfg, &zone, &err);

	if (!code)
		code = rc_overrides_load(l->cfg, NULL, zone, l->now_ns, &mem, &o, &err);
	note(l, code, &err);
	rc_zone_free(zone);
	rc_arena_done(&mem);
}

static void look_at_certificates(struct look *l, const struct rc_strings *paths)
{
	struct rc_err err;

	for (size_t i = 0; i < paths->n; i++)
		note(l, rc_seal_cert_check(paths->v[i], l->now_ns, NULL, &err), &err);
}

static void look_at_program(struct look *l)
{
	const char *path = l->cfg->on_finish.n ? l->cfg->on_finish.v[0] : "";
	struct rc_err err;

	if (strchr(path, '/') && access(path, X_OK))
		note(l, rc_fail_sys(&err, RC_CONFIG, errno, "%s: /on_finish: %s cannot be run", l->cfg->path, path),
		     &err);
}

enum rc_code rc_check_files(const struct rc_config *cfg, const struct rc_clock *clock)
{
	struct look l = {.cfg = cfg, .now_ns = rc_wall_ns(clock ? clock : &rc_clock_system)};
	struct rc_err err;

	note(&l, run_check_ca(cfg, &err), &err);
	look_at_certificates(&l, &cfg->credentials.seal_to);
	for (size_t i = 0; i < cfg->n_targets; i++) {
		const struct rc_target *t = &cfg->targets[i];

		if (t->seal_to.v != cfg->credentials.seal_to.v) /* it has its own */
			look_at_certificates(&l, &t->seal_to);
		if (t->adopt_map)
			note(&l, run_adopt_check(cfg, t, &err), &err);
	}
	look_at_overrides(&l);
	look_at_program(&l);
	return l.worst;
}
