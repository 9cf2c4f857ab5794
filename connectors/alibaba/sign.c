#include "connectors/alibaba/alibaba.h"
#include "connectors/shared/digest.h"
#include "connectors/shared/text.h"
#include <openssl/evp.h>

static struct rc_slice lower(struct rc_arena *mem, const char *name)
{
	char *p = rc_arena_strdup(mem, name);

	for (char *c = p; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return rc_slice_str(p);
}

static bool is_signed(struct rc_slice name)
{
	return rc_slice_eqs(name, "host") || rc_slice_eqs(name, "content-type") ||
	       (name.n > 6 && memcmp(name.p, "x-acs-", 6) == 0);
}

static size_t signed_pairs(const struct http_req *req, struct rc_arena *mem, struct rc_pair *pairs)
{
	size_t n = 0;

	for (size_t i = 0; i < req->n_headers; i++) {
		struct rc_slice name = lower(mem, req->headers[i].name);

		if (is_signed(name))
			pairs[n++] = (struct rc_pair){name, rc_trim(req->headers[i].value)};
	}
	rc_pairs_sort(pairs, n);
	return n;
}

struct rc_slice rc_alibaba_canonical(const struct http_req *req, struct rc_arena *mem, struct rc_slice *ret_signed)
{
	struct rc_pair headers[RC_HTTP_MAX_HEADERS], *query;
	struct rc_buf b = {0}, names = {0};
	char hash[RC_SHA256_HEX];
	size_t n, n_query;
	struct rc_url url;

	if (!rc_url_split(rc_slice_str(req->url), &url) || !rc_sha256_hex(req->body, hash))
		return (struct rc_slice){0};
	rc_buf_addf(&b, "%s\n/\n", req->method);
	query = rc_pairs_parse(url.query, mem, &n_query);
	rc_pairs_sort(query, n_query);
	rc_pairs_encode(&b, query, n_query);
	rc_buf_addc(&b, '\n');
	n = signed_pairs(req, mem, headers);
	for (size_t i = 0; i < n; i++) {
		rc_buf_addslice(&b, headers[i].name);
		rc_buf_addc(&b, ':');
		rc_buf_addslice(&b, headers[i].value);
		rc_buf_addc(&b, '\n');
		if (i)
			rc_buf_addc(&names, ';');
		rc_buf_addslice(&names, headers[i].name);
	}
	rc_buf_addc(&b, '\n');
	rc_buf_addslice(&b, rc_buf_slice(&names));
	rc_buf_addf(&b, "\n%s", hash);
	*ret_signed = rc_req_take(mem, &names);
	return rc_req_take(mem, &b);
}

enum rc_code rc_alibaba_sign_v3(struct http_req *req, struct rc_slice access_key, struct rc_slice secret_key,
				struct rc_arena *mem, struct rc_err *err)
{
	char hash[RC_SHA256_HEX], signature[RC_SHA256_HEX];
	struct rc_slice names, canonical;
	const char *to_sign, *value;
	enum rc_code code;

	if (!rc_sha256_hex(req->body, hash))
		return rc_fail(err, RC_INTERNAL, "OpenSSL refuses SHA-256; a signature cannot be made");
	code = rc_req_header(req, "x-acs-content-sha256", rc_slice_str(rc_arena_strdup(mem, hash)), "hash", err);
	if (code)
		return code;
	canonical = rc_alibaba_canonical(req, mem, &names);
	if (!canonical.n || !rc_sha256_hex(canonical, hash))
		return rc_fail(err, RC_INTERNAL, "OpenSSL refuses SHA-256; a signature cannot be made");
	to_sign = rc_arena_printf(mem, "ACS3-HMAC-SHA256\n%s", hash);
	if (!rc_hmac_sha256_hex(secret_key, rc_slice_str(to_sign), signature))
		return rc_fail(err, RC_INTERNAL, "OpenSSL refuses HMAC-SHA-256; a signature cannot be made");
	value = rc_arena_printf(mem, "ACS3-HMAC-SHA256 Credential=%.*s,SignedHeaders=%s,Signature=%s",
				(int)access_key.n, access_key.p, names.p, signature);
	return rc_req_header(req, "Authorization", rc_slice_str(value), "access_key", err);
}

struct rc_slice rc_alibaba_string_v1(const char *method, struct rc_pair *pairs, size_t n, struct rc_arena *mem)
{
	struct rc_buf query = {0}, b = {0};
	size_t size = 64;

	/* One piece of memory each: a buffer that grows would leave a copy of a password behind. */
	for (size_t i = 0; i < n; i++)
		size += 3 * (pairs[i].name.n + pairs[i].value.n) + 2;
	rc_buf_reserve(&query, size);
	rc_buf_reserve(&b, 3 * size);
	rc_pairs_sort(pairs, n);
	rc_pairs_encode(&query, pairs, n);
	rc_buf_addf(&b, "%s&%%2F&", method);
	rc_percent_encode(&b, rc_buf_slice(&query));
	rc_buf_wipe(&query);
	return rc_req_take(mem, &b);
}

struct rc_slice rc_alibaba_sign_v1(struct rc_slice secret_key, struct rc_slice to_sign, struct rc_arena *mem)
{
	unsigned char md[RC_SHA1_BYTES], text[4 * ((RC_SHA1_BYTES + 2) / 3) + 1];
	struct rc_buf key = {0};
	struct rc_slice ret = {0};

	rc_buf_reserve(&key, secret_key.n + 1);
	rc_buf_addslice(&key, secret_key);
	rc_buf_addc(&key, '&');
	if (rc_hmac_sha1(rc_buf_slice(&key), to_sign, md)) {
		EVP_EncodeBlock(text, md, sizeof(md));
		ret = rc_arena_copy(mem, rc_slice_str((const char *)text));
	}
	rc_buf_wipe(&key);
	return ret;
}
