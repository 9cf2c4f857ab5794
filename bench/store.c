/* bench/store.c - what the state costs without a provider: the bulk load of mapped accounts, and durable groups.
 *
 * usage: rollcall-bench-store DIR [ROWS [GROUPS]]   DIR must not exist; one JSON line on stdout.
 *
 * Accounts as a first migration maps them: key, name, description, group, id, run, and the event of the create. */
#include "engine/base/err.h"
#include "engine/store/lock.h"
#include "engine/store/writer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct person {
	uint8_t hash[RC_HASH_BYTES];
	unsigned i;
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

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, RC_HASH_BYTES);
}

/* As a good hash spreads them: ids of the provider look like this too. */
static uint64_t mixed(uint64_t n)
{
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
	n = (n ^ n >> 27) * 0x94d049bb133111ebu;
	return n ^ n >> 31;
}

static void put(struct rc_writer *w, uint16_t target, const struct rc_account_schema *s, unsigned i, const char *run)
{
	static const char *const departments[] = {"Research", "Sales", "IT", "Finance", "People", "Legal", "Quality"};
	char key[16], name[40], id[40];
	uint64_t a = mixed(i), b = mixed(a);
	struct rc_known k = {.flags = RC_KNOWN_MANAGED, .created_at_ns = 1790000000000000000 + i * (int64_t)30000};
	struct rc_event e;

	k.key = (struct rc_slice){key, (size_t)snprintf(key, sizeof(key), "%06u", i)};
	k.name = (struct rc_slice){name, (size_t)snprintf(name, sizeof(name), "person.number.%u", i)};
	k.remote_id = (struct rc_slice){id, (size_t)snprintf(id, sizeof(id), "%08x-%04x-%04x-%04x-%012llx",
							     (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
							     (unsigned)(a & 0xffff), (unsigned)(b >> 48),
							     (unsigned long long)(b & 0xffffffffffff))};
	k.group = RC_SLICE("staff");
	k.group_id = RC_SLICE("0b5703ea-ddac-1927-64e8-82267ed394c6");
	k.changed_at_ns = k.created_at_ns;
	k.first_seen_ns = 1790000000000000000;
	k.created_run = k.changed_run = rc_slice_str(run);
	memcpy(k.fingerprint, &b, 8);
	memcpy(k.fingerprint + 8, &a, 8);
	k.account.v[s->names[0]] = k.name;
	k.account.v[s->group_field] = k.group;
	k.account.v[rc_account_field(s, RC_SLICE("description"))] = rc_slice_str(departments[i % 7]);
	k.account.set = 1u << s->names[0] | 1u << s->group_field | 1u << rc_account_field(s, RC_SLICE("description"));
	e = (struct rc_event){.key = k.key,
			      .run_id = k.created_run,
			      .at_ns = k.created_at_ns,
			      .action = 1,
			      .access = true,
			      .name = k.name,
			      .changed_fields = RC_SLICE("name description user_group_name"),
			      .reason = RC_SLICE("in the source, no account yet"),
			      .after = k.account};
	memcpy(e.fingerprint, k.fingerprint, 16);
	rc_writer_together_begin(w);
	rc_writer_put_known(w, target, &k);
	rc_writer_event(w, target, &e);
	rc_writer_together_end(w);
}

static double bulk(struct rc_store *store, struct rc_writer *w, uint16_t target, const struct rc_account_schema *s,
		   unsigned rows)
{
	struct person *p = calloc(rows, sizeof(*p));
	struct rc_err err;
	double began;
	char key[16];

	if (!p)
		exit(1);
	began = now_s();
	for (unsigned i = 0; i < rows; i++) {
		struct rc_slice k = {key, (size_t)snprintf(key, sizeof(key), "%06u", i)};

		rc_store_key_hash(store, k, p[i].hash);
		p[i].i = i;
	}
	qsort(p, rows, sizeof(*p), by_hash);
	rc_writer_bulk(w, true);
	for (unsigned i = 0; i < rows; i++)
		put(w, target, s, p[i].i, "20260101T000000Z-bulkload");
	rc_writer_bulk(w, false);
	must(rc_writer_flush_wait(w, &err), &err);
	began = now_s() - began;
	free(p);
	return began;
}

static double groups(struct rc_writer *w, uint16_t target, const struct rc_account_schema *s, unsigned from, unsigned n)
{
	struct rc_err err;
	double began = now_s();

	for (unsigned g = 0; g < n; g++) {
		for (unsigned i = 0; i < 1000; i++)
			put(w, target, s, from + g * 1000 + i, "20260102T000000Z-ingroups");
		must(rc_writer_flush_wait(w, &err), &err);
	}
	return (now_s() - began) * 1e6 / (1000.0 * n);
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
	double seconds, us;
	bool done;

	if (argc < 2 || !s) {
		fprintf(stderr, "usage: %s DIR [ROWS [GROUPS]]\n", argv[0]);
		return 64;
	}
	mkdir(argv[1], 0700);
	o.dir = argv[1];
	must(rc_lock_take(o.dir, "bench", &rc_clock_system, 0, &lock, NULL, &err), &err);
	o.lock = lock;
	must(rc_store_open(&o, &store, &err), &err);
	must(rc_store_bind(store, RC_SLICE("vpn"), s, NULL, 0, &mem, &bound, &err), &err);
	must(rc_writer_start(store, NULL, &w, &err), &err);
	seconds = bulk(store, w, bound.number, s, rows);
	must(rc_writer_stop(w, &err), &err);
	must(rc_store_compact(store, false, &done, &err), &err); /* as a run does at its end */
	must(rc_store_size(store, &size, &err), &err);
	must(rc_writer_start(store, NULL, &w, &err), &err);
	us = groups(w, bound.number, s, rows, n_groups);
	printf("{\"rows\": %u, \"bulk_s\": %.3f, \"bytes_per_user\": %.1f, \"group_us_per_user\": %.2f}\n", rows,
	       seconds, (double)size.file_bytes / rows, us);
	must(rc_writer_stop(w, &err), &err);
	rc_store_close(store);
	rc_lock_release(lock);
	rc_arena_done(&mem);
	return 0;
}
