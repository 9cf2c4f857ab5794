#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "helper_report.h"

void report_dir_init(struct report_dir *d)
{
	strcpy(d->root, "/tmp/rollcall-report-XXXXXX");
	assert_non_null(mkdtemp(d->root));
	snprintf(d->reports, sizeof(d->reports), "%s/a/reports", d->root);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void report_dir_done(struct report_dir *d)
{
	nftw(d->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

char *report_read(const struct report_dir *d, const char *run_id, const char *name)
{
	char path[256], *text = NULL;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", d->reports, run_id, name);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	text = malloc(64 << 20);
	assert_non_null(text);
	n = fread(text, 1, (64 << 20) - 1, f);
	text[n] = 0;
	fclose(f);
	return text;
}

void report_write(const struct report_dir *d, const char *run_id, const char *name, const char *text, size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", d->reports, run_id, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

size_t report_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

char *report_render(const struct report_dir *d, const char *run_id, enum rc_report_format format)
{
	struct rc_err err = {0};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	enum rc_code code;

	assert_non_null(f);
	code = rc_report_render(d->reports, run_id, format, f, &err);
	fclose(f);
	if (code)
		fail_msg("render: %s", err.what);
	return text;
}

struct rc_outcome outcome_of(const char *key, const char *name)
{
	return (struct rc_outcome){
		.target = "vpn-eu",
		.key = rc_slice_str(key),
		.name = rc_slice_str(name),
		.action = RC_ACT_CREATE,
		.status = RC_ST_DONE,
		.attempts = 1,
		.planned_at = 1764000000123000000,
		.done_at = 1764000002000000000,
	};
}

struct rc_summary summary_of(const char *run_id, struct rc_summary_target targets[2])
{
	static const char *const argv[] = {"rollcall", "sync", "a <b>.json"};
	static const char *const files[] = {"hr/2026-11-24.csv.gz"};
	static const char *const notes[] = {"the snapshot was empty: both targets were listed first"};
	static const struct rc_summary_source source = {
		.name = "hr/*.csv.gz",
		.files = files,
		.n_files = 1,
		.rows = 10,
		.filtered = 1,
		.rejected = 2,
		.bytes = 512,
	};
	static const struct rc_bucket buckets[] = {{"read", 7}, {"filtered", 1}, {"rejected", 2}};
	static const struct rc_ledger ledger = {"rows of hr/*.csv.gz", 10, buckets, 3};
	static const char *const names[] = {"vpn-eu", "sag-cn"};

	for (int i = 0; i < 2; i++)
		targets[i] = (struct rc_summary_target){
			.name = names[i],
			.connector = i ? "alibaba-sag-app" : "huawei-p2c-vpn",
			.wanted = 7,
			.known = 3,
			.actual = -1,
			.seats = {.limit = 500, .used = -1},
			.cost = {-1, -1, -1, -1, -1},
		};
	return (struct rc_summary){
		.run_id = run_id,
		.command = "sync",
		.started_at = 1764000000000000000,
		.finished_at = 1764000060000000000,
		.exit_code = 1,
		.version = "0.1.0",
		.config_hash = "c0ffee",
		.operator_ = "ops",
		.invocation = argv,
		.n_invocation = 3,
		.notes = notes,
		.n_notes = 1,
		.sources = &source,
		.n_sources = 1,
		.targets = targets,
		.n_targets = 2,
		.ledgers = &ledger,
		.n_ledgers = 1,
		.balanced = true,
	};
}
