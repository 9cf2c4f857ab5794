#include "engine/net/net_tls.h"
#include "engine/base/alloc.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

struct note {
	char *p;
	size_t cap;
};

static void free_note(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	free(ptr);
}

static int note_index(void)
{
	static int index = -1; /* loop thread only */

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_note);
	return index;
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	SSL_CTX *ctx = ssl ? SSL_get_SSL_CTX(ssl) : NULL;
	struct note *n = ctx ? SSL_CTX_get_ex_data(ctx, note_index()) : NULL;
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	char subject[128] = "?";

	if (ok || !n)
		return ok;
	if (cert)
		X509_NAME_oneline(X509_get_subject_name(cert), subject, sizeof(subject));
	snprintf(n->p, n->cap, "%s, certificate %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)),
		 subject);
	return ok;
}

bool rc_net_tls_readable(const char *ca_file)
{
	X509_STORE *store = X509_STORE_new();
	bool good = store && X509_STORE_load_file(store, ca_file) == 1;

	ERR_clear_error();
	X509_STORE_free(store);
	return good;
}

bool rc_net_tls_setup(void *ssl_ctx, const char *ca_file, char *note, size_t note_cap)
{
	SSL_CTX *ctx = ssl_ctx;
	struct note *n;

	if (ca_file && SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != 1) {
		snprintf(note, note_cap, "cannot read certificates from %s", ca_file);
		return false;
	}
	n = SSL_CTX_get_ex_data(ctx, note_index());
	if (!n) {
		n = rc_xmalloc(sizeof(*n));
		SSL_CTX_set_ex_data(ctx, note_index(), n);
	}
	*n = (struct note){note, note_cap};
	SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(ctx), on_verify);
	return true;
}
