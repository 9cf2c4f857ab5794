/* rollcall-bench-readers - how fast the readers are, as shares of what the machine could do in the same run.
 *
 * Yardsticks: counting lines with one memchr a line for plain files, inflate alone (same library) for gzip. Each figure
 * is the median of interleaved repeats over the same file in the page cache. With --check the exit code is 1 when one
 * falls below its goal. */
#include "bench/gen_people.h"
#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/source/reader.h"
#include "engine/source/simd.h"
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

enum { BUFFER = 256 * 1024, REPEATS_MAX = 51, BATCH = 256 };

static void die(const char *what)
{
	fprintf(stderr, "rollcall-bench-readers: %s\n", what);
	exit(70);
}

static uint64_t count_lines(const char *path)
{
	static _Alignas(64) char buf[BUFFER]; /* the kernel copies faster to there */
	int fd = open(path, O_RDONLY);
	uint64_t lines = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (const char *p = buf, *end = buf + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
			lines++;
	close(fd);
	return lines;
}

static uint64_t inflate_alone(const char *path)
{
	static unsigned char in[BUFFER], out[BUFFER];
	int fd = open(path, O_RDONLY);
	z_stream z = {0};
	uint64_t total = 0;
	ssize_t n;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		die("inflate cannot start");
	while ((n = read(fd, in, sizeof(in))) > 0) {
		z.next_in = in;
		z.avail_in = (uInt)n;
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			if (inflate(&z, Z_NO_FLUSH) < 0 && z.avail_in)
				die("inflate failed");
			total += sizeof(out) - z.avail_out;
		} while (z.avail_out == 0);
	}
	inflateEnd(&z);
	close(fd);
	return total;
}

static struct rc_reader *open_reader(const char *path)
{
	struct rc_reader_opts o = {.in.path = path};
	struct rc_reader *r;
	struct rc_err err;

	if (rc_reader_open(&o, &r, &err))
		die(err.what);
	return r;
}

static uint64_t split_and_hash(const char *path)
{
	struct rc_reader *r = open_reader(path);
	struct rc_row rows[BATCH];
	struct rc_reject rej;
	struct rc_err err;
	enum rc_read got;
	uint64_t sum = 0;
	size_t n;

	do {
		got = rc_reader_next_rows(r, rows, BATCH, &n, &rej, &err);
		for (size_t i = 0; i < n; i++)
			sum += XXH3_128bits(rows[i].raw.p, rows[i].raw.n).low64 | 1;
	} while (got == RC_READ_RECORD);
	if (got != RC_READ_END)
		die("a generated file was refused");
	rc_reader_free(r);
	return sum;
}

static uint64_t split_and_validate(const char *path)
{
	struct rc_reader *r = open_reader(path);
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;
	enum rc_read got;
	uint64_t sum = 0;

	while ((got = rc_reader_next(r, &rec, &rej, &err)) == RC_READ_RECORD)
		sum += rec.n + rec.attr_n;
	if (got != RC_READ_END)
		die("a generated file was refused");
	rc_reader_free(r);
	return sum;
}

static uint64_t hash_cells(const char *path)
{
	static const struct rc_slice csv[] = {RC_SLICE("employee_id"), RC_SLICE("user_name"), RC_SLICE("department")};
	static const struct rc_slice ldif[] = {RC_SLICE("employeenumber"), RC_SLICE("uid"),
					       RC_SLICE("departmentnumber")};
	struct rc_reader *r = open_reader(path);
	struct rc_splitter *s = rc_splitter_new(r);
	struct rc_row rows[BATCH];
	struct rc_reject rej;
	struct rc_err err;
	uint64_t sum = 0;
	enum rc_read got;
	size_t n;

	rc_splitter_select(s, rc_reader_format(r) == RC_FORMAT_CSV ? csv : ldif, 3);
	do {
		got = rc_reader_next_rows(r, rows, BATCH, &n, &rej, &err);
		for (size_t i = 0; i < n; i++) {
			const struct rc_slice *cell;
			size_t k = rc_splitter_cells(s, rows[i].raw, &cell);

			while (k-- > 0)
				sum ^= XXH3_64bits_withSeed(cell[k].p, cell[k].n, sum);
		}
	} while (got == RC_READ_RECORD);
	rc_splitter_free(s);
	rc_reader_free(r);
	return sum;
}

struct probe {
	const char *name, *file;
	uint64_t (*run)(const char *path);
	bool portable;
	int yardstick; /* its number, -1: it is one */
	double goal;   /* share of the yardstick's speed; 0: none */
	double ms[REPEATS_MAX];
};

static struct probe probes[] = {
	{"csv: lines by memchr", "people.csv", count_lines, false, -1, 0, {0}},
	{"csv: split and hash", "people.csv", split_and_hash, false, 0, 0.60, {0}},
	{"csv: hash three columns", "people.csv", hash_cells, false, 0, 0, {0}},
	{"csv: split and validate", "people.csv", split_and_validate, false, 0, 0.20, {0}},
	{"csv: split and hash, portable", "people.csv", split_and_hash, true, 0, 0, {0}},
	{"csv: split and validate, portable", "people.csv", split_and_validate, true, 0, 0, {0}},
	{"ldif: lines by memchr", "people.ldif", count_lines, false, -1, 0, {0}},
	{"ldif: split and hash", "people.ldif", split_and_hash, false, 6, 0.30, {0}},
	{"ldif: hash three attributes", "people.ldif", hash_cells, false, 6, 0, {0}},
	{"ldif: split and validate", "people.ldif", split_and_validate, false, 6, 0.10, {0}},
	{"csv.gz: inflate alone", "people.csv.gz", inflate_alone, false, -1, 0, {0}},
	{"csv.gz: split and hash", "people.csv.gz", split_and_hash, false, 10, 1 / 1.15, {0}},
	{"csv.gz: split and validate", "people.csv.gz", split_and_validate, false, 10, 0, {0}},
	{"ldif.gz: inflate alone", "people.ldif.gz", inflate_alone, false, -1, 0, {0}},
	{"ldif.gz: split and hash", "people.ldif.gz", split_and_hash, false, 13, 1 / 1.15, {0}},
};
enum { PROBES = sizeof(probes) / sizeof(*probes) };

static void generate(const char *dir, const char *name, uint64_t rows)
{
	struct gen_mix mix = {1, 0.03, 0.001, 0.05};
	char *path = rc_xasprintf("%s/%s", dir, name);
	bool ldif = strstr(name, "ldif") != NULL, packed = strstr(name, ".gz") != NULL;
	gzFile f = gzopen(path, packed ? "wb6" : "wbT");
	struct rc_buf b = {0};

	rc_buf_addf(&b, "%s\n", ldif ? "version: 1\n" : gen_csv_header);
	for (uint64_t i = 0; i < rows; i++) {
		if (ldif)
			gen_ldif_entry(&mix, i, 0, &b);
		else
			gen_csv_row(&mix, i, 0, false, &b);
		if (b.n > BUFFER || i + 1 == rows) {
			if (gzwrite(f, b.p, (unsigned)b.n) != (int)b.n)
				die("a test file cannot be written");
			rc_buf_clear(&b);
		}
	}
	if (gzclose(f) != Z_OK)
		die("a test file cannot be written");
	rc_buf_done(&b);
	free(path);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool report(int repeats)
{
	bool good = true;

	printf("%-36s %9s %9s %7s\n", "", "ms", "share", "goal");
	for (int i = 0; i < PROBES; i++)
		qsort(probes[i].ms, (size_t)repeats, sizeof(double), by_size);
	for (int i = 0; i < PROBES; i++) {
		struct probe *p = &probes[i];
		double ms = p->ms[repeats / 2],
		       share = p->yardstick < 0 ? 1 : probes[p->yardstick].ms[repeats / 2] / ms;

		printf("%-36s %9.1f %9.2f", p->name, ms, share);
		if (p->goal > 0)
			printf(" %7.2f%s", p->goal, share < p->goal ? "  below" : "");
		printf("\n");
		good &= share >= p->goal;
	}
	return good;
}

static void measure(const char *dir, int repeats, const char *only)
{
	volatile uint64_t sink = 0;

	for (int n = 0; n < repeats; n++)
		for (int i = 0; i < PROBES; i++) {
			char *path = rc_xasprintf("%s/%s", dir, probes[i].file);
			int64_t from;

			if (*only && strcmp(probes[i].name, only) != 0 && probes[i].yardstick >= 0) {
				free(path);
				continue;
			}
			rc_simd_limit(probes[i].portable ? RC_SIMD_PORTABLE : RC_SIMD_AVX512);
			from = rc_mono_ns(&rc_clock_system);
			sink = sink + probes[i].run(path);
			probes[i].ms[n] = (double)(rc_mono_ns(&rc_clock_system) - from) / 1e6;
			free(path);
		}
}

int main(int argc, char **argv)
{
	static const struct option known[] = {{"rows", 1, NULL, 'r'},
					      {"repeats", 1, NULL, 'n'},
					      {"check", 0, NULL, 'c'},
					      {"only", 1, NULL, 'o'},
					      {NULL, 0, NULL, 0}};
	static const char *const names[] = {"people.csv", "people.ldif", "people.csv.gz", "people.ldif.gz"};
	char dir[] = "/tmp/rollcall-bench-XXXXXX";
	uint64_t rows = 500000;
	int repeats = 7, c;
	bool check = false, good;
	const char *only = "";

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'r')
			rows = strtoull(optarg, NULL, 10);
		else if (c == 'n')
			repeats = (int)strtol(optarg, NULL, 10);
		else if (c == 'c')
			check = true;
		else if (c == 'o')
			only = optarg;
		else
			return 64;
	}
	if (repeats < 1 || repeats > REPEATS_MAX || rows < 1 || !mkdtemp(dir))
		die("usage: rollcall-bench-readers [--rows N] [--repeats 1..51] [--only NAME] [--check]");
	for (int i = 0; i < 4; i++)
		generate(dir, names[i], rows);
	measure(dir, repeats, only);
	good = report(repeats);
	for (int i = 0; i < 4; i++) {
		char *path = rc_xasprintf("%s/%s", dir, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(dir);
	return check && !good ? 1 : 0;
}
