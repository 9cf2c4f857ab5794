/* engine/source/ldif_attrs.h - gathers an entry's values by attribute, in the order names first appear. */
#ifndef RC_LDIF_ATTRS_H
#define RC_LDIF_ATTRS_H
#include <stdint.h>
#include "engine/source/reader.h"

struct rc_ldif_value {
	struct rc_slice value;
	uint32_t attr;
	bool text;
};

struct rc_ldif_attrs {
	struct rc_attr *attr;
	bool *spoilt; /* a line of this attribute could not be read */
	size_t n, cap;
	struct rc_ldif_value *value; /* in file order */
	size_t value_n, value_cap;
	struct rc_slice *grouped; /* the same by attribute; attr[].value points in here */
	size_t grouped_cap;
	uint32_t *table;              /* attribute number + 1 by hash of the name, once there are many */
	size_t table_size, table_cap; /* in use, allocated */
};

void rc_ldif_attrs_clear(struct rc_ldif_attrs *a);
void rc_ldif_attrs_done(struct rc_ldif_attrs *a);
/* The number of the attribute of this lower-case name, made when new; name must outlive the gathering. */
uint32_t rc_ldif_attrs_find(struct rc_ldif_attrs *a, struct rc_slice name);
void rc_ldif_attrs_add(struct rc_ldif_attrs *a, uint32_t attr, struct rc_slice value, bool text);
/* Fills attr[].value; spoilt attributes are left out. */
void rc_ldif_attrs_group(struct rc_ldif_attrs *a);

#endif
