#include "engine/cmd/read.h"
#include "engine/base/buf.h"
#include "engine/base/log.h"
#include "engine/cmd/own_options.h"
#include "engine/cmd/read_json.h"
#include "engine/source/reader.h"
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { FLUSH = 256 * 1024 };

static const char help[] = "Usage: rollcall read [OPTION]... FILE...\n"
			   "\n"
			   "Prints the records of CSV and LDIF files, plain or gzip, as JSON lines.\n"
			   "FILE may be - for standard input. Nothing else is read, sent or changed.\n"
			   "\n"
			   "  --format auto|csv|ldif  auto looks at the first line\n"
			   "  --delimiter C           field delimiter of CSV, or `tab`; else the header line\n"
			   "                          shows which of , ; tab | it is\n"
			   "  --encoding E            any name `iconv -l` knows; default UTF-8; a byte order\n"
			   "                          mark goes first\n"
			   "  --lenient               report a bad record and go on; the exit code stays 65\n"
			   "  --max-record SIZE       longest record, with K, M or G; default 1M\n"
			   "  --max-ratio N|unlimited largest growth of gzip data, counted from 256 MiB on;\n"
			   "                          default 500\n"
			   "\n"
			   "Exit codes: 0 all read, 64 wrong command line, 65 bad data (FILE:LINE: reason on\n"
			   "stderr), 73 standard output cannot be written.\n"
			   "\n"
			   "Example:\n"
			   "  $ rollcall read --encoding windows-1252 export.csv.gz | head -n 1\n"
			   "  {\"employee_id\":\"1001\",\"user_name\":\"anna\",\"email\":\"anna@example.com\"}\n";

struct job {
	struct rc_reader_opts opts;
	bool lenient;
	struct rc_buf out;
};

static int flush(struct job *j)
{
	size_t at = 0;

	while (at < j->out.n) {
		ssize_t n = write(STDOUT_FILENO, j->out.p + at, j->out.n - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EPIPE) /* a reader that has seen enough is no news */
				rc_log(RC_LOG_ERROR, "standard output cannot be written: %s", strerror(errno));
			return RC_CANTCREAT;
		}
		at += (size_t)n;
	}
	rc_buf_clear(&j->out);
	return RC_OK;
}

/* One file; RC_DATA when it, or with --lenient a record of it, was refused. */
static int read_file(struct job *j, const char *path)
{
	struct rc_reader *r;
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;
	enum rc_read got;
	char text[1200];
	int result = RC_OK, code;

	j->opts.in.path = path;
	if (rc_reader_open(&j->opts, &r, &err)) {
		code = flush(j);
		if (!code)
			rc_log_located("%s", err.what);
		return code ? code : (int)err.code;
	}
	while ((got = rc_reader_next(r, &rec, &rej, &err)) != RC_READ_END) {
		if (got == RC_READ_RECORD) {
			rc_read_json(r, &rec, &j->out);
			if (j->out.n < FLUSH)
				continue;
		}
		if (got == RC_READ_ERROR && !j->lenient)
			rc_buf_clear(&j->out); /* a file that is refused as a whole is not half read */
		code = flush(j);               /* before the message, so that both streams tell one story */
		if (code) {
			result = code;
			break;
		}
		if (got == RC_READ_RECORD)
			continue;
		if (got == RC_READ_REJECT) {
			rc_reject_text(r, &rej, text, sizeof(text));
			rc_log_located("%s", text);
			result = RC_DATA;
			if (j->lenient)
				continue;
		} else {
			rc_log_located("%s", err.what);
			result = (int)err.code;
		}
		break;
	}
	if (got == RC_READ_END && rc_reader_info(r)->utf8_after_all)
		rc_log(RC_LOG_WARN, "%s: read as %s, but all of it is valid UTF-8: is --encoding right?",
		       rc_reader_name(r), rc_reader_info(r)->encoding);
	rc_reader_free(r);
	return result;
}

static int usage(const char *what, const char *value)
{
	rc_log(RC_LOG_ERROR, "read: %s%s%s; see rollcall read --help", what, value ? " " : "", value ? value : "");
	return RC_USAGE;
}

static bool size_of(const char *s, size_t *ret)
{
	static const char units[3] = {'K', 'M', 'G'};
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (errno || end == s || *s < '0' || *s > '9' || n == 0)
		return false;
	if (*end) {
		unit = memchr(units, *end & ~0x20, sizeof(units));
		if (!unit || (end[1] && strcasecmp(end + 1, "iB") != 0 && strcasecmp(end + 1, "B") != 0))
			return false;
		if (n > SIZE_MAX >> 30)
			return false;
		n <<= 10 * (unit - units + 1);
	}
	*ret = (size_t)n;
	return n <= RC_MAX_RECORD_LIMIT;
}

static bool delimiter_of(const char *s, char *ret)
{
	if (strcasecmp(s, "auto") == 0)
		*ret = 0;
	else if (strcasecmp(s, "tab") == 0 || strcmp(s, "\\t") == 0)
		*ret = '\t';
	else if (s[0] && !s[1] && !strchr("\"\r\n", s[0]) && !(s[0] & 0x80))
		*ret = s[0];
	else
		return false;
	return true;
}

static bool ratio_of(const char *s, uint32_t *ret)
{
	char *end;
	unsigned long n;

	if (strcmp(s, "unlimited") == 0) {
		*ret = RC_RATIO_NONE;
		return true;
	}
	n = strtoul(s, &end, 10);
	if (*s < '1' || *s > '9' || *end || n > 1000000)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool format_of(const char *s, enum rc_format *ret)
{
	static const char *const names[] = {"auto", "csv", "ldif"};

	for (int i = 0; i < 3; i++)
		if (strcmp(s, names[i]) == 0) {
			*ret = (enum rc_format)i;
			return true;
		}
	return false;
}

static bool encoding_known(const char *name)
{
	iconv_t cd = strchr(name, '/') ? (iconv_t)-1 : iconv_open("UTF-8", name);

	if (cd == (iconv_t)-1)
		return false;
	iconv_close(cd);
	return true;
}

static int options(int argc, char **argv, struct job *j, bool *ret_help)
{
	static const struct option known[] = {
		{"format", required_argument, NULL, 'f'},
		{"delimiter", required_argument, NULL, 'd'},
		{"encoding", required_argument, NULL, 'e'},
		{"lenient", no_argument, NULL, 'l'},
		{"max-record", required_argument, NULL, 'm'},
		{"max-ratio", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char bad[3];
	int c;

	optind = 0; /* glibc: scan anew, the command line was read once before */
	opterr = 0;
	while ((c = rc_next_option(argc, argv, ":h", known)) != -1) {
		if (c == 'h')
			*ret_help = true;
		else if (c == 'l')
			j->lenient = true;
		else if (c == 'e' && !encoding_known(optarg))
			return usage("--encoding: iconv -l lists the names, it has no", optarg);
		else if (c == 'e')
			j->opts.in.encoding = optarg;
		else if (c == ':')
			return usage("a value is missing behind", argv[optind - 1]);
		else if (c == '?')
			return usage("unknown option", rc_bad_option(argv, bad));
		else if (c == 'f' && !format_of(optarg, &j->opts.format))
			return usage("--format is auto, csv or ldif, not", optarg);
		else if (c == 'd' && !delimiter_of(optarg, &j->opts.delimiter))
			return usage("--delimiter is one ASCII character other than a quote, not", optarg);
		else if (c == 'm' && !size_of(optarg, &j->opts.max_record))
			return usage("--max-record is a size from 1 to 1G, not", optarg);
		else if (c == 'r' && !ratio_of(optarg, &j->opts.in.max_ratio))
			return usage("--max-ratio is a number from 1 to 1000000 or unlimited, not", optarg);
	}
	if (optind == argc && !*ret_help)
		return usage("a FILE is missing", NULL);
	return RC_OK;
}

int rc_cmd_read(int argc, char **argv)
{
	struct job j = {0};
	bool want_help = false;
	int result = options(argc, argv, &j, &want_help), code;

	if (result)
		return result;
	if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY) { /* as rc_harden leaves a closed one */
		rc_log(RC_LOG_ERROR, "standard output is closed");
		return RC_CANTCREAT;
	}
	signal(SIGPIPE, SIG_IGN);
	if (want_help) {
		rc_buf_adds(&j.out, help);
	} else {
		for (int i = optind; i < argc && (result == RC_OK || (result == RC_DATA && j.lenient)); i++) {
			code = read_file(&j, argv[i]);
			result = code ? code : result;
		}
	}
	if (result != RC_CANTCREAT) {
		code = flush(&j);
		result = code ? code : result;
	}
	rc_buf_done(&j.out);
	return result;
}
