/* engine/store/words.h - texts that many values repeat (run ids, groups, servers, field names), each kept once under a
 * number. Used inside engine/store only.
 *
 * Numbers begin at 1 and are never given twice. One that was given lives in memory until the next commit, which stores
 * it with the values that use it. Giving and finding are safe in any thread; what is found lives as long as the words.
 * Nothing about one person alone may become a word: words are not forgotten. */
#ifndef RC_STORE_WORDS_H
#define RC_STORE_WORDS_H
#include <stdbool.h>
#include <stdint.h>
#include "engine/store/kv.h"

struct rc_words;

enum { RC_WORD_BYTES = 255, RC_WORD_MANY = 1 << 20, RC_WORD_FEW = 1 << 14, RC_WORD_PLACES = 128 };

struct rc_words *rc_words_new(void);
void rc_words_free(struct rc_words *w); /* NULL is fine */

/* Takes in what the table holds and drops what was numbered but never stored. */
void rc_words_load(struct rc_words *w, struct rc_kv_txn *t);
/* Stores what was numbered since. */
void rc_words_store(struct rc_words *w, struct rc_kv_txn *t);

/* The number of a text, a new one when fewer than `most` are given; 0: the value must hold the text itself. */
uint32_t rc_words_give(struct rc_words *w, struct rc_slice text, uint32_t most);
/* The same, quicker for a text that was the last one asked for at this place, which is any number below RC_WORD_PLACES:
 * a field of values, say. */
uint32_t rc_words_give_at(struct rc_words *w, unsigned place, struct rc_slice text, uint32_t most);
uint32_t rc_words_last_at(struct rc_words *w, unsigned place, struct rc_slice *ret); /* that one; 0: there is none */
uint32_t rc_words_find(struct rc_words *w, struct rc_slice text);                    /* 0: it has none */
/* t: where a word that another process gave is looked up; NULL: nowhere. false: no such number. */
bool rc_words_text(struct rc_words *w, struct rc_kv_txn *t, uint64_t number, struct rc_slice *ret);

#endif
