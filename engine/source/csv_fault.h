/* engine/source/csv_fault.h - says in one line what is wrong with a CSV row, and where. Off the hot path. */
#ifndef RC_CSV_FAULT_H
#define RC_CSV_FAULT_H
#include "engine/source/csv_split.h"

/* A misplaced or open quote in raw: fills rej->why and line, and gives back how many fields before it are whole and how
 * many bytes they take, with the delimiter behind them. */
void rc_csv_fault_quote(const struct rc_csv_split *s, struct rc_slice raw, uint64_t line, struct rc_reject *rej,
			size_t *ret_fields, size_t *ret_bytes);

/* NUL or invalid UTF-8 in cell number i of the row. */
void rc_csv_fault_bytes(const struct rc_csv_split *s, struct rc_slice raw, struct rc_slice cell, size_t i,
			uint64_t line, struct rc_reject *rej);

/* What encodings would make invalid UTF-8 readable: "; valid as GB18030: set encoding", or "". */
const char *rc_encoding_hint(struct rc_slice s);

#endif
