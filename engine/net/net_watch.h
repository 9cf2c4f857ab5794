/* engine/net/net_watch.h - libcurl's sockets on a libuv loop: one uv_poll for each, for the socket's life.
 *
 * libcurl tells what it waits for (CURLMOPT_SOCKETFUNCTION) and asks us to open and close connections. It does not tell
 * all: pipes of its resolver, and sockets that were never connected, it closes by itself. */
#ifndef RC_NET_WATCH_H
#define RC_NET_WATCH_H
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct rc_watcher;

struct rc_watch {
	uv_loop_t *loop;
	CURLM *multi;
	void (*moved)(void *ctx); /* after every curl_multi_socket_action */
	void *ctx;
	struct rc_watcher *
		*by_fd; /* curl forgets what was assigned to a socket at CURL_POLL_REMOVE, this table does not */
	size_t n_by_fd;
	bool *connections; /* per descriptor: opened by open_socket, not closed yet */
	size_t n_connections;
};

/* Makes multi call us; loop, multi, moved and ctx are set. */
void rc_watch_begin(struct rc_watch *w);
/* Connections of this handle are opened and closed by us. */
void rc_watch_connections(struct rc_watch *w, CURL *easy);
/* After curl_multi_cleanup: nothing is watched any more. */
void rc_watch_end(struct rc_watch *w);

#endif
