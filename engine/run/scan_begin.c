/* What a scan begins with: lookup tables, and the seed of everything beside a row that can change its verdict. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"
#include "engine/base/large.h"
#include "engine/base/log.h"
#include <stdio.h>
#include <stdlib.h>

/* The first line may be a header or a pair: as a pair it harms nobody, unless a line below says otherwise. */
static void add_first_line(struct rc_lookup *table, const struct rc_reader *r)
{
	size_t n;
	const struct rc_slice *first = rc_reader_columns(r, &n);
	struct rc_slice there;
	struct rc_err ignored;

	if (n == 2 && !rc_lookup_get(table, first[0], &there))
		rc_lookup_add(table, first[0], first[1], &ignored);
}

static enum rc_code load_lookup(struct rc_lookups *all, const struct rc_setting *cfg, struct rc_err *err)
{
	struct rc_lookup *table = rc_lookups_table(all, cfg->name);
	struct rc_reader_opts o = {.in.path = cfg->value, .format = RC_FORMAT_CSV};
	struct rc_reader *r;
	struct rc_record rec;
	struct rc_reject rej;
	enum rc_code code = rc_reader_open(&o, &r, err);
	enum rc_read got;

	if (code)
		return code;
	while ((got = rc_reader_next(r, &rec, &rej, err)) == RC_READ_RECORD && !code) {
		struct rc_err why;

		if (rec.n != 2)
			code = rc_fail(err, RC_DATA, "%s:%llu: a lookup table has two columns", cfg->value,
				       (unsigned long long)rec.line);
		else if (rc_lookup_add(table, rec.field[0], rec.field[1], &why))
			code = rc_fail(err, RC_DATA, "%s:%llu: %.900s", cfg->value, (unsigned long long)rec.line,
				       why.what);
	}
	if (!code && got == RC_READ_END)
		add_first_line(table, r);
	if (!code && got == RC_READ_REJECT)
		code = rc_fail(err, RC_DATA, "%s:%llu: %s", cfg->value, (unsigned long long)rej.line, rej.why);
	else if (!code && got == RC_READ_ERROR)
		code = RC_DATA;
	rc_reader_free(r);
	return code;
}

enum rc_code rc_sources_begin(struct rc_scan *s, const struct rc_config *cfg, struct rc_store *store, bool secrets,
			      struct rc_err *err)
{
	struct {
		uint8_t lookups[16];
		uint32_t revision;
		char hash[65];
	} parts;
	XXH128_hash_t h;
	XXH128_canonical_t canonical;
	enum rc_code code = RC_OK;

	*s = (struct rc_scan){.cfg = cfg, .store = store, .secrets = secrets, .keep_raws = secrets, .absence_ok = true};
	s->sources = rc_xcalloc(cfg->n_sources, sizeof(*s->sources));
	for (size_t i = 0; i < cfg->n_sources; i++)
		s->sources[i].keep_raws = s->keep_raws;
	s->lookups = rc_lookups_new();
	for (size_t i = 0; i < cfg->n_lookups; i++) {
		struct rc_err why;

		if (!load_lookup(s->lookups, &cfg->lookups[i], &why))
			continue;
		if (code) /* each of them is named: the caller tells the last */
			rc_log(RC_LOG_ERROR, "%s", err->what);
		code = rc_fail(err, why.code, "%s", why.what);
	}
	if (code)
		return code;
	memset(&parts, 0, sizeof(parts));
	rc_lookups_hash(s->lookups, parts.lookups);
	parts.revision = RC_EXPR_FUNCTIONS_REVISION;
	snprintf(parts.hash, sizeof(parts.hash), "%s", cfg->hash);
	h = XXH3_128bits(&parts, sizeof(parts));
	XXH128_canonicalFromHash(&canonical, h);
	memcpy(s->seed, canonical.digest, sizeof(s->seed));
	return RC_OK;
}

const struct rc_row_copy *scan_keep_row(struct walk *w, const struct rc_record *rec)
{
	struct rc_scan *s = w->s;

	if (!rc_mapping_asked_later(w->mapping))
		return NULL;
	if (!s->n_mappings || s->mappings[s->n_mappings - 1] != w->mapping) {
		s->mappings = rc_xreallocarray(s->mappings, s->n_mappings + 1, sizeof(*s->mappings));
		s->mappings[s->n_mappings++] = w->mapping;
		rc_mapping_keep(w->mapping, true);
	}
	return rc_mapping_copy_row(w->mapping, rec, &s->mem);
}

void rc_sources_done(struct rc_scan *s)
{
	for (size_t i = 0; s->sources && i < s->cfg->n_sources; i++) {
		struct rc_scan_source *src = &s->sources[i];

		for (size_t f = 0; f < src->n_files; f++)
			free((void *)src->files[f]);
		free(src->files);
		scan_refs_free(src);
	}
	for (size_t i = 0; i < s->n_mappings; i++) {
		rc_mapping_keep(s->mappings[i], false);
		rc_mapping_free(s->mappings[i]);
	}
	free(s->mappings);
	free(s->sources);
	rc_large_free(s->people, s->cap, sizeof(*s->people));
	rc_large_free(s->table, s->table_size, sizeof(*s->table));
	free(s->refused);
	rc_lookups_free(s->lookups);
	rc_arena_done(&s->mem);
	rc_arena_wipe(&s->secret_mem);
	*s = (struct rc_scan){0};
}
