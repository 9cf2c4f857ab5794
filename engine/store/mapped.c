/* LMDB does not tell where its map lies, the kernel does. Only a map that is shared and of this very file is touched:
 * of any other memory, letting go would lose what it holds. */
#include "engine/store/mapped.h"
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void *find(int fd, size_t n)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	void *at = NULL;
	char line[512];
	struct stat st;

	if (!maps)
		return NULL;
	while (!at && fstat(fd, &st) == 0 && fgets(line, sizeof(line), maps)) {
		uintptr_t from, to;
		unsigned long long inode;
		char rights[5];

		if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %llu", &from, &to, rights, &inode) != 4)
			continue; /* the rest of a long path */
		if (to - from == n && rights[3] == 's' && inode == st.st_ino)
			at = (void *)from;
	}
	fclose(maps);
	return at;
}

void rc_mapped_let_go(struct rc_mapped *m, int fd, size_t n)
{
	if (m->n != n)
		*m = (struct rc_mapped){find(fd, n), n};
	if (m->at)
		(void)madvise(m->at, n, MADV_DONTNEED);
}
