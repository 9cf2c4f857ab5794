#include "engine/seal/seal_cert.h"
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CERT_BYTES = 1 << 20, CHUNK = 4096, RSA_BITS = 2048 };

static enum rc_code slurp(const char *path, struct rc_buf *b, struct rc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t got = 0;

	if (fd < 0)
		return rc_fail_sys(err, RC_CONFIG, errno, "certificate %s cannot be read", path);
	while (b->n <= CERT_BYTES) {
		char *to = rc_buf_reserve(b, CHUNK);

		got = read(fd, to, CHUNK);
		if (got > 0)
			b->n += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
	if (got < 0)
		rc_fail_sys(err, RC_CONFIG, errno, "certificate %s cannot be read", path);
	else if (b->n > CERT_BYTES)
		rc_fail(err, RC_CONFIG, "certificate %s is larger than 1 MiB: name a PEM file", path);
	close(fd);
	return got < 0 || b->n > CERT_BYTES ? RC_CONFIG : RC_OK;
}

/* The first certificate in PEM, else the whole as DER. */
static X509 *parse(struct rc_slice text)
{
	const unsigned char *der = (const unsigned char *)text.p;
	BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	X509 *x = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	if (!x)
		x = d2i_X509(NULL, &der, (long)text.n);
	BIO_free(in);
	ERR_clear_error();
	return x;
}

static int64_t time_ns(const ASN1_TIME *t)
{
	struct tm tm;

	if (!t || !ASN1_TIME_to_tm(t, &tm))
		return 0;
	return (int64_t)timegm(&tm) > INT64_MAX / 1000000000 ? INT64_MAX : (int64_t)timegm(&tm) * 1000000000;
}

static enum rc_code judge_time(X509 *x, const char *path, int64_t now_wall_ns, struct rc_err *err)
{
	int64_t from = time_ns(X509_get0_notBefore(x)), until = time_ns(X509_get0_notAfter(x));
	char text[32];

	if (now_wall_ns > until) {
		rc_time_iso(until, text);
		return rc_fail(err, RC_CONFIG, "certificate %s expired at %s: name one that is valid in seal_to", path,
			       text);
	}
	if (now_wall_ns < from) {
		rc_time_iso(from, text);
		return rc_fail(err, RC_CONFIG,
			       "certificate %s is not valid before %s: name one that is valid now, or set the clock",
			       path, text);
	}
	return RC_OK;
}

static enum rc_code judge_key(X509 *x, const char *path, struct rc_err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	int type = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	ERR_clear_error();
	if (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < RSA_BITS)
		return rc_fail(err, RC_CONFIG, "certificate %s has an RSA key of %d bits: 2048 is the least", path,
			       EVP_PKEY_get_bits(key));
	if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC)
		return rc_fail(err, RC_CONFIG,
			       "certificate %s has a key that nothing can be sealed to (%s): RSA or EC is needed", path,
			       key && EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "unreadable");
	return RC_OK;
}

static X509 *load(const char *path, int64_t now_wall_ns, struct rc_err *err)
{
	struct rc_buf text = {.secret = true}; /* somebody may have put the private key there, too */
	X509 *x = NULL;
	enum rc_code code = slurp(path, &text, err);

	if (!code) {
		x = parse(rc_buf_slice(&text));
		if (!x)
			code = rc_fail(err, RC_CONFIG,
				       "certificate %s: no X.509 certificate (PEM or DER) is in the file", path);
	}
	if (!code)
		code = judge_time(x, path, now_wall_ns, err);
	if (!code)
		code = judge_key(x, path, err);
	if (code) {
		X509_free(x);
		x = NULL;
	}
	rc_buf_wipe(&text);
	return x;
}

enum rc_code rc_seal_cert_check(const char *path, int64_t now_wall_ns, int64_t *ret_until_ns, struct rc_err *err)
{
	X509 *x = load(path, now_wall_ns, err);

	if (!x)
		return RC_CONFIG;
	if (ret_until_ns)
		*ret_until_ns = time_ns(X509_get0_notAfter(x));
	X509_free(x);
	return RC_OK;
}

static bool has(const struct rc_seal_certs *c, X509 *x)
{
	for (size_t i = 0; i < c->n; i++)
		if (X509_cmp(c->v[i], x) == 0)
			return true;
	return false;
}

enum rc_code rc_seal_certs_load(const char *const *paths, size_t n, int64_t now_wall_ns, struct rc_seal_certs **ret,
				struct rc_err *err)
{
	struct rc_seal_certs *c;

	if (!n)
		return rc_fail(err, RC_CONFIG, "seal_to names no certificate: passwords have nobody to go to");
	c = rc_xcalloc(1, sizeof(*c));
	c->v = rc_xcalloc(n, sizeof(X509 *));
	for (size_t i = 0; i < n; i++) {
		X509 *x = load(paths[i], now_wall_ns, err);

		if (!x) {
			rc_seal_certs_free(c);
			return RC_CONFIG;
		}
		if (has(c, x))
			X509_free(x);
		else
			c->v[c->n++] = x;
	}
	*ret = c;
	return RC_OK;
}

void rc_seal_certs_free(struct rc_seal_certs *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		X509_free(c->v[i]);
	free(c->v);
	free(c);
}
