#include "engine/net/net_env.h"
#include "engine/base/alloc.h"
#include <stdlib.h>
#include <string.h>

/* The second spelling of the loopback net is for libcurl before 7.86, which knows no networks. */
#define LOOPBACK "localhost,127.0.0.0/8,127.0.0.1,::1"

static const char *set_in_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static void apply_trust(CURL *easy)
{
	const char *bundle = set_in_env("CURL_CA_BUNDLE");
	const char *dir = bundle ? NULL : set_in_env("SSL_CERT_DIR");

	if (!bundle)
		bundle = set_in_env("SSL_CERT_FILE");
	if (bundle)
		curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
	if (dir)
		curl_easy_setopt(easy, CURLOPT_CAPATH, dir);
}

void rc_net_env_apply(CURL *easy)
{
	const char *direct = set_in_env("no_proxy");
	char *list;

	if (!direct)
		direct = set_in_env("NO_PROXY");
	/* an option hides the variable from libcurl, so both go into it; "*" is everything only where it stands alone
	 */
	list = direct && strcmp(direct, "*") == 0
		       ? rc_xstrdup(direct)
		       : rc_xasprintf("%s%s" LOOPBACK, direct ? direct : "", direct ? "," : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, list);
	free(list);
	apply_trust(easy);
}
