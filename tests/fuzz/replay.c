/* Runs a fuzz program over files, or over all files of a directory: the corpus as an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int one(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, cap = 1 << 16;
	uint8_t *p = f ? malloc(cap) : NULL;

	if (!p) {
		perror(path);
		return 1;
	}
	for (size_t got; (got = fread(p + n, 1, cap - n, f)) > 0;) {
		n += got;
		if (n == cap && !(p = realloc(p, cap *= 2)))
			abort();
	}
	fclose(f);
	/* a copy of exactly its size, so that a read beyond it is seen */
	uint8_t *exact = malloc(n ? n : 1);

	for (size_t i = 0; exact && i < n; i++)
		exact[i] = p[i];
	free(p);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0, files = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);

		if (!d) {
			failed |= one(argv[i]);
			files++;
			continue;
		}
		for (struct dirent *e; (e = readdir(d));) {
			char path[4096];

			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			if (e->d_name[0] == '.')
				continue;
			failed |= one(path);
			files++;
		}
		closedir(d);
	}
	printf("%d inputs\n", files);
	return failed || files == 0;
}
