/* engine/store/store.h - the state directory: one LMDB environment that holds all rollcall remembers.
 *
 * Layout of the file: schemas/store-format.md. Reading goes through a view (one consistent picture), writing through
 * the writer (writer.h), which is the only thread that changes anything; the run lock (lock.h) keeps a second process
 * away.
 *
 * Times    wall clock, ns since 1970 UTC; 0 is "none".
 * Errors   RC_CANTCREAT (73) for everything the file system or the file's contents do to us: newer format, damage, full
 *          disk, network file system, symlinks. Reads never fail one by one: the first error sticks in the view, the
 *          read says "nothing there", and rc_view_end() tells.
 *          What a running or a killed command has put off (later.h) is in the tables for whoever opens a state: to
 *          read, in a copy of the file in $TMPDIR.
 * Threads  a store may be shared; a view belongs to the thread that began it.
 * Memory   slices that come out of a view point into the map and die with rc_view_end(): no view stays open while
 *          anything waits for a network, and none across a callback. */
#ifndef RC_STORE_H
#define RC_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/account_schema.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/base/slice.h"

struct rc_store;
struct rc_view;
struct rc_lock;

enum rc_store_mode {
	RC_STORE_READ,  /* takes no lock, creates nothing; a state that does not exist yet is an empty one */
	RC_STORE_WRITE, /* creates what is missing (0700, 0600); needs the run lock */
};

enum { RC_HASH_BYTES = 16, RC_SCRATCH_DIR = 300 };

struct rc_store_options {
	const char *dir;
	enum rc_store_mode mode;
	const struct rc_lock *lock;   /* of the same directory; required for RC_STORE_WRITE */
	const struct rc_clock *clock; /* the seed comes from its random source; NULL: rc_clock_system */
	uint64_t map_max_bytes;       /* bound of the map's growth; 0: 256 GiB */
	bool scratch; /* a copy to be thrown away: an older format leaves nothing behind there, no power cut matters */
};

/* A state of an older format can be read; opened for writing, it is migrated first, and the old file is kept beside the
 * new one. RC_CANTCREAT with one clear line when the state is newer, damaged, on a network file system, behind a
 * symlink inside the directory or owned by somebody else. One process opens a directory once at a time. */
enum rc_code rc_store_open(const struct rc_store_options *o, struct rc_store **ret, struct rc_err *err);
void rc_store_close(struct rc_store *s); /* NULL is fine; no view and no writer may be left */

/* A private copy of a state, as it is committed now, in a directory of its own in $TMPDIR; a state that does not exist
 * yet is an empty directory. No store of `dir` may be open in this process. ret: the directory, for rc_scratch_drop()
 * (scratch.h). */
enum rc_code rc_store_clone(const char *dir, char ret[RC_SCRATCH_DIR], struct rc_err *err);

bool rc_store_exists(const struct rc_store *s); /* false: READ and nothing was ever written there */

/* Random, made once per state; seeds every hash of keys and names. A state that does not exist yet has one for the life
 * of this process only. */
uint64_t rc_store_seed(const struct rc_store *s);

/* The seeded XXH3-128 of a person's key, as the records and the order sequence use it. s NULL: of no state, to tell
 * keys apart. */
void rc_store_key_hash(const struct rc_store *s, struct rc_slice key, uint8_t ret[RC_HASH_BYTES]);

/* --- targets: a number instead of the name in every key ----------------------------------------------------------- */

struct rc_pair {
	struct rc_slice name, value;
};

struct rc_target_bound {
	uint16_t number;     /* for every call that takes a target */
	bool is_new;         /* never seen by this state */
	bool ids_differ;     /* the ids given are not the stored ones; nothing was stored */
	struct rc_pair *ids; /* the stored ones, in the arena given; NULL when is_new */
	size_t n_ids;
};

/* Number of a target; call once per configured target before anything else uses it, with no view open by this thread.
 * ids are what ties the snapshot to one place: endpoint, project, server ids (name, value; any order). In WRITE mode a
 * new target is stored durably; in READ mode it gets a number nobody has, where nothing is found. The schema is kept
 * by pointer and used to encode and decode accounts of the target. */
enum rc_code rc_store_bind(struct rc_store *s, struct rc_slice name, const struct rc_account_schema *schema,
			   const struct rc_pair *ids, size_t n_ids, struct rc_arena *mem, struct rc_target_bound *ret,
			   struct rc_err *err);

/* Stores other ids for a bound target (refresh --rebind, a pool that grew). Durable on return. */
enum rc_code rc_store_rebind(struct rc_store *s, uint16_t target, const struct rc_pair *ids, size_t n_ids,
			     struct rc_err *err);

/* Every target the state has ever seen, also those gone from the config, by number. */
struct rc_target_known {
	uint16_t number;
	struct rc_slice name, connector;
};
enum rc_code rc_store_targets(struct rc_store *s, struct rc_arena *mem, struct rc_target_known **ret, size_t *ret_n,
			      struct rc_err *err);

/* --- views -------------------------------------------------------------------------------------------------------- */

/* A consistent picture of what is committed. Cheap (microseconds). Waits while the map grows, unless this thread holds
 * a view already. */
enum rc_code rc_view_begin(struct rc_store *s, struct rc_view **ret, struct rc_err *err);
/* A look-up maps the pages around it, so that many of them, in no order of the file, end up holding most of it: takes
 * that out of this process's memory. It stays in the system's cache, and slices stay good. */
/* Of no other view of this process, ever; never 0. */
uint64_t rc_view_serial(const struct rc_view *v);
void rc_view_let_go(struct rc_view *v);
/* Ends the view and every slice and cursor from it; the first error of any read in it, or RC_OK. NULL is fine. */
enum rc_code rc_view_end(struct rc_view *v, struct rc_err *err);
/* Whether a read has failed already: long walks ask now and then. */
bool rc_view_failed(const struct rc_view *v);

/* --- housekeeping ------------------------------------------------------------------------------------------------- */

struct rc_store_size {
	uint64_t file_bytes, used_bytes, free_bytes, map_bytes;
};
enum rc_code rc_store_size(struct rc_store *s, struct rc_store_size *ret, struct rc_err *err);

/* Rewrites the file without its free pages when more than half of it (and at least 16 MiB) is free, when most of its
 * records (and at least 20,000) are new since it was opened, or when `always`.
 * WRITE mode, no view, no writer. Readers of other processes keep the old picture until they end. On any error the
 * state is as it was. */
enum rc_code rc_store_compact(struct rc_store *s, bool always, bool *ret_done, struct rc_err *err);

#endif
