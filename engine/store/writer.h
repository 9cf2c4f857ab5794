/* engine/store/writer.h - the only way to change the state: facts are queued, a thread of its own commits them in
 * groups.
 *
 * Every call encodes its arguments at once (nothing is borrowed afterwards), returns the fact's sequence number and
 * never waits for a disk. It waits only for room: when more than max_queue_bytes are queued, and this thread holds no
 * view. Facts are applied in the order they were queued, as far as anybody can tell.
 *
 * Groups   a commit holds everything queued when it begins, at least every max_group facts or max_delay_ms.
 * Put off  what is durable may still wait for its place in the tables (later.h): a view that begins waits for that.
 * Durable  the callback and rc_writer_durable() tell up to which number everything is on disk (fsync).
 * Errors   sticky: after the first failed commit (disk full, I/O, map at its bound) nothing is written any more, the
 *          callback is called once with the error, rc_writer_flush_wait() and rc_writer_stop() return it. What was told
 *          durable before stays so. Growing the map and retrying is done here, unseen.
 * Threads  any thread may queue; together_begin/end, put_known_event and the order_ calls from one thread at a time. */
#ifndef RC_WRITER_H
#define RC_WRITER_H
#include "engine/store/history.h"
#include "engine/store/journal.h"
#include "engine/store/meta.h"
#include "engine/store/snapshot.h"

struct rc_writer;

struct rc_writer_options {
	unsigned max_group;     /* 0: 1000 */
	unsigned max_delay_ms;  /* 0: 200 */
	size_t max_queue_bytes; /* 0: 64 MiB */
	size_t max_bulk_bytes;  /* of one group of a bulk load; 0: 256 MiB, about a million accounts */
	/* Called on the writer thread (or inside rc_writer_pump) after each commit, and once with an error. May be
	 * NULL. Must not call the writer. */
	void (*durable)(void *ctx, uint64_t seq, const struct rc_err *err);
	void *ctx;
	/* No thread: facts wait until rc_writer_pump() or _flush_wait() commits them in the caller's thread. For tests
	 * in virtual time. */
	bool manual;
	/* Seam: asked before each commit; anything but 0 is the errno the commit fails with. May be NULL. */
	int (*before_commit)(void *ctx);
};

/* WRITE mode only; one writer per store. o NULL: defaults. */
enum rc_code rc_writer_start(struct rc_store *s, const struct rc_writer_options *o, struct rc_writer **ret,
			     struct rc_err *err);
/* Commits what is queued, ends the thread, frees. The sticky error or RC_OK. NULL is fine. */
enum rc_code rc_writer_stop(struct rc_writer *w, struct rc_err *err);
/* Frees without committing what is queued (a crash, politely). */
void rc_writer_abandon(struct rc_writer *w);

uint64_t rc_writer_durable(const struct rc_writer *w); /* everything up to here is on disk */
uint64_t rc_writer_queued(const struct rc_writer *w);  /* number of the last queued fact */
enum rc_code rc_writer_error(struct rc_writer *w, struct rc_err *err);
void rc_writer_flush(struct rc_writer *w); /* commit now; does not wait */
/* Waits until everything queued before is durable and nothing is put off any more. RC_INTERNAL when this thread holds
 * a view. */
enum rc_code rc_writer_flush_wait(struct rc_writer *w, struct rc_err *err);
enum rc_code rc_writer_pump(struct rc_writer *w,
			    struct rc_err *err); /* manual mode: one commit of all that is queued */

/* What is queued in between goes into one transaction: all of it or none after a crash. No nesting; keep it small. */
void rc_writer_together_begin(struct rc_writer *w);
void rc_writer_together_end(struct rc_writer *w);

/* Large groups, no time limit, until turned off: a list of accounts, their adoption. Each group is sorted, and what
 * comes behind all that its tables hold is appended: a load of one group into empty tables fills pages whole and
 * touches each once. The queue may hold max_bulk_bytes meanwhile. */
void rc_writer_bulk(struct rc_writer *w, bool on);

uint64_t rc_writer_id(struct rc_writer *w); /* a fresh number for an op or a batch; never used before in this state */

/* --- records. The indexes (open, due, names) and the generation of the order follow by themselves ------------------
 */
uint64_t rc_writer_put_known(struct rc_writer *w, uint16_t target, const struct rc_known *k);
/* The same, and the index gives its name to this record although the record had it already: another one was promised
 * it meanwhile. */
uint64_t rc_writer_take_name(struct rc_writer *w, uint16_t target, const struct rc_known *k);
/* The record, and the event that made it so: both or none after a crash. The record keeps the event, at a third of the
 * cost, when it tells the same. */
uint64_t rc_writer_put_known_event(struct rc_writer *w, uint16_t target, const struct rc_known *k,
				   const struct rc_event *e);
/* retired_ns: when the account's name became free (it counts as taken for name_reuse_days); 0: forget the name. */
uint64_t rc_writer_del_known(struct rc_writer *w, uint16_t target, struct rc_slice key, int64_t retired_ns);
/* One per (target, person, server, name); k->key is the person. */
uint64_t rc_writer_put_retiring(struct rc_writer *w, uint16_t target, const struct rc_known *k);
uint64_t rc_writer_del_retiring(struct rc_writer *w, uint16_t target, struct rc_slice key, struct rc_slice server,
				struct rc_slice name, int64_t retired_ns);
/* Names freed before this moment are free for anybody. */
uint64_t rc_writer_prune_names(struct rc_writer *w, uint16_t target, int64_t before_ns);

/* --- listings ------------------------------------------------------------------------------------------------------
 */
uint64_t rc_writer_clear_unmanaged(struct rc_writer *w, uint16_t target, struct rc_slice server);
uint64_t rc_writer_put_unmanaged(struct rc_writer *w, uint16_t target, const struct rc_unmanaged *u);
uint64_t rc_writer_del_unmanaged(struct rc_writer *w, uint16_t target, struct rc_slice server, struct rc_slice name);
uint64_t rc_writer_listing(struct rc_writer *w, uint16_t target, struct rc_slice server, const struct rc_listing *l);

/* --- journal and history -------------------------------------------------------------------------------------------
 */
uint64_t rc_writer_op(struct rc_writer *w, const struct rc_op_entry *op); /* the whole entry, new or again */
/* State alone; sent_ns 0 leaves it. An op that is not there stays away. */
uint64_t rc_writer_op_state(struct rc_writer *w, uint64_t id, enum rc_op_state state, int64_t at_ns, int64_t sent_ns);
uint64_t rc_writer_op_end(struct rc_writer *w, uint64_t id); /* its outcome is recorded: out of the journal */
uint64_t rc_writer_event(struct rc_writer *w, uint16_t target, const struct rc_event *e);
uint64_t rc_writer_run(struct rc_writer *w, const struct rc_run *r); /* begin (finished_ns 0), again, end */
/* Retention: events and finished runs before this moment go; the newest older event of a person stays while it says
 * access, because it tells who had access at the window's start. */
uint64_t rc_writer_prune_history(struct rc_writer *w, int64_t before_ns);
/* Every trace of a person on a target: record, retiring accounts, names, events, journal. */
uint64_t rc_writer_forget(struct rc_writer *w, uint16_t target, struct rc_slice key);

/* --- small facts ---------------------------------------------------------------------------------------------------
 */
uint64_t rc_writer_source(struct rc_writer *w, uint16_t source, const struct rc_source_facts *f);
uint64_t rc_writer_rate(struct rc_writer *w, struct rc_slice account, struct rc_slice server, const struct rc_rate *r);
uint64_t rc_writer_marks(struct rc_writer *w, const struct rc_run_marks *m);
uint64_t rc_writer_pause(struct rc_writer *w, const struct rc_pause *p);                   /* until_ns 0: resume */
uint64_t rc_writer_note(struct rc_writer *w, struct rc_slice name, struct rc_slice value); /* value n 0: remove */

/* --- the order sequence --------------------------------------------------------------------------------------------
 */
/* A new sequence of a source grows beside the old one, chunk by chunk, and takes its place with _commit, stamped with
 * the generation of the records at that point of the queue: queue it after the outcomes of the run. One that is never
 * committed is dropped by the next _begin. raw: 16-byte raw row hashes are given too, and, unless groups is NULL, one
 * of the text of each RC_ORDER_GROUP rows (all zero: they were no one text); then every call but the last gives whole
 * groups. */
uint64_t rc_writer_order_begin(struct rc_writer *w, uint16_t source, const uint8_t seed[16], bool raw);
uint64_t rc_writer_order_add(struct rc_writer *w, uint16_t source, const uint8_t (*rows)[16],
			     const uint8_t (*keys)[RC_HASH_BYTES], const uint8_t (*raw)[16],
			     const uint8_t (*groups)[16], size_t n);
uint64_t rc_writer_order_commit(struct rc_writer *w, uint16_t source);
uint64_t rc_writer_order_drop(struct rc_writer *w, uint16_t source); /* the next run joins instead of walking */

#endif
