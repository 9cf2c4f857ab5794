#include "tests/unit/helper_nights.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/base/civil.h"
#include "engine/base/log.h"
#include "engine/cli.h"
#include "engine/store/store.h"
#include "tests/simulator/net.h"
#include "tests/simulator/script.h"

char nights_dir[64];
static char address[64];
static pid_t simulator;
static int64_t wall_at, mono_at; /* the wall clock says wall_at when the monotonic one says mono_at */

static struct rc_outcome *rows;
static size_t n_rows, cap_rows;
static struct rc_arena row_mem, known_mem;

/* ---- time */

static int64_t wall(void *ctx)
{
	(void)ctx;
	return wall_at + rc_mono_ns(&rc_clock_system) - mono_at;
}

static int64_t mono(void *ctx)
{
	(void)ctx;
	return rc_mono_ns(&rc_clock_system);
}

static void draw(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	rc_random(&rc_clock_system, buf, n);
}

static const struct rc_clock shifted = {NULL, wall, mono, draw};

void nights_at_ns(int64_t wall_ns)
{
	wall_at = wall_ns;
	mono_at = rc_mono_ns(&rc_clock_system);
}

void nights_at(const char *utc)
{
	int year, hour, minute, second;
	unsigned month, day;

	assert_int_equal(sscanf(utc, "%d-%u-%uT%d:%d:%dZ", &year, &month, &day, &hour, &minute, &second), 6);
	nights_at_ns(((int64_t)rc_date_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) *
		     INT64_C(1000000000));
}

int64_t nights_now(void)
{
	return wall(NULL);
}

/* ---- files */

static const char *path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", nights_dir, name);
	return path;
}

void nights_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

void nights_config(const char *text)
{
	struct rc_buf b = {0};
	const char *at;

	for (; (at = strstr(text, "@ENDPOINT@")); text = at + strlen("@ENDPOINT@")) {
		rc_buf_add(&b, text, (size_t)(at - text));
		rc_buf_addf(&b, "http://%s", address);
	}
	rc_buf_adds(&b, text);
	nights_file("rollcall.json", b.p);
	rc_buf_done(&b);
}

void nights_remove(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* ---- simulator */

static void serve(const char *script, const char *port_file)
{
	struct sim_net_options net = {.host = "127.0.0.1", .port = 0, .port_file = port_file};
	struct sim_settings settings;
	struct sim_buf err = {0};
	struct sim_world w;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!freopen("/dev/null", "w", stderr))
		_exit(2);
	sim_settings_default(&settings);
	settings.server.queue = 200;
	sim_world_init(&w, &settings, 7);
	if (script) {
		struct sim_script *s = sim_script_read(&w, sim_str_of(script), &err);

		if (!s)
			_exit(2);
		sim_script_begin(&w, s);
	}
	_exit(sim_net_run(&w, &net));
}

static void start_simulator(const char *script)
{
	char port_file[200];
	FILE *f = NULL;

	snprintf(port_file, sizeof(port_file), "%s", path_of("port"));
	simulator = fork();
	assert_true(simulator >= 0);
	if (simulator == 0)
		serve(script, port_file);
	while (!(f = fopen(port_file, "r"))) {
		assert_int_equal(waitpid(simulator, NULL, WNOHANG), 0); /* it said no */
		usleep(1000);
	}
	assert_non_null(fgets(address, sizeof(address), f));
	address[strcspn(address, "\r\n")] = 0;
	fclose(f);
}

void nights_begin(const char *script)
{
	snprintf(nights_dir, sizeof(nights_dir), "/tmp/rollcall-nights-XXXXXX");
	assert_non_null(mkdtemp(nights_dir));
	setenv("VPN_TOKEN", "tok", 1);
	rc_log_setup(RC_LOG_ERROR, false);
	start_simulator(script);
	nights_at("2026-01-05T01:00:00Z");
}

int nights_end(void **state)
{
	(void)state;
	if (simulator > 0) {
		kill(simulator, SIGTERM);
		waitpid(simulator, NULL, 0);
	}
	simulator = 0;
	rc_arena_done(&row_mem);
	rc_arena_done(&known_mem);
	free(rows);
	rows = NULL;
	n_rows = cap_rows = 0;
	if (!getenv("NIGHTS_KEEP"))
		nights_remove(nights_dir);
	return 0;
}

static void ask(const char *method, const char *path, const char *body, struct rc_buf *ret)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char piece[65536];
	struct rc_buf req = {0};
	ssize_t n;

	to.sin_port = htons((uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10));
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	rc_buf_addf(&req, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", method,
		    path, strlen(body), body);
	for (size_t at = 0; at < req.n; at += (size_t)n)
		assert_true((n = write(fd, req.p + at, req.n - at)) > 0);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		rc_buf_add(ret, piece, (size_t)n);
	close(fd);
	rc_buf_done(&req);
	assert_non_null(ret->p);
	assert_non_null(strstr(ret->p, " 200 "));
}

cJSON *nights_get(const char *path)
{
	struct rc_buf b = {0};
	const char *body;
	cJSON *ret;

	ask("GET", path, "", &b);
	body = strstr(b.p, "\r\n\r\n");
	assert_non_null(body);
	ret = cJSON_Parse(body + 4);
	assert_non_null(ret);
	rc_buf_done(&b);
	return ret;
}

void nights_script(const char *text)
{
	struct rc_buf b = {0};

	ask("POST", "/_sim/script", text, &b);
	rc_buf_done(&b);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *nights_accounts(void)
{
	static char text[4096];
	cJSON *all = nights_get("/_sim/users"), *one;
	char *names[200];
	size_t n = 0;

	cJSON_ArrayForEach(one, cJSON_GetObjectItem(all, "users"))
	{
		const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(one, "state"));
		char *s = malloc(80);

		assert_true(n < 200);
		snprintf(s, 80, "%s:%s", cJSON_GetStringValue(cJSON_GetObjectItem(one, "name")),
			 state && strcmp(state, "disabled") == 0 ? "-" : "+");
		names[n++] = s;
	}
	cJSON_Delete(all);
	qsort(names, n, sizeof(*names), by_text);
	text[0] = 0;
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "", names[i]);
		free(names[i]);
	}
	return text;
}

/* ---- runs */

void nights_read_rows(const char *run_id)
{
	char path[300];
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	rc_arena_reset(&row_mem);
	n_rows = 0;
	snprintf(path, sizeof(path), "%s/reports/%s/users.jsonl", nights_dir, run_id);
	f = fopen(path, "r");
	if (!f)
		return;
	while ((n = getline(&line, &cap, f)) > 0) {
		struct rc_err err;

		if (n_rows == cap_rows) {
			cap_rows = cap_rows ? cap_rows * 2 : 64;
			rows = realloc(rows, cap_rows * sizeof(*rows));
			assert_non_null(rows);
		}
		assert_int_equal(rc_outcome_parse(rc_arena_copy(&row_mem, (struct rc_slice){line, (size_t)n - 1}), NULL,
						  0, &row_mem, &rows[n_rows++], &err),
				 RC_OK);
	}
	free(line);
	fclose(f);
}

static int run(const char *command, const struct rc_run_opts *more, char run_id[80])
{
	struct rc_run_opts o = more ? *more : (struct rc_run_opts){0};
	struct rc_config_errors errs = {0};
	struct rc_config *cfg;
	struct rc_run_result res;
	struct rc_err err = {0};
	int code;

	if (rc_config_load(path_of("rollcall.json"), &cfg, &errs, &err))
		fail_msg("%s", err.what);
	rc_config_errors_done(&errs);
	o.command = command;
	o.writes = strcmp(command, "sync") == 0;
	o.list_only = strcmp(command, "refresh") == 0;
	o.drain_timeout_ns = o.drain_timeout_ns ? o.drain_timeout_ns : INT64_C(10000000000);
	o.quiet = true;
	o.clock = &shifted;
	rc_run(cfg, &o, &res, &err);
	if (err.what[0])
		print_message("%s\n", err.what);
	snprintf(run_id, 80, "%s", res.run_id);
	rc_buf_done(&res.text);
	rc_config_free(cfg);
	code = (int)res.code;
	return code;
}

int nights_run(const char *command, const struct rc_run_opts *more)
{
	char run_id[80];
	int code = run(command, more, run_id);

	nights_read_rows(run_id);
	for (size_t i = 0; code && i < n_rows; i++)
		if (rows[i].error_code)
			print_message("%.*s %s %s: %s %s\n", (int)rows[i].key.n, rows[i].key.p,
				      rc_action_name(rows[i].action), rc_status_name(rows[i].status),
				      rows[i].error_code, rows[i].error_message ? rows[i].error_message : "");
	return code;
}

static uint64_t requests(void)
{
	cJSON *stats = nights_get("/_sim/stats");
	uint64_t n = (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(stats, "requests"));

	cJSON_Delete(stats);
	return n;
}

int nights_run_killed(uint64_t after_requests)
{
	uint64_t until = requests() + after_requests;
	pid_t pid = fork();
	char run_id[80];
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run("sync", NULL, run_id));
	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WEXITSTATUS(status);
		if (requests() >= until) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return WIFSIGNALED(status) ? -1 : WEXITSTATUS(status);
		}
		usleep(200);
	}
}

size_t nights_rows(const struct rc_outcome **ret)
{
	*ret = rows;
	return n_rows;
}

const struct rc_outcome *nights_row(const char *key)
{
	const struct rc_outcome *found = NULL;

	for (size_t i = 0; i < n_rows; i++)
		if (rc_slice_eqs(rows[i].key, key)) {
			if (found)
				fail_msg("two rows of %s", key);
			found = &rows[i];
		}
	return found;
}

const char *nights_says(const char *key)
{
	static char text[200];
	const struct rc_outcome *o = nights_row(key);
	char due[32] = "-";

	if (!o)
		return "none";
	if (o->due_at)
		rc_time_iso(o->due_at, due);
	snprintf(text, sizeof(text), "%s %s %s", rc_action_name(o->action), rc_status_name(o->status), due);
	return text;
}

void nights_open(const char *target, struct nights_state *ret)
{
	struct rc_target_bound bound;
	struct rc_config_errors errs = {0};
	struct rc_err err;

	*ret = (struct nights_state){0};
	assert_int_equal(rc_config_load(path_of("rollcall.json"), &ret->cfg, &errs, &err), RC_OK);
	rc_config_errors_done(&errs);
	assert_int_equal(rc_store_open(&(struct rc_store_options){.dir = ret->cfg->state, .mode = RC_STORE_READ},
				       &ret->store, &err),
			 RC_OK);
	assert_int_equal(rc_store_bind(ret->store, rc_slice_str(target), rc_config_target(ret->cfg, target)->schema,
				       NULL, 0, &ret->mem, &bound, &err),
			 RC_OK);
	ret->number = bound.number;
	assert_int_equal(rc_view_begin(ret->store, &ret->view, &err), RC_OK);
}

void nights_close(struct nights_state *s)
{
	struct rc_err err;

	assert_int_equal(rc_view_end(s->view, &err), RC_OK);
	rc_store_close(s->store);
	rc_config_free(s->cfg);
	rc_arena_done(&s->mem);
}

bool nights_known(const char *target, const char *key, struct rc_known *ret)
{
	struct nights_state s;
	struct rc_known k;
	bool found;

	nights_open(target, &s);
	rc_arena_reset(&known_mem);
	found = rc_view_known(s.view, s.number, rc_slice_str(key), &k);
	if (found)
		*ret = rc_known_copy(&k, &known_mem);
	nights_close(&s);
	return found;
}

void nights_hold(const char *key, bool held)
{
	char *argv[] = {(char *)(held ? "hold" : "release"),
			(char *)path_of("rollcall.json"),
			(char *)key,
			(char *)"-q",
			(char *)"--reason",
			(char *)"a test",
			NULL};
	int argc = held ? 6 : 4;
	struct rc_cli c;
	struct rc_err err;

	assert_int_equal(rc_cli_parse(argc, argv, held ? RC_CMD_HOLD : RC_CMD_RELEASE, &c, &err), RC_OK);
	assert_int_equal(rc_cmd_hold(&c), 0);
	rc_cli_done(&c);
	rc_log_setup(RC_LOG_ERROR, false);
}

uint64_t nights_writes(void)
{
	cJSON *stats = nights_get("/_sim/stats"), *server;
	uint64_t n = 0;

	cJSON_ArrayForEach(server, cJSON_GetObjectItem(stats, "servers")) n +=
		(uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(server, "writes"));
	cJSON_Delete(stats);
	return n;
}
