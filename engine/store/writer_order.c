/* The order sequence, assembled into whole blocks before it is queued. */
#include "engine/base/alloc.h"
#include "engine/store/writer_impl.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct rc_order_build *find(struct rc_writer *w, uint16_t source)
{
	struct rc_order_build *b = w->orders;

	while (b && b->source != source)
		b = b->next;
	return b;
}

static void drop(struct rc_writer *w, uint16_t source)
{
	for (struct rc_order_build **p = &w->orders, *b; (b = *p); p = &b->next)
		if (b->source == source) {
			*p = b->next;
			free(b->rows);
			free(b);
			return;
		}
}

uint64_t rc_writer_order_begin(struct rc_writer *w, uint16_t source, const uint8_t seed[16], bool raw)
{
	struct rc_fact f = {.kind = RC_FACT_ORDER_BEGIN, .target = source};
	struct rc_order_build *b;

	drop(w, source);
	b = rc_xcalloc(1, sizeof(*b));
	b->source = source;
	b->value.raw = raw;
	memcpy(b->value.seed, seed, sizeof(b->value.seed));
	b->value.epoch = (uint32_t)rc_writer_id(w);
	b->rows = rc_xmalloc((size_t)3 * RC_ORDER_BLOCK * 16);
	b->keys = b->rows + RC_ORDER_BLOCK;
	b->raw = b->keys + RC_ORDER_BLOCK;
	b->next = w->orders;
	w->orders = b;
	return rc_writer_state(w, &f, (struct rc_slice){"", 0}, (struct rc_slice){"", 0});
}

static void put_groups(struct rc_writer *w, struct rc_order_build *b, uint32_t block)
{
	struct rc_fact f = {.kind = RC_FACT_PUT, .table = RC_KV_ORDER};
	struct rc_key k = rc_key_order(b->source, b->value.epoch, block | RC_ORDER_GROUPS);

	if (b->grouped)
		rc_writer_state(w, &f, rc_key_slice(&k),
				(struct rc_slice){(const char *)b->groups, b->n / RC_ORDER_GROUP * 16});
	if (b->grouped)
		memset(b->groups, 0, sizeof(b->groups));
	b->grouped = false;
}

static uint64_t put_block(struct rc_writer *w, struct rc_order_build *b)
{
	struct rc_fact f = {.kind = RC_FACT_PUT, .table = RC_KV_ORDER};
	uint32_t block = (uint32_t)((b->value.n - 1) / RC_ORDER_BLOCK);
	struct rc_key k = rc_key_order(b->source, b->value.epoch, block);
	struct rc_slice value = {(const char *)b->rows, b->n * (b->value.raw ? 48 : 32)};

	put_groups(w, b, block);
	if (b->n < RC_ORDER_BLOCK) { /* the parts of a short block lie close together */
		memmove(b->rows + b->n, b->keys, b->n * 16);
		memmove(b->rows + 2 * b->n, b->raw, b->n * 16);
	}
	b->n = 0;
	return rc_writer_state(w, &f, rc_key_slice(&k), value);
}

static void add_groups(struct rc_order_build *b, const uint8_t (*groups)[16], size_t n)
{
	static const uint8_t none[16];

	assert(!groups || b->n % RC_ORDER_GROUP == 0);
	for (size_t i = 0; groups && i < n / RC_ORDER_GROUP; i++) {
		uint8_t *to = b->groups[b->n / RC_ORDER_GROUP + i];

		memcpy(to, groups[i], 16);
		b->grouped |= memcmp(to, none, 16) != 0;
	}
}

uint64_t rc_writer_order_add(struct rc_writer *w, uint16_t source, const uint8_t (*rows)[16],
			     const uint8_t (*keys)[RC_HASH_BYTES], const uint8_t (*raw)[16],
			     const uint8_t (*groups)[16], size_t n)
{
	struct rc_order_build *b = find(w, source);
	uint64_t seq = rc_writer_queued(w);

	assert(b && (!b->value.raw || raw || !n));
	while (n) {
		size_t some = RC_ORDER_BLOCK - b->n < n ? RC_ORDER_BLOCK - b->n : n;

		memcpy(b->rows + b->n, rows, some * 16);
		memcpy(b->keys + b->n, keys, some * 16);
		if (b->value.raw) {
			memcpy(b->raw + b->n, raw, some * 16);
			raw += some;
			add_groups(b, groups, some);
			groups = groups ? groups + some / RC_ORDER_GROUP : NULL;
		}
		b->n += some;
		b->value.n += some;
		rows += some;
		keys += some;
		n -= some;
		if (b->n == RC_ORDER_BLOCK)
			seq = put_block(w, b);
	}
	return seq;
}

uint64_t rc_writer_order_commit(struct rc_writer *w, uint16_t source)
{
	struct rc_fact f = {.kind = RC_FACT_ORDER_COMMIT, .target = source};
	struct rc_order_build *b = find(w, source);
	struct rc_buf value = {0};
	uint64_t seq;

	assert(b);
	if (b->n)
		put_block(w, b);
	rc_codec_encode(&rc_codec_order, NULL, &b->value, NULL, &value);
	seq = rc_writer_state(w, &f, (struct rc_slice){"", 0}, rc_buf_slice(&value));
	rc_buf_done(&value);
	drop(w, source);
	return seq;
}

uint64_t rc_writer_order_drop(struct rc_writer *w, uint16_t source)
{
	struct rc_fact f = {.kind = RC_FACT_ORDER_DROP, .target = source};

	drop(w, source);
	return rc_writer_state(w, &f, (struct rc_slice){"", 0}, (struct rc_slice){"", 0});
}
