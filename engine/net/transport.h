/* engine/net/transport.h - moves requests and answers; knows no user and no meaning of a status.
 *
 * The interface is the seam: the executor sees struct rc_transport only, so that a scripted provider in virtual time
 * can stand in for the network. `send` copies the body and headers before it returns; `done` is called exactly once,
 * never from inside `send`, on the loop thread. The answer lives until `done` returns. */
#ifndef RC_TRANSPORT_H
#define RC_TRANSPORT_H
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/http_msg.h"

typedef void rc_transport_done_fn(void *arg, const struct http_resp *resp);

struct rc_transport {
	void *ctx;
	/* Before the first `send`, any number of times; NULL: nothing to do. */
	enum rc_code (*begin)(void *ctx, struct rc_err *err);
	void (*send)(void *ctx, const struct http_req *req, int64_t timeout_ns, rc_transport_done_fn *done, void *arg);
	void (*cancel_all)(void *ctx); /* every open request ends as HTTP_CANCELLED, soon */
};

struct rc_transport_opts {
	int64_t connect_timeout_ns;
	size_t max_answer_bytes; /* 0: 16 MiB */
	const char *proxy;       /* NULL: as the environment says; never used for loopback */
	const char *ca_file;     /* added to the system's store; NULL: none */
	/* After a few answers, on the loop thread and outside any `done`: their places may be filled at once, not only
	 * when the loop has looked at every socket. NULL: nobody wants to know. */
	void (*answered)(void *ctx);
	void *ctx;
};

struct uv_loop_s;

/* libcurl on a libuv loop; it is loaded by `begin`. TLS and name look-ups are set up at the first request. Free only
 * after every `done`. */
void rc_net_new(struct uv_loop_s *loop, const struct rc_transport_opts *opts, struct rc_transport *ret);
void rc_net_free(struct rc_transport *t); /* closes its handles on the loop: run the loop once more afterwards */

#endif
