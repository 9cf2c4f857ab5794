#include "tests/simulator/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct sim_str sim_str_of(const char *z)
{
	return (struct sim_str){z, z ? strlen(z) : 0};
}

bool sim_str_eq(struct sim_str a, struct sim_str b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

bool sim_str_is(struct sim_str a, const char *z)
{
	return sim_str_eq(a, sim_str_of(z));
}

bool sim_str_eq_nocase(struct sim_str a, struct sim_str b)
{
	return a.n == b.n && (!a.n || !strncasecmp(a.p, b.p, a.n));
}

bool sim_str_is_nocase(struct sim_str a, const char *z)
{
	return sim_str_eq_nocase(a, sim_str_of(z));
}

bool sim_str_starts(struct sim_str a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && !memcmp(a.p, prefix, n);
}

struct sim_str sim_str_trim(struct sim_str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct sim_str sim_str_cut(struct sim_str s, char sep, struct sim_str *rest)
{
	const char *at = s.n ? memchr(s.p, sep, s.n) : NULL;
	struct sim_str head = s;

	if (!at) {
		*rest = (struct sim_str){s.p + s.n, 0};
		return head;
	}
	head.n = (size_t)(at - s.p);
	*rest = (struct sim_str){at + 1, s.n - head.n - 1};
	return head;
}

static void out_of_memory(void)
{
	fputs("rollcall-simulator: out of memory\n", stderr);
	abort();
}

void *sim_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *sim_grow(void *p, size_t count, size_t size)
{
	void *grown = reallocarray(p, count ? count : 1, size);

	if (!grown)
		out_of_memory();
	return grown;
}

char *sim_dup(struct sim_str s)
{
	char *copy = sim_grow(NULL, s.n + 1, 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

char *sim_dupz(const char *z)
{
	return z ? sim_dup(sim_str_of(z)) : NULL;
}

void sim_buf_done(struct sim_buf *b)
{
	free(b->p);
	*b = (struct sim_buf){0};
}

void sim_buf_room(struct sim_buf *b, size_t more)
{
	size_t need = b->n + more + 1;

	if (need <= b->cap)
		return;
	b->cap = need > b->cap * 2 ? need : b->cap * 2;
	if (b->cap < 256)
		b->cap = 256;
	b->p = sim_grow(b->p, b->cap, 1);
}

void sim_buf_add(struct sim_buf *b, const char *p, size_t n)
{
	sim_buf_room(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void sim_buf_str(struct sim_buf *b, struct sim_str s)
{
	sim_buf_add(b, s.p, s.n);
}

void sim_buf_text(struct sim_buf *b, const char *z)
{
	sim_buf_add(b, z, strlen(z));
}

void sim_buf_char(struct sim_buf *b, char c)
{
	sim_buf_add(b, &c, 1);
}

void sim_buf_printf(struct sim_buf *b, const char *format, ...)
{
	va_list list;
	int n;

	sim_buf_room(b, 128);
	va_start(list, format);
	n = vsnprintf(b->p + b->n, b->cap - b->n, format, list);
	va_end(list);
	if (n < 0)
		return;
	if ((size_t)n >= b->cap - b->n) {
		sim_buf_room(b, (size_t)n);
		va_start(list, format);
		n = vsnprintf(b->p + b->n, b->cap - b->n, format, list);
		va_end(list);
	}
	b->n += (size_t)n;
}

void sim_buf_json_str(struct sim_buf *b, struct sim_str s)
{
	sim_buf_room(b, s.n + 2);
	sim_buf_char(b, '"');
	for (size_t i = 0, from = 0; i <= s.n; i++) {
		unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;

		if (i < s.n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		sim_buf_add(b, s.p + from, i - from);
		from = i + 1;
		if (i == s.n)
			break;
		if (c == '"' || c == '\\')
			sim_buf_printf(b, "\\%c", c);
		else
			sim_buf_printf(b, "\\u%04x", c);
	}
	sim_buf_char(b, '"');
}

void sim_buf_json(struct sim_buf *b, const char *z)
{
	if (z)
		sim_buf_json_str(b, sim_str_of(z));
	else
		sim_buf_text(b, "null");
}

struct sim_str sim_buf_view(const struct sim_buf *b)
{
	return (struct sim_str){b->p ? b->p : "", b->n};
}

static bool unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.' || c == '~';
}

void sim_percent_encode(struct sim_buf *b, struct sim_str s)
{
	static const char digits[] = "0123456789ABCDEF";

	sim_buf_room(b, s.n * 3);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (unreserved(c)) {
			b->p[b->n++] = (char)c;
		} else {
			b->p[b->n++] = '%';
			b->p[b->n++] = digits[c >> 4];
			b->p[b->n++] = digits[c & 15];
		}
	}
	b->p[b->n] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void sim_percent_decode(struct sim_buf *b, struct sim_str s, bool plus)
{
	sim_buf_room(b, s.n);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%' && i + 2 < s.n && hex_value(s.p[i + 1]) >= 0 && hex_value(s.p[i + 2]) >= 0) {
			c = (char)(hex_value(s.p[i + 1]) * 16 + hex_value(s.p[i + 2]));
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		b->p[b->n++] = c;
	}
	b->p[b->n] = '\0';
}

void sim_hex(char *ret_hex, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * n] = '\0';
}

bool sim_utf8_next(struct sim_str *s, uint32_t *ret_code_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)s->p[0];
	size_t len = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
	uint32_t cp = len == 1 ? c : len ? c & (0x7fu >> len) : 0;

	if (!len || len > s->n)
		return false;
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)s->p[i];

		if ((next & 0xc0) != 0x80)
			return false;
		cp = cp << 6 | (next & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return false;
	s->p += len;
	s->n -= len;
	*ret_code_point = cp;
	return true;
}

bool sim_utf8_count(struct sim_str s, size_t *ret_count)
{
	size_t count = 0;
	uint32_t cp;

	while (s.n) {
		if (!sim_utf8_next(&s, &cp))
			return false;
		count++;
	}
	*ret_count = count;
	return true;
}

void sim_time_text(char ret_text[SIM_TIME_SIZE], int64_t wall_ms, bool fraction)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(ret_text, SIM_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (fraction)
		snprintf(ret_text + n, SIM_TIME_SIZE - n, ".%03dZ", (int)(wall_ms % 1000));
	else
		snprintf(ret_text + n, SIM_TIME_SIZE - n, "Z");
}

static bool digits_read(struct sim_str *s, size_t n, int *ret)
{
	int v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	*ret = v;
	return true;
}

static bool take(struct sim_str *s, char c, bool wanted)
{
	if (!wanted)
		return true;
	if (!s->n || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool fraction_read(struct sim_str *s, int *ret_ms)
{
	int scale = 100;

	*ret_ms = 0;
	if (!s->n || s->p[0] != '.')
		return true;
	take(s, '.', true);
	if (!s->n || s->p[0] < '0' || s->p[0] > '9')
		return false;
	for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--, scale /= 10)
		*ret_ms += (s->p[0] - '0') * scale;
	return true;
}

bool sim_time_read(struct sim_str s, int64_t *ret_wall_ms)
{
	bool marks = s.n > 4 && s.p[4] == '-';
	int year, month, day, hour, minute, second, ms;
	struct tm tm = {0};

	if (!digits_read(&s, 4, &year) || !take(&s, '-', marks) || !digits_read(&s, 2, &month) ||
	    !take(&s, '-', marks) || !digits_read(&s, 2, &day) || !take(&s, 'T', true) || !digits_read(&s, 2, &hour) ||
	    !take(&s, ':', marks) || !digits_read(&s, 2, &minute) || !take(&s, ':', marks) ||
	    !digits_read(&s, 2, &second) || !fraction_read(&s, &ms) || !take(&s, 'Z', true) || s.n)
		return false;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	*ret_wall_ms = (int64_t)timegm(&tm) * 1000 + ms;
	return true;
}

bool sim_number_read(struct sim_str s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!s.n || s.n > 19)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (v > max)
		return false;
	*ret = v;
	return true;
}
