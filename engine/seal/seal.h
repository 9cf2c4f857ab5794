/* engine/seal/seal.h - generated passwords, written so that only the holder of a key can read them.
 *
 * One file over all runs: a sequence of PEM CMS blocks (AuthEnvelopedData, AES-256-GCM), append-only, mode 0600. The
 * plaintext of a block is CSV; docs/credentials.md describes it, the entries that hold no password included.
 *
 * Use     load certificates; open the file; fill a batch (loop thread); commit it (any thread, it blocks); only then
 *         make the call that needs the password.
 * Thread  certificates are read-only once loaded and may be shared. One batch belongs to one thread at a time. Commits
 *         to one file may come from several threads; they take turns, other processes included.
 * Secrets a batch's memory is cleansed whenever it shrinks, is committed or freed. No message holds a password. */
#ifndef RC_SEAL_H
#define RC_SEAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/base/err.h"
#include "engine/base/slice.h"

enum {
	RC_SEAL_BATCH = 200,           /* entries in a block */
	RC_SEAL_ENTRY_BYTES = 1 << 20, /* largest entry, columns included */
	RC_SEAL_BATCH_BYTES = 2 << 20, /* a batch is full at this size, too */
	RC_SEAL_COLUMNS = 1000,        /* included columns at most, as in the config's schema */
};

/* ---- who may read: certificates ---- */

struct rc_seal_certs;

/* Loads certificates (PEM or DER; the first of each file; RSA from 2048 bits or EC). RC_CONFIG, naming file and reason:
 * unreadable, none inside, expired or not yet valid at now_wall_ns, or a key that nothing can be sealed to. */
enum rc_code rc_seal_certs_load(const char *const *paths, size_t n, int64_t now_wall_ns, struct rc_seal_certs **ret,
				struct rc_err *err);
void rc_seal_certs_free(struct rc_seal_certs *c);

/* The same judgement on one file, for `check`. *ret_until_ns (may be NULL): when it expires. */
enum rc_code rc_seal_cert_check(const char *path, int64_t now_wall_ns, int64_t *ret_until_ns, struct rc_err *err);

/* ---- what is sealed: a batch ---- */

enum rc_seal_kind {
	RC_SEAL_PASSWORD, /* the account has this password from now on */
	RC_SEAL_LOCK,     /* it has one that nobody knows */
	RC_SEAL_VOID,     /* what run_id sealed for this account did not take: the entry before it counts again */
};

struct rc_seal_entry {
	enum rc_seal_kind kind;
	struct rc_slice run_id;                    /* VOID: of the run whose entry is withdrawn */
	struct rc_slice target, server, key, name; /* the account is (target, server, name) */
	struct rc_slice password;                  /* PASSWORD only, not empty */
	int64_t created_at_ns;                     /* wall; not used for VOID */
	const struct rc_slice *columns;            /* values of the batch's columns, in order; NULL: all empty */
};

struct rc_seal_batch;

/* A batch for these readers; columns are the names of included source columns. One that is named like a column that
 * credentials have anyway (`name`) becomes `source.name`. The certificates must outlive the batch. Never NULL. */
struct rc_seal_batch *rc_seal_batch_new(const struct rc_seal_certs *to, const char *const *columns, size_t n);
void rc_seal_batch_free(struct rc_seal_batch *b);

/* Copies an entry. RC_DATA: it is larger than RC_SEAL_ENTRY_BYTES; RC_INTERNAL: the batch was full, or a password is
 * missing or where none belongs. On an error the batch is as before. */
enum rc_code rc_seal_add(struct rc_seal_batch *b, const struct rc_seal_entry *e, struct rc_err *err);
size_t rc_seal_count(const struct rc_seal_batch *b);
bool rc_seal_full(const struct rc_seal_batch *b); /* commit before adding more */

/* ---- where to: the file ---- */

struct rc_seal;

/* Opens the file, makes it (0600, directory synced) where it is missing, takes others' rights off it, and closes off
 * what a crash left half-written at its end. RC_CANTCREAT: a symlink, no regular file, another user's, not writable. */
enum rc_code rc_seal_open(const char *path, struct rc_seal **ret, struct rc_err *err);
void rc_seal_close(struct rc_seal *s);

/* Writes the batch as one block and syncs it; blocks for that long. On success the batch is empty again, and the
 * passwords in it may be used. An empty batch writes nothing.
 * RC_CANTCREAT: use none of them. They are gone from the batch, so that no later commit seals a password that was never
 * set; void entries stay for the next commit, as what they withdraw is on disk. What was written is taken back where
 * the file system lets us; on an append-only file it may be found, so void the entries before their accounts are
 * trusted. */
enum rc_code rc_seal_commit(struct rc_seal *s, struct rc_seal_batch *b, struct rc_err *err);

#endif
