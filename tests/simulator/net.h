/* tests/simulator/net.h - sockets: accepts connections, reads requests, writes answers as the world wants them.
 *
 * Layers  listener.c owns the loop, the listener, signals and the log file; connection.c one connection;
 *         tls.c the bytes between them where TLS is on. Nothing here knows an API.
 * Thread  one loop, one thread. */
#ifndef SIMULATOR_NET_H
#define SIMULATOR_NET_H

#include <http_parser.h>
#include <openssl/ssl.h>
#include <uv.h>

#include "tests/simulator/world.h"

struct sim_connection;

struct sim_net {
	uv_loop_t loop;
	uv_tcp_t listener;
	uv_signal_t on_term, on_int;
	struct sim_world *world;
	SSL_CTX *tls; /* NULL: plain */
	uint64_t start_ns;
	int log_fd;
	struct sim_connection *first; /* of all open connections */
	char date[40];
	int64_t date_s;
	char read_buffer[65536];
	bool stopping;
	bool reorder;     /* answers are kept back until no request follows, then leave in a shuffled order */
	uint64_t shuffle; /* state of its random numbers: the world's own are not disturbed */
	uv_timer_t quiet; /* over: no request has followed for a moment */
};

struct sim_net_options {
	const char *host;
	int port;
	const char *port_file, *log_file, *tls_cert, *tls_key;
	bool reorder;
	uint64_t reorder_seed;
};

/* Serves until SIGTERM or SIGINT. 0, or 1 after a message on stderr. */
int sim_net_run(struct sim_world *w, const struct sim_net_options *o);
/* Sets the world's clocks to now. */
void sim_net_tick(struct sim_net *net);
const char *sim_net_date(struct sim_net *net);

/* Writes the lines that the world has logged: before the answer leaves, so that who has an answer finds its line. */
void sim_net_write_log(struct sim_net *net);

void sim_connection_accept(struct sim_net *net);
void sim_connection_close(struct sim_connection *c);
/* Lets all answers go that are kept back, in an order of chance. */
void sim_connection_release(struct sim_net *net);

/* TLS over memory: encrypted bytes in, plain bytes out, and the other way round. */
struct sim_tls;
SSL_CTX *sim_tls_context(const char *cert, const char *key, struct sim_buf *err);
struct sim_tls *sim_tls_new(SSL_CTX *context);
void sim_tls_free(struct sim_tls *t);
/* Feeds what came from the network; adds what it means to `plain` and what must be sent to `out`. False: broken. */
bool sim_tls_read(struct sim_tls *t, const char *p, size_t n, struct sim_buf *plain, struct sim_buf *out);
bool sim_tls_write(struct sim_tls *t, const char *p, size_t n, struct sim_buf *out);

#endif
