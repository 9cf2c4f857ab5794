#include "connectors/shared/digest.h"
#include "connectors/shared/text.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>

struct digest_kit {
	EVP_MD_CTX *hash;
	EVP_MAC_CTX *hmac256, *hmac1;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key_of_thread;
static bool have_key;
static EVP_MD *sha256;
static EVP_MAC *hmac;

static void kit_free(void *p)
{
	struct digest_kit *k = p;

	EVP_MD_CTX_free(k->hash);
	EVP_MAC_CTX_free(k->hmac256);
	EVP_MAC_CTX_free(k->hmac1);
	OPENSSL_free(k);
}

static void fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	have_key = pthread_key_create(&key_of_thread, kit_free) == 0;
}

static EVP_MAC_CTX *mac_new(char *algorithm)
{
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, algorithm, 0),
			       OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);

	if (ctx && !EVP_MAC_CTX_set_params(ctx, params)) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static struct digest_kit *kit(void)
{
	static char name256[] = "SHA256", name1[] = "SHA1";
	struct digest_kit *k;

	pthread_once(&once, fetch);
	if (!have_key || !sha256 || !hmac)
		return NULL;
	k = pthread_getspecific(key_of_thread);
	if (k)
		return k;
	k = OPENSSL_zalloc(sizeof(*k));
	if (!k)
		return NULL;
	k->hash = EVP_MD_CTX_new();
	k->hmac256 = mac_new(name256);
	k->hmac1 = mac_new(name1);
	if (pthread_setspecific(key_of_thread, k) != 0) {
		kit_free(k);
		return NULL;
	}
	return k;
}

bool rc_sha256_hex(struct rc_slice data, char out[RC_SHA256_HEX])
{
	struct digest_kit *k = kit();
	unsigned char md[32];

	if (!k || !k->hash || !EVP_DigestInit_ex2(k->hash, sha256, NULL) ||
	    !EVP_DigestUpdate(k->hash, data.p, data.n) || !EVP_DigestFinal_ex(k->hash, md, NULL))
		return false;
	rc_hex(md, sizeof(md), out);
	return true;
}

static bool mac(EVP_MAC_CTX *ctx, struct rc_slice key, struct rc_slice data, unsigned char *out, size_t n)
{
	/* EVP takes a NULL key for "the one before", so an empty one still needs an address. */
	const unsigned char *k = (const unsigned char *)(key.p ? key.p : "");
	size_t got = 0;

	return ctx && EVP_MAC_init(ctx, k, key.n, NULL) && EVP_MAC_update(ctx, (const unsigned char *)data.p, data.n) &&
	       EVP_MAC_final(ctx, out, &got, n) && got == n;
}

bool rc_hmac_sha256_hex(struct rc_slice key, struct rc_slice data, char out[RC_SHA256_HEX])
{
	struct digest_kit *k = kit();
	unsigned char md[32];

	if (!k || !mac(k->hmac256, key, data, md, sizeof(md)))
		return false;
	rc_hex(md, sizeof(md), out);
	return true;
}

bool rc_hmac_sha1(struct rc_slice key, struct rc_slice data, unsigned char out[RC_SHA1_BYTES])
{
	struct digest_kit *k = kit();

	return k && mac(k->hmac1, key, data, out, RC_SHA1_BYTES);
}
