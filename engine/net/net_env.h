/* engine/net/net_env.h - what the environment says to curl's own program and not to libcurl. */
#ifndef RC_NET_ENV_H
#define RC_NET_ENV_H
#include <curl/curl.h>

/* CURL_CA_BUNDLE, else SSL_CERT_DIR and SSL_CERT_FILE, in place of the system's certificates; no_proxy (NO_PROXY), and
 * loopback never by a proxy. */
void rc_net_env_apply(CURL *easy);

#endif
