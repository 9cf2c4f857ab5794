/* engine/config/json_scan.h - the strict look over JSON text before cJSON may have it. */
#ifndef RC_CONFIG_JSON_SCAN_H
#define RC_CONFIG_JSON_SCAN_H
#include <stdbool.h>
#include <stddef.h>

struct rc_json_fault {
	size_t at;        /* byte offset */
	const char *what; /* static text */
};

/* Overwrites comments in text by spaces (line breaks stay). False: an unclosed block comment, told in fault. */
bool rc_json_strip(char *text, size_t n, struct rc_json_fault *fault);

/* Whether text is exactly one JSON value by RFC 8259, within RC_JSON_MAX_DEPTH, without \u0000 and lone surrogates. */
bool rc_json_scan(const char *text, size_t n, struct rc_json_fault *fault);

#endif
