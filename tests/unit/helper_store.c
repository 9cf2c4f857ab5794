#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/unit/helper_store.h"

void test_store_dir(struct test_store *t)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->dir, sizeof(t->dir), "/tmp/rc_store_XXXXXX");
	assert_non_null(mkdtemp(t->dir));
}

void test_store_open(struct test_store *t)
{
	static const struct rc_pair ids[] = {{{"endpoint", 8}, {"https://vpn.example.com", 23}},
					     {{"vpn_server_id", 13}, {"s-1", 3}}};
	struct rc_err err = {0};
	const struct rc_account_schema *schema = rc_account_schema_find("huawei-p2c-vpn", &err);
	struct rc_target_bound b;

	assert_non_null(schema);
	if (rc_lock_take(t->dir, "run-1", NULL, 0, &t->lock, NULL, &err))
		fail_msg("%s", err.what);
	if (rc_store_open(&(struct rc_store_options){.dir = t->dir, .mode = RC_STORE_WRITE, .lock = t->lock}, &t->store,
			  &err))
		fail_msg("%s", err.what);
	if (rc_store_bind(t->store, RC_SLICE("vpn"), schema, ids, 2, &t->mem, &b, &err))
		fail_msg("%s", err.what);
	assert_false(b.ids_differ);
	t->target = b.number;
}

void test_store_write(struct test_store *t)
{
	struct rc_writer_options o = {.manual = true};
	struct rc_err err = {0};

	if (rc_writer_start(t->store, &o, &t->writer, &err))
		fail_msg("%s", err.what);
}

void test_store_release(struct test_store *t)
{
	rc_store_close(t->store);
	rc_lock_release(t->lock);
	rc_arena_done(&t->mem);
	t->writer = NULL;
	t->store = NULL;
	t->lock = NULL;
}

void test_store_close(struct test_store *t)
{
	struct rc_err err = {0};

	if (rc_writer_stop(t->writer, &err))
		fail_msg("%s", err.what);
	test_store_release(t);
}

void test_store_done(struct test_store *t)
{
	struct dirent *e;
	DIR *d;

	test_store_close(t);
	d = opendir(t->dir);
	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	assert_int_equal(rmdir(t->dir), 0);
}

struct rc_view *test_view(struct test_store *t)
{
	struct rc_err err = {0};
	struct rc_view *v;

	if (rc_view_begin(t->store, &v, &err))
		fail_msg("%s", err.what);
	return v;
}

void test_view_end(struct rc_view *v)
{
	struct rc_err err = {0};

	if (rc_view_end(v, &err))
		fail_msg("%s", err.what);
}

struct rc_known test_known(unsigned i, char buf[64])
{
	struct rc_known k;
	int key = snprintf(buf, 32, "k%u", i), name = snprintf(buf + 32, 32, "User%u", i);

	memset(&k, 0, sizeof(k));
	k.key = (struct rc_slice){buf, (size_t)key};
	k.name = (struct rc_slice){buf + 32, (size_t)name};
	k.flags = RC_KNOWN_MANAGED;
	k.changed_at_ns = 1000;
	k.created_at_ns = 500;
	memcpy(k.fingerprint, &i, sizeof(i));
	k.fingerprint[15] = 1;
	return k;
}

void test_store_begin(struct test_store *t)
{
	test_store_dir(t);
	test_store_open(t);
	test_store_write(t);
}

void test_store_flush(struct test_store *t)
{
	struct rc_err err = {0};

	if (rc_writer_flush_wait(t->writer, &err))
		fail_msg("%s", err.what);
}

struct rc_name_owner test_name_owner(struct test_store *t, const char *server, const char *name)
{
	struct rc_view *v = test_view(t);
	struct rc_name_owner o = rc_view_name(v, t->target, rc_slice_str(server), rc_slice_str(name));
	struct rc_name_asked many[] = {{RC_SLICE("nowhere"), rc_slice_str(name), {0}},
				       {rc_slice_str(server), rc_slice_str(name), {0}},
				       {rc_slice_str(server), RC_SLICE("nobody at all"), {0}},
				       {rc_slice_str(server), rc_slice_str(name), {0}}};

	rc_view_names(v, t->target, many, 4); /* the same, in whatever order they are looked at */
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(many[i].owner.kind, i & 1 ? o.kind : RC_NAME_FREE);
	assert_memory_equal(many[1].owner.key_hash, o.key_hash, sizeof(o.key_hash));
	assert_memory_equal(many[3].owner.key_hash, o.key_hash, sizeof(o.key_hash));
	test_view_end(v);
	return o;
}
