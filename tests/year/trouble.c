#include "tests/year/trouble.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/base/buf.h"
#include "engine/base/civil.h"
#include "tests/unit/helper_nights.h"
#include "tests/year/check.h"
#include "tests/year/stage.h"

bool vpn_is_pool;

/* ---- files */

static void path_in(const char *name, char ret[200])
{
	snprintf(ret, 200, "%s/%s", nights_dir, name);
}

void write_files(const struct company *c)
{
	char hr[200], over[200];
	FILE *a, *b;

	path_in("hr.csv", hr);
	path_in("over.csv", over);
	a = fopen(hr, "w");
	b = fopen(over, "w");
	assert_true(a && b);
	company_write(c, a, b);
	assert_int_equal(fclose(a) + fclose(b), 0);
}

/* Tonight's file as it should be, for spoiling. */
static char *good_file(void)
{
	struct rc_buf text = {0};
	char path[200], piece[4096];
	size_t n;
	FILE *f;

	path_in("hr.csv", path);
	f = fopen(path, "r");
	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		rc_buf_add(&text, piece, n);
	fclose(f);
	rc_buf_addc(&text, 0);
	return text.p;
}

static const char config[] =
	"{ \"version\": 1, \"state\": \"state\", \"reports\": \"reports\", \"overrides\": { \"file\": \"over.csv\" },"
	"\"deadline\": \"25m\", \"report\": { \"html\": %s }, \"retention\": { \"reports\": \"5d\" }, %s"
	"\"sources\": [ { \"files\": [\"hr.csv\"], \"key\": \"id\", \"where\": \"city ~= ''\", \"left\": \"gone == "
	"'yes'\","
	"\"active_until\": \"col['until']\", \"date_format\": \"%%d.%%m.%%Y\", \"timezone\": \"Europe/Berlin\" } ],"
	"\"targets\": {"
	"\"vpn\": { \"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"http://127.0.0.1:1\", \"project_id\": \"P\","
	"%s, \"auth\": { \"method\": \"token\", \"token\": { \"env\": \"VPN_TOKEN\" } },"
	"\"account\": { \"name\": \"name\", \"description\": \"%s\", \"password\": \"'Pw-' .. id .. '-xyz1'\" },"
	"\"missing\": { \"action\": \"delete\", \"after_days\": 2 }, \"guards\": %s },"
	"\"sag\": { \"connector\": \"alibaba-sag-app\", \"endpoint\": \"http://127.0.0.1:1\", \"region_id\": "
	"\"cn-shanghai\", \"smart_ag_id\": \"sag-one\", \"auth\": { \"method\": \"aksk\","
	"\"access_key\": { \"env\": \"VPN_TOKEN\" }, \"secret_key\": { \"env\": \"VPN_TOKEN\" } },"
	"\"account\": { \"UserName\": \"name\", \"UserMail\": \"name .. '@example.com'\","
	"\"Bandwidth\": \"%s\", \"Password\": \"'Pw-' .. id .. '-xyz1'\" },"
	"\"missing\": { \"action\": \"delete\", \"disconnect\": true }, \"guards\": %s } } }";
/* A small company changes by large shares; what no night of it does is still refused. */
static const char guards[] = "{ \"max_deletes\": \"60%\", \"max_updates\": \"60%\", \"max_renames\": \"60%\", "
			     "\"max_blanked\": \"unlimited\", \"max_failures\": \"unlimited\" }";
static const char *const descriptions[MAPPINGS] = {"'d' .. dept", "'d' .. (dept == '3' and '77' or dept)"};
static const char *const bandwidths[MAPPINGS] = {"'100' .. dept", "join({'100', dept}, '')"};

void write_config(const struct company *c, const char *more)
{
	static const char one[] = "\"vpn_server_id\": \"S\"";
	static const char pool[] = "\"servers\": [ { \"vpn_server_id\": \"S\", \"label\": \"one\", \"seats\": 100000 },"
				   "{ \"vpn_server_id\": \"S2\", \"label\": \"two\", \"seats\": 100000 } ]";
	char path[200];
	FILE *f;

	path_in("rollcall.json", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, config, c->n < 500 ? "true" : "false", more, vpn_is_pool ? pool : one, descriptions[c->mapping],
		guards, bandwidths[c->mapping], guards);
	assert_int_equal(fclose(f), 0);
}

void load_script(const struct company *c, const char *more)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	fprintf(f, "{ ");
	company_used(c, f);
	fprintf(f, "%s }", more);
	fclose(f);
	stage_script(text);
	free(text);
}

/* ---- runs that write nothing, and say why */

static void refused(const struct rc_run_opts *opts, int code)
{
	uint64_t before = stage_writes();

	assert_int_equal(stage_run(opts, NULL), code);
	assert_int_equal(stage_writes() - before, 0);
}

static void broken_text(const char *text, size_t n, int code)
{
	char path[200];
	FILE *f;

	path_in("hr.csv", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(text, 1, n, f);
	assert_int_equal(fclose(f), 0);
	refused(NULL, code);
}

/* Frees text. */
static char *replaced(char *text, const char *from, const char *to)
{
	struct rc_buf out = {0};
	const char *at, *rest = text;

	for (; (at = strstr(rest, from)); rest = at + strlen(from)) {
		rc_buf_add(&out, rest, (size_t)(at - rest));
		rc_buf_adds(&out, to);
	}
	rc_buf_adds(&out, rest);
	rc_buf_addc(&out, 0);
	free(text);
	return out.p;
}

static size_t nights; /* so far, this one included */

static void bad_file(struct company *c)
{
	static const char cut_gzip[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b";
	char path[200];
	char *text = good_file();
	uint64_t what = company_random(c, 9);

	if (nights == 1 && what <= 5) /* there is nothing yet to compare such a file with */
		what = 2;
	switch (what) {
	case 0: /* cut in a quoted field */
		text = replaced(text, ",city\n", ",city\n99999,\"worker");
		broken_text(text, strlen(text), 65);
		break;
	case 1:
		text = replaced(text, "dept", "depts");
		broken_text(text, strlen(text), 65);
		break;
	case 2:
		broken_text("", 0, 65);
		break;
	case 3: /* the first half of the lines */
		text[strlen(text) / 2] = 0;
		*(strrchr(text, '\n') + 1) = 0;
		broken_text(text, strlen(text), 76);
		break;
	case 4: /* a spreadsheet took the zeros; only looked at: the VPN would take in whoever is new tonight */
		text = replaced(text, "\n0000", "\n");
		text = replaced(text, "\n000", "\n");
		text = replaced(text, "\n00", "\n");
		text = replaced(text, "\n0", "\n");
		nights_file("hr.csv", text);
		refused(&(struct rc_run_opts){.command = "plan"}, 76);
		break;
	case 5: /* another encoding than yesterday's */
		text = replaced(text, "K\303\266ln", "K\366ln");
		text = replaced(text, "\345\214\227\344\272\254", "\261\261\276\251");
		broken_text(text, strlen(text), 76);
		break;
	case 6:
		broken_text(cut_gzip, sizeof(cut_gzip) - 1, 65);
		break;
	case 7:
		path_in("hr.csv", path);
		assert_int_equal(unlink(path), 0);
		refused(NULL, 65);
		break;
	default: /* a header that says one name twice */
		text = replaced(text, "city", "name");
		broken_text(text, strlen(text), 65);
	}
	free(text);
	write_files(c);
}

static void frozen(struct company *c)
{
	char more[100];
	unsigned month, day;
	int year;

	rc_date_civil(c->today, &year, &month, &day);
	snprintf(more, sizeof(more), "\"freeze\": [\"%04d-%02u-%02u/%04d-%02u-%02u\"],", year, month % 100, day % 100,
		 year, month % 100, day % 100);
	write_config(c, more);
	refused(NULL, company_anybody_twice(c));
	write_config(c, "");
}

/* ---- runs that get somewhere, not to the end */

static void run_under(const struct company *c, const char *script, const struct world_faults *f,
		      const struct rc_run_opts *opts)
{
	int code;

	load_script(c, script);
	code = stage_run(opts, f);
	if (code != 0 && code != 1 && code != 75 && code != 69 && code != 143 && code != 73 && code != WORLD_CRASHED)
		fail_msg("exit %d", code);
	if (code != WORLD_CRASHED && code != 73)
		check_books(stage_run_id());
}

static void full(struct company *c)
{
	char script[80];

	snprintf(script, sizeof(script), ", \"settings\": { \"seat_limit\": %d }",
		 (int)company_random(c, c->n + c->n / 3));
	run_under(c, script, NULL, NULL);
}

static void only_some(struct company *c)
{
	char keys[3][16];
	const char *only[3];

	for (size_t i = 0; i < 3; i++) {
		snprintf(keys[i], sizeof(keys[i]), "%05d", (int)company_random(c, c->n) + 1);
		only[i] = keys[i];
	}
	run_under(c, "", NULL, &(struct rc_run_opts){.command = "sync", .writes = true, .only = only, .n_only = 3});
}

/* In the evening somebody plans, and applies it. */
static void saved_plan(struct company *c)
{
	struct rc_arena mem = {0};
	struct rc_plan plan;
	struct rc_err err;
	char path[200];
	int code;

	path_in("plan", path);
	(void)unlink(path);
	load_script(c, "");
	code = stage_run(&(struct rc_run_opts){.command = "plan", .plan_out = path}, NULL);
	assert_true(code == 0 || code == 1);
	assert_int_equal(rc_plan_load(path, &mem, &plan, &err), RC_OK);
	run_under(c, "", NULL,
		  &(struct rc_run_opts){
			  .command = "apply", .writes = true, .refresh = true, .plan = &plan, .plan_path = path});
	rc_arena_done(&mem);
}

/* A new version of the program: the state comes from another house, the mapping says things differently. */
static void upgrade(struct company *c)
{
	char state[200];

	path_in("state", state);
	if (access(state, F_OK) == 0) /* on the first night there is none */
		stage_move_state();
	if (company_chance(c, 0.5)) {
		c->mapping = !c->mapping;
		write_config(c, "");
	}
}

/* Somebody changes an account in the provider's console, or makes one for whoever comes tonight. */
static void by_hand(struct company *c)
{
	static const char *const done[] = {"DeleteSmartAccessGatewayClientUser", "DisableSmartAccessGatewayUser",
					   "ModifySmartAccessGatewayClientUserBandwidth"};
	const struct worker *w = company_somebody_wanted(c);
	char query[300], name[NAME_SIZE];
	const char *action = "CreateSmartAccessGatewayClientUser";
	const struct account *a;

	if (!w)
		return;
	a = &w->at[SAG];
	company_name(w, name);
	if (a->has && !a->disabled)
		action = done[company_random(c, 3)];
	snprintf(query, sizeof(query),
		 "/?Version=2018-03-13&Action=%s&RegionId=cn-shanghai&SmartAGId=sag-one&UserName=%s&UserMail=%s@"
		 "example.com&Bandwidth=%d",
		 action, a->has ? a->name : name, name, 1500 + (int)company_random(c, 100));
	(void)stage_by_hand(query); /* what is in use is not deleted, a mail address not given twice */
}

static size_t counts[TROUBLES];
static const char *const names[TROUBLES] = {"bad files",       "crashes",    "crashes on a bad network",
					    "bad networks",    "full seats", "busy spells",
					    "outages",         "full disks", "signals",
					    "upgrades",        "freezes",    "runs with --only",
					    "saved plans",     "refreshes",  "canaries",
					    "changes by hand", "limits"};

static uint64_t some_steps(struct company *c)
{
	return 1 + company_random(c, 60);
}

static void happen(struct company *c, uint64_t what)
{
	static const struct world_faults bad = {60, 60, 60, 60, 60, 60, 60, 0, 0, 0, false};
	struct world_faults f = {0};

	switch (what) {
	case 0:
		bad_file(c);
		break;
	case 1:
		f.crash_at = (unsigned)some_steps(c);
		run_under(c, "", &f, NULL);
		break;
	case 2:
		f = bad;
		f.crash_at = (unsigned)some_steps(c);
		run_under(c, "", &f, NULL);
		break;
	case 3:
		run_under(c, "", &bad, NULL);
		break;
	case 4:
		full(c);
		break;
	case 5:
		run_under(c, ", \"settings\": { \"capacity\": 0.5, \"queue\": 4 }", NULL, NULL);
		break;
	case 6:
		run_under(c, ", \"settings\": { \"outage\": 503 }", NULL, NULL);
		break;
	case 7:
		f.disk_at = 1 + (unsigned)company_random(c, 8);
		run_under(c, "", &f, NULL);
		break;
	case 8:
		f.signal_at = (unsigned)some_steps(c);
		run_under(c, "", &f, NULL);
		break;
	case 9:
		upgrade(c);
		break;
	case 10:
		frozen(c);
		break;
	case 11:
		only_some(c);
		break;
	case 12:
		saved_plan(c);
		break;
	case 13:
		run_under(c, "", NULL, &(struct rc_run_opts){.command = "refresh", .list_only = true});
		break;
	case 14:
		run_under(c, "", NULL, &(struct rc_run_opts){.command = "sync", .writes = true, .canary = 2});
		break;
	case 15:
		for (int i = 0; i < 5; i++)
			by_hand(c);
		break;
	default: { /* nobody may be made tonight: a guard stops both, or there was nobody to make */
		struct rc_run_opts o = {.command = "sync", .writes = true};
		uint64_t before = stage_writes();
		int code;

		o.max_changes.set = true;
		code = stage_run(&o, NULL);
		assert_true(code == 76 || code == 0 || code == 1);
		assert_int_equal(stage_writes() - before, 0);
	}
	}
}

static const char restored[] =
	", \"settings\": { \"seat_limit\": null, \"capacity\": 0, \"queue\": 200, \"outage\": false }";

const char *trouble(struct company *c, bool *ret_changed, bool *ret_refresh)
{
	uint64_t what = company_random(c, TROUBLES * 2);

	nights++;
	*ret_changed = *ret_refresh = false;
	if (what >= TROUBLES)
		return "nothing";
	counts[what]++;
	happen(c, what);
	load_script(c, restored);
	*ret_changed = what != 0 && what != 9 && what != 10 && what != 16;
	*ret_refresh = what == 15;
	return names[what];
}

void trouble_print(void)
{
	size_t all = 0;

	for (size_t i = 0; i < TROUBLES; i++)
		all += counts[i];
	print_message("%zu nights, %zu of them with trouble:", nights, all);
	for (size_t i = 0; i < TROUBLES; i++)
		print_message(" %zu %s%s", counts[i], names[i], i + 1 < TROUBLES ? "," : "\n");
}
