#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/net.h"

struct sim_tls {
	SSL *ssl;
	BIO *from_net, *to_net;
};

static int choose_http1(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
			unsigned in_n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto((unsigned char **)out, out_n, ours, sizeof(ours) - 1, in, in_n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *sim_tls_context(const char *cert, const char *key, struct sim_buf *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context && SSL_CTX_use_certificate_chain_file(context, cert) == 1 &&
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(context)) {
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
		SSL_CTX_set_alpn_select_cb(context, choose_http1, NULL);
		return context;
	}
	sim_buf_printf(err, "%s, %s: %s", cert, key, ERR_reason_error_string(ERR_peek_last_error()));
	SSL_CTX_free(context);
	return NULL;
}

struct sim_tls *sim_tls_new(SSL_CTX *context)
{
	struct sim_tls *t = sim_alloc(sizeof(*t));

	t->ssl = SSL_new(context);
	t->from_net = BIO_new(BIO_s_mem());
	t->to_net = BIO_new(BIO_s_mem());
	SSL_set_bio(t->ssl, t->from_net, t->to_net);
	SSL_set_accept_state(t->ssl);
	return t;
}

void sim_tls_free(struct sim_tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	free(t);
}

static void drain(struct sim_tls *t, struct sim_buf *out)
{
	size_t waiting = BIO_ctrl_pending(t->to_net), got = 0;

	while (waiting) {
		sim_buf_room(out, waiting);
		if (BIO_read_ex(t->to_net, out->p + out->n, waiting, &got) != 1)
			return;
		out->n += got;
		waiting = BIO_ctrl_pending(t->to_net);
	}
}

bool sim_tls_read(struct sim_tls *t, const char *p, size_t n, struct sim_buf *plain, struct sim_buf *out)
{
	size_t got = 0;
	int why;

	if (BIO_write(t->from_net, p, (int)n) != (int)n)
		return false;
	ERR_clear_error();
	for (;;) {
		sim_buf_room(plain, 16384);
		if (SSL_read_ex(t->ssl, plain->p + plain->n, 16384, &got) != 1)
			break;
		plain->n += got;
	}
	why = SSL_get_error(t->ssl, 0);
	drain(t, out);
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

bool sim_tls_write(struct sim_tls *t, const char *p, size_t n, struct sim_buf *out)
{
	size_t done = 0;

	while (n) {
		if (SSL_write_ex(t->ssl, p, n, &done) != 1)
			return false;
		p += done;
		n -= done;
		drain(t, out);
	}
	return true;
}
