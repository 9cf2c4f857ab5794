#include "engine/seal/seal_read.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

enum { KEY_BYTES = 1 << 20, CHUNK = 4096 };

struct asking {
	rc_seal_ask ask;
	void *ctx;
	bool asked;
	enum rc_code code;
	struct rc_err *err;
};

static enum rc_code slurp(const char *path, struct rc_buf *b, struct rc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = 0;
	int sys;

	if (fd < 0)
		return rc_fail_sys(err, RC_DATA, errno, "key %s cannot be read", path);
	while (b->n <= KEY_BYTES) {
		char *to = rc_buf_reserve(b, CHUNK);

		got = read(fd, to, CHUNK);
		if (got > 0)
			b->n += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
	sys = got < 0 ? errno : 0;
	close(fd);
	if (sys)
		return rc_fail_sys(err, RC_DATA, sys, "key %s cannot be read", path);
	if (b->n > KEY_BYTES)
		return rc_fail(err, RC_DATA, "key %s is larger than 1 MiB: name a PEM private key", path);
	return RC_OK;
}

static int passphrase(char *buf, int size, int writing, void *u)
{
	struct asking *a = u;
	struct rc_buf text = {.secret = true};
	int n = -1;

	(void)writing;
	a->asked = true;
	a->code = a->ask(a->ctx, &text, a->err);
	if (!a->code && text.n <= (size_t)size) {
		memcpy(buf, text.p ? text.p : "", text.n);
		n = (int)text.n;
	}
	rc_buf_wipe(&text);
	return n;
}

enum rc_code rc_seal_key_load(const char *path, rc_seal_ask ask, void *ctx, EVP_PKEY **ret, struct rc_err *err)
{
	struct asking a = {.ask = ask, .ctx = ctx, .err = err};
	struct rc_buf text = {.secret = true};
	enum rc_code code = slurp(path, &text, err);
	EVP_PKEY *key = NULL;
	BIO *in;

	if (code) {
		rc_buf_wipe(&text);
		return code;
	}
	in = BIO_new_mem_buf(text.p, (int)text.n);
	if (in)
		key = PEM_read_bio_PrivateKey(in, NULL, passphrase, &a);
	BIO_free(in);
	rc_buf_wipe(&text);
	ERR_clear_error();
	if (key)
		*ret = key;
	else if (a.code)
		code = a.code;
	else if (a.asked)
		code = rc_fail(err, RC_DATA, "key %s does not open with this passphrase", path);
	else
		code = rc_fail(err, RC_DATA, "key %s: no private key in PEM is in the file", path);
	return code;
}
