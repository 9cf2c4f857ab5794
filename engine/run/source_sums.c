#include "engine/run/source_sums.h"
#include "engine/base/slice.h"
#include "engine/run/source_files.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 64, LINE = 8192 };

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t digits(const char *p)
{
	size_t n = 0;

	while (n <= DIGITS && isxdigit((unsigned char)p[n]))
		n++;
	return n;
}

/* Where the sum stands in a line, or NULL; *ret_named: the line names this file. */
static const char *sum_in(char *line, const char *file, bool *ret_named)
{
	const char *name, *sum = NULL;
	char *end = line + strcspn(line, "\r\n");

	*end = 0;
	*ret_named = false;
	if (strncasecmp(line, "SHA256 (", 8) == 0 && strstr(line, ") = ")) {
		char *close = strstr(line, ") = ");

		*close = 0;
		name = line + 8;
		sum = close + 4;
	} else {
		sum = line + (line[0] == '\\');
		name = sum + strspn(sum, "0123456789abcdefABCDEF");
		name += strspn(name, " *\t");
	}
	if (digits(sum) != DIGITS)
		return NULL;
	*ret_named = name[0] && strcmp(base(name), base(file)) == 0;
	return sum;
}

static bool equal(const char *hex, const unsigned char sha256[32])
{
	char own[DIGITS + 1];

	for (size_t i = 0; i < 32; i++)
		snprintf(own + 2 * i, 3, "%02x", sha256[i]);
	return strncasecmp(hex, own, DIGITS) == 0;
}

/* The sum for file, into ret; false: there is none. */
static bool find(FILE *in, const char *file, char ret[DIGITS + 1])
{
	char line[LINE];
	size_t sums = 0;
	bool named;

	while (fgets(line, sizeof(line), in)) {
		const char *sum = sum_in(line, file, &named);

		if (!sum)
			continue;
		sums++;
		if (named || sums == 1) {
			memcpy(ret, sum, DIGITS);
			ret[DIGITS] = 0;
		}
		if (named)
			return true;
	}
	return sums == 1; /* made under another name, or for a file that was renamed since */
}

enum rc_code rc_source_sum_check(const char *pattern, const char *path, const unsigned char sha256[32],
				 struct rc_err *err)
{
	char *sums = rc_source_beside(pattern, path), want[DIGITS + 1];
	FILE *in = fopen(sums, "re");
	enum rc_code code = RC_OK;

	if (!in)
		code = rc_fail_sys(err, RC_DATA, errno, "%s: the checksum of %s (expect.sha256_file) cannot be read",
				   sums, path);
	else if (!find(in, path, want))
		code = rc_fail(err, RC_DATA, "%s: holds no SHA-256 for %s (expect.sha256_file)", sums, path);
	else if (!equal(want, sha256))
		code = rc_fail(err, RC_DATA,
			       "%s: its SHA-256 is not the one in %s: is it whole, and of the same export?", path,
			       sums);
	if (in)
		fclose(in);
	free(sums);
	return code;
}
