/* check: config, expressions against the source's own header, files, secrets; nothing is written anywhere. */
#include "engine/cli.h"
#include "engine/base/json_out.h"
#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/base/nearest.h"
#include "engine/cmd/check_people.h"
#include "engine/run/scan.h"
#include "engine/run/scan_int.h"
#include <stdio.h>
#include <stdlib.h>

static void print_want(struct rc_buf *b, const struct rc_target *t, const struct rc_want *w)
{
	rc_buf_addf(b, "  %s: ", t->name);
	if (w->filtered) {
		rc_buf_adds(b, "excluded by the target's where\n");
		return;
	}
	rc_buf_addc(b, '{');
	for (size_t f = 0; f < t->schema->n_fields; f++)
		if (w->account.set & 1u << f)
			rc_json_kstr(b, t->schema->fields[f].name, w->account.v[f]);
	rc_buf_adds(b, "}\n");
	if (w->invalid)
		rc_buf_addf(b, "    %s\n", w->invalid);
}

static int print_sample(const struct rc_config *cfg, const struct rc_mapped *m, const char *file, uint64_t line)
{
	struct rc_buf b = {0};
	int out;

	rc_buf_addf(&b, "%.*s at %s:%llu%s%s\n", (int)m->key.n, m->key.p, file, (unsigned long long)line,
		    m->filtered ? ": excluded by the source's where" : "", m->left ? ": has left" : "");
	for (size_t i = 0; m->want && i < cfg->n_targets; i++)
		print_want(&b, &cfg->targets[i], &m->want[i]);
	rc_printable(b.p, 0);
	out = rc_cli_print(rc_buf_slice(&b));
	rc_buf_done(&b);
	return out;
}

/* The state, to ask what it has seen; one that cannot be read is no matter of the config's. */
struct past {
	struct rc_store *store;
	struct rc_view *view;
};

static void open_past(const struct rc_config *cfg, struct past *ret)
{
	struct rc_store_options so = {.mode = RC_STORE_READ, .dir = cfg->state};
	struct rc_err err;

	*ret = (struct past){0};
	if (rc_store_open(&so, &ret->store, &err) || rc_view_begin(ret->store, &ret->view, &err))
		rc_log(RC_LOG_VERBOSE, "%s", err.what);
}

static void close_past(struct past *p)
{
	struct rc_err err;

	if (p->view && rc_view_end(p->view, &err))
		rc_log(RC_LOG_VERBOSE, "%s", err.what);
	rc_store_close(p->store);
}

/* The columns of all sources, to find those that a list of the config names and nobody has. */
struct columns {
	const char **v;
	size_t n;
	bool open; /* an LDIF source: its attributes are not known before its last entry */
};

static void note_columns(struct columns *all, struct rc_scan *scan, const struct rc_reader *r,
			 const struct rc_slice *columns, size_t n)
{
	all->open |= rc_reader_format(r) == RC_FORMAT_LDIF;
	all->v = rc_xreallocarray(all->v, all->n + n + 1, sizeof(*all->v));
	for (size_t i = 0; i < n; i++)
		all->v[all->n++] =
			rc_arena_printf(&scan->mem, "%.*s", (int)columns[i].n, columns[i].p ? columns[i].p : "");
}

/* Names of one list that no source has as a column. Returns whether there are any. */
static bool miss_columns(const struct columns *all, const char *path, const char *where, const struct rc_strings *names)
{
	bool missed = false;

	for (size_t i = 0; i < names->n && !all->open; i++) {
		const char *near;
		size_t at = 0;

		while (at < all->n && strcmp(all->v[at], names->v[i]) != 0)
			at++;
		if (at < all->n)
			continue;
		missed = true;
		near = rc_nearest(rc_slice_str(names->v[i]), all->v, all->n);
		rc_log(RC_LOG_ERROR, "%s: %s/%zu: no source has a column '%s'%s%s%s", path, where, i, names->v[i],
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	return missed;
}

static int check_lists(const struct columns *all, const struct rc_config *cfg)
{
	bool missed = miss_columns(all, cfg->path, "/report/columns", &cfg->report.columns);
	char where[120];

	missed |= miss_columns(all, cfg->path, "/credentials/include", &cfg->credentials.include);
	for (size_t i = 0; i < cfg->n_targets; i++) {
		const struct rc_target *t = &cfg->targets[i];

		snprintf(where, sizeof(where), "/targets/%s/include", t->name);
		if (t->include.v != cfg->credentials.include.v)
			missed |= miss_columns(all, cfg->path, where, &t->include);
	}
	return missed ? RC_CONFIG : 0;
}

/* What reading the sources is for. */
struct pass {
	const char *sample;          /* the key that is looked for; NULL: everybody */
	struct check_people *people; /* without a sample */
	struct rc_scan *scan;
	struct columns all;
	struct past past;
	bool found;
};

static enum rc_code look_for(struct pass *p, struct rc_mapping *m, struct rc_reader *r, const char *name,
			     struct rc_err *err)
{
	enum rc_read got = RC_READ_RECORD;
	enum rc_code code = RC_OK;
	struct rc_record rec;
	struct rc_reject rej;

	while (!code && !p->found && got != RC_READ_END) {
		struct rc_mapped mapped;
		struct rc_err row;
		enum rc_code refused;

		got = rc_reader_next(r, &rec, &rej, err);
		if (got == RC_READ_ERROR)
			code = RC_DATA;
		if (got != RC_READ_RECORD)
			continue;
		refused = rc_mapping_row(m, &rec, false, &p->scan->mem, &mapped, &row);
		if (!rc_slice_eqs(mapped.key, p->sample))
			continue;
		p->found = true;
		if (refused)
			code = rc_fail_line(err, RC_DATA, rec.line, "%s:%llu: %s", name, (unsigned long long)rec.line,
					    row.what);
		else
			print_sample(p->scan->cfg, &mapped, name, rec.line);
	}
	return code;
}

/* A command whose output nobody reads any more ends by SIGPIPE, which would be taken for its failure. */
static void hear_out(struct rc_reader *r)
{
	struct rc_row row;
	struct rc_reject rej;
	struct rc_err err;
	enum rc_read got;

	do
		got = rc_reader_next_raw(r, &row, &rej, &err);
	while (got == RC_READ_RECORD || got == RC_READ_REJECT);
}

/* Compiles every expression against the header, then reads the rows: until the sample is found, or to see what becomes
 * of everybody. */
static enum rc_code check_source(struct pass *p, size_t i, struct rc_err *err)
{
	struct rc_source_facts facts = {0};
	const struct rc_config *cfg = p->scan->cfg;
	struct rc_feed feed;
	struct rc_reader *r = NULL;
	const char *name = NULL;
	struct rc_mapping *m = NULL;
	size_t files = 0;
	bool more = true;
	enum rc_code code = rc_feed_open(&feed, cfg, i, err);

	if (code)
		return code;
	if (p->past.view)
		rc_view_source(p->past.view, (uint16_t)i, &p->scan->mem, &facts);
	while (!code && !p->found) {
		size_t n;
		const struct rc_slice *columns;

		rc_reader_free(r);
		r = NULL;
		code = rc_feed_next(&feed, &r, &name, err);
		if (code || !r)
			break;
		columns = rc_mapping_header(cfg, i, r, &p->scan->mem, &n);
		note_columns(&p->all, p->scan, r, columns, n);
		rc_mapping_free(m);
		m = NULL;
		code = rc_mapping_new(cfg, i, rc_reader_format(r) == RC_FORMAT_LDIF, columns, n, p->scan->lookups,
				      facts.columns, facts.n_columns, &m, err);
		if (code == RC_CONFIG && files) /* the file before had it */
			code = err->code = RC_DATA;
		files++;
		if (!code && p->sample)
			code = look_for(p, m, r, name, err);
		else if (!code && more)
			more = check_people_read(p->people, i, m, r, columns, n, name);
		if (!code && !p->found && feed.pid)
			hear_out(r);
	}
	rc_reader_free(r);
	rc_mapping_free(m);
	rc_feed_done(&feed);
	return code;
}

/* A bad config goes before bad data: a run would not even begin. */
static int worse(int a, int b)
{
	return a == RC_CONFIG || b == RC_CONFIG ? RC_CONFIG : (int)rc_graver((enum rc_code)a, (enum rc_code)b);
}

static int check_sources(struct rc_cli *c, const struct rc_config *cfg, bool *ret_found)
{
	struct rc_scan scan;
	struct pass p = {.sample = c->sample, .scan = &scan};
	struct rc_err err;
	int out = 0;

	if (rc_sources_begin(&scan, cfg, NULL, false,
			     &err)) /* a lookup table; the expressions can be judged all the same */
		out = rc_cli_fail(&err);
	p.people = check_people_new(cfg, rc_wall_ns(c->run.clock ? c->run.clock : &rc_clock_system));
	open_past(cfg, &p.past);
	for (size_t i = 0; i < cfg->n_sources; i++)
		if (check_source(&p, i, &err))
			out = worse(out, rc_cli_fail(&err));
	if (!out && !p.found) /* every header was seen */
		out = check_lists(&p.all, cfg);
	if (!out && !p.sample)
		check_people_tell(p.people);
	*ret_found = p.found;
	check_people_free(p.people);
	free(p.all.v);
	close_past(&p.past);
	rc_sources_done(&scan);
	return out;
}

int rc_cmd_check(struct rc_cli *c)
{
	struct rc_config *cfg = NULL;
	struct rc_config_errors faults = {0};
	struct rc_err err;
	enum rc_code code = rc_cli_config(c, &cfg);
	bool found = false;
	int out = 0, rest;

	if (code)
		return (int)code;
	if (c->print) {
		out = rc_cli_print(rc_slice_str(cfg->effective));
		rc_config_free(cfg);
		return out;
	}
	if (rc_config_check_secrets(cfg, NULL, &faults)) {
		for (size_t i = 0; i < faults.n; i++)
			rc_log(RC_LOG_ERROR, "%s: %s: %s", c->config_path, faults.v[i].pointer, faults.v[i].reason);
		out = RC_CONFIG;
	}
	rc_config_errors_done(&faults);
	rest = (int)rc_check_files(cfg, c->run.clock);
	rest = worse(rest, check_sources(c, cfg, &found));
	if (out && !rest)
		rc_log(RC_LOG_INFO,
		       "config, expressions, files and sources are good; what is missing are the secrets named");
	out = worse(out, rest);
	check_placeholders(cfg);
	if (c->sample && !found && !out) {
		rc_fail(&err, RC_DATA, "--sample %s: no row has this key", c->sample);
		out = rc_cli_fail(&err);
	}
	if (!out && c->online)
		out = rc_check_online(&c->run, cfg);
	if (!out && !c->sample)
		out = rc_cli_print(RC_SLICE("config, expressions, files, sources and secrets are good\n"));
	rc_config_free(cfg);
	return out;
}
