/* engine/source/ldif_split.h - one LDIF entry into attributes (RFC 2849), or the reason why not.
 *
 * Lines are unfolded wherever they were folded, comments dropped, base64 decoded (strictly); names are lower-cased and
 * values of one name gathered in file order. URL values (name:< url) are refused: nothing is ever fetched. Change
 * records are an error for the whole file, except where all of its records are changetype: add, which is how Active
 * Directory exports. Results are borrowed until the next call. */
#ifndef RC_LDIF_SPLIT_H
#define RC_LDIF_SPLIT_H
#include "engine/base/buf.h"
#include "engine/source/ldif_attrs.h"

enum rc_ldif_kind { RC_LDIF_UNKNOWN, RC_LDIF_CONTENT, RC_LDIF_ADDS };

struct rc_ldif_split {
	enum rc_ldif_kind kind; /* of the whole file, set by its first entry */
	uint64_t adds_line;     /* the first changetype: add */
	char encoding[32];
	struct rc_ldif_attrs attrs;
	struct rc_buf text; /* unfolded lines, decoded values, lower-cased names */
	struct rc_slice *pick;
	size_t pick_n;
	char *pick_names;
	struct rc_slice *picked;
	size_t picked_cap;
};

void rc_ldif_split_init(struct rc_ldif_split *s, const char *encoding);
void rc_ldif_split_copy(struct rc_ldif_split *s, const struct rc_ldif_split *from);
void rc_ldif_split_done(struct rc_ldif_split *s);

/* ERROR: the file as a whole is refused; err->line and the reason. */
enum rc_read rc_ldif_split_entry(struct rc_ldif_split *s, struct rc_slice raw, uint64_t line, struct rc_record *ret,
				 struct rc_reject *rej, struct rc_err *err);

void rc_ldif_split_select(struct rc_ldif_split *s, const struct rc_slice *names, size_t n);
size_t rc_ldif_split_cells(struct rc_ldif_split *s, struct rc_slice raw, const struct rc_slice **ret);

#endif
