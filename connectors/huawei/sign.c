#include "connectors/huawei/huawei.h"
#include "connectors/shared/digest.h"
#include "connectors/shared/request.h"
#include "connectors/shared/text.h"

/* What the vendor's Node client signs, in the order of the canonical form; those that a request has not are left out.
 */
static const struct {
	const char *sent, *lower;
} signed_headers[] = {
	{"Content-Type", "content-type"},     {"Host", "host"},
	{"X-Client-Token", "x-client-token"}, {"X-Project-Id", "x-project-id"},
	{"X-Sdk-Date", "x-sdk-date"},         {"X-Security-Token", "x-security-token"},
};

/* Each segment decoded and encoded again; always ended by '/', which the request itself has not. */
static void canonical_path(struct rc_buf *b, struct rc_slice path)
{
	struct rc_buf plain = {0};

	for (size_t at = 0; at < path.n;) {
		size_t end = at;

		while (end < path.n && path.p[end] != '/')
			end++;
		rc_buf_clear(&plain);
		rc_percent_decode(&plain, (struct rc_slice){path.p + at, end - at});
		rc_percent_encode(b, rc_buf_slice(&plain));
		if (end < path.n)
			rc_buf_addc(b, '/');
		at = end + 1;
	}
	if (!b->n || b->p[b->n - 1] != '/')
		rc_buf_addc(b, '/');
	rc_buf_done(&plain);
}

static void canonical_query(struct rc_buf *b, struct rc_slice query, struct rc_arena *mem)
{
	size_t n;
	struct rc_pair *pairs = rc_pairs_parse(query, mem, &n);

	rc_pairs_sort(pairs, n);
	rc_pairs_encode(b, pairs, n);
}

struct rc_slice rc_huawei_canonical(const struct http_req *req, struct rc_arena *mem, struct rc_slice *ret_signed)
{
	struct rc_buf b = {0}, path = {0}, names = {0};
	char hash[RC_SHA256_HEX];
	struct rc_url url;

	if (!rc_url_split(rc_slice_str(req->url), &url) || !rc_sha256_hex(req->body, hash))
		return (struct rc_slice){0};
	canonical_path(&path, url.path);
	rc_buf_addf(&b, "%s\n%.*s\n", req->method, (int)path.n, path.p);
	rc_buf_done(&path);
	canonical_query(&b, url.query, mem);
	rc_buf_addc(&b, '\n');
	for (size_t i = 0; i < sizeof(signed_headers) / sizeof(*signed_headers); i++) {
		struct rc_slice v = rc_req_header_get(req, signed_headers[i].sent);

		if (!v.p)
			continue;
		rc_buf_adds(&b, signed_headers[i].lower);
		rc_buf_addc(&b, ':');
		rc_buf_addslice(&b, rc_trim(v));
		rc_buf_addc(&b, '\n');
		if (names.n)
			rc_buf_addc(&names, ';');
		rc_buf_adds(&names, signed_headers[i].lower);
	}
	rc_buf_addc(&b, '\n');
	rc_buf_addslice(&b, rc_buf_slice(&names));
	rc_buf_addf(&b, "\n%s", hash);
	*ret_signed = rc_req_take(mem, &names);
	return rc_req_take(mem, &b);
}

enum rc_code rc_huawei_sign(struct http_req *req, struct rc_slice access_key, struct rc_slice secret_key,
			    struct rc_arena *mem, struct rc_err *err)
{
	struct rc_slice names, canonical = rc_huawei_canonical(req, mem, &names);
	struct rc_slice date = rc_req_header_get(req, "X-Sdk-Date");
	char hash[RC_SHA256_HEX], signature[RC_SHA256_HEX];
	const char *to_sign, *value;

	if (!canonical.n || !rc_sha256_hex(canonical, hash))
		return rc_fail(err, RC_INTERNAL, "OpenSSL refuses SHA-256; a signature cannot be made");
	to_sign = rc_arena_printf(mem, "SDK-HMAC-SHA256\n%.*s\n%s", (int)date.n, date.p, hash);
	if (!rc_hmac_sha256_hex(secret_key, rc_slice_str(to_sign), signature))
		return rc_fail(err, RC_INTERNAL, "OpenSSL refuses HMAC-SHA-256; a signature cannot be made");
	value = rc_arena_printf(mem, "SDK-HMAC-SHA256 Access=%.*s, SignedHeaders=%s, Signature=%s", (int)access_key.n,
				access_key.p, names.p, signature);
	return rc_req_header(req, "Authorization", rc_slice_str(value), "access_key", err);
}
