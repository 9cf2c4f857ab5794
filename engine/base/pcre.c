#include "engine/base/pcre.h"
#include "engine/base/alloc.h"
#include <pthread.h>
#include <stdlib.h>

static pcre2_general_context *memory;
static pcre2_compile_context *compile;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *allocate(PCRE2_SIZE n, void *unused)
{
	(void)unused;
	return rc_xmalloc(n);
}

static void release(void *p, void *unused)
{
	(void)unused;
	free(p);
}

static void make(void)
{
	memory = pcre2_general_context_create(allocate, release, NULL);
	compile = pcre2_compile_context_create(memory);
}

pcre2_general_context *rc_pcre_memory(void)
{
	pthread_once(&once, make);
	return memory;
}

pcre2_compile_context *rc_pcre_compile(void)
{
	pthread_once(&once, make);
	return compile;
}
