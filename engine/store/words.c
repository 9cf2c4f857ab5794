#include "engine/store/words.h"
#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/bytes.h"
#include "engine/store/layout.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CHUNK = 1024, CHUNKS = RC_WORD_MANY / CHUNK, RECENT = 256 };

struct word {
	struct rc_slice text;
	uint32_t number; /* says no more than where it lies */
};

struct rc_words {
	pthread_mutex_t mu; /* over all but what lies below count */
	atomic_uint count;  /* texts that may be read without mu: 1 to count */
	/* Words asked for last, believed if the text is the same: numbers by recent_of(), and by who asks. */
	atomic_uint recent[RECENT];
	_Atomic(const struct word *) at[RC_WORD_PLACES];
	struct word *chunks[CHUNKS];
	uint32_t *slots; /* numbers by hash of their text, 0: free */
	uint32_t n_slots;
	struct rc_arena mem;
};

struct rc_words *rc_words_new(void)
{
	struct rc_words *w = rc_xcalloc(1, sizeof(*w));

	pthread_mutex_init(&w->mu, NULL);
	return w;
}

void rc_words_free(struct rc_words *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < CHUNKS && w->chunks[i]; i++)
		free(w->chunks[i]);
	free(w->slots);
	rc_arena_done(&w->mem);
	pthread_mutex_destroy(&w->mu);
	free(w);
}

static const struct word *word_of(const struct rc_words *w, uint32_t number)
{
	return &w->chunks[(number - 1) / CHUNK][(number - 1) % CHUNK];
}

static struct rc_slice text_of(const struct rc_words *w, uint32_t number)
{
	return word_of(w, number)->text;
}

static uint32_t hash_of(struct rc_slice text)
{
	return (uint32_t)XXH3_64bits(text.p, text.n);
}

/* Where a text is, or where it would be. */
static uint32_t *slot(const struct rc_words *w, struct rc_slice text, uint32_t hash)
{
	uint32_t i = hash & (w->n_slots - 1);

	while (w->slots[i] && !rc_slice_eq(text_of(w, w->slots[i]), text))
		i = (i + 1) & (w->n_slots - 1);
	return &w->slots[i];
}

static void rehash(struct rc_words *w, uint32_t n_slots)
{
	free(w->slots);
	w->slots = rc_xcalloc(n_slots, sizeof(*w->slots));
	w->n_slots = n_slots;
	for (uint32_t n = 1; n <= atomic_load(&w->count); n++)
		*slot(w, text_of(w, n), hash_of(text_of(w, n))) = n;
}

static uint32_t add(struct rc_words *w, struct rc_slice text)
{
	uint32_t n = atomic_load(&w->count) + 1;
	struct word **chunk = &w->chunks[(n - 1) / CHUNK];

	if (!*chunk)
		*chunk = rc_xcalloc(CHUNK, sizeof(**chunk));
	(*chunk)[(n - 1) % CHUNK] = (struct word){rc_arena_copy(&w->mem, text), n};
	atomic_store(&w->count, n);
	if (n * 2 > w->n_slots)
		rehash(w, w->n_slots ? w->n_slots * 2 : 256);
	else
		*slot(w, text, hash_of(text)) = n;
	return n;
}

static struct rc_key word_key(uint32_t number)
{
	struct rc_key k = {.n = 0};

	rc_key_u32(&k, number);
	return k;
}

/* mu held. Numbers follow one another: the first one that is not there is the end. */
static void take_in(struct rc_words *w, struct rc_kv_txn *t)
{
	for (;;) {
		uint32_t n = atomic_load(&w->count) + 1;
		struct rc_key k = word_key(n);
		struct rc_slice text;

		if (n > RC_WORD_MANY || !rc_kv_get(t, RC_KV_WORDS, rc_key_slice(&k), &text))
			return;
		add(w, text);
	}
}

void rc_words_load(struct rc_words *w, struct rc_kv_txn *t)
{
	uint64_t stored = rc_kv_count(t, RC_KV_WORDS);

	pthread_mutex_lock(&w->mu);
	if (atomic_load(&w->count) > stored) {
		atomic_store(&w->count, (unsigned)stored);
		rehash(w, w->n_slots);
	}
	take_in(w, t);
	pthread_mutex_unlock(&w->mu);
}

void rc_words_store(struct rc_words *w, struct rc_kv_txn *t)
{
	uint32_t n = (uint32_t)rc_kv_count(t, RC_KV_WORDS), count = atomic_load(&w->count);

	while (n++ < count) {
		struct rc_key k = word_key(n);

		rc_kv_put(t, RC_KV_WORDS, rc_key_slice(&k), text_of(w, n));
	}
}

uint32_t rc_words_find(struct rc_words *w, struct rc_slice text)
{
	uint32_t n = 0;

	pthread_mutex_lock(&w->mu);
	if (w->n_slots)
		n = *slot(w, text, hash_of(text));
	pthread_mutex_unlock(&w->mu);
	return n;
}

/* A place by length, beginning and end: quicker than hash_of(), and texts that share it only take turns there. */
static atomic_uint *recent_of(struct rc_words *w, struct rc_slice text)
{
	uint64_t x;

	if (text.n >= 8)
		x = rc_eight(text.p) * 31 + rc_eight(text.p + text.n - 8);
	else if (text.n >= 4)
		x = (uint64_t)rc_four(text.p) << 32 | rc_four(text.p + text.n - 4);
	else
		x = (uint64_t)(unsigned char)text.p[0] << 8 | (unsigned char)text.p[text.n - 1];
	return &w->recent[(x + text.n) * 0x9e3779b97f4a7c15u >> 56];
}

/* Whether a number is given, now: whoever drops words does not look for what is still believed to be one. */
static inline bool given(struct rc_words *w, uint32_t n)
{
	return n - 1 < atomic_load_explicit(&w->count, memory_order_acquire); /* 0 is beyond all */
}

/* An account takes some ten words, nearly always those of the account before: without mu. 0: ask the table. */
static uint32_t find_recent(struct rc_words *w, struct rc_slice text)
{
	uint32_t n = atomic_load_explicit(recent_of(w, text), memory_order_relaxed);

	return given(w, n) && rc_bytes_eq(text_of(w, n), text) ? n : 0;
}

/* Kept apart, so that the usual case needs no more registers than it has. */
static __attribute__((noinline)) uint32_t give(struct rc_words *w, struct rc_slice text, uint32_t most)
{
	uint32_t n = 0;

	pthread_mutex_lock(&w->mu);
	if (w->n_slots)
		n = *slot(w, text, hash_of(text));
	if (!n && atomic_load(&w->count) < most)
		n = add(w, text);
	if (n)
		atomic_store(recent_of(w, text), n);
	pthread_mutex_unlock(&w->mu);
	return n;
}

uint32_t rc_words_give(struct rc_words *w, struct rc_slice text, uint32_t most)
{
	uint32_t n;

	if (!text.n || text.n > RC_WORD_BYTES)
		return 0;
	n = find_recent(w, text);
	return n ? n : give(w, text, most);
}

static const struct word *last_at(struct rc_words *w, unsigned place)
{
	const struct word *last = atomic_load_explicit(&w->at[place], memory_order_acquire);

	return last && given(w, last->number) ? last : NULL;
}

uint32_t rc_words_last_at(struct rc_words *w, unsigned place, struct rc_slice *ret)
{
	const struct word *last = last_at(w, place);

	if (!last)
		return 0;
	*ret = last->text;
	return last->number;
}

static __attribute__((noinline)) uint32_t give_at(struct rc_words *w, unsigned place, struct rc_slice text,
						  uint32_t most)
{
	uint32_t n = rc_words_give(w, text, most);

	if (n)
		atomic_store(&w->at[place], word_of(w, n));
	return n;
}

uint32_t rc_words_give_at(struct rc_words *w, unsigned place, struct rc_slice text, uint32_t most)
{
	const struct word *last = last_at(w, place);

	return last && rc_bytes_eq(last->text, text) ? last->number : give_at(w, place, text, most);
}

bool rc_words_text(struct rc_words *w, struct rc_kv_txn *t, uint64_t number, struct rc_slice *ret)
{
	if (!number || number > RC_WORD_MANY)
		return false;
	if (number > atomic_load(&w->count) && t) {
		pthread_mutex_lock(&w->mu);
		take_in(w, t);
		pthread_mutex_unlock(&w->mu);
	}
	if (number > atomic_load(&w->count))
		return false;
	*ret = text_of(w, (uint32_t)number);
	return true;
}
