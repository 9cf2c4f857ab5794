#include "engine/seal/seal_batch.h"
#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/seal/seal_csv.h"
#include <openssl/crypto.h>
#include <stdlib.h>

static bool is_fixed(const char *name)
{
	for (size_t i = 0; i < RC_SEAL_FIXED; i++)
		if (strcmp(name, rc_seal_column_names[i]) == 0)
			return true;
	return false;
}

struct rc_seal_batch *rc_seal_batch_new(const struct rc_seal_certs *to, const char *const *columns, size_t n)
{
	struct rc_seal_batch *b = rc_xcalloc(1, sizeof(*b));
	struct rc_slice cells[RC_SEAL_FIXED + RC_SEAL_COLUMNS];
	struct rc_arena mem = {0};

	b->to = to;
	b->columns = n < RC_SEAL_COLUMNS ? n : RC_SEAL_COLUMNS;
	b->rows.secret = true;
	for (size_t i = 0; i < RC_SEAL_FIXED; i++)
		cells[i] = rc_slice_str(rc_seal_column_names[i]);
	for (size_t i = 0; i < b->columns; i++)
		cells[RC_SEAL_FIXED + i] = rc_slice_str(
			is_fixed(columns[i]) ? rc_arena_printf(&mem, "source.%s", columns[i]) : columns[i]);
	rc_seal_csv_row(&b->head, cells, RC_SEAL_FIXED + b->columns);
	rc_arena_done(&mem);
	return b;
}

void rc_seal_batch_free(struct rc_seal_batch *b)
{
	if (!b)
		return;
	rc_buf_done(&b->head);
	rc_buf_wipe(&b->rows);
	rc_buf_done(&b->voids);
	free(b);
}

static void shrink(struct rc_buf *rows, size_t to)
{
	if (rows->n > to)
		OPENSSL_cleanse(rows->p + to, rows->n - to);
	rows->n = to;
	rows->overflow = false;
}

void rc_seal_batch_clear(struct rc_seal_batch *b)
{
	shrink(&b->rows, 0);
	rc_buf_clear(&b->voids);
	b->n = b->n_voids = 0;
}

void rc_seal_batch_keep_voids(struct rc_seal_batch *b)
{
	shrink(&b->rows, 0);
	rc_buf_addslice(&b->rows, rc_buf_slice(&b->voids));
	b->n = b->n_voids;
}

size_t rc_seal_count(const struct rc_seal_batch *b)
{
	return b->n;
}

bool rc_seal_full(const struct rc_seal_batch *b)
{
	return b->n >= RC_SEAL_BATCH || b->rows.n >= RC_SEAL_BATCH_BYTES;
}

static void add_row(struct rc_seal_batch *b, const struct rc_seal_entry *e)
{
	struct rc_slice cells[RC_SEAL_FIXED + RC_SEAL_COLUMNS] = {
		[RC_SEAL_RUN_ID] = e->run_id, [RC_SEAL_TARGET] = e->target, [RC_SEAL_SERVER] = e->server,
		[RC_SEAL_KEY] = e->key,       [RC_SEAL_NAME] = e->name,     [RC_SEAL_PASSWD] = e->password,
	};
	char at[32] = "";

	if (e->kind != RC_SEAL_VOID)
		rc_time_iso(e->created_at_ns, at);
	cells[RC_SEAL_CREATED_AT] = rc_slice_str(at);
	for (size_t i = 0; e->columns && i < b->columns; i++)
		cells[RC_SEAL_FIXED + i] = e->columns[i];
	rc_seal_csv_row(&b->rows, cells, RC_SEAL_FIXED + b->columns);
}

enum rc_code rc_seal_add(struct rc_seal_batch *b, const struct rc_seal_entry *e, struct rc_err *err)
{
	size_t before = b->rows.n;

	if (rc_seal_full(b))
		return rc_fail(err, RC_INTERNAL, "a full batch of credentials was not committed");
	if ((e->kind == RC_SEAL_PASSWORD) != (e->password.n > 0))
		return rc_fail(err, RC_INTERNAL, "credentials of %.*s: a password is missing or out of place",
			       (int)(e->name.n < 100 ? e->name.n : 100), e->name.p);
	add_row(b, e);
	if (b->rows.n - before > RC_SEAL_ENTRY_BYTES) {
		shrink(&b->rows, before);
		return rc_fail(err, RC_DATA,
			       "credentials of %.*s are larger than 1 MiB: include smaller columns in credentials",
			       (int)(e->name.n < 100 ? e->name.n : 100), e->name.p);
	}
	if (e->kind == RC_SEAL_VOID) {
		rc_buf_add(&b->voids, b->rows.p + before, b->rows.n - before);
		b->n_voids++;
	}
	b->n++;
	return RC_OK;
}

void rc_seal_batch_plain(const struct rc_seal_batch *b, struct rc_buf *ret)
{
	rc_buf_reserve(ret, b->head.n + b->rows.n);
	rc_buf_addslice(ret, rc_buf_slice(&b->head));
	rc_buf_addslice(ret, rc_buf_slice(&b->rows));
}
