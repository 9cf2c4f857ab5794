#include "tests/simulator/http_text.h"

#include <stdlib.h>
#include <string.h>

struct sim_str sim_request_header(const struct sim_request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (sim_str_is_nocase(r->headers[i].name, name))
			return r->headers[i].value;
	return (struct sim_str){NULL, 0};
}

void sim_request_split(struct sim_request *r)
{
	struct sim_str target = r->target;

	/* The absolute form (http://host/path) is what a proxy's client sends. */
	if (sim_str_starts(target, "http://") || sim_str_starts(target, "https://")) {
		const char *host = (const char *)memchr(target.p, ':', target.n) + 3;
		size_t left = target.n - (size_t)(host - target.p);
		const char *path = memchr(host, '/', left);

		target = path ? (struct sim_str){path, left - (size_t)(path - host)} : SIM_STR("/");
	}
	r->path = sim_str_cut(target, '?', &r->query);
}

static size_t count_params(struct sim_str s)
{
	size_t n = s.n ? 1 : 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '&';
	return n;
}

static void add_params(struct sim_params *p, struct sim_str s)
{
	while (s.n) {
		struct sim_str pair = sim_str_cut(s, '&', &s);
		struct sim_str value, name = sim_str_cut(pair, '=', &value);
		struct sim_param *item = &p->items[p->count];

		if (!pair.n)
			continue;
		item->name.p = p->text.p + p->text.n;
		sim_percent_decode(&p->text, name, true);
		item->name.n = (size_t)(p->text.p + p->text.n - item->name.p);
		item->value.p = p->text.p + p->text.n;
		sim_percent_decode(&p->text, value, true);
		item->value.n = (size_t)(p->text.p + p->text.n - item->value.p);
		p->count++;
	}
}

void sim_params_read(struct sim_params *p, struct sim_str query, struct sim_str form)
{
	*p = (struct sim_params){0};
	p->items = sim_grow(NULL, count_params(query) + count_params(form), sizeof(*p->items));
	/* Decoding never lengthens, so with this room the text does not move under the items. */
	sim_buf_room(&p->text, query.n + form.n + 1);
	add_params(p, query);
	add_params(p, form);
}

struct sim_str sim_params_get(const struct sim_params *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (sim_str_is(p->items[i].name, name))
			return p->items[i].value;
	return (struct sim_str){NULL, 0};
}

void sim_params_done(struct sim_params *p)
{
	free(p->items);
	sim_buf_done(&p->text);
	*p = (struct sim_params){0};
}

static int compare_str(struct sim_str a, struct sim_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static int compare_params(const void *a, const void *b)
{
	const struct sim_param *x = a, *y = b;
	int c = compare_str(x->name, y->name);

	return c ? c : compare_str(x->value, y->value);
}

void sim_params_canonical(struct sim_buf *b, struct sim_params *p, const char *leave_out)
{
	bool first = true;

	if (p->count > 1)
		qsort(p->items, p->count, sizeof(*p->items), compare_params);
	for (size_t i = 0; i < p->count; i++) {
		if (leave_out && sim_str_is(p->items[i].name, leave_out))
			continue;
		if (!first)
			sim_buf_char(b, '&');
		first = false;
		sim_percent_encode(b, p->items[i].name);
		sim_buf_char(b, '=');
		sim_percent_encode(b, p->items[i].value);
	}
}

void sim_reply_done(struct sim_reply *r)
{
	sim_buf_done(&r->headers);
	sim_buf_done(&r->body);
}

void sim_reply_header(struct sim_reply *r, const char *name, const char *value)
{
	sim_buf_printf(&r->headers, "%s: %s\r\n", name, value);
}

const char *sim_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{302, "Found"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{408, "Request Timeout"},
		{413, "Payload Too Large"},
		{414, "URI Too Long"},
		{429, "Too Many Requests"},
		{494, "Request Header Too Large"},
		{500, "Internal Server Error"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			return known[i].text;
	return "Answer";
}
