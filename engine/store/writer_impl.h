/* engine/store/writer_impl.h - the queue between whoever states facts and the thread that commits them. Used inside
 * engine/store only. */
#ifndef RC_WRITER_IMPL_H
#define RC_WRITER_IMPL_H
#include "engine/store/fact.h"
#include <pthread.h>
#include <stdatomic.h>

/* A sequence being assembled into whole blocks, on the stating side. */
struct rc_order_build {
	struct rc_order_build *next;
	struct rc_order_value value;
	uint16_t source;
	uint8_t (*rows)[16], (*keys)[16], (*raw)[16]; /* RC_ORDER_BLOCK each */
	uint8_t groups[RC_ORDER_BLOCK / RC_ORDER_GROUP][16];
	bool grouped; /* some of them say something */
	size_t n;
};

struct rc_ahead_piece;

struct rc_writer {
	struct rc_store *store;
	struct rc_writer_options o;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t mu;
	pthread_cond_t work, done; /* done: a commit ended, room came free */
	struct rc_facts queue;
	size_t safe_bytes; /* of the queue: not inside of an open together */
	uint64_t safe_count, safe_seq;
	int64_t oldest_ns; /* monotonic, when the oldest safe fact came; 0: none */
	uint64_t seq;
	bool together, flush, bulk, stop, abandon;
	bool settle;       /* what is put off goes into the tables now */
	bool whole;        /* the next group goes there, too */
	struct rc_err err; /* sticky */
	atomic_uint_fast64_t durable, next_id;
	struct rc_facts active;                /* being committed */
	size_t fact_at;                        /* in the queue: where the one being encoded begins */
	struct {                               /* see writer_ahead.c */
		size_t bytes;                  /* that were touched */
		size_t look_at;                /* bytes of the queue from which on there is more to do */
		size_t room, room_end;         /* of the queue's own: up to where it was touched, and where it ends */
		unsigned slow;                 /* steps in a row for which there was no memory at hand */
		struct rc_ahead_piece *pieces; /* the latest first; of the committing thread */
	} ahead;

	/* Of the event stated last: two people with one reason share it. The reason may be longer than what is kept. */
	struct rc_buf last_reason;
	struct rc_hash last_person;

	struct rc_order_build *orders;
};

/* A fact that is written in the queue itself, which is locked until close: all of the head but size and value_n goes to
 * what this returns, its seq is w->seq; behind it key and name; what is told to the buffer with rc_buf_took() so far
 * may be `about` bytes and the head. The value is appended. */
struct rc_fact *rc_writer_begin(struct rc_writer *w, size_t about);
/* A fact whose value is encoded in the queue itself: append it to what open returns, then close. In between the queue
 * is locked. Everything but seq, size and lengths is taken from *head; more_state is added to its state. about: bytes
 * of the value, as far as known. */
struct rc_buf *rc_writer_open(struct rc_writer *w, const struct rc_fact *head, struct rc_slice key,
			      struct rc_slice name, size_t about);
uint64_t rc_writer_close(struct rc_writer *w, uint8_t more_state);

/* Touches some of the memory that the commit of a bulk load will take; mu held, released meanwhile. false: enough. */
bool rc_ahead_step(struct rc_writer *w);
/* Gives it to whoever asks the heap next; all: also the piece that keeps the heap from shrinking. */
void rc_ahead_give(struct rc_writer *w, bool all);

/* A fact to be queued: everything but seq, size, key_n and value_n is taken from *head. */
uint64_t rc_writer_state(struct rc_writer *w, const struct rc_fact *head, struct rc_slice key, struct rc_slice value);

#endif
