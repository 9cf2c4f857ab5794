/* The libraries' allocations fail as our own do. LMDB has no such hook: it reports ENOMEM. */
#include "engine/base/alloc.h"
#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <stdlib.h>

/* OpenSSL's contract: nothing for a size of zero. */
static void *for_openssl(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n ? rc_xmalloc(n) : NULL;
}

static void *again_for_openssl(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n)
		return rc_xrealloc(p, n);
	free(p);
	return NULL;
}

static void free_for_openssl(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void rc_alloc_libraries(void)
{
	cJSON_Hooks hooks = {rc_xmalloc, free};

	CRYPTO_set_mem_functions(for_openssl, again_for_openssl, free_for_openssl);
	cJSON_InitHooks(&hooks);
}
