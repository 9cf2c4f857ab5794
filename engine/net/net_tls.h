/* engine/net/net_tls.h - trust: the config's own file beside what libcurl trusts, and words for what it refuses. */
#ifndef RC_NET_TLS_H
#define RC_NET_TLS_H
#include <stdbool.h>
#include <stddef.h>

/* Called by libcurl with its SSL_CTX. libcurl replaces the system's store when CURLOPT_CAINFO is set, so ca_file is
 * added here. A verification fault later writes one phrase that names it (expired, other host, unknown issuer) to note.
 */
bool rc_net_tls_setup(void *ssl_ctx, const char *ca_file, char *note, size_t note_cap);

/* Whether the file holds certificates that can be read. */
bool rc_net_tls_readable(const char *ca_file);

#endif
