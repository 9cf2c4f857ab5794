/* engine/store/mapped.h - the memory through which this process sees a file that it maps. Used by kv.c. */
#ifndef RC_MAPPED_H
#define RC_MAPPED_H
#include <stddef.h>

struct rc_mapped { /* zeroed: not looked for yet */
	void *at;  /* NULL: nowhere */
	size_t n;
};

/* Takes the pages of fd's shared map of n bytes out of this process's memory: they stay in the system's cache and come
 * back when they are touched. Without /proc, or when there is no such map, nothing happens. *m: where the map was when
 * it had m->n bytes. */
void rc_mapped_let_go(struct rc_mapped *m, int fd, size_t n);

#endif
