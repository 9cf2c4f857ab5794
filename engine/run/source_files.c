#include "engine/run/source_files.h"
#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/map/dates.h"
#include "engine/map/regex.h"
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct rc_source_files *f, const char *path)
{
	struct rc_source_file one = {0};
	struct stat st;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].path, path) == 0)
			return;
	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		one.mtime_ns = (int64_t)st.st_mtim.tv_sec * RC_SECOND + st.st_mtim.tv_nsec;
		one.regular = true;
	}
	one.path = rc_xstrdup(path);
	f->v = rc_xreallocarray(f->v, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = one;
}

char *rc_source_pattern(const char *files)
{
	size_t n = strlen(files), there = access(files, F_OK) == 0 ? n : 0;
	char *dir = rc_xstrdup(files), *out = rc_xcalloc(2 * n + 1, 1), *to = out;

	for (size_t i = n; i-- > 1 && !there;)
		if (dir[i] == '/') {
			dir[i] = 0;
			there = access(dir, F_OK) == 0 ? i : 0;
		}
	free(dir);
	for (size_t i = 0; i < n; i++) {
		if (i < there && strchr("*?[\\", files[i]))
			*to++ = '\\';
		*to++ = files[i];
	}
	return out;
}

static enum rc_code expand(struct rc_source_files *f, const char *pattern, size_t source, struct rc_err *err)
{
	char *escaped;
	glob_t g;
	int rc;

	if (strcmp(pattern, "-") == 0) {
		add(f, pattern);
		return RC_OK;
	}
	escaped = rc_source_pattern(pattern);
	rc = glob(escaped, 0, NULL, &g);
	free(escaped);
	if (rc == GLOB_NOMATCH)
		return rc_fail(err, RC_DATA, "%s: no such file (/sources/%zu/files): is the export there yet?", pattern,
			       source);
	if (rc == GLOB_NOSPACE)
		return rc_fail_sys(err, RC_INTERNAL, ENOMEM, "%s", pattern);
	if (rc)
		return rc_fail(err, RC_DATA, "%s: cannot be searched (/sources/%zu/files)", pattern, source);
	for (size_t i = 0; i < g.gl_pathc; i++)
		add(f, g.gl_pathv[i]);
	globfree(&g);
	return RC_OK;
}

/* ---- the date in a file's name */

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* 0: the name does not match the pattern. */
static enum rc_code stamp_of(const struct rc_source *s, const struct rc_zone *zone, const char *path, int64_t *ret,
			     struct rc_err *err)
{
	struct rc_regexes patterns = {0};
	struct rc_slice found;
	struct rc_date date;
	const char *fault = NULL;
	int rc = rc_regex_group(&patterns, rc_slice_str(s->stamp), rc_slice_str(name_of(path)), &found, &fault);
	enum rc_code code = RC_OK;

	*ret = 0;
	if (rc < 0)
		code = rc_fail(err, RC_DATA, "%s: stamp: %s", path, fault);
	rc_regexes_done(&patterns);
	if (rc <= 0 || !found.n)
		return code;
	if (rc_date_read(found, NULL, zone, &date, err) &&
	    (!s->date_format || rc_date_read(found, s->date_format, zone, &date, err)))
		return rc_fail(err, RC_DATA, "%s: stamp finds %.*s, which is no date", path,
			       (int)(found.n < 64 ? found.n : 64), found.p);
	*ret = rc_date_start_ns(&date, zone);
	return RC_OK;
}

static void drop(struct rc_source_files *f, size_t i)
{
	free(f->v[i].path);
	memmove(&f->v[i], &f->v[i + 1], (f->n - i - 1) * sizeof(*f->v));
	f->n--;
}

/* A file without a date is none of the dated exports when the newest is to be picked, and an error otherwise. */
static enum rc_code set_stamps(struct rc_source_files *f, const struct rc_source *s, struct rc_err *err)
{
	struct rc_zone *zone = NULL;
	enum rc_code code = rc_zone_open(s->timezone, &zone, err);
	char first[300];

	snprintf(first, sizeof(first), "%s", f->n ? f->v[0].path : "");
	for (size_t i = 0; i < f->n && !code;) {
		code = stamp_of(s, zone, f->v[i].path, &f->v[i].stamp_ns, err);
		if (code || f->v[i].stamp_ns) {
			i++;
			continue;
		}
		if (s->pick != RC_PICK_NEWEST)
			code = rc_fail(err, RC_DATA, "%s: its name holds no date as stamp (%s) asks for", f->v[i].path,
				       s->stamp);
		else
			drop(f, i);
	}
	if (!code && !f->n)
		code = rc_fail(err, RC_DATA, "%s: no file's name holds a date as stamp (%s) asks for", first, s->stamp);
	rc_zone_free(zone);
	return code;
}

static int64_t time_of(const struct rc_source_file *f)
{
	return f->stamp_ns ? f->stamp_ns : f->mtime_ns;
}

static size_t newest(const struct rc_source_files *f)
{
	size_t best = 0;

	/* of equal ones the later in the glob's order, so that "-2" wins over "-1" */
	for (size_t i = 1; i < f->n; i++)
		if (time_of(&f->v[i]) >= time_of(&f->v[best]))
			best = i;
	return best;
}

enum rc_code rc_source_files_find(struct rc_source_files *f, const struct rc_config *cfg, size_t source,
				  struct rc_err *err)
{
	const struct rc_source *s = &cfg->sources[source];
	enum rc_code code = RC_OK;

	*f = (struct rc_source_files){0};
	if (s->command.n) {
		f->v = rc_xcalloc(1, sizeof(*f->v));
		f->v[f->n++].path = rc_xstrdup(s->command.v[0]);
		return RC_OK;
	}
	for (size_t i = 0; i < s->files.n && !code; i++)
		code = expand(f, s->files.v[i], source, err);
	if (!code && s->stamp)
		code = set_stamps(f, s, err);
	if (code) {
		rc_source_files_done(f);
		return code;
	}
	if (s->pick == RC_PICK_NEWEST) {
		struct rc_source_file keep = f->v[newest(f)];

		for (size_t i = 0; i < f->n; i++)
			if (f->v[i].path != keep.path)
				free(f->v[i].path);
		f->v[0] = keep;
		f->n = 1;
	}
	return RC_OK;
}

void rc_source_files_done(struct rc_source_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].path);
	free(f->v);
	*f = (struct rc_source_files){0};
}

int64_t rc_source_files_stamp(const struct rc_source_files *f)
{
	return f->n ? f->v[newest(f)].stamp_ns : 0;
}

bool rc_source_files_regular(const struct rc_source_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->v[i].regular)
			return false;
	return true;
}

/* ---- may it be read */

char *rc_source_beside(const char *pattern, const char *path)
{
	const char *at = strstr(pattern, "{file}");

	if (!at)
		return rc_xstrdup(pattern);
	return rc_xasprintf("%.*s%s%s", (int)(at - pattern), pattern, at == pattern ? path : name_of(path), at + 6);
}

static enum rc_code ready(const struct rc_source_file *f, const struct rc_source *s, struct rc_err *err)
{
	char *path = rc_source_beside(s->expect.ready, f->path);
	enum rc_code code = RC_OK;
	struct stat st;

	if (stat(path, &st) && errno == ENOENT)
		code = rc_fail(err, RC_DATA, "%s: %s is not there yet (expect.ready): the export is not finished",
			       f->path, path);
	else if (stat(path, &st))
		code = rc_fail_sys(err, RC_DATA, errno, "%s: cannot be examined (expect.ready)", path);
	free(path);
	return code;
}

enum rc_code rc_source_files_ready(const struct rc_source_files *f, const struct rc_source *s, int64_t now_ns,
				   struct rc_err *err)
{
	for (size_t i = 0; i < f->n; i++) {
		int64_t quiet = now_ns - f->v[i].mtime_ns;
		enum rc_code code = s->expect.ready ? ready(&f->v[i], s, err) : RC_OK;

		if (code)
			return code;
		if (s->expect.min_quiet_ns && f->v[i].regular && quiet < s->expect.min_quiet_ns)
			return rc_fail(err, RC_DATA,
				       "%s: changed %lld s ago, expect.min_quiet asks for %lld s of quiet: run again "
				       "later",
				       f->v[i].path, (long long)(quiet > 0 ? quiet / RC_SECOND : 0),
				       (long long)(s->expect.min_quiet_ns / RC_SECOND));
	}
	return RC_OK;
}

/* ---- is it stale */

static void day_text(int64_t ns, char out[32])
{
	rc_time_iso(ns, out);
}

static enum rc_code older(const struct rc_source_files *f, int64_t at, int64_t applied, struct rc_err *err)
{
	char now[32], then[32];

	day_text(at, now);
	day_text(applied, then);
	return rc_fail(err, RC_GUARD,
		       "%s: of %s, older than the last applied one of %s; if that is right, --accept-source",
		       f->v[newest(f)].path, now, then);
}

enum rc_code rc_source_files_fresh(const struct rc_source_files *f, const struct rc_source *s, int64_t now_ns,
				   const struct rc_source_facts *applied, struct rc_err *err)
{
	int64_t at = f->n ? time_of(&f->v[newest(f)]) : 0, before = 0;

	if (!s->max_age_ns && !s->stamp)
		return RC_OK;
	for (size_t i = 0; i < f->n && s->max_age_ns; i++) {
		int64_t t = time_of(&f->v[i]);
		char when[32];

		day_text(t, when);
		if (t && now_ns - t > s->max_age_ns)
			return rc_fail(err, RC_GUARD,
				       "%s: of %s, older than max_age (%lld h): is the export still running? If the "
				       "file is right, --accept-source",
				       f->v[i].path, when, (long long)(s->max_age_ns / (3600 * RC_SECOND)));
	}
	if (applied)
		before = s->stamp ? applied->stamp_ns : applied->mtime_ns;
	return at && before && at < before ? older(f, at, before, err) : RC_OK;
}
