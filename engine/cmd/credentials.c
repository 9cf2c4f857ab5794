#include "engine/cmd/credentials.h"
#include "engine/base/log.h"
#include "engine/cli.h"
#include "engine/cmd/own_options.h"
#include "engine/cmd/passphrase.h"
#include "engine/report/cell.h"
#include "engine/seal/seal_read.h"
#include <string.h>
#include <strings.h>

static const char help[] = "Usage: rollcall credentials open --key KEY FILE [OPTION]...\n"
			   "\n"
			   "Decrypts sealed credentials and prints them as CSV: for each account the entry that\n"
			   "holds now, which is its real password. An empty password: nobody knows it (lock).\n"
			   "Keep the output off disks; every block also opens with\n"
			   "openssl cms -decrypt -inform PEM -inkey KEY.\n"
			   "\n"
			   "  --key KEY              private key (PEM) of a certificate that seal_to names\n"
			   "  --passphrase-file F    its passphrase; else it is asked for on the terminal\n"
			   "  --run ID               only entries that run made\n"
			   "  --target T             only this target\n"
			   "  --name N               only accounts of this name\n"
			   "  --all                  every entry, oldest first, replaced and void ones too\n"
			   "\n"
			   "Spreadsheets: a cell that would pass for a formula gets an apostrophe in front,\n"
			   "except passwords, which are always exact: import that column as text.\n"
			   "\n"
			   "Exit codes: 0 done, 64 wrong command line, 65 damaged file or another key,\n"
			   "73 standard output cannot be written.\n"
			   "\n"
			   "Example:\n"
			   "  rollcall credentials open --key ops.key.pem credentials --target vpn-eu\n";

struct job {
	const char *key, *file, *passphrase_file;
	const char *run, *target, *name;
	bool all;
	size_t replaced; /* entries that only the filter by run let through */
};

static int usage(const char *what, const char *arg)
{
	rc_log(RC_LOG_ERROR, "credentials: %s%s; see rollcall credentials --help", what, arg ? arg : "");
	return RC_USAGE;
}

enum { OPT_KEY = 256, OPT_RUN, OPT_TARGET, OPT_NAME, OPT_ALL, OPT_PASS };

static const struct option options[] = {
	{"key", required_argument, NULL, OPT_KEY},
	{"run", required_argument, NULL, OPT_RUN},
	{"target", required_argument, NULL, OPT_TARGET},
	{"name", required_argument, NULL, OPT_NAME},
	{"all", no_argument, NULL, OPT_ALL},
	{"passphrase-file", required_argument, NULL, OPT_PASS},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* -1: help was printed. */
static int parse(struct job *j, int argc, char **argv)
{
	char bad[3];
	int o;

	optind = 0;
	opterr = 0;
	while ((o = rc_next_option(argc, argv, "h", options)) != -1) {
		switch (o) {
		case OPT_KEY:
			j->key = optarg;
			break;
		case OPT_RUN:
			j->run = optarg;
			break;
		case OPT_TARGET:
			j->target = optarg;
			break;
		case OPT_NAME:
			j->name = optarg;
			break;
		case OPT_ALL:
			j->all = true;
			break;
		case OPT_PASS:
			j->passphrase_file = optarg;
			break;
		case 'h':
			return rc_cli_print(rc_slice_str(help)) ? RC_CANTCREAT : -1;
		default:
			return usage("an unknown option or a missing value: ", rc_bad_option(argv, bad));
		}
	}
	if (optind >= argc || strcmp(argv[optind], "open") != 0)
		return usage("the one thing to do is `open`", NULL);
	if (!j->key)
		return usage("open: --key KEY is missing", NULL);
	if (argc - optind != 2)
		return usage("open takes one file", NULL);
	j->file = argv[optind + 1];
	return RC_OK;
}

/* A provider takes ANNA for anna. */
static bool is_name(struct rc_slice cell, const char *name)
{
	return cell.n == strlen(name) && strncasecmp(cell.n ? cell.p : "", name, cell.n) == 0;
}

static bool wanted(struct job *j, const struct rc_seal_row *r)
{
	if ((j->run && !rc_slice_eqs(r->cells[RC_SEAL_RUN_ID], j->run)) ||
	    (j->target && !rc_slice_eqs(r->cells[RC_SEAL_TARGET], j->target)) ||
	    (j->name && !is_name(r->cells[RC_SEAL_NAME], j->name)))
		return false;
	if (!j->all && !r->last) {
		j->replaced += j->run != NULL;
		return false;
	}
	return true;
}

static void add_header(struct rc_buf *out, const struct rc_seal_rows *rows)
{
	for (size_t i = 0; i < RC_SEAL_FIXED; i++) {
		if (i)
			rc_buf_addc(out, ',');
		rc_buf_adds(out, rc_seal_column_names[i]);
	}
	for (size_t i = 0; i < rows->columns_n; i++)
		rc_cell_next(out, rows->columns[i]);
	rc_buf_addc(out, '\n');
}

static void add_row(struct rc_buf *out, const struct rc_seal_rows *rows, const struct rc_seal_row *r)
{
	for (size_t i = 0; i < RC_SEAL_FIXED; i++) {
		if (i)
			rc_buf_addc(out, ',');
		if (i == RC_SEAL_PASSWD)
			rc_cell_plain(out, r->cells[i], ',');
		else
			rc_cell_safe(out, r->cells[i]);
	}
	for (size_t i = 0; i < rows->columns_n; i++)
		rc_cell_next(out, rc_seal_row_extra(r, i));
	rc_buf_addc(out, '\n');
}

static void remark(const struct job *j, const struct rc_seal_rows *rows)
{
	if (rows->torn)
		rc_log(RC_LOG_WARN,
		       "%s:%llu: skipped %zu block(s) cut off by a crash; no password in them was ever used", j->file,
		       (unsigned long long)rows->torn_line, rows->torn);
	if (rows->others)
		rc_log(RC_LOG_WARN, "%s: skipped %zu block(s) that are sealed to other keys", j->file, rows->others);
	if (j->replaced)
		rc_log(RC_LOG_WARN, "%zu entries of run %s no longer hold and are left out; --all shows them",
		       j->replaced, j->run);
}

static int print(struct job *j, const struct rc_seal_rows *rows)
{
	struct rc_buf out = {.secret = true};
	int code;

	add_header(&out, rows);
	for (size_t i = 0; i < rows->n; i++)
		if (wanted(j, &rows->v[i]))
			add_row(&out, rows, &rows->v[i]);
	remark(j, rows);
	code = rc_cli_print(rc_buf_slice(&out));
	rc_buf_wipe(&out);
	return code;
}

static int fail(const struct rc_err *err)
{
	if (err->line)
		rc_log_located("%s", err->what);
	else
		rc_log(RC_LOG_ERROR, "%s", err->what);
	return (int)err->code;
}

int rc_cmd_credentials(int argc, char **argv)
{
	struct job j = {0};
	struct rc_seal_rows rows = {0};
	struct rc_passphrase_from from;
	struct rc_err err;
	EVP_PKEY *key = NULL;
	int code = parse(&j, argc, argv);

	if (code)
		return code == -1 ? RC_OK : code;
	from = (struct rc_passphrase_from){.file = j.passphrase_file, .key = j.key};
	if (rc_seal_key_load(j.key, rc_passphrase, &from, &key, &err) || rc_seal_read(j.file, key, &rows, &err))
		code = fail(&err);
	else
		code = print(&j, &rows);
	rc_seal_rows_done(&rows);
	EVP_PKEY_free(key);
	return code;
}
