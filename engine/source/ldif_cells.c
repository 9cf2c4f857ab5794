#include "engine/base/alloc.h"
#include "engine/source/ldif_entries.h"
#include "engine/source/ldif_split.h"
#include <stdlib.h>
#include <strings.h>

void rc_ldif_split_select(struct rc_ldif_split *s, const struct rc_slice *names, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += names[i].n;
	s->pick_names = rc_xrealloc(s->pick_names, bytes);
	s->pick = rc_xreallocarray(s->pick, n, sizeof(*s->pick));
	bytes = 0;
	for (size_t i = 0; i < n; i++) {
		s->pick[i] = (struct rc_slice){s->pick_names + bytes, names[i].n};
		if (names[i].n)
			memcpy(s->pick_names + bytes, names[i].p, names[i].n);
		bytes += names[i].n;
	}
	s->pick_n = n;
}

static bool picked(const struct rc_ldif_split *s, struct rc_slice name)
{
	for (size_t i = 0; i < s->pick_n; i++)
		if (s->pick[i].n == name.n && strncasecmp(s->pick[i].p, name.p, name.n) == 0)
			return true;
	return false;
}

size_t rc_ldif_split_cells(struct rc_ldif_split *s, struct rc_slice raw, const struct rc_slice **ret)
{
	size_t n = 0;

	for (size_t at = 0; at < raw.n;) {
		struct rc_ldif_line l = rc_ldif_line_at(raw, at);
		const char *colon = memchr(l.text.p, ':', l.text.n);
		struct rc_slice name = {l.text.p, colon ? (size_t)(colon - l.text.p) : 0};

		at = l.next;
		if (l.text.n && l.text.p[0] == '#')
			continue;
		if (!colon || memchr(name.p, '\n', name.n) || memchr(name.p, '\r', name.n))
			return 0; /* a name that is folded itself, or no name: only a full split can tell */
		if (!picked(s, name))
			continue;
		if (n == s->picked_cap) {
			s->picked_cap = s->picked_cap ? 2 * s->picked_cap : 32;
			s->picked = rc_xreallocarray(s->picked, s->picked_cap, sizeof(*s->picked));
		}
		s->picked[n++] = l.text;
	}
	*ret = s->picked;
	return n;
}
