/* tests/simulator/text.h - the simulator's own byte buffers, text encodings and timestamps.
 *
 * Kept apart from engine/base on purpose: the simulator checks the engine, so the two share no code.
 * Errors  running out of memory aborts (this is a test tool); everything else returns false or 0.
 * Owner   struct sim_buf owns its bytes; struct sim_str only borrows. */
#ifndef SIMULATOR_TEXT_H
#define SIMULATOR_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_str {
	const char *p;
	size_t n;
};

#define SIM_STR(literal) ((struct sim_str){(literal), sizeof(literal) - 1})

struct sim_str sim_str_of(const char *z);
bool sim_str_eq(struct sim_str a, struct sim_str b);
bool sim_str_is(struct sim_str a, const char *z);
bool sim_str_eq_nocase(struct sim_str a, struct sim_str b); /* ASCII letters */
bool sim_str_is_nocase(struct sim_str a, const char *z);
bool sim_str_starts(struct sim_str a, const char *prefix);
struct sim_str sim_str_trim(struct sim_str s);
/* Splits at the first `sep`: what stands before it; *rest takes what follows (empty when there is none). */
struct sim_str sim_str_cut(struct sim_str s, char sep, struct sim_str *rest);

void *sim_alloc(size_t n); /* zeroed */
void *sim_grow(void *p, size_t count, size_t size);
char *sim_dup(struct sim_str s); /* NUL-terminated copy */
char *sim_dupz(const char *z);   /* NULL stays NULL */

/* A growing buffer; always NUL-terminated once anything was added. Zero-initialise, sim_buf_done at the end. */
struct sim_buf {
	char *p;
	size_t n, cap;
};
void sim_buf_done(struct sim_buf *b);
void sim_buf_room(struct sim_buf *b, size_t more);
void sim_buf_add(struct sim_buf *b, const char *p, size_t n);
void sim_buf_str(struct sim_buf *b, struct sim_str s);
void sim_buf_text(struct sim_buf *b, const char *z);
void sim_buf_char(struct sim_buf *b, char c);
void sim_buf_printf(struct sim_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with quotes; NULL writes null. Control characters and quotes are escaped, other bytes pass. */
void sim_buf_json(struct sim_buf *b, const char *z);
void sim_buf_json_str(struct sim_buf *b, struct sim_str s);
struct sim_str sim_buf_view(const struct sim_buf *b);

/* RFC 3986 percent encoding: unreserved bytes stay, all others become %XX in upper case. */
void sim_percent_encode(struct sim_buf *b, struct sim_str s);
/* Decodes %XX, and `+` to a space when plus is set; a broken escape is kept as it stands. */
void sim_percent_decode(struct sim_buf *b, struct sim_str s, bool plus);
void sim_hex(char *ret_hex, const unsigned char *bytes, size_t n); /* 2n characters and a NUL */

/* Next code point of UTF-8 text; false at a malformed sequence. s moves past what was read. */
bool sim_utf8_next(struct sim_str *s, uint32_t *ret_code_point);
/* Number of code points; false when the text is not UTF-8. */
bool sim_utf8_count(struct sim_str s, size_t *ret_count);

#define SIM_TIME_SIZE 32
/* 2026-01-02T03:04:05.678Z, without the fraction when `fraction` is false. */
void sim_time_text(char ret_text[SIM_TIME_SIZE], int64_t wall_ms, bool fraction);
/* Reads YYYY-MM-DDTHH:MM:SS[.fraction]Z or the compact YYYYMMDDTHHMMSSZ. */
bool sim_time_read(struct sim_str s, int64_t *ret_wall_ms);
/* Unsigned decimal number without sign or space, at most `max`. */
bool sim_number_read(struct sim_str s, uint64_t max, uint64_t *ret);

#endif
