#include "tests/unit/helper_seal.h"
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                        \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

void seal_box_make(struct seal_box *b)
{
	snprintf(b->dir, sizeof(b->dir), "/tmp/rollcall-seal-XXXXXX");
	MUST(mkdtemp(b->dir));
	snprintf(b->file, sizeof(b->file), "%s/credentials", b->dir);
}

void seal_box_remove(struct seal_box *b)
{
	char line[128];

	snprintf(line, sizeof(line), "rm -rf '%s'", b->dir);
	MUST(system(line) == 0);
}

const char *seal_path(const struct seal_box *b, const char *name, const char *suffix)
{
	static char paths[8][128];
	static unsigned turn;
	char *p = paths[turn++ % 8];

	snprintf(p, sizeof(paths[0]), "%s/%s%s", b->dir, name, suffix);
	return p;
}

static EVP_PKEY *new_key(const char *type)
{
	if (strcmp(type, "ec") == 0)
		return EVP_EC_gen("P-256");
	if (strcmp(type, "ed25519") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_RSA_gen(strcmp(type, "rsa1024") == 0 ? 1024 : 2048);
}

EVP_PKEY *seal_identity(const struct seal_box *b, const char *name, const char *type, int from_days, int until_days,
			const char *passphrase)
{
	EVP_PKEY *key = new_key(type);
	X509 *x = X509_new();
	time_t now = SEAL_NOW / 1000000000;
	BIO *out;

	MUST(key && x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1000 + name[0]);
	X509_time_adj_ex(X509_getm_notBefore(x), from_days, 0, &now);
	X509_time_adj_ex(X509_getm_notAfter(x), until_days, 0, &now);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, key);
	MUST(X509_sign(x, key, strcmp(type, "ed25519") == 0 ? NULL : EVP_sha256()));
	out = BIO_new_file(seal_path(b, name, ".crt"), "w");
	MUST(out && PEM_write_bio_X509(out, x));
	BIO_free(out);
	out = BIO_new_file(seal_path(b, name, ".key"), "w");
	MUST(out && PEM_write_bio_PKCS8PrivateKey(out, key, passphrase ? EVP_aes_256_cbc() : NULL, NULL, 0, NULL,
						  (void *)(uintptr_t)passphrase));
	BIO_free(out);
	X509_free(x);
	return key;
}

void seal_slurp(const char *path, struct rc_buf *ret)
{
	int fd = open(path, O_RDONLY);
	char piece[4096];
	ssize_t n;

	MUST(fd >= 0);
	rc_buf_clear(ret);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		rc_buf_add(ret, piece, (size_t)n);
	close(fd);
}

void seal_spill(const char *path, struct rc_slice text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	MUST(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
}

struct rc_seal_entry seal_entry(enum rc_seal_kind kind, const char *run, const char *name, const char *password)
{
	return (struct rc_seal_entry){
		.kind = kind,
		.run_id = rc_slice_str(run),
		.target = RC_SLICE("vpn"),
		.server = RC_SLICE("gw-1"),
		.key = RC_SLICE("E1"),
		.name = rc_slice_str(name),
		.password = rc_slice_str(password),
		.created_at_ns = SEAL_NOW,
	};
}

void seal_block_of(const struct seal_box *b, const char *const *certs, const struct rc_seal_entry *e, size_t n)
{
	const char *paths[8];
	size_t n_paths = 0;
	struct rc_seal_certs *to;
	struct rc_seal_batch *batch;
	struct rc_seal *s;
	struct rc_err err;

	for (; certs[n_paths]; n_paths++)
		paths[n_paths] = seal_path(b, certs[n_paths], ".crt");
	MUST(!rc_seal_certs_load(paths, n_paths, SEAL_NOW, &to, &err));
	batch = rc_seal_batch_new(to, NULL, 0);
	for (size_t i = 0; i < n; i++)
		MUST(!rc_seal_add(batch, &e[i], &err));
	MUST(!rc_seal_open(b->file, &s, &err));
	MUST(!rc_seal_commit(s, batch, &err));
	rc_seal_close(s);
	rc_seal_batch_free(batch);
	rc_seal_certs_free(to);
}
