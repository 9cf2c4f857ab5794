/* Soak: a company's nights against a provider, in virtual time, with random faults; one seed, one story.
 *
 *   rollcall-world --seed N             one story, with its runs and the calls that arrive
 *   rollcall-world --seeds FROM COUNT        many; a failing one prints the command that replays it */
#include "tests/unit/helper_seal.h"
#include "tests/world/world.h"
#include "engine/run/run.h"
#include "engine/seal/seal_read.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_PEOPLE = 60, MAX_RUNS = 12, SETTLED_RUNS = 6, MAX_FREE = 6 };
#define MINUTE INT64_C(60000000000)

struct person {
	unsigned id;
	char name[32];
	char dept[8], group[8];
	bool here, untouched; /* untouched: nothing of theirs changes tonight */
	bool seen;
};

struct story {
	uint64_t seed;
	struct dice dice;
	bool alibaba, verbose, wrong;
	char dir[200];
	struct provider *provider;
	struct person people[MAX_PEOPLE];
	unsigned n, next_id;
	char given_up[MAX_FREE + 1][32]; /* names that nobody has any more, the newest last */
	unsigned n_free;
	int64_t now_ns;
	unsigned runs, crashes;
	const struct seal_box *box;
	EVP_PKEY *key;
};

static void wrong(struct story *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void wrong(struct story *s, const char *fmt, ...)
{
	va_list ap;

	s->wrong = true;
	va_start(ap, fmt);
	printf("seed %llu, run %u: ", (unsigned long long)s->seed, s->runs);
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

static void path_in(const struct story *s, const char *name, char ret[300])
{
	snprintf(ret, 300, "%s/%s", s->dir, name);
}

static FILE *create(const struct story *s, const char *name)
{
	char path[300];
	FILE *f;

	path_in(s, name, path);
	f = fopen(path, "w");
	if (!f)
		abort();
	return f;
}

static void write_config(const struct story *s)
{
	FILE *f = create(s, "rollcall.json");

	fprintf(f, "{\"version\":1,\"state\":\"state\",\"reports\":\"reports\",\"sources\":[{\"files\":[\"hr.csv\"],"
		   "\"key\":\"id\"}],"
		   "\"report\":{\"html\":false},\"targets\":{\"vpn\":{\"endpoint\":\"http://127.0.0.1:1\","
		   "\"missing\":{\"action\":\"delete\"},\"guards\":{\"max_deletes\":12,\"max_updates\":\"unlimited\","
		   "\"max_renames\":\"unlimited\",\"max_blanked\":\"unlimited\",\"max_failures\":\"unlimited\"},");
	if (s->alibaba)
		fprintf(f, "\"connector\":\"alibaba-sag-app\",\"region_id\":\"cn-shanghai\",\"smart_ag_id\":\"sag-"
			   "one\",\"auth\":"
			   "{\"method\":\"aksk\",\"access_key\":{\"env\":\"WORLD_KEY\"},\"secret_key\":{\"env\":"
			   "\"WORLD_KEY\"}},"
			   "\"account\":{\"UserName\":\"name\",\"UserMail\":\"dept .. '@x.org'\",\"Bandwidth\":\"grp "
			   "== 'ops' and "
			   "'2000' or '1000'\",\"Password\":{\"generate\":{\"length\":16}}}");
	else
		fprintf(f,
			"\"connector\":\"huawei-p2c-vpn\",\"project_id\":\"P\",\"vpn_server_id\":\"S\",\"auth\":{"
			"\"method\":"
			"\"token\",\"token\":{\"env\":\"WORLD_KEY\"}},\"create_groups\":true,\"batch\":{\"max_users\":%"
			"llu},"
			"\"account\":{\"name\":\"name\",\"description\":\"dept\",\"user_group_name\":\"grp\","
			"\"password\":"
			"{\"generate\":{\"length\":16}}}",
			(unsigned long long)(1 + s->seed % 9));
	fprintf(f, "}},\"credentials\":{\"seal_to\":[\"%s\"],\"file\":\"credentials\"}}\n",
		seal_path(s->box, "ops", ".crt"));
	fclose(f);
}

static void write_source(const struct story *s, unsigned share)
{
	FILE *f = create(s, "hr.csv");

	fprintf(f, "id,name,dept,grp\n");
	for (unsigned i = 0; i < s->n * share / 100; i++)
		if (s->people[i].here)
			fprintf(f, "%u,%s,%s,%s\n", s->people[i].id, s->people[i].name, s->people[i].dept,
				s->people[i].group);
	fclose(f);
}

static const char *pick(struct story *s, const char *const *from)
{
	return from[dice_below(&s->dice, 3)];
}

static const char *const depts[] = {"it", "hr", "ops"}, *const groups[] = {"staff", "ops", "guests"};

static struct person *person_named(struct story *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->people[i].here && strcmp(s->people[i].name, name) == 0)
			return &s->people[i];
	return NULL;
}

static void give_up(struct story *s, const struct person *p)
{
	if (s->n_free == MAX_FREE)
		memmove(s->given_up[0], s->given_up[1], sizeof(s->given_up[0]) * --s->n_free);
	memcpy(s->given_up[s->n_free++], p->name, sizeof(p->name));
}

static void take_back(struct story *s, const char *name)
{
	for (unsigned i = 0; i < s->n_free; i++)
		if (strcmp(s->given_up[i], name) == 0)
			memmove(s->given_up[i], s->given_up[i + 1], sizeof(s->given_up[0]) * (--s->n_free - i));
}

/* Whoever left the evening before may be back, unless somebody else has their name by now. */
static bool returns(struct story *s, struct person *p)
{
	if (!dice_chance(&s->dice, 250) || person_named(s, p->name))
		return false;
	take_back(s, p->name);
	p->here = true;
	return true;
}

/* Sometimes to a name they had before, never to one that somebody else has. */
static void rename_person(struct story *s, struct person *p)
{
	char name[sizeof(p->name)];

	snprintf(name, sizeof(name), "u%05u-%llu", p->id, (unsigned long long)dice_below(&s->dice, 90));
	if (person_named(s, name))
		return;
	take_back(s, name);
	give_up(s, p);
	memcpy(p->name, name, sizeof(name));
}

/* Some take the name of somebody who has left or is renamed, mostly on the same evening. */
static void name_joiner(struct story *s, struct person *p)
{
	snprintf(p->name, sizeof(p->name), "user%05u", p->id);
	if (s->n_free && dice_chance(&s->dice, 300))
		memcpy(p->name, s->given_up[--s->n_free], sizeof(p->name));
}

static void evening(struct story *s)
{
	unsigned joiners = (unsigned)dice_below(&s->dice, 8) + (s->n ? 0 : 8), k = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct person *p = &s->people[i];
		bool was_here = p->here;

		p->untouched = false;
		if (!was_here && !returns(s, p))
			continue;
		if (dice_chance(&s->dice, 60)) {
			p->here = false;
			give_up(s, p);
		} else if (dice_chance(&s->dice, 80)) {
			rename_person(s, p);
		} else if (dice_chance(&s->dice, 150))
			snprintf(p->dept, sizeof(p->dept), "%s", pick(s, depts));
		else
			p->untouched = was_here;
		s->people[k++] = *p;
	}
	s->n = k;
	for (; joiners-- && s->n < MAX_PEOPLE; s->n++) {
		struct person *p = &s->people[s->n];

		*p = (struct person){.id = ++s->next_id, .here = true};
		name_joiner(s, p);
		snprintf(p->dept, sizeof(p->dept), "%s", pick(s, depts));
		snprintf(p->group, sizeof(p->group), "%s", pick(s, groups));
	}
}

enum { MAX_CHOSEN = 6 };

struct errand { /* what a run is told */
	struct rc_run_opts opts;
	char keys[MAX_CHOSEN][16];
	const char *only[MAX_CHOSEN];
};

/* Mostly a whole sync; but also one of a few people, who may have left, one that lists first, or a mere refresh. */
static void draw_errand(struct story *s, struct errand *ret)
{
	struct rc_run_opts *o = &ret->opts;

	*o = (struct rc_run_opts){.command = "sync", .writes = true};
	o->refresh = dice_chance(&s->dice, 100);
	if (dice_chance(&s->dice, 60)) {
		o->command = "refresh";
		o->writes = false;
		o->list_only = true;
	} else if (dice_chance(&s->dice, 250)) {
		o->n_only = 1 + dice_below(&s->dice, MAX_CHOSEN);
		o->only = ret->only;
	}
	for (size_t i = 0; i < o->n_only; i++) {
		unsigned recent = s->next_id < MAX_PEOPLE ? s->next_id : MAX_PEOPLE;

		snprintf(ret->keys[i], sizeof(ret->keys[i]), "%llu",
			 (unsigned long long)(s->next_id - dice_below(&s->dice, recent)));
		ret->only[i] = ret->keys[i];
	}
}

/* One run in a child; its exit code. opts: NULL is a sync of everybody. */
static int run(struct story *s, const struct world_faults *f, const struct rc_run_opts *opts)
{
	static int64_t *end;
	int pair[2], status;
	char path[300];
	pid_t pid;

	if (!end)
		end = mmap(NULL, sizeof(*end), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*end = 0;
	fflush(NULL);
	if (end == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || (pid = fork()) < 0)
		abort();
	if (!pid) {
		int log;

		close(pair[0]);
		path_in(s, "log", path);
		log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(log, 1);
		dup2(log, 2);
		path_in(s, "rollcall.json", path);
		_exit(world_run(path, (struct world_link){.fd = pair[1]}, dice_u64(&s->dice) + s->runs, f, s->now_ns,
				end, opts));
	}
	dice_u64(&s->dice);
	close(pair[1]);
	s->now_ns = provider_serve(s->provider, pair[0], s->now_ns);
	close(pair[0]);
	waitpid(pid, &status, 0);
	if (*end > s->now_ns)
		s->now_ns = *end;
	s->runs++;
	if (!WIFEXITED(status)) {
		wrong(s, "ended by signal %d", WTERMSIG(status));
		return -1;
	}
	if (s->verbose)
		printf("run %u: exit %d at %.1f s, %llu calls\n", s->runs, WEXITSTATUS(status), (double)s->now_ns / 1e9,
		       (unsigned long long)provider_calls(s->provider));
	if (provider_double_creates(s->provider))
		wrong(s, "somebody was created twice");
	return WEXITSTATUS(status);
}

struct look {
	struct story *s;
	bool settled; /* the provider must equal the source */
	struct rc_seal_rows *sealed;
};

static bool opens(const struct rc_seal_rows *rows, const struct person *p, const char *password)
{
	char key[16];

	snprintf(key, sizeof(key), "%u", p->id);
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].last && rc_slice_eqs(rows->v[i].cells[3], key) &&
		    rc_slice_eqs(rows->v[i].cells[4], p->name))
			return rc_slice_eqs(rows->v[i].cells[5], password);
	return false;
}

static void see(void *ctx, const struct provider_user *u)
{
	struct look *l = ctx;
	struct story *s = l->s;
	struct person *p = person_named(s, u->name);
	char want[100];

	if (p)
		p->seen = true;
	if (!l->settled)
		return;
	if (!p) {
		wrong(s, "%s is still there", u->name);
		return;
	}
	if (s->alibaba)
		snprintf(want, sizeof(want), "%s@x.org/%s", p->dept, strcmp(p->group, "ops") == 0 ? "2000" : "1000");
	else
		snprintf(want, sizeof(want), "%s/%s", p->dept, p->group);
	if (strcmp(want, u->what) != 0)
		wrong(s, "%s is %s, not %s", u->name, u->what, want);
	if (!opens(l->sealed, p, u->password))
		wrong(s, "the credentials do not hold the password of %s", u->name);
}

static void look(struct story *s, bool settled)
{
	struct rc_seal_rows rows = {0};
	struct look l = {s, settled, &rows};
	char path[300];
	struct rc_err err = {0};

	path_in(s, "credentials", path);
	if (settled && access(path, F_OK) == 0 && rc_seal_read(path, s->key, &rows, &err))
		wrong(s, "%s", err.what);
	for (unsigned i = 0; i < s->n; i++)
		s->people[i].seen = false;
	provider_users(s->provider, s->now_ns, see, &l);
	for (unsigned i = 0; i < s->n; i++)
		if (s->people[i].here && !s->people[i].seen && (settled || s->people[i].untouched))
			wrong(s, "%s is %s", s->people[i].name, settled ? "not there" : "gone without a cause");
	rc_seal_rows_done(&rows);
}

static void check_report(struct story *s, const char *reports, const char *run)
{
	char path[700], text[65536];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s/summary.json", reports, run);
	f = fopen(path, "r");
	if (!f) {
		wrong(s, "the report of %s has no end", run);
		return;
	}
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	if (!strstr(text, "\"ok\": true") && !strstr(text, "\"ok\":true"))
		wrong(s, "the books of %s do not balance", run);
}

static void check_reports(struct story *s)
{
	char path[300];
	DIR *d;

	path_in(s, "reports", path);
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			check_report(s, path, e->d_name);
	if (d)
		closedir(d);
}

static struct world_faults draw_faults(struct story *s)
{
	struct world_faults f = {0};
	unsigned level = (unsigned)dice_below(&s->dice, 4) * 30; /* per mille of each kind */

	if (dice_chance(&s->dice, 700))
		f = (struct world_faults){level, level, level, level, level, level, level, 0, 0, 0, false};
	if (dice_chance(&s->dice, 600))
		f.crash_at = 1 + (unsigned)dice_below(&s->dice, 60);
	if (dice_chance(&s->dice, 100))
		f.disk_at = 1 + (unsigned)dice_below(&s->dice, 8);
	if (dice_chance(&s->dice, 100))
		f.signal_at = 1 + (unsigned)dice_below(&s->dice, 60);
	f.clock_jumps = dice_chance(&s->dice, 200);
	return f;
}

static void pause_between(struct story *s)
{
	s->now_ns += dice_chance(&s->dice, 300) ? 1000000 : 5 * MINUTE;
}

/* An export that was cut off: the guard stops the run, nothing is written. */
static void bad_export(struct story *s)
{
	uint64_t writes = provider_writes(s->provider);
	struct world_faults none = {0};
	int code;

	if (s->n < 30)
		return;
	write_source(s, 50);
	code = run(s, &none, NULL);
	if (code != 76)
		wrong(s, "a cut export: exit %d, not 76", code);
	if (provider_writes(s->provider) != writes)
		wrong(s, "a cut export: something was written");
	s->now_ns += MINUTE;
}

static void settle(struct story *s)
{
	const struct world_faults none = {0};
	uint64_t writes;
	int code = -1;

	for (int i = 0; i < SETTLED_RUNS && code != 0 && !s->wrong; i++) {
		s->now_ns += MINUTE;
		code = run(s, &none, NULL);
		if (code != 0 && code != 75)
			wrong(s, "a night without faults: exit %d", code);
	}
	if (code != 0)
		wrong(s, "not done after %d runs without faults", SETTLED_RUNS);
	s->now_ns += MINUTE;
	look(s, true);
	writes = provider_writes(s->provider);
	code = run(s, &none, NULL);
	if (code || provider_writes(s->provider) != writes)
		wrong(s, "running again: exit %d, %llu writes", code,
		      (unsigned long long)(provider_writes(s->provider) - writes));
	check_reports(s);
}

static bool may_end_so(int code)
{
	return code == 0 || code == 1 || code == 69 || code == 73 || code == 75 || code == 143 || code == WORLD_CRASHED;
}

static void night(struct story *s)
{
	unsigned runs = 1 + (unsigned)dice_below(&s->dice, 4);

	if (dice_chance(&s->dice, 150))
		bad_export(s);
	evening(s);
	write_source(s, 100);
	while (runs-- && !s->wrong) {
		struct world_faults f = draw_faults(s);
		struct errand e;
		int code;

		draw_errand(s, &e);
		code = run(s, &f, &e.opts);

		s->crashes += code == WORLD_CRASHED;
		if (!may_end_so(code))
			wrong(s, "exit %d", code);
		pause_between(s);
		look(s, false);
	}
	settle(s);
}

static void remove_dir(const char *dir)
{
	char line[300];

	snprintf(line, sizeof(line), "rm -rf '%s'", dir);
	if (system(line) != 0)
		abort();
}

static bool tell(struct story *s, uint64_t seed, const struct seal_box *box, EVP_PKEY *key, bool keep)
{
	const char *tmp = getenv("TMPDIR");
	unsigned nights;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->dice.state = seed * 7919;
	s->alibaba = seed % 2;
	s->verbose = keep;
	s->box = box;
	s->key = key;
	s->now_ns = MINUTE;
	snprintf(s->dir, sizeof(s->dir), "%s/rollcall-world-XXXXXX",
		 tmp && tmp[0]              ? tmp
		 : access("/dev/shm", W_OK) ? "/tmp"
					    : "/dev/shm");
	if (!mkdtemp(s->dir))
		abort();
	s->provider = provider_new(seed, (double)dice_below(&s->dice, 3) * 900);
	if (s->verbose)
		provider_trace(s->provider);
	write_config(s);
	nights = 1 + (unsigned)dice_below(&s->dice, 3);
	while (nights-- && !s->wrong)
		night(s);
	provider_free(s->provider);
	if (s->wrong)
		printf("replay: rollcall-world --seed %llu (its files: %s)\n", (unsigned long long)seed, s->dir);
	else
		remove_dir(s->dir);
	return !s->wrong;
}

int main(int argc, char **argv)
{
	static struct story s;
	struct seal_box box;
	bool one = argc >= 3 && strcmp(argv[1], "--seed") == 0, many = argc == 4 && strcmp(argv[1], "--seeds") == 0;
	uint64_t from, count, bad = 0, runs = 0, crashes = 0;
	EVP_PKEY *key;

	if (!one && !many) {
		fprintf(stderr, "usage: rollcall-world --seed N | --seeds FROM COUNT\n");
		return 64;
	}
	setenv("WORLD_KEY", "of-the-world", 1);
	seal_box_make(&box);
	key = seal_identity(&box, "ops", "ec", -4000, 40000, NULL);
	from = strtoull(argv[2], NULL, 10);
	count = many ? strtoull(argv[3], NULL, 10) : 1;
	for (uint64_t i = 0; i < count; i++) {
		bad += !tell(&s, from + i, &box, key, one);
		runs += s.runs;
		crashes += s.crashes;
	}
	printf("%llu stories from seed %llu: %llu runs, %llu of them ended in the middle, %llu failed\n",
	       (unsigned long long)count, (unsigned long long)from, (unsigned long long)runs,
	       (unsigned long long)crashes, (unsigned long long)bad);
	EVP_PKEY_free(key);
	seal_box_remove(&box);
	return bad ? 1 : 0;
}
