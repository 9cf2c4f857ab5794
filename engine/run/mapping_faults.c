/* What is wrong with a config's expressions before any source was seen. */
#include "engine/run/mapping.h"
#include <stdio.h>
#include <string.h>

struct judge {
	struct rc_expr_env *env;
	struct rc_config_errors *errs;
};

static void add(struct judge *j, const char *where, const char *what)
{
	size_t n = strlen(where);

	if (!rc_config_errors_at(j->errs, where))
		rc_config_errors_add(j->errs, where, "%s", what + (strncmp(what, where, n) == 0 ? n + 2 : 0));
}

static void judge(struct judge *j, const char *text, const struct rc_expr_scope *scope, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void judge(struct judge *j, const char *text, const struct rc_expr_scope *scope, const char *fmt, ...)
{
	char where[400];
	struct rc_expr *e;
	struct rc_err err;
	va_list ap;

	if (!text)
		return;
	va_start(ap, fmt);
	vsnprintf(where, sizeof(where), fmt, ap);
	va_end(ap);
	if (rc_expr_compile(j->env, text, where, scope, &e, NULL, &err))
		add(j, where, err.what);
}

static void judge_source(struct judge *j, const struct rc_source *s, size_t i)
{
	struct rc_zone *zone = NULL;
	struct rc_err err;
	char where[64];

	judge(j, s->key, &(struct rc_expr_scope){.column = true}, "/sources/%zu/key", i);
	judge(j, s->where, NULL, "/sources/%zu/where", i);
	judge(j, s->left, NULL, "/sources/%zu/left", i);
	judge(j, s->active_from, NULL, "/sources/%zu/active_from", i);
	judge(j, s->active_until, NULL, "/sources/%zu/active_until", i);
	judge(j, s->prefer, NULL, "/sources/%zu/duplicates/prefer", i);
	snprintf(where, sizeof(where), "/sources/%zu/timezone", i);
	if (rc_zone_open(s->timezone, &zone, &err))
		add(j, where, err.what);
	rc_zone_free(zone);
	snprintf(where, sizeof(where), "/sources/%zu/date_format", i);
	if (s->date_format && rc_date_format_check(s->date_format, &err))
		add(j, where, err.what);
}

static void judge_field(struct judge *j, const struct rc_target *t, size_t f)
{
	const struct rc_account_rule *r = &t->account[f];
	const char *name = t->schema->fields[f].name;

	if (r->kind == RC_RULE_EXPR)
		judge(j, r->exprs.v[0], NULL, "/targets/%s/account/%s", t->name, name);
	for (size_t i = 0; r->kind == RC_RULE_FIRST_FREE && i < r->exprs.n; i++) {
		struct rc_expr_scope scope = {.n = i + 1 == r->exprs.n};

		judge(j, r->exprs.v[i], &scope, "/targets/%s/account/%s/first_free/%zu", t->name, name, i);
	}
}

static void judge_target(struct judge *j, const struct rc_target *t)
{
	const char *fields[RC_MAX_FIELDS];
	struct rc_expr_scope scope = {.account = fields};

	judge(j, t->where, NULL, "/targets/%s/where", t->name);
	judge(j, t->server, NULL, "/targets/%s/server", t->name);
	judge(j, t->priority, NULL, "/targets/%s/priority", t->name);
	if (!t->schema)
		return;
	for (size_t f = 0; f < t->schema->n_fields; f++) {
		judge_field(j, t, f);
		if (!t->schema->fields[f].secret)
			fields[scope.n_account++] = t->schema->fields[f].name;
	}
	judge(j, t->adopt_if, &scope, "/targets/%s/adopt_if", t->name);
}

void rc_mapping_faults(const struct rc_config *c, struct rc_config_errors *errs)
{
	struct rc_lookups *lookups = rc_lookups_new();
	struct judge j = {rc_expr_env_any(), errs};

	for (size_t i = 0; i < c->n_lookups; i++)
		rc_lookups_table(lookups, c->lookups[i].name);
	rc_expr_env_lookups(j.env, lookups);
	for (size_t i = 0; i < c->n_sources; i++)
		judge_source(&j, &c->sources[i], i);
	for (size_t i = 0; i < c->n_targets; i++)
		judge_target(&j, &c->targets[i]);
	rc_expr_env_free(j.env);
	rc_lookups_free(lookups);
}
