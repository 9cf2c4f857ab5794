#include "connectors/shared/request.h"
#include "connectors/shared/text.h"
#include <stdlib.h>
#include <strings.h>

static bool has_prefix(struct rc_slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && strncasecmp(s.p, prefix, n) == 0;
}

static struct rc_slice without_port(struct rc_slice host, const char *port)
{
	size_t n = strlen(port);

	if (host.n > n && memcmp(host.p + host.n - n, port, n) == 0)
		host.n -= n;
	return host;
}

bool rc_url_split(struct rc_slice url, struct rc_url *ret)
{
	bool tls = has_prefix(url, "https://");
	size_t at = tls ? 8 : 7, end = at, q;

	if (!tls && !has_prefix(url, "http://"))
		return false;
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f || url.p[i] == '#')
			return false;
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?') {
		if (url.p[end] == '@')
			return false;
		end++;
	}
	if (end == at)
		return false;
	for (q = end; q < url.n && url.p[q] != '?';)
		q++;
	ret->origin = (struct rc_slice){url.p, end};
	ret->host = without_port((struct rc_slice){url.p + at, end - at}, tls ? ":443" : ":80");
	ret->path = (struct rc_slice){url.p + end, q - end};
	ret->query = q < url.n ? (struct rc_slice){url.p + q + 1, url.n - q - 1} : (struct rc_slice){0};
	return true;
}

enum rc_code rc_req_header(struct http_req *req, const char *name, struct rc_slice value, const char *what,
			   struct rc_err *err)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
			return rc_fail(
				err, RC_CONFIG,
				"%s holds a control character (a line break?) and cannot be sent; check its source",
				what);
	if (req->n_headers == RC_HTTP_MAX_HEADERS)
		return rc_fail(err, RC_INTERNAL, "a request has no room for header %s", name);
	req->headers[req->n_headers++] = (struct http_header){name, value};
	return RC_OK;
}

enum rc_code rc_req_host(struct http_req *req, const char *endpoint, struct rc_url *ret, struct rc_err *err)
{
	if (!endpoint || !rc_url_split(rc_slice_str(endpoint), ret) || ret->query.p)
		return rc_fail(err, RC_CONFIG, "endpoint \"%s\" is no http or https address of a service",
			       endpoint ? endpoint : "");
	return rc_req_header(req, "Host", ret->host, "endpoint", err);
}

struct rc_slice rc_req_header_get(const struct http_req *req, const char *name)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (strcmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	return (struct rc_slice){0};
}

struct rc_slice rc_req_take(struct rc_arena *mem, struct rc_buf *b)
{
	struct rc_slice s = rc_arena_copy(mem, rc_buf_slice(b));

	rc_buf_wipe(b);
	return s;
}

static int pair_cmp(const void *a, const void *b)
{
	const struct rc_pair *x = a, *y = b;
	int c = rc_slice_cmp(x->name, y->name);

	return c ? c : rc_slice_cmp(x->value, y->value);
}

void rc_pairs_sort(struct rc_pair *pairs, size_t n)
{
	if (n > 1)
		qsort(pairs, n, sizeof(*pairs), pair_cmp);
}

void rc_pairs_encode(struct rc_buf *b, const struct rc_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			rc_buf_addc(b, '&');
		rc_percent_encode(b, pairs[i].name);
		rc_buf_addc(b, '=');
		rc_percent_encode(b, pairs[i].value);
	}
}

static struct rc_slice decoded(struct rc_slice s, struct rc_arena *mem)
{
	struct rc_buf b = {0};

	rc_percent_decode(&b, s);
	return rc_req_take(mem, &b);
}

struct rc_pair *rc_pairs_parse(struct rc_slice query, struct rc_arena *mem, size_t *ret_n)
{
	size_t n = query.n ? 1 : 0, k = 0;
	struct rc_pair *pairs;

	for (size_t i = 0; i < query.n; i++)
		n += query.p[i] == '&';
	pairs = rc_arena_zalloc(mem, (n + 1) * sizeof(*pairs));
	for (size_t at = 0, end; at < query.n; at = end + 1) {
		struct rc_slice part, value = {0};
		const char *eq;

		for (end = at; end < query.n && query.p[end] != '&';)
			end++;
		if (end == at)
			continue;
		part = (struct rc_slice){query.p + at, end - at};
		eq = memchr(part.p, '=', part.n);
		if (eq) {
			value = (struct rc_slice){eq + 1, part.n - (size_t)(eq - part.p) - 1};
			part.n = (size_t)(eq - part.p);
		}
		pairs[k++] = (struct rc_pair){decoded(part, mem), decoded(value, mem)};
	}
	*ret_n = k;
	return pairs;
}
