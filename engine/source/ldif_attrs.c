#include "engine/source/ldif_attrs.h"
#include "engine/base/alloc.h"
#include <stdlib.h>
#include <xxhash.h>

enum { FEW = 16 }; /* up to so many names a walk is faster than a table */

void rc_ldif_attrs_clear(struct rc_ldif_attrs *a)
{
	a->n = a->value_n = 0;
}

void rc_ldif_attrs_done(struct rc_ldif_attrs *a)
{
	free(a->attr);
	free(a->spoilt);
	free(a->value);
	free(a->grouped);
	free(a->table);
	*a = (struct rc_ldif_attrs){0};
}

static uint32_t *place(struct rc_ldif_attrs *a, struct rc_slice name)
{
	size_t i = (size_t)XXH3_64bits(name.p, name.n) & (a->table_size - 1);

	while (a->table[i] && !rc_slice_eq(a->attr[a->table[i] - 1].name, name))
		i = (i + 1) & (a->table_size - 1);
	return &a->table[i];
}

/* Made anew when an entry first has many names, and when it is half full. */
static void table_for(struct rc_ldif_attrs *a, size_t n)
{
	if (n > FEW + 1 && a->table_size >= 2 * n)
		return;
	a->table_size = n > FEW + 1 ? 2 * a->table_size : 4 * FEW;
	if (a->table_cap < a->table_size) {
		a->table_cap = a->table_size;
		a->table = rc_xreallocarray(a->table, a->table_cap, sizeof(*a->table));
	}
	memset(a->table, 0, a->table_size * sizeof(*a->table));
	for (uint32_t i = 0; i < a->n; i++)
		*place(a, a->attr[i].name) = i + 1;
}

static uint32_t append(struct rc_ldif_attrs *a, struct rc_slice name)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? 2 * a->cap : 2 * FEW;
		a->attr = rc_xreallocarray(a->attr, a->cap, sizeof(*a->attr));
		a->spoilt = rc_xreallocarray(a->spoilt, a->cap, sizeof(*a->spoilt));
	}
	a->attr[a->n] = (struct rc_attr){.name = name, .text = true};
	a->spoilt[a->n] = false;
	return (uint32_t)a->n++;
}

uint32_t rc_ldif_attrs_find(struct rc_ldif_attrs *a, struct rc_slice name)
{
	uint32_t *p;

	if (a->n <= FEW) {
		for (size_t i = a->n; i-- > 0;) /* the values of one name mostly stand together */
			if (rc_slice_eq(a->attr[i].name, name))
				return (uint32_t)i;
		if (a->n < FEW)
			return append(a, name);
	}
	table_for(a, a->n + 1);
	p = place(a, name);
	if (!*p) {
		uint32_t i = append(a, name);

		*p = i + 1;
		return i;
	}
	return *p - 1;
}

void rc_ldif_attrs_add(struct rc_ldif_attrs *a, uint32_t attr, struct rc_slice value, bool text)
{
	if (a->value_n == a->value_cap) {
		a->value_cap = a->value_cap ? 2 * a->value_cap : 4 * FEW;
		a->value = rc_xreallocarray(a->value, a->value_cap, sizeof(*a->value));
	}
	a->value[a->value_n++] = (struct rc_ldif_value){value, attr, text};
	a->attr[attr].n++;
	a->attr[attr].text &= text;
}

void rc_ldif_attrs_group(struct rc_ldif_attrs *a)
{
	size_t at = 0, kept = 0;

	if (a->grouped_cap < a->value_n) {
		a->grouped_cap = a->value_cap;
		a->grouped = rc_xreallocarray(a->grouped, a->grouped_cap, sizeof(*a->grouped));
	}
	for (size_t i = 0; i < a->n; i++) {
		a->attr[i].value = at ? a->grouped + at : a->grouped; /* NULL when there is no value at all */
		at += a->attr[i].n;
		a->attr[i].n = 0;
	}
	for (size_t i = 0; i < a->value_n; i++) {
		struct rc_attr *t = &a->attr[a->value[i].attr];

		a->grouped[(size_t)(t->value - a->grouped) + t->n++] = a->value[i].value;
	}
	for (size_t i = 0; i < a->n; i++)
		if (!a->spoilt[i])
			a->attr[kept++] = a->attr[i];
	a->n = kept;
}
