#include "engine/cli.h"
#include "engine/base/alloc.h"
#include "engine/base/confine.h"
#include "engine/base/ignored.h"
#include "engine/base/log.h"
#include "engine/base/nearest.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	RUNS = RC_CMD_PLAN | RC_CMD_SYNC | RC_CMD_REFRESH | RC_CMD_UNDO,
	GUARDED = RC_CMD_PLAN | RC_CMD_SYNC | RC_CMD_APPLY | RC_CMD_UNDO,
	SENDS = RC_CMD_SYNC | RC_CMD_APPLY,
	OFFLINE = RC_CMD_STATUS | RC_CMD_REPORT | RC_CMD_LIST | RC_CMD_WHY,
	KEEPS = RC_CMD_STATE | RC_CMD_PRUNE | RC_CMD_FORGET,
	KEYED = RC_CMD_HOLD | RC_CMD_RELEASE,
	WITH_CONFIG = RUNS | RC_CMD_APPLY | RC_CMD_RESET | RC_CMD_CHECK | OFFLINE | KEEPS | KEYED | RC_CMD_PAUSE |
		      RC_CMD_RESUME,
	EVERY = WITH_CONFIG | RC_CMD_OWN
};

/* How many words follow the config. */
static const struct {
	int commands;
	size_t least, most;
	const char *missing;
} words[] = {
	{RC_CMD_REPORT | RC_CMD_WHY, 0, 1, NULL}, {RC_CMD_APPLY, 1, 1, "a saved plan"},
	{RC_CMD_UNDO, 1, 1, "the id of a run"},   {RC_CMD_RESET, 0, SIZE_MAX, NULL},
	{RC_CMD_STATE, 1, 1, "a file"},           {RC_CMD_FORGET, 1, 1, "the key of a person"},
	{KEYED, 1, 1, "the key of a person"},
};

enum option_id {
	O_TARGET,
	O_ONLY,
	O_ONLY_FILE,
	O_RUN_ID,
	O_DEADLINE,
	O_REFRESH,
	O_EXPECT_ENV,
	O_MAX_CREATES,
	O_MAX_UPDATES,
	O_MAX_DELETES,
	O_MAX_CHANGES,
	O_MAX_RENAMES,
	O_ACCEPT_SOURCE,
	O_EXCLUDE_KEYS,
	O_YES,
	O_DRAIN,
	O_WAIT_LOCK,
	O_LOG_FORMAT,
	O_LOG_LEVEL,
	O_QUIET,
	O_VERBOSE,
	O_NO_PROGRESS,
	O_COLOR,
	O_CONFINE,
	O_VERSION,
	O_HELP,
	O_ONLINE,
	O_PRINT,
	O_SAMPLE,
	O_DETAILED,
	O_REBALANCE,
	O_FORMAT,
	O_CHECK,
	O_MAX_AGE,
	O_REBIND,
	O_CANARY,
	O_OUT,
	O_STATUS,
	O_AT,
	O_NAME,
	O_FIND,
	O_FILE,
	O_MAX_RESETS,
	O_DRY_RUN,
	O_REASON,
	O_UNTIL
};

struct option {
	const char *name;
	int commands;
	bool value;
	enum option_id id;
};

static const struct option options[] = {
	{"--target", RUNS | RC_CMD_RESET | RC_CMD_LIST, true, O_TARGET},
	{"--only", RUNS, true, O_ONLY},
	{"--only-file", RUNS, true, O_ONLY_FILE},
	{"--run-id", RUNS | RC_CMD_APPLY | RC_CMD_RESET, true, O_RUN_ID},
	{"--deadline", RUNS | RC_CMD_APPLY | RC_CMD_RESET, true, O_DEADLINE},
	{"--refresh", RC_CMD_PLAN | RC_CMD_SYNC | RC_CMD_REFRESH | RC_CMD_WHY, false, O_REFRESH},
	{"--expect-env", GUARDED | RC_CMD_RESET, true, O_EXPECT_ENV},
	{"--max-creates", GUARDED, true, O_MAX_CREATES},
	{"--max-updates", GUARDED, true, O_MAX_UPDATES},
	{"--max-deletes", GUARDED, true, O_MAX_DELETES},
	{"--max-changes", GUARDED, true, O_MAX_CHANGES},
	{"--max-renames", GUARDED, true, O_MAX_RENAMES},
	{"--accept-source", RC_CMD_PLAN | SENDS, false, O_ACCEPT_SOURCE},
	{"--exclude-keys", GUARDED, true, O_EXCLUDE_KEYS},
	{"--yes", SENDS | RC_CMD_RESET, false, O_YES},
	{"--drain-timeout", SENDS | RC_CMD_RESET, true, O_DRAIN},
	{"--wait-lock", SENDS | RC_CMD_RESET | KEEPS, true, O_WAIT_LOCK},
	{"--canary", SENDS, true, O_CANARY},
	{"-o", RC_CMD_PLAN | RC_CMD_UNDO, true, O_OUT},
	{"--file", RC_CMD_RESET, true, O_FILE},
	{"--max-resets", RC_CMD_RESET, true, O_MAX_RESETS},
	{"--detailed-exitcode", RC_CMD_PLAN, false, O_DETAILED},
	{"--rebalance", RC_CMD_PLAN, true, O_REBALANCE},
	{"--rebind", RC_CMD_REFRESH, false, O_REBIND},
	{"--online", RC_CMD_CHECK, false, O_ONLINE},
	{"--print", RC_CMD_CHECK, false, O_PRINT},
	{"--sample", RC_CMD_CHECK, true, O_SAMPLE},
	{"--format", OFFLINE, true, O_FORMAT},
	{"--status", RC_CMD_LIST, true, O_STATUS},
	{"--at", RC_CMD_LIST, true, O_AT},
	{"--name", RC_CMD_WHY, true, O_NAME},
	{"--find", RC_CMD_WHY, true, O_FIND},
	{"--dry-run", RC_CMD_PRUNE, false, O_DRY_RUN},
	{"--check", RC_CMD_STATUS, false, O_CHECK},
	{"--max-age", RC_CMD_STATUS, true, O_MAX_AGE},
	{"--reason", RC_CMD_HOLD | RC_CMD_PAUSE, true, O_REASON},
	{"--until", RC_CMD_PAUSE, true, O_UNTIL},
	{"--log-format", EVERY, true, O_LOG_FORMAT},
	{"--log-level", EVERY, true, O_LOG_LEVEL},
	{"-q", EVERY, false, O_QUIET},
	{"-v", EVERY, false, O_VERBOSE},
	{"--no-progress", EVERY, false, O_NO_PROGRESS},
	{"--color", EVERY, false, O_COLOR},
	{"--confine", EVERY, false, O_CONFINE},
	{"--version", EVERY, false, O_VERSION},
	{"--help", WITH_CONFIG, false, O_HELP},
	{"-h", WITH_CONFIG, false, O_HELP},
};
enum { OPTIONS = sizeof(options) / sizeof(*options) };

struct parse {
	struct rc_cli *c;
	struct rc_err *err;
	size_t n_targets, n_only, n_exclude, n_words;
	const char **exclude;
	enum rc_log_level level;
	bool json;
};

static enum rc_code add(struct parse *p, const char ***list, size_t *n, const char *value)
{
	*list = rc_xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = rc_arena_strdup(&p->c->mem, value);
	return RC_OK;
}

/* One key a line; a byte order mark, as editors put in front, is none of the first. */
static enum rc_code add_file(struct parse *p, const char ***list, size_t *n, const char *path)
{
	FILE *f = fopen(path, "re");
	enum rc_code code = RC_OK;
	char *line = NULL;
	size_t cap = 0, mark = 0;
	bool first = true;
	ssize_t got;

	if (!f)
		return rc_fail_sys(p->err, RC_USAGE, errno, "%s: cannot be read", path);
	while ((got = getline(&line, &cap, f)) > 0) {
		while (got > 0 && (line[got - 1] == '\n' || line[got - 1] == '\r'))
			line[--got] = 0;
		mark = first && strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		first = false;
		if (line[mark])
			add(p, list, n, line + mark);
	}
	if (!feof(f)) /* a list that ends early would let through whom it was to keep out */
		code = rc_fail_sys(p->err, RC_USAGE, errno, "%s: cannot be read", path);
	free(line);
	fclose(f);
	return code;
}

static enum rc_code duration(struct parse *p, const char *name, const char *value, int64_t *ret)
{
	if (rc_duration_parse(rc_slice_str(value), ret, NULL))
		return rc_fail(p->err, RC_USAGE, "%s %s: write a duration such as 30s, 5m or 2h", name, value);
	return RC_OK;
}

static enum rc_code limit(struct parse *p, const char *name, const char *value, bool *set, struct rc_limit *ret)
{
	*set = true;
	if (rc_limit_parse(rc_slice_str(value), ret, NULL))
		return rc_fail(p->err, RC_USAGE, "%s %s: write a number, a percentage, both (\"5%%,200\") or unlimited",
			       name, value);
	return RC_OK;
}

static enum rc_code people(struct parse *p, const char *name, const char *value, unsigned *ret)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || *end || value[0] < '0' || value[0] > '9' || n == 0 || n > UINT_MAX)
		return rc_fail(p->err, RC_USAGE, "%s %s: write how many people, 1 or more", name, value);
	*ret = (unsigned)n;
	return RC_OK;
}

static enum rc_code count(struct parse *p, const char *name, const char *value, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(value, &end, 10);
	if (errno || *end || value[0] < '0' || value[0] > '9')
		return rc_fail(p->err, RC_USAGE, "%s %s: write a number", name, value);
	return RC_OK;
}

static enum rc_code level(struct parse *p, const char *value)
{
	static const char *const names[] = {"error", "warning", "info", "verbose", "debug"};

	for (size_t i = 0; i < 5; i++)
		if (strcmp(value, names[i]) == 0 || (i == 1 && strcmp(value, "warn") == 0)) {
			p->level = (enum rc_log_level)i;
			return RC_OK;
		}
	return rc_fail(p->err, RC_USAGE, "--log-level %s: one of error, warning, info, verbose, debug", value);
}

static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(1) && !(no && *no);
}

static bool is_when(const char *value)
{
	return strcmp(value, "always") == 0 || strcmp(value, "never") == 0 || strcmp(value, "auto") == 0;
}

/* "" stands for always. */
static enum rc_code colour(struct parse *p, const char *value)
{
	if (*value && !is_when(value))
		return rc_fail(p->err, RC_USAGE, "--color %s: always, never or auto", value);
	p->c->run.colour = strcmp(value, "auto") == 0 ? wants_colour() : strcmp(value, "never") != 0;
	return RC_OK;
}

static enum rc_code set(struct parse *p, const struct option *o, const char *value)
{
	struct rc_cli *c = p->c;
	struct rc_run_opts *run = &c->run;

	if (rc_ignored(c->name, o->name))
		return RC_OK;
	switch (o->id) {
	case O_TARGET:
		return add(p, &c->targets, &p->n_targets, value);
	case O_ONLY:
		return add(p, &c->only, &p->n_only, value);
	case O_ONLY_FILE: /* one that names nobody selects nobody */
		if (!c->only)
			c->only = rc_xreallocarray(NULL, 1, sizeof(*c->only));
		return add_file(p, &c->only, &p->n_only, value);
	case O_EXCLUDE_KEYS:
		return add_file(p, &p->exclude, &p->n_exclude, value);
	case O_RUN_ID:
		run->run_id = value;
		break;
	case O_DEADLINE: /* 0s: nothing is sent; a zero would mean the config's */
		if (duration(p, o->name, value, &run->deadline_ns))
			return RC_USAGE;
		run->deadline_ns += run->deadline_ns == 0;
		break;
	case O_REFRESH:
		run->refresh = true;
		break;
	case O_EXPECT_ENV:
		c->expect_env = value;
		break;
	case O_MAX_CREATES:
		return limit(p, o->name, value, &run->max_creates.set, &run->max_creates.limit);
	case O_MAX_UPDATES:
		return limit(p, o->name, value, &run->max_updates.set, &run->max_updates.limit);
	case O_MAX_DELETES:
		return limit(p, o->name, value, &run->max_deletes.set, &run->max_deletes.limit);
	case O_MAX_CHANGES:
		return limit(p, o->name, value, &run->max_changes.set, &run->max_changes.limit);
	case O_MAX_RENAMES:
		return limit(p, o->name, value, &run->max_renames.set, &run->max_renames.limit);
	case O_ACCEPT_SOURCE:
		run->accept_source = true;
		break;
	case O_YES:
		c->yes = true;
		break;
	case O_DRAIN:
		return duration(p, o->name, value, &run->drain_timeout_ns);
	case O_WAIT_LOCK:
		return duration(p, o->name, value, &run->wait_lock_ns);
	case O_LOG_FORMAT:
		p->json = strcmp(value, "json") == 0;
		if (!p->json && strcmp(value, "text") != 0)
			return rc_fail(p->err, RC_USAGE, "--log-format %s: text or json", value);
		break;
	case O_LOG_LEVEL:
		return level(p, value);
	case O_QUIET:
		p->level = RC_LOG_ERROR;
		run->quiet = true;
		run->progress = false;
		break;
	case O_VERBOSE:
		p->level = p->level >= RC_LOG_VERBOSE ? RC_LOG_DEBUG : RC_LOG_VERBOSE;
		break;
	case O_NO_PROGRESS:
		run->progress = false;
		break;
	case O_COLOR:
		return colour(p, value);
	case O_CONFINE:
		c->confine = true;
		break;
	case O_VERSION:
		c->version = true;
		break;
	case O_HELP:
		c->help = true;
		break;
	case O_ONLINE:
		c->online = true;
		break;
	case O_PRINT:
		c->print = true;
		break;
	case O_SAMPLE:
		c->sample = value;
		break;
	case O_DETAILED:
		run->detailed_exitcode = true;
		break;
	case O_REBALANCE:
		run->rebalance = value;
		break;
	case O_FORMAT:
		c->format = value;
		break;
	case O_CHECK:
		c->check_age = true;
		break;
	case O_MAX_AGE:
		return duration(p, o->name, value, &c->max_age_ns);
	case O_REBIND:
		run->rebind = true;
		break;
	case O_CANARY:
		return people(p, o->name, value, &run->canary);
	case O_OUT:
		run->plan_out = value;
		break;
	case O_STATUS:
		c->status = value;
		break;
	case O_AT:
		c->at = value;
		break;
	case O_NAME:
		c->name_of = value;
		break;
	case O_FIND:
		c->find = value;
		break;
	case O_FILE:
		return add_file(p, &c->arguments, &c->n_arguments, value);
	case O_MAX_RESETS:
		return count(p, o->name, value, &c->max_resets);
	case O_DRY_RUN:
		c->dry_run = true;
		break;
	case O_REASON:
		c->reason = value;
		break;
	case O_UNTIL:
		c->until = value;
		break;
	}
	return RC_OK;
}

/* The value of --color may be absent: the next word is one only if it cannot be meant otherwise. */
static const char *colour_value(int argc, char **argv, int *at)
{
	const char *eq = strchr(argv[*at], '=');

	if (eq)
		return eq[1] ? eq + 1 : "=";
	return *at + 1 < argc && is_when(argv[*at + 1]) ? argv[++*at] : "";
}

/* Several of -q and -v in one word, as -vv. */
static bool is_cluster(const char *arg)
{
	return arg[0] == '-' && arg[1] && arg[2] && strspn(arg + 1, "qv") == strlen(arg + 1);
}

static enum rc_code cluster(struct parse *p, const char *arg)
{
	static const struct option quiet = {"-q", EVERY, false, O_QUIET}, verbose = {"-v", EVERY, false, O_VERBOSE};
	enum rc_code code = RC_OK;

	while (*++arg && !code)
		code = set(p, *arg == 'q' ? &quiet : &verbose, "");
	return code;
}

static enum rc_code option(struct parse *p, int argc, char **argv, int *at)
{
	const char *arg = argv[*at], *eq = strchr(arg, '=');
	size_t n = eq ? (size_t)(eq - arg) : strlen(arg);
	const char *names[OPTIONS];
	size_t n_names = 0;
	const char *near;

	if (is_cluster(arg))
		return cluster(p, arg);
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];

		if (!(o->commands & (int)p->c->command))
			continue;
		names[n_names++] = o->name;
		if (strlen(o->name) != n || strncmp(o->name, arg, n) != 0)
			continue;
		if (o->id == O_COLOR)
			return set(p, o, colour_value(argc, argv, at));
		if (!o->value && eq)
			return rc_fail(p->err, RC_USAGE, "%s takes no value", o->name);
		if (!o->value)
			return set(p, o, "");
		if (eq)
			return set(p, o, eq + 1);
		if (*at + 1 >= argc)
			return rc_fail(p->err, RC_USAGE, "%s needs a value", o->name);
		return set(p, o, argv[++*at]);
	}
	near = rc_nearest(rc_slice_str(arg), names, n_names);
	return rc_fail(p->err, RC_USAGE, "%s has no option %s%s%s; see rollcall %s --help", p->c->name, arg,
		       near ? ", did you mean " : "", near ? near : "", p->c->name);
}

static size_t most_words(enum rc_cli_command command)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].commands & (int)command)
			return words[i].most;
	return 0;
}

static enum rc_code positional(struct parse *p, char *arg)
{
	struct rc_cli *c = p->c;

	if (c->command == RC_CMD_STATE && !c->verb) {
		c->verb = arg;
		if (strcmp(arg, "export") != 0 && strcmp(arg, "import") != 0)
			return rc_fail(p->err, RC_USAGE,
				       "state %s: state export CONFIG FILE or state import CONFIG FILE", arg);
		return RC_OK;
	}
	if (!c->config_path) {
		c->config_path = arg;
		return RC_OK;
	}
	if (p->n_words++ >= most_words(c->command))
		return rc_fail(p->err, RC_USAGE, "%s: one argument too many; see rollcall %s --help", arg, c->name);
	if (!c->argument)
		c->argument = arg;
	return add(p, &c->arguments, &c->n_arguments, arg);
}

static enum rc_code enough_words(struct parse *p)
{
	const struct rc_cli *c = p->c;

	if (!c->config_path)
		return rc_fail(p->err, RC_USAGE, "%s needs a config file; see rollcall %s --help", c->name, c->name);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].commands & (int)c->command && p->n_words < words[i].least)
			return rc_fail(p->err, RC_USAGE, "%s needs %s; see rollcall %s --help", c->name,
				       words[i].missing, c->name);
	return RC_OK;
}

/* What is wrong with the command line is itself told in the format asked for. */
static bool asks_json(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], "--log-format=", 13) == 0)
			json = strcmp(argv[i] + 13, "json") == 0;
		else if (strcmp(argv[i], "--log-format") == 0 && i + 1 < argc)
			json = strcmp(argv[i + 1], "json") == 0;
	return json;
}

enum rc_code rc_cli_parse(int argc, char **argv, enum rc_cli_command command, struct rc_cli *ret, struct rc_err *err)
{
	struct parse p = {.c = ret, .err = err, .level = RC_LOG_INFO, .json = asks_json(argc, argv)};
	enum rc_code code = RC_OK;
	bool only_args = false;

	*ret = (struct rc_cli){.command = command, .name = argv[0], .max_resets = RC_MAX_RESETS};
	ret->run.drain_timeout_ns = 10 * RC_SECOND;
	ret->run.progress = true;
	ret->run.colour = wants_colour();
	for (int i = 1; i < argc && !code && !ret->help && !ret->version; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0)
			only_args = true;
		else if (!only_args && argv[i][0] == '-' && argv[i][1])
			code = option(&p, argc, argv, &i);
		else
			code = positional(&p, argv[i]);
	}
	rc_log_setup(p.level, p.json);
	if (!code && !ret->help && !ret->version)
		code = enough_words(&p);
	ret->run.command = argv[0];
	ret->run.targets = ret->targets;
	ret->run.n_targets = p.n_targets;
	ret->run.only = ret->only;
	ret->run.n_only = p.n_only;
	ret->run.exclude = p.exclude;
	ret->run.n_exclude = p.n_exclude;
	ret->run.invocation = (const char *const *)argv;
	ret->run.n_invocation = (size_t)argc;
	return code;
}

int rc_cli_is_general(char **argv)
{
	const char *arg = argv[0];
	size_t n = strcspn(arg, "=");

	if (is_cluster(arg))
		return 1;
	if (strcmp(arg, "--color") == 0 && argv[1] && is_when(argv[1]))
		return 2;
	for (size_t i = 0; i < OPTIONS; i++)
		if (options[i].commands & RC_CMD_OWN && strlen(options[i].name) == n &&
		    strncmp(options[i].name, arg, n) == 0)
			return options[i].value && !arg[n] ? 2 : 1;
	return 0;
}

void rc_cli_command_first(char **argv, size_t n)
{
	char *command = argv[n];

	memmove(argv + 1, argv, n * sizeof(*argv));
	argv[0] = command;
}

enum rc_code rc_cli_general(int *argc, char **argv, struct rc_cli *ret, struct rc_err *err)
{
	struct parse p = {.c = ret, .err = err, .level = RC_LOG_INFO};
	enum rc_code code = RC_OK;
	bool only_args = false;
	int kept = 1;

	*ret = (struct rc_cli){.command = RC_CMD_OWN, .name = argv[0]};
	for (int i = 1; i < *argc && !code; i++) {
		only_args = only_args || strcmp(argv[i], "--") == 0;
		if (!only_args && rc_cli_is_general(argv + i))
			code = option(&p, *argc, argv, &i);
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	*argc = kept;
	rc_log_setup(p.level, p.json);
	return code || !ret->confine ? code : rc_confine(false, err);
}

void rc_cli_done(struct rc_cli *c)
{
	free(c->targets);
	free(c->only);
	free(c->arguments);
	free((void *)c->run.exclude);
	rc_arena_done(&c->mem);
}

int rc_cli_fail(const struct rc_err *err)
{
	rc_log(RC_LOG_ERROR, "%s", err->what);
	return (int)err->code;
}

int rc_cli_print(struct rc_slice text)
{
	while (text.n) {
		ssize_t n = write(STDOUT_FILENO, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc_log(RC_LOG_ERROR, "standard output: %s", strerror(errno));
			return RC_CANTCREAT;
		}
		text.p += n;
		text.n -= (size_t)n;
	}
	return 0;
}
