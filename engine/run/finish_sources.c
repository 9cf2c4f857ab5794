/* The sources in the books and the summary. */
#include "engine/run/finish_int.h"

void finish_count_rows(const struct run *r, size_t source, struct rc_bucket ret[FINISH_BUCKETS])
{
	const struct rc_scan_source *src = &r->scan.sources[source];
	uint64_t n[FINISH_BUCKETS] = {0};
	uint32_t ref = 0;
	size_t at = 0;

	for (size_t rows; (rows = rc_scan_refs(src, &at, &ref));) {
		if (ref == RC_REF_NONE)
			n[3]++;
		else if (!(ref & RC_REF_PERSON))
			n[0] += rows;
		else if (r->scan.people[ref & ~RC_REF_PERSON].kind == RC_PERSON_FROZEN)
			n[3]++;
		else if (r->scan.people[ref & ~RC_REF_PERSON].kind == RC_PERSON_FILTERED)
			n[2]++;
		else
			n[1]++;
	}
	ret[0] = (struct rc_bucket){"unchanged", n[0]};
	ret[1] = (struct rc_bucket){"looked at", n[1]};
	ret[2] = (struct rc_bucket){"filtered", n[2]};
	ret[3] = (struct rc_bucket){"rejected or superseded", n[3]};
}

void finish_fill_source(const struct run *r, size_t i, struct rc_summary_source *s)
{
	const struct rc_scan_source *src = &r->scan.sources[i];
	const struct rc_source *cfg = &r->cfg->sources[i];

	s->name = cfg->files.n ? cfg->files.v[0] : cfg->command.v[0];
	s->files = src->files;
	s->n_files = src->n_files;
	s->rows = src->rows;
	s->filtered = src->filtered;
	s->rejected = src->rejected;
	s->rejected_new = src->rejected_new;
	s->bytes = src->bytes;
	s->stamp = src->stamp_ns ? src->stamp_ns : src->mtime_ns;
	s->unreadable_runs = src->unreadable_runs;
	s->unreadable_at = src->unreadable_where;
}

enum rc_code finish_sources_code(const struct run *r)
{
	uint64_t rejected = 0, tolerated = UINT64_MAX;
	bool frozen = false;

	if (!r->scanned)
		return RC_OK;
	for (size_t i = 0; i < r->cfg->n_sources; i++) {
		rejected += r->scan.sources[i].rejected;
		frozen |= r->scan.sources[i].frozen;
	}
	for (size_t t = 0; t < r->cfg->n_targets; t++)
		if (r->targets[t].selected && r->targets[t].cfg->guards.tolerate_rejected < tolerated)
			tolerated = r->targets[t].cfg->guards.tolerate_rejected;
	return rejected > tolerated || frozen ? RC_PARTIAL : RC_OK;
}
