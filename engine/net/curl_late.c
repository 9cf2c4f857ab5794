#include "engine/net/curl_late.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>

/* clang-format off */
#define FUNCTIONS                                                                                                      \
	X(global_init_mem) X(easy_init) X(easy_setopt) X(easy_getinfo) X(easy_strerror) X(easy_cleanup)                \
	X(multi_init) X(multi_setopt) X(multi_add_handle) X(multi_remove_handle) X(multi_info_read)                    \
	X(multi_socket_action) X(multi_cleanup) X(slist_append) X(slist_free_all)
/* clang-format on */

static struct {
#define X(name) __typeof__(curl_##name) *name;
	FUNCTIONS
#undef X
} lib;

static const struct {
	const char *name;
	void *to;
} wanted[] = {
#define X(name) {"curl_" #name, &lib.name},
	FUNCTIONS
#undef X
};

static enum rc_code missing(struct rc_err *err)
{
	const char *why = dlerror();

	return rc_fail(err, RC_INTERNAL,
		       "libcurl cannot be loaded, which every request needs (%s): install it (Debian: libcurl4)",
		       why ? why : "no reason given");
}

/* Into the scope of all, as if it were linked: a library that is preloaded may stand before it. All of it is bound at
 * once, as the program itself is, and its tables are read-only from then on. */
enum rc_code rc_curl_load(struct rc_err *err)
{
	static bool loaded;

	if (loaded)
		return RC_OK;
	if (!dlopen("libcurl.so.4", RTLD_NOW | RTLD_GLOBAL))
		return missing(err);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *at = dlsym(RTLD_DEFAULT, wanted[i].name);

		if (!at)
			return missing(err);
		*(void **)wanted[i].to = at;
	}
	loaded = true;
	return RC_OK;
}

/* Never seen from outside the program, so that RTLD_DEFAULT cannot find these. The names of some are macros, too. */
#pragma GCC visibility push(hidden)

CURLcode curl_global_init_mem(long flags, curl_malloc_callback m, curl_free_callback f, curl_realloc_callback r,
			      curl_strdup_callback s, curl_calloc_callback c)
{
	return lib.global_init_mem(flags, m, f, r, s, c);
}

CURL *curl_easy_init(void)
{
	return lib.easy_init();
}

/* An option's number tells what its argument is. */
CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	CURLcode rc;
	va_list arg;

	va_start(arg, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		rc = (lib.easy_setopt)(easy, option, va_arg(arg, long));
	else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
		rc = (lib.easy_setopt)(easy, option, va_arg(arg, curl_off_t));
	else
		rc = (lib.easy_setopt)(easy, option, va_arg(arg, void *));
	va_end(arg);
	return rc;
}

CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
	CURLcode rc;
	va_list arg;

	va_start(arg, info);
	rc = (lib.easy_getinfo)(easy, info, va_arg(arg, void *));
	va_end(arg);
	return rc;
}

const char *curl_easy_strerror(CURLcode code)
{
	return lib.easy_strerror(code);
}

void curl_easy_cleanup(CURL *easy)
{
	lib.easy_cleanup(easy);
}

CURLM *curl_multi_init(void)
{
	return lib.multi_init();
}

CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
	CURLMcode rc;
	va_list arg;

	va_start(arg, option);
	if ((int)option < CURLOPTTYPE_OBJECTPOINT)
		rc = (lib.multi_setopt)(multi, option, va_arg(arg, long));
	else
		rc = (lib.multi_setopt)(multi, option, va_arg(arg, void *));
	va_end(arg);
	return rc;
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	return lib.multi_add_handle(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
	return lib.multi_remove_handle(multi, easy);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
	return lib.multi_info_read(multi, left);
}

CURLMcode curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events, int *running)
{
	return lib.multi_socket_action(multi, fd, events, running);
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
	return lib.multi_cleanup(multi);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
	return lib.slist_append(list, text);
}

void curl_slist_free_all(struct curl_slist *list)
{
	lib.slist_free_all(list);
}

#pragma GCC visibility pop
