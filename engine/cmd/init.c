/* `rollcall init`: a commented first config. What it proposes for a connector stands in that connector's schema, below
 * "x-rollcall-init", so that a new connector needs no code here. */
#include "engine/base/alloc.h"
#include "engine/base/embedded.h"
#include "engine/base/json_out.h"
#include "engine/base/log.h"
#include "engine/cmd/cmd_config.h"
#include "engine/cmd/init_int.h"
#include "engine/cmd/own_options.h"
#include "engine/config/config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "Usage: rollcall init [OPTION]...\n"
			   "\n"
			   "Writes a commented first config. What no option says is asked on a terminal;\n"
			   "elsewhere an example stands in its place.\n"
			   "\n"
			   "  --connector NAME   huawei-p2c-vpn or alibaba-sag-app\n"
			   "  --endpoint URL     the provider's address\n"
			   "  --set KEY=VALUE    an id of the connector, e.g. project_id=...; repeatable\n"
			   "  --source FILE      an export; its columns are looked at\n"
			   "  --key COLUMN       the column that tells people apart\n"
			   "  --output FILE      instead of standard output\n"
			   "  --force            overwrite FILE\n"
			   "\n"
			   "Example:\n"
			   "  rollcall init --connector huawei-p2c-vpn --source hr.csv --output rollcall.jsonc\n"
			   "  rollcall check rollcall.jsonc\n";

static int usage(const char *what, const char *arg)
{
	rc_log(RC_LOG_ERROR, "init: %s%s; see rollcall init --help", what, arg);
	return RC_USAGE;
}

static int parse(struct init *in, int argc, char **argv)
{
	static const struct option options[] = {
		{"connector", required_argument, NULL, 'c'},
		{"endpoint", required_argument, NULL, 'e'},
		{"source", required_argument, NULL, 's'},
		{"key", required_argument, NULL, 'k'},
		{"output", required_argument, NULL, 'o'},
		{"set", required_argument, NULL, 'v'},
		{"force", no_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char bad[3];
	int o;

	optind = 0;
	opterr = 0;
	while ((o = rc_next_option(argc, argv, "o:fh", options)) != -1) {
		switch (o) {
		case 'c':
			in->connector = optarg;
			break;
		case 'e':
			in->endpoint = optarg;
			break;
		case 's':
			in->source = optarg;
			break;
		case 'k':
			in->key = optarg;
			break;
		case 'o':
			in->output = optarg;
			break;
		case 'f':
			in->force = true;
			break;
		case 'v':
			if (in->n_settings == SETTINGS_MAX || !strchr(optarg, '='))
				return usage("--set takes KEY=VALUE, not ", optarg);
			in->settings[in->n_settings++] = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return fflush(stdout) ? RC_CANTCREAT : -1;
		default:
			return usage("an unknown option or a missing value: ", rc_bad_option(argv, bad));
		}
	}
	return optind < argc ? usage("takes no ", argv[optind]) : RC_OK;
}

/* ---- questions ---- */

static const char *ask(struct init *in, const char *question, const char *otherwise)
{
	char line[1024];

	if (!in->asked)
		return otherwise;
	fprintf(stderr, "%s [%s]: ", question, otherwise ? otherwise : "");
	if (!fgets(line, sizeof(line), stdin))
		return otherwise;
	line[strcspn(line, "\r\n")] = 0;
	return *line ? rc_arena_strdup(&in->mem, line) : otherwise;
}

static const char *text(const cJSON *obj, const char *key)
{
	return cJSON_GetStringValue(rc_json_member(obj, key));
}

static int load_schema(struct init *in)
{
	char name[128];
	struct rc_err err = {0};

	snprintf(name, sizeof(name), "targets/%s", in->connector);
	for (const struct rc_embedded *e = rc_embedded_schemas; e->name; e++) {
		if (strcmp(e->name, name) != 0)
			continue;
		if (!rc_json_parse(e->name, (struct rc_slice){e->data, e->n}, false, &in->schema, &err))
			return RC_OK;
		rc_log(RC_LOG_ERROR, "init: %s", err.what);
		return RC_INTERNAL;
	}
	return usage("there is no connector ", in->connector);
}

static int check_settings(const struct init *in, const cJSON *known)
{
	for (size_t i = 0; i < in->n_settings; i++) {
		char key[64];
		size_t n = strcspn(in->settings[i], "=");

		snprintf(key, sizeof(key), "%.*s", (int)n, in->settings[i]);
		if (n >= sizeof(key) || !rc_json_member(known, key))
			return usage("the connector has no id for --set ", in->settings[i]);
	}
	return RC_OK;
}

static int settle(struct init *in)
{
	const cJSON *proposal;
	struct rc_err err = {0};
	int code;

	in->asked = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (!in->connector)
		in->connector = ask(in, "Connector (huawei-p2c-vpn, alibaba-sag-app)", "huawei-p2c-vpn");
	code = load_schema(in);
	if (code)
		return code;
	proposal = rc_json_member(rc_json_member(in->schema, "x-rollcall"), "init");
	code = check_settings(in, rc_json_member(proposal, "target"));
	if (code)
		return code;
	if (!in->endpoint)
		in->endpoint = ask(in, "Address of the provider", text(proposal, "endpoint"));
	if (!in->source)
		in->source = ask(in, "Export of the people (CSV or LDIF, also .gz), empty for none yet", NULL);
	if (in->source && rc_init_columns_read(in->source, &in->mem, &in->columns, &err)) {
		rc_log(RC_LOG_ERROR, "init: %s", err.what);
		return (int)err.code;
	}
	if (in->source)
		in->rows = rc_init_values_read(in->source, &in->columns, &in->mem, &in->values);
	return RC_OK;
}

/* ---- the text ---- */

static const char *setting(const struct init *in, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < in->n_settings; i++)
		if (strncmp(in->settings[i], key, n) == 0 && in->settings[i][n] == '=')
			return in->settings[i] + n + 1;
	return NULL;
}

static void add_string(struct rc_buf *b, const char *s)
{
	rc_json_cstr(b, s);
}

static bool required(const struct init *in, const cJSON *field)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, rc_json_member(in->schema, "required"))
	{
		if (strcmp(one->valuestring, field->string) == 0)
			return !rc_json_member(field, "x-rollcall-absent");
	}
	return false;
}

/* Fields that have a proposal or must be there first, the others as comments behind them. */
static void write_account(struct init *in, struct rc_buf *b)
{
	const cJSON *field;
	const char *note;
	bool first = true;

	rc_buf_adds(b, "\t\t\t// One Lua expression over the columns per field; a bare column name is one.\n"
		       "\t\t\t\"account\": {\n");
	cJSON_ArrayForEach(field, rc_json_member(in->schema, "properties"))
	{
		const char *proposal = init_propose(in, field, &note);

		if (!proposal && !required(in, field))
			continue;
		if (!proposal) {
			rc_buf_addf(b, "%s\t\t\t\t// no column looks like it: replace this text\n", first ? "" : ",\n");
			proposal = "\"'change me'\"";
			first = true;
		}
		rc_buf_addf(b, "%s\t\t\t\t// %s\n", first ? "" : ",\n", text(field, "description"));
		if (note)
			rc_buf_addf(b, "\t\t\t\t// %s\n", note);
		rc_buf_addf(b, "\t\t\t\t\"%s\": %s", field->string, proposal);
		first = false;
	}
	rc_buf_addc(b, '\n');
	cJSON_ArrayForEach(field, rc_json_member(in->schema, "properties"))
	{
		if (!init_propose(in, field, &note) && !required(in, field))
			rc_buf_addf(b, "\t\t\t\t// can be set: \"%s\": %s\n", field->string,
				    text(field, "description"));
	}
	rc_buf_adds(b, "\t\t\t},\n");
}

static void write_target(struct init *in, struct rc_buf *b)
{
	const cJSON *x = rc_json_member(in->schema, "x-rollcall"), *init = rc_json_member(x, "init"), *one;

	rc_buf_adds(b, "\t// Where the accounts live: a name of your choice, then what it is.\n\t\"targets\": {\n\t\t");
	add_string(b, text(init, "label") ? text(init, "label") : in->connector);
	rc_buf_adds(b, ": {\n\t\t\t\"connector\": ");
	add_string(b, in->connector);
	rc_buf_adds(b, ",\n\t\t\t\"endpoint\": ");
	add_string(b, in->endpoint ? in->endpoint : "https://provider.example.com");
	cJSON_ArrayForEach(one, rc_json_member(init, "target"))
	{
		const char *given = setting(in, one->string);

		rc_buf_adds(b, ",\n\t\t\t");
		add_string(b, one->string);
		rc_buf_adds(b, ": ");
		add_string(b, given ? given : one->valuestring);
	}
	rc_buf_adds(b, ",\n\t\t\t// Secrets are never written here: {\"env\"}, {\"file\"}, {\"credential\"} or "
		       "{\"command\"}.\n"
		       "\t\t\t\"auth\": ");
	rc_json_write(rc_json_member(init, "auth"), false, 0, b);
	rc_buf_adds(b, ",\n");
	write_account(in, b);
	rc_buf_adds(b, "\t\t\t// Managed people who are gone: report, disable, lock or delete. Begin with report.\n"
		       "\t\t\t\"missing\": {\"action\": \"report\"},\n"
		       "\t\t\t// An account of the wanted name that is there already: adopt, report or fail.\n"
		       "\t\t\t\"existing\": \"adopt\",\n"
		       "\t\t\t// What one run may change at most; more stops it before the first write.\n"
		       "\t\t\t\"guards\": {\"max_deletes\": \"5%,200\", \"max_updates\": \"20%\"}\n"
		       "\t\t}\n\t}");
}

static bool makes_passwords(const struct rc_buf *b)
{
	return memmem(b->p, b->n, "\"generate\":", 11) != NULL;
}

static void compose(struct init *in, struct rc_buf *b)
{
	rc_buf_adds(b, "// A first config for rollcall. Next: rollcall check FILE, then rollcall plan FILE (changes "
		       "nothing).\n"
		       "// Every key: rollcall schema config. Relative paths count from this file.\n"
		       "{\n"
		       "\t\"version\": 1,\n"
		       "\t// The memory between two runs, and a report of each run.\n"
		       "\t\"state\": \"state\",\n"
		       "\t\"reports\": \"reports\",\n\n");
	init_write_source(in, b);
	write_target(in, b);
	if (makes_passwords(b))
		rc_buf_adds(b, ",\n\n\t// Generated passwords are sealed to these certificates before they are used. "
			       "To make one:\n"
			       "\t// openssl req -x509 -newkey rsa:3072 -nodes -keyout ops.key.pem -out ops.crt.pem "
			       "-subj /CN=ops -days 825\n"
			       "\t\"credentials\": {\"seal_to\": [\"ops.crt.pem\"], \"file\": \"credentials\"}");
	rc_buf_adds(b, "\n}\n");
}

/* What we write must be what we accept: a fault comes from an option then. */
static int verify(const struct rc_buf *b)
{
	struct rc_config *c = NULL;
	struct rc_config_errors errs = {0};
	struct rc_err err = {0};
	int code = RC_OK;

	if (rc_config_parse(rc_buf_slice(b), ".", &c, &errs, &err)) {
		for (size_t i = 0; i < errs.n; i++)
			rc_log(RC_LOG_ERROR, "init: would not be valid: %s: %s", errs.v[i].pointer, errs.v[i].reason);
		code = RC_USAGE;
	}
	rc_config_free(c);
	rc_config_errors_done(&errs);
	return code;
}

static int write_all(int fd, struct rc_slice text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text = (struct rc_slice){text.p + n, text.n - (size_t)n};
	}
	return 0;
}

static int deliver(const struct init *in, const struct rc_buf *b)
{
	const char *path = in->output && strcmp(in->output, "-") != 0 ? in->output : NULL;
	int fd = STDOUT_FILENO, bad;

	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (in->force ? O_TRUNC : O_EXCL), 0644);
		if (fd < 0) {
			rc_log(RC_LOG_ERROR, "init: %s: %s%s", path, strerror(errno),
			       errno == EEXIST ? "; --force overwrites it" : "");
			return RC_CANTCREAT;
		}
	}
	bad = write_all(fd, rc_buf_slice(b));
	if (path && close(fd))
		bad = -1;
	if (bad) {
		rc_log(RC_LOG_ERROR, "init: %s cannot be written: %s", path ? path : "standard output",
		       strerror(errno));
		return RC_CANTCREAT;
	}
	if (path)
		rc_log(RC_LOG_INFO, "wrote %s; next: rollcall check %s", path, path);
	return RC_OK;
}

int rc_cmd_init(int argc, char **argv)
{
	struct init in = {0};
	struct rc_buf b = {0};
	int code = parse(&in, argc, argv);

	if (!code)
		code = settle(&in);
	if (!code) {
		compose(&in, &b);
		code = verify(&b);
	}
	if (!code)
		code = deliver(&in, &b);
	cJSON_Delete(in.schema);
	rc_buf_done(&b);
	rc_arena_done(&in.mem);
	return code == -1 ? RC_OK : code;
}
