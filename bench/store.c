/* bench/store.c - what the state costs without a provider: the bulk load of mapped accounts, and durable groups.
 *
 * usage: rollcall-bench-store DIR [ROWS [GROUPS]]   DIR must not exist; one JSON line on stdout.
 *
 * Accounts as a first migration maps them: key, name, description, group, id, run, and the event of the create. */
#include "engine/base/alloc.h"
#include "engine/base/err.h"
#include "engine/store/lock.h"
#include "engine/store/writer.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What a row and the provider say of somebody, as the run has it when it comes to the state. */
struct person {
	int64_t created_ns;
	uint8_t fingerprint[16];
	char key[8], name[24], id[40], key_n, name_n;
	uint8_t department;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum rc_code code, const struct rc_err *err)
{
	if (!code)
		return;
	fprintf(stderr, "%s\n", err->what);
	exit(1);
}

/* As a good hash spreads them: ids of the provider look like this too. */
static uint64_t mixed(uint64_t n)
{
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
	n = (n ^ n >> 27) * 0x94d049bb133111ebu;
	return n ^ n >> 31;
}

static void fill(struct person *p, unsigned i)
{
	uint64_t a = mixed(i), b = mixed(a);

	p->key_n = (char)snprintf(p->key, sizeof(p->key), "%06u", i);
	p->name_n = (char)snprintf(p->name, sizeof(p->name), "person.number.%u", i);
	snprintf(p->id, sizeof(p->id), "%08x-%04x-%04x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
		 (unsigned)(a & 0xffff), (unsigned)(b >> 48), (unsigned long long)(b & 0xffffffffffff));
	p->created_ns = 1790000000000000000 + i * (int64_t)30000;
	p->department = (uint8_t)(i % 7);
	memcpy(p->fingerprint, &b, 8);
	memcpy(p->fingerprint + 8, &a, 8);
}

static struct person *people(unsigned from, unsigned n)
{
	struct person *p = calloc(n, sizeof(*p));

	if (!p)
		exit(1);
	for (unsigned i = 0; i < n; i++)
		fill(&p[i], from + i);
	return p;
}

static void put(struct rc_writer *w, uint16_t target, const struct rc_account_schema *s, const struct person *p,
		struct rc_slice run)
{
	static const char *const departments[] = {"Research", "Sales", "IT", "Finance", "People", "Legal", "Quality"};
	static int description = -1;
	struct rc_known k = {.flags = RC_KNOWN_MANAGED,
			     .key = {p->key, (size_t)p->key_n},
			     .name = {p->name, (size_t)p->name_n},
			     .remote_id = {p->id, 36},
			     .group = RC_SLICE("staff"),
			     .group_id = RC_SLICE("0b5703ea-ddac-1927-64e8-82267ed394c6"),
			     .created_at_ns = p->created_ns,
			     .changed_at_ns = p->created_ns,
			     .first_seen_ns = 1790000000000000000,
			     .created_run = run,
			     .changed_run = run};
	struct rc_event e = {.key = k.key,
			     .run_id = run,
			     .at_ns = p->created_ns,
			     .action = 1,
			     .access = true,
			     .name = k.name,
			     .changed_fields = RC_SLICE("name description user_group_name"),
			     .reason = RC_SLICE("in the source, no account yet")};

	if (description < 0)
		description = rc_account_field(s, RC_SLICE("description"));
	memcpy(k.fingerprint, p->fingerprint, 16);
	memcpy(e.fingerprint, p->fingerprint, 16);
	k.account.v[s->names[0]] = k.name;
	k.account.v[s->group_field] = k.group;
	k.account.v[description] = rc_slice_str(departments[p->department]);
	k.account.set = 1u << s->names[0] | 1u << s->group_field | 1u << description;
	e.after = k.account;
	rc_writer_put_known_event(w, target, &k, &e);
}

struct taken {
	double s, cpu_s;
};

static struct taken now(void)
{
	return (struct taken){now_s(), (double)clock() / CLOCKS_PER_SEC};
}

static struct taken since(struct taken began)
{
	struct taken t = now();

	return (struct taken){t.s - began.s, t.cpu_s - began.cpu_s};
}

/* In the order of the file, as an adoption states them. */
static struct taken bulk(struct rc_writer *w, uint16_t target, const struct rc_account_schema *s, unsigned rows)
{
	struct person *p = people(0, rows);
	struct taken t = now();
	struct rc_err err;

	rc_writer_bulk(w, true);
	for (unsigned i = 0; i < rows; i++)
		put(w, target, s, &p[i], RC_SLICE("20260101T000000Z-bulkload"));
	rc_writer_bulk(w, false);
	must(rc_writer_flush_wait(w, &err), &err);
	t = since(t);
	free(p);
	return t;
}

/* What the executor waits for: the word that a fact is on disk. */
struct durable {
	pthread_mutex_t mu;
	pthread_cond_t told;
	uint64_t seq;
};

static void on_durable(void *ctx, uint64_t seq, const struct rc_err *err)
{
	struct durable *d = ctx;

	if (err)
		must(err->code, err);
	pthread_mutex_lock(&d->mu);
	d->seq = seq;
	pthread_cond_signal(&d->told);
	pthread_mutex_unlock(&d->mu);
}

static void wait_for(struct durable *d, uint64_t seq)
{
	pthread_mutex_lock(&d->mu);
	while (d->seq < seq)
		pthread_cond_wait(&d->told, &d->mu);
	pthread_mutex_unlock(&d->mu);
}

/* *ret_tables: what it takes in the end until all of them are in the tables. */
static struct taken groups(struct rc_writer *w, struct durable *d, uint16_t target, const struct rc_account_schema *s,
			   unsigned from, unsigned n, struct taken *ret_tables)
{
	struct person *p = people(from, n * 1000);
	struct taken t = now();
	struct rc_err err;

	for (unsigned g = 0; g < n; g++) {
		for (unsigned i = 0; i < 1000; i++)
			put(w, target, s, &p[g * 1000 + i], RC_SLICE("20260102T000000Z-ingroups"));
		rc_writer_flush(w);
		wait_for(d, rc_writer_queued(w));
	}
	t = since(t);
	*ret_tables = now();
	must(rc_writer_flush_wait(w, &err), &err);
	*ret_tables = since(*ret_tables);
	free(p);
	return t;
}

int main(int argc, char **argv)
{
	unsigned rows = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000000;
	unsigned n_groups = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 20;
	struct rc_err err = {0};
	const struct rc_account_schema *s = rc_account_schema_find("huawei-p2c-vpn", &err);
	struct rc_store_options o = {.mode = RC_STORE_WRITE};
	struct rc_store_size size;
	struct rc_target_bound bound;
	struct rc_arena mem = {0};
	struct rc_writer *w;
	struct rc_store *store;
	struct rc_lock *lock;
	struct durable durable = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	const struct rc_writer_options in_groups = {.durable = on_durable, .ctx = &durable};
	struct taken load, group, tables;
	bool done;

	if (argc < 2 || !s) {
		fprintf(stderr, "usage: %s DIR [ROWS [GROUPS]]\n", argv[0]);
		return 64;
	}
	rc_alloc_one_heap(); /* as the program does */
	mkdir(argv[1], 0700);
	o.dir = argv[1];
	must(rc_lock_take(o.dir, "bench", &rc_clock_system, 0, &lock, NULL, &err), &err);
	o.lock = lock;
	must(rc_store_open(&o, &store, &err), &err);
	must(rc_store_bind(store, RC_SLICE("vpn"), s, NULL, 0, &mem, &bound, &err), &err);
	must(rc_writer_start(store, NULL, &w, &err), &err);
	load = bulk(w, bound.number, s, rows);
	must(rc_writer_stop(w, &err), &err);
	must(rc_store_compact(store, false, &done, &err), &err); /* as a run does at its end */
	must(rc_store_size(store, &size, &err), &err);
	must(rc_writer_start(store, &in_groups, &w, &err), &err);
	group = groups(w, &durable, bound.number, s, rows, n_groups, &tables);
	printf("{\"rows\": %u, \"bulk_s\": %.3f, \"bulk_cpu_s\": %.3f, \"bytes_per_user\": %.1f, "
	       "\"group_us_per_user\": %.2f, \"group_cpu_us_per_user\": %.2f, "
	       "\"tables_us_per_user\": %.2f, \"tables_cpu_us_per_user\": %.2f}\n",
	       rows, load.s, load.cpu_s, (double)size.file_bytes / rows, group.s * 1e3 / n_groups,
	       group.cpu_s * 1e3 / n_groups, tables.s * 1e3 / n_groups, tables.cpu_s * 1e3 / n_groups);
	must(rc_writer_stop(w, &err), &err);
	rc_store_close(store);
	rc_lock_release(lock);
	rc_arena_done(&mem);
	return 0;
}
