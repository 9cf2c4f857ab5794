/* report-sample REPORTS RUN ROWS: writes the report of a made-up night, with hostile names in it, for the browser test
 * and for pictures. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/report/report.h"

static const char *const hostile[] = {
	"<script>window.pwned=1</script>",
	"</script><script>window.pwned=2</script>",
	"<img src=x onerror=\"window.pwned=3\">",
	"\"onmouseover=\"window.pwned=4",
	"javascript:window.pwned=5",
	"<!--<script>",
	"=cmd|' /C calc'!A0",
	"\xe2\x80\xae"
	"gnp.exe",
	"&lt;b&gt;",
	"line\nbreak\x1b[31m",
};
enum { HOSTILE = sizeof(hostile) / sizeof(*hostile) };

static void check(enum rc_code code, const struct rc_err *err)
{
	if (!code)
		return;
	fprintf(stderr, "report-sample: %s\n", err->what);
	exit(code);
}

static void add_row(struct rc_report *r, unsigned i)
{
	static const char *const departments[] = {"IT", "Sales", "Finance", "Research"};
	char key[32], name[64];
	struct rc_field_change fields[] = {
		{"description", RC_SLICE("Temp"), rc_slice_str(departments[i % 4]), false},
		{"password", {0}, {0}, true},
	};
	struct rc_err err = {0};
	struct rc_outcome o = {.target = i % 5 ? "vpn-eu" : "sag-cn",
			       .action = i % 9 ? RC_ACT_CREATE : RC_ACT_UPDATE,
			       .status = RC_ST_DONE,
			       .fields = fields,
			       .n_fields = i % 9 ? 2 : 1,
			       .attempts = 1,
			       .planned_at = 1764000000000000000,
			       .done_at = 1764000000000000000 + (int64_t)i * 4000000,
			       .source_file = RC_SLICE("hr/2026-11-24.csv.gz"),
			       .source_line = i + 2,
			       .reason = "in the source, no account yet"};

	snprintf(key, sizeof(key), "E%06u", i);
	snprintf(name, sizeof(name), "user.%u", (i * 7919U) % 1000003U);
	o.key = rc_slice_str(key);
	o.name = rc_slice_str(name);
	if (i < HOSTILE)
		o.name = rc_slice_str(hostile[i]);
	if (i % 997 == 3) {
		o.status = RC_ST_FAILED;
		o.error_code = i % 2 ? "rollcall.invalid" : "VPN.0001";
		o.error_message = i % 2 ? "user name: has '\xc3\xbc' (U+00FC) at character 3" : "Invalid <parameter>.";
		o.done_at = 0;
	} else if (i % 1009 == 5) {
		o.status = RC_ST_DEFERRED;
		o.queue_position = i / 1009 + 1;
		o.reason = "waits for a seat";
		o.done_at = 0;
	} else if (i % 2003 == 7) {
		o.action = RC_ACT_DELETE;
		o.status = RC_ST_WAITING;
		o.due_at = 1764600000000000000;
		o.reason = "leaves <soon>";
	}
	o.drift = i % 1500 == 11;
	check(rc_report_row(r, &o, &err), &err);
}

static void fill_timeline(struct rc_timeline *t)
{
	uint64_t users = 0, busy = 0, throttled = 0;

	for (int s = 0; s <= 230; s++) {
		double load = 210 + 60 * sin(s / 9.0) - (s % 40 > 34 ? 150 : 0);

		users += (uint64_t)load;
		busy += s % 40 > 32 ? 3 : 0;
		throttled += s % 57 == 0;
		rc_timeline_sample(t, s * 1000000000LL, users, busy, throttled, (uint32_t)(load / 12),
				   s > 150 ? (uint64_t)(s - 150) / 2 : 0);
	}
}

int main(int argc, char **argv)
{
	static struct rc_timeline line;
	struct rc_report_opts opts = {.html = true};
	struct rc_report *r;
	struct rc_err err = {0};
	unsigned rows = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	const char *const notes[] = {"the snapshot was empty: both targets were listed first"};
	const char *const files[] = {"hr/2026-11-24.csv.gz"};
	struct rc_summary_source source = {.name = "hr/*.csv.gz",
					   .files = files,
					   .n_files = 1,
					   .rows = rows,
					   .rejected = 4,
					   .rejected_new = 1,
					   .filtered = 12,
					   .bytes = 48213};
	struct rc_summary_guard guard = {.guard = "max_deletes",
					 .limit = "5%,200",
					 .allowed = 50,
					 .planned = 51,
					 .base = 1000,
					 .tripped = true,
					 .people = {RC_SLICE("<b>E1</b>"), RC_SLICE("E000002")},
					 .n_people = 2};
	struct rc_summary_target targets[] = {
		{.name = "vpn-eu",
		 .connector = "huawei-p2c-vpn",
		 .exit_code = 1,
		 .wanted = rows,
		 .known = 120,
		 .actual = 132,
		 .unmanaged = 12,
		 .drift = 7,
		 .pacing = {.calls = 4210,
			    .accepted = 4102,
			    .busy = 88,
			    .throttled = 5,
			    .learned_users_per_s = 212.4,
			    .waited_s = 31.5,
			    .timeline = &line},
		 .seats = {.limit = 50000, .used = 49990, .waiting = 40},
		 .cost = {-1, -1, -1, -1, -1}},
		{.name = "sag-cn",
		 .connector = "alibaba-sag-app",
		 .exit_code = 76,
		 .stopped_by = "max_deletes",
		 .why = "max_deletes (5%,200): 51 planned, 50 allowed",
		 .wanted = rows / 5,
		 .known = 1000,
		 .actual = -1,
		 .guards = &guard,
		 .n_guards = 1,
		 .seats = {.limit = -1, .used = -1},
		 .cost = {-1, -1, -1, -1, -1}},
	};
	struct rc_summary s = {.run_id = argc == 4 ? argv[2] : "",
			       .command = "sync",
			       .started_at = 1764000000000000000,
			       .finished_at = 1764000231000000000,
			       .exit_code = 76,
			       .version = ROLLCALL_VERSION,
			       .config_hash = "9f86d081884c7d65",
			       .environment = "test & demo",
			       .operator_ = "ops",
			       .invocation = (const char *const *)argv,
			       .n_invocation = (size_t)argc,
			       .notes = notes,
			       .n_notes = 1,
			       .sources = &source,
			       .n_sources = 1,
			       .targets = targets,
			       .n_targets = 2,
			       .balanced = true};

	if (argc != 4) {
		fprintf(stderr, "usage: report-sample REPORTS RUN ROWS\n");
		return RC_USAGE;
	}
	fill_timeline(&line);
	check(rc_report_open(argv[1], argv[2], &opts, &r, &err), &err);
	for (unsigned i = 0; i < rows; i++)
		add_row(r, i);
	rc_report_count(r, "vpn-eu", RC_ACT_NONE, RC_ST_DONE, 118);
	rc_report_count(r, "sag-cn", RC_ACT_NONE, RC_ST_DONE, 3);
	check(rc_report_finish(r, &s, RC_SLICE("{}\n"), &err), &err);
	rc_report_free(r);
	return 0;
}
