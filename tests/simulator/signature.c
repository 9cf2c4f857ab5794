#include "tests/simulator/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define HEX_SIZE (2 * EVP_MAX_MD_SIZE + 1)

static void sha256_hex(struct sim_str s, char ret_hex[HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	EVP_Digest(s.p ? s.p : "", s.n, digest, &n, EVP_sha256(), NULL);
	sim_hex(ret_hex, digest, n);
}

static unsigned hmac(const EVP_MD *md, struct sim_str key, struct sim_str s, unsigned char ret[EVP_MAX_MD_SIZE])
{
	unsigned n = 0;

	HMAC(md, key.p, (int)key.n, (const unsigned char *)s.p, s.n, ret, &n);
	return n;
}

static bool same(struct sim_str a, struct sim_str b)
{
	return a.n == b.n && !CRYPTO_memcmp(a.p, b.p, a.n);
}

/* `text` is "Name=value, Name=value"; the value of one name. */
static struct sim_str field(struct sim_str text, const char *name)
{
	while (text.n) {
		struct sim_str value, part = sim_str_trim(sim_str_cut(text, ',', &text));
		struct sim_str key = sim_str_cut(part, '=', &value);

		if (sim_str_is(key, name))
			return value;
	}
	return (struct sim_str){NULL, 0};
}

static enum sim_verdict authorization(const struct sim_request *r, const char *scheme, const char *key_field,
				      struct sim_signed *ret)
{
	struct sim_str rest, text = sim_request_header(r, "authorization");
	struct sim_str first = sim_str_cut(text, ' ', &rest);

	*ret = (struct sim_signed){0};
	if (!text.p || !sim_str_is(first, scheme))
		return SIM_SIGN_ABSENT;
	ret->access_key = field(rest, key_field);
	ret->signed_headers = field(rest, "SignedHeaders");
	ret->signature = field(rest, "Signature");
	return ret->access_key.n && ret->signed_headers.n && ret->signature.n ? SIM_SIGN_OK : SIM_SIGN_INCOMPLETE;
}

static bool lists(struct sim_str signed_headers, const char *name)
{
	while (signed_headers.n)
		if (sim_str_is(sim_str_cut(signed_headers, ';', &signed_headers), name))
			return true;
	return false;
}

static void add_line(struct sim_buf *b, struct sim_str s)
{
	sim_buf_str(b, s);
	sim_buf_char(b, '\n');
}

/* lower-name:trimmed-value for each signed header, then the list itself. False: a listed header is not there, or the
 * list is not sorted lower case. */
static bool add_headers(struct sim_buf *b, const struct sim_request *r, struct sim_str signed_headers)
{
	struct sim_str left = signed_headers, before = {NULL, 0};

	while (left.n) {
		struct sim_str name = sim_str_cut(left, ';', &left), value = {NULL, 0};
		size_t common = name.n < before.n ? name.n : before.n;
		int order = common ? memcmp(before.p, name.p, common) : 0;

		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] >= 'A' && name.p[i] <= 'Z')
				return false;
		if (order > 0 || (!order && before.n >= name.n && before.p))
			return false;
		for (size_t i = 0; i < r->header_count && !value.p; i++)
			if (sim_str_eq_nocase(r->headers[i].name, name))
				value = r->headers[i].value;
		if (!value.p)
			return false;
		sim_buf_str(b, name);
		sim_buf_char(b, ':');
		add_line(b, sim_str_trim(value));
		before = name;
	}
	sim_buf_char(b, '\n');
	add_line(b, signed_headers);
	return true;
}

static void add_query(struct sim_buf *b, const struct sim_request *r)
{
	struct sim_params params;

	sim_params_read(&params, r->query, SIM_STR(""));
	sim_params_canonical(b, &params, NULL);
	sim_params_done(&params);
	sim_buf_char(b, '\n');
}

/* hex(hmac(secret, scheme \n [date \n] hex(sha256(canonical)))) against the signature given. */
static enum sim_verdict check_canonical(const struct sim_buf *canonical, const char *scheme, struct sim_str date,
					const struct sim_signed *s, struct sim_str secret)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct sim_buf text = {0};
	char hash[HEX_SIZE], ours[HEX_SIZE];

	sha256_hex(sim_buf_view(canonical), hash);
	add_line(&text, sim_str_of(scheme));
	if (date.p)
		add_line(&text, date);
	sim_buf_text(&text, hash);
	sim_hex(ours, digest, hmac(EVP_sha256(), secret, sim_buf_view(&text), digest));
	sim_buf_done(&text);
	return same(s->signature, sim_str_of(ours)) ? SIM_SIGN_OK : SIM_SIGN_WRONG;
}

enum sim_verdict sim_sign_huawei_read(const struct sim_request *r, struct sim_signed *ret)
{
	enum sim_verdict v = authorization(r, "SDK-HMAC-SHA256", "Access", ret);

	if (v == SIM_SIGN_ABSENT)
		return v;
	ret->date = sim_request_header(r, "x-sdk-date");
	ret->date_ok = ret->date.n == 16 && sim_time_read(ret->date, &ret->date_ms);
	ret->security_token = sim_request_header(r, "x-security-token");
	if (!ret->date.n || !lists(ret->signed_headers, "x-sdk-date"))
		return SIM_SIGN_INCOMPLETE;
	if (ret->security_token.p && !lists(ret->signed_headers, "x-security-token"))
		return SIM_SIGN_INCOMPLETE;
	return v;
}

/* Each segment decoded and encoded again, always ended by a slash. */
static void add_path(struct sim_buf *b, struct sim_str path)
{
	struct sim_buf plain = {0};

	if (sim_str_starts(path, "/"))
		path = (struct sim_str){path.p + 1, path.n - 1};
	sim_buf_char(b, '/');
	while (path.n) {
		plain.n = 0;
		sim_percent_decode(&plain, sim_str_cut(path, '/', &path), false);
		sim_percent_encode(b, sim_buf_view(&plain));
		sim_buf_char(b, '/');
	}
	sim_buf_char(b, '\n');
	sim_buf_done(&plain);
}

enum sim_verdict sim_sign_huawei_check(const struct sim_request *r, const struct sim_signed *s, struct sim_str secret)
{
	struct sim_str named = sim_request_header(r, "x-sdk-content-sha256");
	enum sim_verdict v = SIM_SIGN_WRONG;
	struct sim_buf b = {0};
	char hash[HEX_SIZE];

	sha256_hex(r->body, hash);
	add_line(&b, r->method);
	add_path(&b, r->path);
	add_query(&b, r);
	if (named.p && lists(s->signed_headers, "x-sdk-content-sha256") && !sim_str_is(named, hash)) {
		v = SIM_SIGN_BODY;
	} else if (add_headers(&b, r, s->signed_headers)) {
		sim_buf_text(&b, hash);
		v = check_canonical(&b, "SDK-HMAC-SHA256", s->date, s, secret);
	}
	sim_buf_done(&b);
	return v;
}

enum sim_verdict sim_sign_v3_read(const struct sim_request *r, struct sim_signed *ret)
{
	static const char *const needed[] = {"host",       "x-acs-action",          "x-acs-version",
					     "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"};
	enum sim_verdict v = authorization(r, "ACS3-HMAC-SHA256", "Credential", ret);

	if (v == SIM_SIGN_ABSENT)
		return v;
	ret->date = sim_request_header(r, "x-acs-date");
	ret->date_ok = ret->date.n == 20 && sim_time_read(ret->date, &ret->date_ms);
	ret->nonce = sim_request_header(r, "x-acs-signature-nonce");
	ret->security_token = sim_request_header(r, "x-acs-security-token");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!sim_request_header(r, needed[i]).n || !lists(ret->signed_headers, needed[i]))
			return SIM_SIGN_INCOMPLETE;
	/* Whatever else speaks to the gateway must be signed too. */
	for (size_t i = 0; i < r->header_count; i++) {
		struct sim_str name = r->headers[i].name;
		bool must = (name.n > 6 && sim_str_is_nocase((struct sim_str){name.p, 6}, "x-acs-")) ||
			    sim_str_is_nocase(name, "content-type");
		char lower[64];

		if (!must || name.n >= sizeof(lower))
			continue;
		for (size_t j = 0; j < name.n; j++)
			lower[j] = (char)(name.p[j] >= 'A' && name.p[j] <= 'Z' ? name.p[j] + 32 : name.p[j]);
		lower[name.n] = '\0';
		if (!lists(ret->signed_headers, lower))
			return SIM_SIGN_INCOMPLETE;
	}
	return v;
}

enum sim_verdict sim_sign_v3_check(const struct sim_request *r, const struct sim_signed *s, struct sim_str secret)
{
	struct sim_str named = sim_request_header(r, "x-acs-content-sha256");
	enum sim_verdict v = SIM_SIGN_WRONG;
	struct sim_buf b = {0};
	char hash[HEX_SIZE];

	sha256_hex(r->body, hash);
	if (!sim_str_is(named, hash))
		return SIM_SIGN_BODY;
	add_line(&b, r->method);
	add_line(&b, r->path.n ? r->path : SIM_STR("/"));
	add_query(&b, r);
	if (add_headers(&b, r, s->signed_headers)) {
		sim_buf_text(&b, hash);
		v = check_canonical(&b, "ACS3-HMAC-SHA256", (struct sim_str){NULL, 0}, s, secret);
	}
	sim_buf_done(&b);
	return v;
}

enum sim_verdict sim_sign_v1_read(const struct sim_params *p, struct sim_signed *ret)
{
	*ret = (struct sim_signed){
		.access_key = sim_params_get(p, "AccessKeyId"),
		.signature = sim_params_get(p, "Signature"),
		.nonce = sim_params_get(p, "SignatureNonce"),
		.security_token = sim_params_get(p, "SecurityToken"),
		.date = sim_params_get(p, "Timestamp"),
	};
	if (!ret->access_key.p && !ret->signature.p)
		return SIM_SIGN_ABSENT;
	ret->date_ok = ret->date.n == 20 && sim_time_read(ret->date, &ret->date_ms);
	if (!ret->access_key.n || !ret->signature.n || !ret->nonce.n || !ret->date.n ||
	    !sim_str_is(sim_params_get(p, "SignatureMethod"), "HMAC-SHA1") ||
	    !sim_str_is(sim_params_get(p, "SignatureVersion"), "1.0"))
		return SIM_SIGN_INCOMPLETE;
	return SIM_SIGN_OK;
}

enum sim_verdict sim_sign_v1_check(struct sim_str method, struct sim_params *p, const struct sim_signed *s,
				   struct sim_str secret)
{
	unsigned char digest[EVP_MAX_MD_SIZE], encoded[2 * EVP_MAX_MD_SIZE];
	struct sim_buf query = {0}, text = {0}, key = {0};
	unsigned n;

	sim_params_canonical(&query, p, "Signature");
	sim_buf_str(&text, method);
	sim_buf_text(&text, "&%2F&");
	sim_percent_encode(&text, sim_buf_view(&query));
	sim_buf_str(&key, secret);
	sim_buf_char(&key, '&');
	n = hmac(EVP_sha1(), sim_buf_view(&key), sim_buf_view(&text), digest);
	n = (unsigned)EVP_EncodeBlock(encoded, digest, (int)n);
	sim_buf_done(&query);
	sim_buf_done(&text);
	sim_buf_done(&key);
	return same(s->signature, (struct sim_str){(const char *)encoded, n}) ? SIM_SIGN_OK : SIM_SIGN_WRONG;
}
