#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/simulator/net.h"

#define BACKLOG 4096

void sim_net_tick(struct sim_net *net)
{
	struct timespec t;
	int64_t wall_ms;

	clock_gettime(CLOCK_REALTIME, &t);
	wall_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	wall_ms += (int64_t)(net->world->settings.clock_offset_s * 1000);
	sim_world_tick(net->world, (double)(uv_hrtime() - net->start_ns) / 1e9, wall_ms);
}

const char *sim_net_date(struct sim_net *net)
{
	time_t s = (time_t)(net->world->wall_ms / 1000);
	struct tm tm;

	if (s == net->date_s)
		return net->date;
	net->date_s = s;
	gmtime_r(&s, &tm);
	strftime(net->date, sizeof(net->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return net->date;
}

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "rollcall-simulator: %s: %s\n", what, why);
	return 1;
}

void sim_net_write_log(struct sim_net *net)
{
	struct sim_buf *log = &net->world->log;
	size_t at = 0;

	while (at < log->n) {
		ssize_t n = write(net->log_fd, log->p + at, log->n - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		at += (size_t)n;
	}
	log->n = 0;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void stop(uv_signal_t *handle, int number)
{
	struct sim_net *net = handle->data;

	(void)number;
	net->stopping = true;
	while (net->first)
		sim_connection_close(net->first);
	close_handle((uv_handle_t *)&net->listener, NULL);
	close_handle((uv_handle_t *)&net->quiet, NULL);
	close_handle((uv_handle_t *)&net->on_term, NULL);
	close_handle((uv_handle_t *)&net->on_int, NULL);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct sim_net *net = listener->data;

	if (status == 0)
		sim_connection_accept(net);
}

static int write_port_file(const char *path, const char *address)
{
	struct sim_buf temp = {0};
	FILE *f;
	bool ok;

	sim_buf_printf(&temp, "%s.%d", path, (int)getpid());
	f = fopen(temp.p, "w");
	ok = f && fprintf(f, "%s\n", address) > 0;
	if (f && fclose(f))
		ok = false;
	ok = ok && !rename(temp.p, path);
	sim_buf_done(&temp);
	return ok ? 0 : complain(path, strerror(errno));
}

static int announce(struct sim_net *net, const struct sim_net_options *o)
{
	struct sockaddr_storage bound;
	int n = sizeof(bound), port;
	char address[80];

	uv_tcp_getsockname(&net->listener, (struct sockaddr *)&bound, &n);
	port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
	snprintf(address, sizeof(address), "%s:%d", o->host, port);
	printf("rollcall-simulator: listening on %s://%s\n", net->tls ? "https" : "http", address);
	fflush(stdout);
	return o->port_file ? write_port_file(o->port_file, address) : 0;
}

static int listen_on(struct sim_net *net, const struct sim_net_options *o)
{
	struct sockaddr_in address;
	int rc = uv_ip4_addr(o->host, o->port, &address);

	if (!rc)
		rc = uv_tcp_bind(&net->listener, (const struct sockaddr *)&address, 0);
	if (!rc)
		rc = uv_listen((uv_stream_t *)&net->listener, BACKLOG, on_connection);
	return rc ? complain("--listen", uv_strerror(rc)) : announce(net, o);
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void begin(struct sim_net *net)
{
	uv_loop_init(&net->loop);
	uv_tcp_init(&net->loop, &net->listener);
	uv_timer_init(&net->loop, &net->quiet);
	uv_signal_init(&net->loop, &net->on_term);
	uv_signal_init(&net->loop, &net->on_int);
	net->listener.data = net->quiet.data = net->on_term.data = net->on_int.data = net;
	uv_signal_start(&net->on_term, stop, SIGTERM);
	uv_signal_start(&net->on_int, stop, SIGINT);
}

static int open_files(struct sim_net *net, const struct sim_net_options *o)
{
	struct sim_buf err = {0};

	net->log_fd = -1;
	if (o->log_file) {
		net->log_fd = open(o->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (net->log_fd < 0)
			return complain(o->log_file, strerror(errno));
		net->world->logging = true;
	}
	if (!o->tls_cert)
		return 0;
	net->tls = sim_tls_context(o->tls_cert, o->tls_key, &err);
	if (net->tls)
		return 0;
	complain("TLS", err.p);
	sim_buf_done(&err);
	return 1;
}

int sim_net_run(struct sim_world *w, const struct sim_net_options *o)
{
	struct sim_net *net = sim_alloc(sizeof(*net));
	int rc;

	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	http_parser_set_max_header_size(512 << 10);
	net->world = w;
	net->start_ns = uv_hrtime();
	net->date_s = -1;
	net->reorder = o->reorder;
	net->shuffle = o->reorder_seed * 0x9e3779b97f4a7c15u | 1;
	begin(net);
	rc = open_files(net, o);
	if (!rc)
		rc = listen_on(net, o);
	if (rc)
		stop(&net->on_term, 0);
	uv_run(&net->loop, UV_RUN_DEFAULT);
	uv_loop_close(&net->loop);
	if (net->log_fd >= 0) {
		sim_net_write_log(net);
		close(net->log_fd);
	}
	SSL_CTX_free(net->tls);
	free(net);
	return rc;
}
