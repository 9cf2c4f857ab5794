#include "engine/seal/seal_block.h"
#include <openssl/pem.h> /* before cms.h, which declares its PEM functions only then */
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <limits.h>

/* The last OpenSSL reason, and an empty queue. */
static const char *reason(void)
{
	const char *s = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return s ? s : "no reason given";
}

/* OpenSSL's own defaults are PKCS #1 v1.5 and SHA-1. */
static bool add_recipient(CMS_ContentInfo *cms, X509 *cert)
{
	CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, cert, CMS_KEY_PARAM);
	EVP_PKEY_CTX *ctx = ri ? CMS_RecipientInfo_get0_pkey_ctx(ri) : NULL;

	if (!ctx)
		return false;
	if (EVP_PKEY_get_base_id(X509_get0_pubkey(cert)) == EVP_PKEY_EC)
		return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0;
}

/* Through the BIO chain by hand: CMS_final would copy the plaintext through buffers that nobody cleanses. */
static bool encrypt(CMS_ContentInfo *cms, struct rc_slice plain)
{
	BIO *chain = CMS_dataInit(cms, NULL);
	bool ok;

	if (!chain)
		return false;
	ok = BIO_write(chain, plain.p, (int)plain.n) == (int)plain.n && BIO_flush(chain) > 0 &&
	     CMS_dataFinal(cms, chain) > 0;
	BIO_free_all(chain);
	return ok;
}

static bool write_pem(CMS_ContentInfo *cms, struct rc_buf *ret)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long n;
	bool ok = out && PEM_write_bio_CMS(out, cms) > 0;

	if (ok) {
		n = BIO_get_mem_data(out, &text);
		rc_buf_add(ret, text, (size_t)n);
	}
	BIO_free(out);
	return ok;
}

enum rc_code rc_seal_block_make(struct rc_slice plain, X509 *const *to, size_t n, struct rc_buf *ret,
				struct rc_err *err)
{
	CMS_ContentInfo *cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
	bool ok = cms && plain.n && plain.n <= INT_MAX && CMS_set_detached(cms, 0) > 0;
	size_t start = ret->n;

	for (size_t i = 0; ok && i < n; i++)
		ok = add_recipient(cms, to[i]);
	ok = ok && encrypt(cms, plain) && write_pem(cms, ret);
	CMS_ContentInfo_free(cms);
	if (ok)
		return RC_OK;
	ret->n = start;
	return rc_fail(err, RC_INTERNAL, "credentials cannot be sealed: OpenSSL says: %s", reason());
}

static void add_hex(struct rc_buf *b, const unsigned char *p, int n)
{
	for (int i = 0; i < n; i++)
		rc_buf_addf(b, "%02x", p[i]);
}

static void add_id(struct rc_buf *b, const ASN1_OCTET_STRING *keyid, const X509_NAME *issuer, const ASN1_INTEGER *sno)
{
	unsigned char *der = NULL;
	int n = issuer ? i2d_X509_NAME(issuer, &der) : 0;

	if (keyid)
		add_hex(b, ASN1_STRING_get0_data(keyid), ASN1_STRING_length(keyid));
	if (n > 0)
		add_hex(b, der, n);
	if (sno)
		add_hex(b, ASN1_STRING_get0_data(sno), ASN1_STRING_length(sno));
	rc_buf_addc(b, 0);
	OPENSSL_free(der);
}

/* A recipient by key agreement may hold several keys. */
static bool try_agree(CMS_ContentInfo *cms, CMS_RecipientInfo *ri, EVP_PKEY *key, struct rc_buf *id)
{
	STACK_OF(CMS_RecipientEncryptedKey) *reks = CMS_RecipientInfo_kari_get0_reks(ri);
	bool ok = false;

	for (int i = 0; !ok && i < sk_CMS_RecipientEncryptedKey_num(reks); i++) {
		CMS_RecipientEncryptedKey *rek = sk_CMS_RecipientEncryptedKey_value(reks, i);
		ASN1_OCTET_STRING *keyid = NULL;
		X509_NAME *issuer = NULL;
		ASN1_INTEGER *sno = NULL;

		ok = CMS_RecipientInfo_kari_set0_pkey(ri, key) > 0 && CMS_RecipientInfo_kari_decrypt(cms, ri, rek) > 0;
		CMS_RecipientInfo_kari_set0_pkey(ri, NULL);
		if (ok)
			rc_buf_clear(id);
		if (CMS_RecipientEncryptedKey_get0_id(rek, &keyid, NULL, NULL, &issuer, &sno) > 0)
			add_id(id, keyid, issuer, sno);
	}
	return ok;
}

static bool try_transport(CMS_ContentInfo *cms, CMS_RecipientInfo *ri, EVP_PKEY *key, struct rc_buf *id)
{
	ASN1_OCTET_STRING *keyid = NULL;
	X509_NAME *issuer = NULL;
	ASN1_INTEGER *sno = NULL;
	bool ok;

	EVP_PKEY_up_ref(key); /* set0 takes one */
	CMS_RecipientInfo_set0_pkey(ri, key);
	ok = CMS_RecipientInfo_decrypt(cms, ri) > 0;
	CMS_RecipientInfo_set0_pkey(ri, NULL);
	if (ok)
		rc_buf_clear(id);
	if (CMS_RecipientInfo_ktri_get0_signer_id(ri, &keyid, &issuer, &sno) > 0)
		add_id(id, keyid, issuer, sno);
	return ok;
}

/* Every recipient in turn: the key comes without its certificate, so it is found by trying. */
static bool unlock(CMS_ContentInfo *cms, EVP_PKEY *key, struct rc_buf *id)
{
	STACK_OF(CMS_RecipientInfo) *ris = CMS_get0_RecipientInfos(cms);
	bool ok = false;

	for (int i = 0; !ok && i < sk_CMS_RecipientInfo_num(ris); i++) {
		CMS_RecipientInfo *ri = sk_CMS_RecipientInfo_value(ris, i);
		int type = CMS_RecipientInfo_type(ri);

		if (type == CMS_RECIPINFO_AGREE && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
			ok = try_agree(cms, ri, key, id);
		else if (type == CMS_RECIPINFO_TRANS)
			ok = try_transport(cms, ri, key, id);
	}
	return ok;
}

/* Nothing counts before the tag was checked; the caller drops what it got when this fails. */
static bool decrypt(CMS_ContentInfo *cms, struct rc_buf *ret)
{
	BIO *chain = CMS_dataInit(cms, NULL);
	unsigned char piece[4096];
	int n = 0;
	bool ok;

	if (!chain)
		return false;
	while ((n = BIO_read(chain, piece, sizeof(piece))) > 0)
		rc_buf_add(ret, piece, (size_t)n);
	OPENSSL_cleanse(piece, sizeof(piece));
	ok = BIO_method_type(chain) == BIO_TYPE_CIPHER && BIO_get_cipher_status(chain) > 0;
	BIO_free_all(chain);
	return ok;
}

enum rc_seal_opened rc_seal_block_open(struct rc_slice pem, EVP_PKEY *key, struct rc_buf *ret, struct rc_buf *ret_id,
				       const char **ret_why)
{
	BIO *in = BIO_new_mem_buf(pem.p, pem.n > INT_MAX ? 0 : (int)pem.n);
	CMS_ContentInfo *cms = in ? PEM_read_bio_CMS(in, NULL, NULL, NULL) : NULL;
	enum rc_seal_opened got = RC_SEAL_DAMAGED;
	size_t start = ret->n;

	*ret_why = "it is not whole";
	if (cms && OBJ_obj2nid(CMS_get0_type(cms)) != NID_id_smime_ct_authEnvelopedData)
		*ret_why = "it is a CMS message of another type";
	else if (cms && !unlock(cms, key, ret_id))
		got = RC_SEAL_NOT_OURS;
	else if (cms && !decrypt(cms, ret))
		*ret_why = "its contents were altered";
	else if (cms)
		got = RC_SEAL_OPENED;
	if (got != RC_SEAL_OPENED && ret->n > start) {
		OPENSSL_cleanse(ret->p + start, ret->n - start);
		ret->n = start;
	}
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	ERR_clear_error();
	return got;
}
