#include "engine/cmd/check_people.h"
#include "engine/base/alloc.h"
#include "engine/base/embedded.h"
#include "engine/base/log.h"
#include "engine/cmd/init_values.h"
#include "engine/config/json.h"
#include "engine/run/check_rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WATCHED = 4, MAX_REASONS = 5 };

struct watched { /* a column whose values say what a where could be about */
	const char *name;
	size_t at; /* in the file at hand; SIZE_MAX: it has none of that name */
	struct rc_init_words words;
};

struct watch { /* of a source */
	bool begun;
	size_t n;
	struct watched v[WATCHED];
};

struct check_people {
	const struct rc_config *cfg;
	struct rc_check_rows *rows;
	struct watch *watches;
	struct rc_arena mem;
};

struct check_people *check_people_new(const struct rc_config *cfg, int64_t now_ns)
{
	struct check_people *p = rc_xcalloc(1, sizeof(*p));

	p->cfg = cfg;
	p->rows = rc_check_rows_new(cfg, now_ns);
	p->watches = rc_xcalloc(cfg->n_sources, sizeof(*p->watches));
	return p;
}

void check_people_free(struct check_people *p)
{
	rc_check_rows_free(p->rows);
	free(p->watches);
	rc_arena_done(&p->mem);
	free(p);
}

/* ---- columns worth a look ---- */

/* Nothing in the config says of a person of this source that they are gone. */
static bool takes_all(const struct rc_config *cfg, size_t source)
{
	const struct rc_source *s = &cfg->sources[source];
	bool all = !s->where && !s->left && !s->active_from && !s->active_until;

	for (size_t t = 0; t < cfg->n_targets; t++)
		all &= !cfg->targets[t].where;
	return all;
}

static void watch(struct watch *w, const char *name)
{
	if (w->n < WATCHED)
		w->v[w->n++].name = name;
}

static const char *state_column(struct check_people *p, const struct rc_slice *columns, size_t n)
{
	struct rc_init_columns *c = rc_arena_zalloc(&p->mem, sizeof(*c));

	for (size_t i = 0; i < n && c->n < RC_INIT_COLUMNS_MAX; i++)
		c->names[c->n++] = rc_arena_copy(&p->mem, columns[i]).p;
	return rc_init_state(c);
}

static void begin_watch(struct check_people *p, size_t source, struct rc_mapping *m, const struct rc_slice *columns,
			size_t n)
{
	struct watch *w = &p->watches[source];
	size_t n_where;
	const struct rc_slice *where = rc_mapping_where(m, &p->mem, &n_where);
	const char *state = takes_all(p->cfg, source) ? state_column(p, columns, n) : NULL;

	w->begun = true;
	for (size_t i = 0; i < n_where; i++)
		watch(w, where[i].p);
	if (state)
		watch(w, state);
}

static void find_watched(struct watch *w, const struct rc_slice *columns, size_t n)
{
	for (size_t i = 0; i < w->n; i++) {
		w->v[i].at = SIZE_MAX;
		for (size_t k = 0; k < n; k++)
			if (rc_slice_eqs(columns[k], w->v[i].name))
				w->v[i].at = k;
	}
}

static void look(struct watch *w, const struct rc_record *rec, bool ldif, struct rc_arena *mem)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct rc_attr *a = ldif ? rc_record_attr(rec, rc_slice_str(w->v[i].name)) : NULL;

		if (a && a->n && a->text)
			rc_init_words_note(&w->v[i].words, a->value[0], mem);
		else if (!ldif && w->v[i].at < rec->n)
			rc_init_words_note(&w->v[i].words, rec->field[w->v[i].at], mem);
	}
}

/* ---- the rows ---- */

bool check_people_read(struct check_people *p, size_t source, struct rc_mapping *m, struct rc_reader *r,
		       const struct rc_slice *columns, size_t n, const char *name)
{
	struct watch *w = &p->watches[source];
	const char *file = rc_arena_strdup(&p->mem, name);
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;
	bool more = true;

	if (!w->begun)
		begin_watch(p, source, m, columns, n);
	find_watched(w, columns, n);
	while (more) {
		switch (rc_reader_next(r, &rec, &rej, &err)) {
		case RC_READ_RECORD:
			more = rc_check_row(p->rows, source, m, &rec, file);
			if (more)
				look(w, &rec, rc_reader_format(r) == RC_FORMAT_LDIF, &p->mem);
			break;
		case RC_READ_REJECT:
			more = rc_check_reject(p->rows, source, &rej, file);
			break;
		case RC_READ_END:
			return true;
		case RC_READ_ERROR:
			rc_log(RC_LOG_WARN, "%s; a run would end here with 65", err.what);
			return false;
		}
	}
	return false;
}

/* ---- what is told ---- */

static void tell_reasons(const char *where, const struct rc_reasons *reasons)
{
	struct rc_buf b = {0};

	for (size_t i = 0; i < reasons->n && i < MAX_REASONS; i++) {
		rc_buf_clear(&b);
		rc_reason_words(&b, &reasons->v[i]);
		rc_log(RC_LOG_WARN, "%s, %llu of them: %s", where, (unsigned long long)reasons->v[i].n, b.p);
	}
	if (reasons->n > MAX_REASONS || reasons->others)
		rc_log(RC_LOG_WARN, "%s: and for other reasons; a plan's report names everybody", where);
	rc_buf_done(&b);
}

static void add_words(struct rc_buf *b, struct watch *w)
{
	for (size_t i = 0; i < w->n; i++) {
		rc_init_words_end(&w->v[i].words);
		if (!w->v[i].words.n)
			continue;
		rc_buf_adds(b, "; ");
		rc_init_words_say(b, w->v[i].name, &w->v[i].words);
	}
}

static void tell_source(struct check_people *p, size_t i)
{
	const struct rc_check_source *s = rc_check_source(p->rows, i);
	const struct rc_source *cfg = &p->cfg->sources[i];
	struct rc_buf words = {0};
	char where[400];

	snprintf(where, sizeof(where), "source %s", cfg->files.n ? cfg->files.v[0] : cfg->command.v[0]);
	rc_printable(where, sizeof(where));
	add_words(&words, &p->watches[i]);
	if (s->cut)
		rc_log(RC_LOG_INFO, "%s: only its first %d rows were looked at", where, RC_CHECK_ROWS);
	if (s->n_refused)
		rc_log(RC_LOG_WARN, "%s: %llu of %llu rows would be rejected", where, (unsigned long long)s->n_refused,
		       (unsigned long long)s->rows);
	tell_reasons(where, &s->refused);
	if (s->filtered && !s->kept)
		rc_log(RC_LOG_WARN, "%s: where keeps none of its %llu rows%s", where, (unsigned long long)s->rows,
		       words.n ? words.p : "");
	if (s->rows && takes_all(p->cfg, i) && words.n)
		rc_log(RC_LOG_INFO, "%s: no where, so all %llu rows count as people who should have access%s", where,
		       (unsigned long long)s->rows, words.p);
	rc_buf_done(&words);
}

static void tell_target(struct check_people *p, size_t i)
{
	const struct rc_check_target *t = rc_check_target(p->rows, i);
	char where[200];

	snprintf(where, sizeof(where), "target %s", p->cfg->targets[i].name);
	if (t->filtered && !t->people)
		rc_log(RC_LOG_WARN, "%s: where keeps none of %llu people", where, (unsigned long long)t->filtered);
	if (t->n_failed)
		rc_log(RC_LOG_WARN, "%s: %llu of %llu people would fail", where, (unsigned long long)t->n_failed,
		       (unsigned long long)t->people);
	tell_reasons(where, &t->failed);
}

void check_people_tell(struct check_people *p)
{
	for (size_t i = 0; i < p->cfg->n_sources; i++)
		tell_source(p, i);
	for (size_t i = 0; i < p->cfg->n_targets; i++)
		tell_target(p, i);
}

/* ---- placeholders ---- */

static const char *value_of(const struct rc_target *t, const char *key)
{
	const char *value = rc_target_key(t, key);

	return value || t->pool || !t->n_servers || strcmp(key, t->schema->server_key) != 0 ? value : t->servers[0].id;
}

static void check_target(const struct rc_config *cfg, const struct rc_target *t, const struct rc_embedded *e)
{
	cJSON *schema = NULL;
	const cJSON *one;
	struct rc_err err;

	if (rc_json_parse(e->name, (struct rc_slice){e->data, e->n}, false, &schema, &err))
		return;
	cJSON_ArrayForEach(one, rc_json_member(rc_json_member(rc_json_member(schema, "x-rollcall"), "init"), "target"))
	{
		const char *value = value_of(t, one->string);

		if (value && strcmp(value, one->valuestring) == 0 && strstr(value, "your"))
			rc_log(RC_LOG_WARN, "%s: /targets/%s/%s: still the placeholder that init wrote", cfg->path,
			       t->name, one->string);
	}
	cJSON_Delete(schema);
}

void check_placeholders(const struct rc_config *cfg)
{
	for (size_t i = 0; i < cfg->n_targets; i++) {
		char name[128];

		snprintf(name, sizeof(name), "targets/%s", cfg->targets[i].connector);
		for (const struct rc_embedded *e = rc_embedded_schemas; e->name; e++)
			if (strcmp(e->name, name) == 0)
				check_target(cfg, &cfg->targets[i], e);
	}
}
