#include "engine/http_msg.h"

struct rc_slice http_resp_header(const struct http_resp *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (strcmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return (struct rc_slice){0};
}
