/* engine/report/cell.h - one CSV cell that neither a spreadsheet nor a terminal acts upon. */
#ifndef RC_REPORT_CELL_H
#define RC_REPORT_CELL_H
#include "engine/base/buf.h"
#include "engine/base/slice.h"

/* A cell that begins with = + - @ tab or CR gets an apostrophe inside quotes. Tab and line ends stay (quoted); other
 * control characters, C1, DEL and bytes that are not UTF-8 become \xNN (\uNNNN for C1), so that the file is always
 * valid UTF-8. */
void rc_cell_safe(struct rc_buf *b, struct rc_slice s);

/* The same, preceded by a comma. */
void rc_cell_next(struct rc_buf *b, struct rc_slice s);

/* The last cell of b was written as its pieces came, from byte `from` on; makes it safe where it is not. */
void rc_cell_settle(struct rc_buf *b, size_t from);

/* A cell as it was, byte for byte, quoted only when this delimiter makes it necessary. */
void rc_cell_plain(struct rc_buf *b, struct rc_slice s, char delimiter);

#endif
