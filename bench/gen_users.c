/* rollcall-gen-users - deterministic HR exports; prints the expected counts as one JSON line on stderr. */
#include "bench/gen_people.h"
#include "engine/base/alloc.h"
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char help[] = "Usage: rollcall-gen-users [OPTION]...\n"
			   "\n"
			   "Writes a made-up HR export: employee_id, user_name, email, first_name, last_name,\n"
			   "department, group, description, status, updated_at. The same options give the same\n"
			   "bytes; day 2 is day 1 with a known share of people changed, added and removed.\n"
			   "\n"
			   "  --rows N         people on day 1 (1000)      --seed S       (1)\n"
			   "  --day 1|2        (1)                         --changed P    percent, day 2 (1)\n"
			   "  --added P        percent, day 2 (0.5)        --removed P    percent, day 2 (0.5)\n"
			   "  --touch P        percent whose updated_at alone moves, day 2 (0)\n"
			   "  --quoted P       percent of descriptions with comma or quote (3)\n"
			   "  --multiline P    percent of descriptions with a line break (0.1)\n"
			   "  --utf8 P         percent of names beyond ASCII (5)\n"
			   "  --format csv|ldif  --shuffle  --crlf  --bom  --gzip[=LEVEL]  -o FILE\n"
			   "\n"
			   "Example:\n"
			   "  rollcall-gen-users --rows 1000000 --day 2 --gzip -o day2.csv.gz\n";

struct plan {
	struct gen_mix mix;
	uint64_t rows;
	int day, level;
	double changed, added, removed, touch;
	bool ldif, shuffle, crlf, bom, gzip;
	const char *path;
};

struct counts {
	uint64_t rows, changed, added, removed, touched, unchanged;
};

struct sink {
	FILE *plain;
	gzFile packed;
	struct rc_buf buf;
};

static bool drain(struct sink *s)
{
	bool ok = s->packed ? s->buf.n == 0 || gzwrite(s->packed, s->buf.p, (unsigned)s->buf.n) == (int)s->buf.n
			    : fwrite(s->buf.p, 1, s->buf.n, s->plain) == s->buf.n;

	rc_buf_clear(&s->buf);
	return ok;
}

static bool open_sink(const struct plan *p, struct sink *s)
{
	char mode[8];

	if (!p->gzip) {
		s->plain = p->path ? fopen(p->path, "w") : stdout;
		return s->plain != NULL;
	}
	snprintf(mode, sizeof(mode), "wb%d", p->level);
	s->packed = p->path ? gzopen(p->path, mode) : gzdopen(dup(STDOUT_FILENO), mode);
	return s->packed != NULL;
}

static bool close_sink(struct sink *s)
{
	bool ok = drain(s);

	rc_buf_done(&s->buf);
	if (s->packed)
		return gzclose(s->packed) == Z_OK && ok;
	return (s->plain == stdout ? fflush(stdout) : fclose(s->plain)) == 0 && ok;
}

/* What day 2 makes of a person of day 1: 0 as before, 1 changed, 2 touched, -1 gone. */
static int fate(const struct plan *p, uint64_t number)
{
	double x = (double)(gen_hash(p->mix.seed, number, 5) >> 11) * 0x1p-53;

	if (p->day == 1 || number >= p->rows)
		return 0;
	if (x < p->removed)
		return -1;
	if (x < p->removed + p->changed)
		return 1;
	return x < p->removed + p->changed + p->touch ? 2 : 0;
}

static bool generate(const struct plan *p, struct sink *s, struct counts *n)
{
	uint64_t added = p->day == 2 ? (uint64_t)((double)p->rows * p->added + 0.5) : 0, all = p->rows + added;

	if (p->bom)
		rc_buf_adds(&s->buf, "\xef\xbb\xbf");
	if (p->ldif)
		rc_buf_adds(&s->buf, "version: 1\n\n");
	else
		rc_buf_addf(&s->buf, "%s%s", gen_csv_header, p->crlf ? "\r\n" : "\n");
	for (uint64_t i = 0; i < all; i++) {
		uint64_t who = p->shuffle ? gen_permute(i, all, p->mix.seed * 2 + (uint64_t)p->day) : i;
		int version = fate(p, who);

		n->removed += version < 0;
		n->changed += version == 1;
		n->touched += version == 2;
		n->added += p->day == 2 && who >= p->rows;
		n->unchanged += p->day == 2 && who < p->rows && version == 0;
		if (version < 0)
			continue;
		n->rows++;
		if (p->ldif)
			gen_ldif_entry(&p->mix, who, version, &s->buf);
		else
			gen_csv_row(&p->mix, who, version, p->crlf, &s->buf);
		if (s->buf.n > 1 << 18 && !drain(s))
			return false;
	}
	return true;
}

static bool number(const char *s, double max, double *ret)
{
	char *end;

	errno = 0;
	*ret = strtod(s, &end);
	return *s && !*end && !errno && *ret >= 0 && *ret <= max;
}

static bool option(struct plan *p, int c, const char *arg)
{
	double v = 0;
	bool percent = c >= 'A' && c <= 'Z', ok = true;

	if (percent || c == 'r' || c == 's' || c == 'd')
		ok = number(arg, percent ? 100 : 1e12, &v);
	switch (c) {
	case 'r':
		p->rows = (uint64_t)v;
		break;
	case 's':
		p->mix.seed = (uint64_t)v;
		break;
	case 'd':
		p->day = (int)v;
		return ok && (p->day == 1 || p->day == 2);
	case 'f':
		p->ldif = strcmp(arg, "ldif") == 0;
		return p->ldif || strcmp(arg, "csv") == 0;
	case 'g':
		p->gzip = true;
		p->level = arg ? arg[0] - '0' : 6;
		return p->level >= 1 && p->level <= 9 && (!arg || !arg[1]);
	case 'o':
		p->path = arg;
		break;
	case 'C':
		p->changed = v / 100;
		break;
	case 'A':
		p->added = v / 100;
		break;
	case 'R':
		p->removed = v / 100;
		break;
	case 'T':
		p->touch = v / 100;
		break;
	case 'Q':
		p->mix.quoted = v / 100;
		break;
	case 'M':
		p->mix.multiline = v / 100;
		break;
	case 'U':
		p->mix.utf8 = v / 100;
		break;
	default:
		return false;
	}
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{"rows", 1, NULL, 'r'},    {"seed", 1, NULL, 's'},      {"day", 1, NULL, 'd'},
		{"format", 1, NULL, 'f'},  {"gzip", 2, NULL, 'g'},      {"changed", 1, NULL, 'C'},
		{"added", 1, NULL, 'A'},   {"removed", 1, NULL, 'R'},   {"touch", 1, NULL, 'T'},
		{"quoted", 1, NULL, 'Q'},  {"multiline", 1, NULL, 'M'}, {"utf8", 1, NULL, 'U'},
		{"shuffle", 0, NULL, '1'}, {"crlf", 0, NULL, '2'},      {"bom", 0, NULL, '3'},
		{"help", 0, NULL, 'h'},    {NULL, 0, NULL, 0},
	};
	struct plan p = {.mix = {1, 0.03, 0.001, 0.05},
			 .rows = 1000,
			 .day = 1,
			 .changed = 0.01,
			 .added = 0.005,
			 .removed = 0.005};
	struct counts n = {0};
	struct sink s = {0};
	int c;

	while ((c = getopt_long(argc, argv, "o:h", known, NULL)) != -1) {
		if (c == 'h')
			return fputs(help, stdout) < 0 || fflush(stdout) ? 73 : 0;
		if (c == '1' || c == '2' || c == '3')
			*(c == '1' ? &p.shuffle : c == '2' ? &p.crlf : &p.bom) = true;
		else if (!option(&p, c, optarg))
			return 64 + (c != '?' &&
				     fprintf(stderr, "rollcall-gen-users: bad value '%s'; see --help\n", optarg) < 0);
	}
	if (optind < argc) {
		fprintf(stderr, "rollcall-gen-users: '%s' is no option; see --help\n", argv[optind]);
		return 64;
	}
	if (!open_sink(&p, &s) || !generate(&p, &s, &n) || !close_sink(&s)) {
		fprintf(stderr, "rollcall-gen-users: %s: %s\n", p.path ? p.path : "standard output", strerror(errno));
		return 73;
	}
	fprintf(stderr,
		"{\"day\":%d,\"rows\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"added\":%" PRIu64 ",\"removed\":%" PRIu64
		",\"touched\":%" PRIu64 ",\"unchanged\":%" PRIu64 "}\n",
		p.day, n.rows, n.changed, n.added, n.removed, n.touched, n.unchanged);
	return 0;
}
