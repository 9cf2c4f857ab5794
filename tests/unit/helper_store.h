/* tests/unit/helper_store.h - a state directory of a test's own, opened, bound and thrown away. */
#ifndef RC_HELPER_STORE_H
#define RC_HELPER_STORE_H
#include "engine/store/lock.h"
#include "engine/store/writer.h"

struct test_store {
	char dir[64];
	struct rc_lock *lock;
	struct rc_store *store;
	struct rc_writer *writer;
	struct rc_arena mem;
	uint16_t target;
};

void test_store_dir(struct test_store *t);     /* an empty temporary directory */
void test_store_open(struct test_store *t);    /* lock, open, bind target "vpn"; no writer */
void test_store_write(struct test_store *t);   /* starts a writer in manual mode */
void test_store_close(struct test_store *t);   /* what is open; the directory stays */
void test_store_release(struct test_store *t); /* what is there but a writer, which has ended */
void test_store_done(struct test_store *t);    /* closes and removes the directory */
void test_store_begin(struct test_store *t);   /* all of these, on an empty directory */
void test_store_flush(struct test_store *t);   /* until what was stated is durable */
struct rc_view *test_view(struct test_store *t);
void test_view_end(struct rc_view *v); /* expects no error */

/* A managed, settled record of key "k<i>", name "User<i>", fingerprint of i. */
struct rc_known test_known(unsigned i, char buf[64]);

/* Whose a name is, asked for alone and among others. */
struct rc_name_owner test_name_owner(struct test_store *t, const char *server, const char *name);

#endif
