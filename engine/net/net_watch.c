#include "engine/net/net_watch.h"
#include "engine/base/alloc.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rc_watcher {
	uv_poll_t poll;
	struct rc_watch *all;
	curl_socket_t fd;
	int armed;
	bool idle;
	bool connection; /* else a pipe of curl's own (its resolver's), which curl closes without telling */
	bool connected;
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct rc_watcher *w = poll->data;
	struct rc_watch *all = w->all;
	int flags = 0, running;

	if (w->idle) { /* the server closed a kept connection: be quiet until curl looks at it */
		uv_poll_stop(poll);
		w->armed = 0;
		return;
	}
	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(all->multi, w->fd, flags, &running);
	all->moved(all->ctx);
}

static void on_watcher_closed(uv_handle_t *h)
{
	struct rc_watcher *w = h->data;

	if (w->connection)
		close(w->fd);
	free(w);
}

/* Its number may come back as another descriptor as soon as curl has closed it, so nothing of it may be left. ours: it
 * is closed once libuv has let go of it. */
static void forget(struct rc_watcher *w, bool ours)
{
	w->connection = ours;
	w->all->by_fd[w->fd] = NULL;
	uv_poll_stop(&w->poll);
	uv_close((uv_handle_t *)&w->poll, on_watcher_closed);
}

static struct rc_watcher *watched(const struct rc_watch *all, curl_socket_t fd)
{
	return (size_t)fd < all->n_by_fd ? all->by_fd[fd] : NULL;
}

static curl_socket_t open_socket(void *clientp, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct rc_watch *all = clientp;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	size_t i = (size_t)fd;

	(void)purpose;
	if (fd < 0)
		return CURL_SOCKET_BAD;
	if (i >= all->n_connections) {
		all->connections = rc_xreallocarray(all->connections, i + 64, sizeof(*all->connections));
		memset(all->connections + all->n_connections, 0,
		       (i + 64 - all->n_connections) * sizeof(*all->connections));
		all->n_connections = i + 64;
	}
	all->connections[i] = true;
	if (watched(all, fd))
		forget(watched(all, fd),
		       false); /* of a socket that curl closed without telling: the number is taken anew */
	return fd;
}

static struct rc_watcher *watcher_of(struct rc_watch *all, curl_socket_t fd)
{
	size_t i = (size_t)fd;
	struct rc_watcher *w = watched(all, fd);

	if (w)
		return w;
	if (i >= all->n_by_fd) {
		size_t cap = i + 64;

		all->by_fd = rc_xreallocarray(all->by_fd, cap, sizeof(*all->by_fd));
		memset(all->by_fd + all->n_by_fd, 0, (cap - all->n_by_fd) * sizeof(*all->by_fd));
		all->n_by_fd = cap;
	}
	w = rc_xcalloc(1, sizeof(*w));
	w->all = all;
	w->fd = fd;
	w->connection = i < all->n_connections && all->connections[i];
	if (uv_poll_init_socket(all->loop, &w->poll, fd)) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	all->by_fd[i] = w;
	return w;
}

/* A socket that never was connected is closed by curl without telling: before it lets go of it, or right after. */
static bool is_kept(struct rc_watcher *w)
{
	struct sockaddr_storage peer;
	socklen_t n = sizeof(peer);

	if (w->connection && !w->connected)
		w->connected = getpeername(w->fd, (struct sockaddr *)&peer, &n) == 0;
	return w->connected;
}

static int let_go(struct rc_watch *all, struct rc_watcher *w)
{
	if (!w)
		return 0;
	if (!is_kept(w)) {
		if (w->connection)
			all->connections[w->fd] = false;
		forget(w, false);
		return 0;
	}
	w->idle = true; /* stays armed: re-arming costs two system calls a request */
	if (w->armed != UV_READABLE) {
		w->armed = UV_READABLE;
		uv_poll_start(&w->poll, UV_READABLE, on_poll);
	}
	return 0;
}

static int socket_function(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp)
{
	struct rc_watcher *w;
	int events = (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);

	(void)easy;
	(void)socketp;
	if (what == CURL_POLL_REMOVE)
		return let_go(userp, watched(userp, fd));
	w = watcher_of(userp, fd);
	if (!w)
		return 0; /* an error would end all of curl's timers with it: so the request's own timeout ends it */
	w->idle = false;
	if (w->armed != events) {
		w->armed = events;
		uv_poll_start(&w->poll, events, on_poll);
	}
	return 0;
}

static int close_socket(void *clientp, curl_socket_t fd)
{
	struct rc_watch *all = clientp;
	struct rc_watcher *w = watched(all, fd);

	if ((size_t)fd < all->n_connections)
		all->connections[fd] = false;
	if (!w)
		return close(fd);
	forget(w, true); /* libuv has to let go of the descriptor before it closes: it does so in the callback */
	return 0;
}

void rc_watch_begin(struct rc_watch *w)
{
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, socket_function);
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
}

void rc_watch_connections(struct rc_watch *w, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, w);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, w);
}

void rc_watch_end(struct rc_watch *w)
{
	for (size_t i = 0; i < w->n_by_fd; i++)
		if (w->by_fd[i])
			forget(w->by_fd[i], false); /* curl has closed whatever it had */
	free(w->by_fd);
	free(w->connections);
	w->by_fd = NULL;
	w->n_by_fd = 0;
	w->connections = NULL;
}
