/* rollcall-simulator: both providers' APIs on loopback. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/simulator/net.h"
#include "tests/simulator/script.h"

#define EX_USAGE 64
#define EX_CONFIG 78

static const char help[] =
	"Usage: rollcall-simulator --listen ADDRESS:PORT [options]\n"
	"\n"
	"Serves the user APIs of Huawei Cloud P2C VPN and Alibaba Cloud SAG App on loopback.\n"
	"Any project, server and instance id is served, each with users of its own.\n"
	"\n"
	"  --listen A:P           where to listen; port 0 takes a free one (default 127.0.0.1:0)\n"
	"  --port-file F          write the address here once it listens\n"
	"  --script F             faults, changing limits and existing users (JSON)\n"
	"  --seed N               for ids, probabilities and jitter (default 1)\n"
	"  --seat-limit N         users a server or instance may hold (default unlimited)\n"
	"  --capacity N           users a second that are worked off (default unlimited)\n"
	"  --queue N              users that may wait for it; more is answered busy (default 200)\n"
	"  --latency MS           time until an answer (default 0)\n"
	"  --reorder N            no delays: answers that wait together leave in an order shuffled from seed N\n"
	"  --apply-delay MS       time until reads show a write (default 0)\n"
	"  --token T              the token to ask for\n"
	"  --access-key AK        the key to ask for, with\n"
	"  --secret-key SK        its secret\n"
	"  --tls-cert F           serve https with this certificate chain, and\n"
	"  --tls-key F            its key (PEM)\n"
	"  --log F                one JSON line per request\n"
	"  --help, --version\n"
	"\n"
	"GET /_sim/users and /_sim/stats show what happened; POST /_sim/script loads a new script.\n"
	"SIGTERM ends it.\n"
	"\n"
	"Example: rollcall-simulator --listen 127.0.0.1:8080 --capacity 500 --queue 200 --token secret\n";

struct options {
	struct sim_net_options net;
	struct sim_settings settings;
	const char *script;
	uint64_t seed;
	char host[64];
};

static int usage(const char *what, const char *why)
{
	fprintf(stderr, "rollcall-simulator: %s: %s (see --help)\n", what, why);
	return EX_USAGE;
}

static bool real(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && !*end && *ret >= 0 && *ret < 1e12;
}

static bool listen_at(struct options *o, const char *text)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (!colon || (size_t)(colon - text) >= sizeof(o->host) ||
	    !sim_number_read(sim_str_of(colon + 1), 65535, &port))
		return false;
	memcpy(o->host, text, (size_t)(colon - text));
	o->host[colon - text] = '\0';
	o->net.host = o->host;
	o->net.port = (int)port;
	return true;
}

static void set_text(char **to, const char *text)
{
	free(*to);
	*to = sim_dupz(text);
}

static bool take(struct options *o, int which, const char *v)
{
	struct sim_settings *s = &o->settings;

	switch (which) {
	case 'l':
		return listen_at(o, v);
	case 'p':
		o->net.port_file = v;
		return true;
	case 'f':
		o->script = v;
		return true;
	case 's':
		return sim_number_read(sim_str_of(v), UINT64_MAX, &o->seed);
	case 'n':
		return sim_number_read(sim_str_of(v), UINT64_MAX, &s->server.seat_limit);
	case 'c':
		return real(v, &s->server.capacity);
	case 'q':
		return real(v, &s->server.queue);
	case 'd':
		return real(v, &s->latency_ms);
	case 'r':
		o->net.reorder = true;
		return sim_number_read(sim_str_of(v), UINT64_MAX, &o->net.reorder_seed);
	case 'a':
		return real(v, &s->apply_delay_ms);
	case 't':
		set_text(&s->token, v);
		return true;
	case 'K':
		set_text(&s->access_key, v);
		return true;
	case 'S':
		set_text(&s->secret_key, v);
		return true;
	case 'C':
		o->net.tls_cert = v;
		return true;
	case 'k':
		o->net.tls_key = v;
		return true;
	default:
		o->net.log_file = v;
		return true;
	}
}

static const struct option known[] = {
	{"listen", required_argument, NULL, 'l'},
	{"port-file", required_argument, NULL, 'p'},
	{"script", required_argument, NULL, 'f'},
	{"seed", required_argument, NULL, 's'},
	{"seat-limit", required_argument, NULL, 'n'},
	{"capacity", required_argument, NULL, 'c'},
	{"queue", required_argument, NULL, 'q'},
	{"latency", required_argument, NULL, 'd'},
	{"apply-delay", required_argument, NULL, 'a'},
	{"token", required_argument, NULL, 't'},
	{"access-key", required_argument, NULL, 'K'},
	{"secret-key", required_argument, NULL, 'S'},
	{"tls-cert", required_argument, NULL, 'C'},
	{"tls-key", required_argument, NULL, 'k'},
	{"log", required_argument, NULL, 'o'},
	{"reorder", required_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

/* -1: go on; else the exit code. */
static int read_options(struct options *o, int argc, char **argv)
{
	int which, at = 0;

	while ((which = getopt_long(argc, argv, "", known, &at)) != -1) {
		if (which == '?')
			return EX_USAGE;
		if (which == 'h' || which == 'v') {
			fputs(which == 'h' ? help : "rollcall-simulator " ROLLCALL_VERSION "\n", stdout);
			return 0;
		}
		if (!take(o, which, optarg))
			return usage(known[at].name, "not a valid value");
	}
	if (optind < argc)
		return usage(argv[optind], "not an option");
	if (!o->net.tls_cert != !o->net.tls_key)
		return usage("--tls-cert", "goes together with --tls-key");
	if (!o->settings.access_key != !o->settings.secret_key)
		return usage("--access-key", "goes together with --secret-key");
	return -1;
}

static bool read_file(const char *path, struct sim_buf *ret)
{
	FILE *f = fopen(path, "rb");
	char piece[65536];
	size_t n;
	bool ok = f;

	while (f && (n = fread(piece, 1, sizeof(piece), f)))
		sim_buf_add(ret, piece, n);
	if (f) {
		ok = !ferror(f);
		fclose(f);
	}
	return ok;
}

static int begin_script(struct sim_world *w, const char *path)
{
	struct sim_buf text = {0}, err = {0};
	struct sim_script *script;

	if (!read_file(path, &text)) {
		fprintf(stderr, "rollcall-simulator: %s: cannot be read\n", path);
		return EX_CONFIG;
	}
	script = sim_script_read(w, sim_buf_view(&text), &err);
	sim_buf_done(&text);
	if (!script) {
		fprintf(stderr, "rollcall-simulator: %s: %s\n", path, err.p);
		sim_buf_done(&err);
		return EX_CONFIG;
	}
	sim_script_begin(w, script);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {.seed = 1};
	struct timespec now;
	struct sim_world w;
	int rc;

	sim_settings_default(&o.settings);
	o.settings.server.queue = 200;
	listen_at(&o, "127.0.0.1:0");
	rc = read_options(&o, argc, argv);
	if (rc < 0) {
		sim_world_init(&w, &o.settings, o.seed);
		clock_gettime(CLOCK_REALTIME, &now);
		sim_world_tick(&w, 0, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
		rc = o.script ? begin_script(&w, o.script) : 0;
		if (!rc)
			rc = sim_net_run(&w, &o.net);
		sim_world_done(&w);
	}
	sim_settings_done(&o.settings);
	return rc;
}
