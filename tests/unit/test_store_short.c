/* Short forms: packed ids, words, and the newest event of a person, which their record keeps while it tells the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/store/newest.h"
#include "tests/unit/helper_store.h"

static void flush(struct test_store *t)
{
	struct rc_err err = {0};

	if (rc_writer_flush_wait(t->writer, &err))
		fail_msg("%s", err.what);
}

static void begin(struct test_store *t)
{
	test_store_dir(t);
	test_store_open(t);
	test_store_write(t);
}

static void test_ids(void **state)
{
	static const struct {
		const char *id;
		size_t n;
	} t[] = {
		{"7d948000-24b2-9d16-9480-9bb4e6821cc7", 16}, {"00000000-0000-0000-0000-000000000000", 16},
		{"ffffffff-ffff-ffff-ffff-ffffffffffff", 16}, {"KL6ziqRP-MCP3-HypT-F8Jm-xLrEEXzQmenE", 24},
		{"7D948000-24B2-9D16-9480-9BB4E6821CC7", 24}, {"ZZZZZZZZ-zzzz-9999-0000-AAAAAAAAAAAA", 24},
		{"7d948000-24b2-9d16-9480-9bb4e6821cc", 0},   {"7d948000-24b2-9d16-9480-9bb4e6821cc7a", 0},
		{"7d948000x24b2-9d16-9480-9bb4e6821cc7", 0},  {"7d948000-24b2-9d16-9480-9bb4e6821c_7", 0},
		{"7d948000-24b2-9d16-9480-9bb4e68-1cc7", 0},  {"", 0},
	};
	uint8_t packed[RC_ID_PACKED];
	char text[RC_ID_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		size_t n = rc_id_pack(rc_slice_str(t[i].id), packed);

		assert_int_equal(n, t[i].n);
		if (!n)
			continue;
		assert_true(rc_id_unpack((struct rc_slice){(const char *)packed, n}, text));
		assert_memory_equal(text, t[i].id, RC_ID_TEXT);
	}
	for (int i = 0; i < 256 * RC_ID_TEXT; i++) {
		int c = i % 256, at = i / 256;
		bool dash = at == 8 || at == 13 || at == 18 || at == 23;
		char id[] = "7d948000-24b2-9d16-9480-9bb4e6821cc7";
		bool lower = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'), other = c < 0x80 && isalnum(c);
		size_t n;

		id[at] = (char)c;
		n = rc_id_pack((struct rc_slice){id, RC_ID_TEXT}, packed);
		assert_int_equal(n, dash ? (c == '-' ? 16 : 0) : lower ? 16 : other ? 24 : 0);
		if (!n)
			continue;
		assert_true(rc_id_unpack((struct rc_slice){(const char *)packed, n}, text));
		assert_memory_equal(text, id, RC_ID_TEXT);
	}
	memset(packed, 0xff, sizeof(packed)); /* digits that there are not */
	assert_false(rc_id_unpack((struct rc_slice){(const char *)packed, 24}, text));
	assert_false(rc_id_unpack((struct rc_slice){(const char *)packed, 17}, text));
}

static void test_words(void **state)
{
	struct rc_words *w = rc_words_new();
	struct rc_slice got;
	char text[300];

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		struct rc_slice s = {text, (size_t)snprintf(text, sizeof(text), "word %u", i)};

		assert_int_equal(rc_words_give(w, s, RC_WORD_MANY), i + 1);
		assert_int_equal(rc_words_give(w, s, 1), i + 1); /* has one already */
	}
	assert_true(rc_words_text(w, NULL, 2500, &got));
	assert_true(rc_slice_eqs(got, "word 2499"));
	assert_false(rc_words_text(w, NULL, 0, &got) || rc_words_text(w, NULL, 3001, &got) ||
		     rc_words_text(w, NULL, UINT64_MAX, &got));
	assert_int_equal(rc_words_give(w, RC_SLICE("one more"), 3000), 0);
	assert_int_equal(rc_words_find(w, RC_SLICE("one more")), 0);
	memset(text, 'x', sizeof(text));
	assert_int_equal(rc_words_give(w, (struct rc_slice){text, 256}, RC_WORD_MANY), 0);
	assert_int_equal(rc_words_give(w, (struct rc_slice){0}, RC_WORD_MANY), 0);
	rc_words_free(w);
}

/* Texts of any length that differ in one place only, asked for in turn with the one they are like. */
static void test_words_alike(void **state)
{
	struct rc_words *w = rc_words_new();
	uint32_t next = 1;
	char text[40];

	(void)state;
	for (size_t n = 1; n <= sizeof(text); n++) {
		struct rc_slice s = {text, n};
		uint32_t plain;

		memset(text, 'a', n);
		plain = rc_words_give(w, s, RC_WORD_MANY);
		assert_int_equal(plain, next++);
		for (size_t at = 0; at < n; at++, next++) {
			text[at] = 'b';
			assert_int_equal(rc_words_give(w, s, RC_WORD_MANY), next);
			text[at] = 'a';
			assert_int_equal(rc_words_give(w, s, RC_WORD_MANY), plain);
			text[at] = 'b';
			assert_int_equal(rc_words_give(w, s, RC_WORD_MANY), next);
			text[at] = 'a';
		}
	}
	rc_words_free(w);
}

/* At a place: the same numbers, whatever was asked for there before. */
static void test_words_at(void **state)
{
	struct rc_words *w = rc_words_new();
	struct rc_slice last, s[3] = {RC_SLICE("staff"), RC_SLICE("stuff"), RC_SLICE("0b5703ea-ddac-1927-64e8")};

	(void)state;
	assert_int_equal(rc_words_last_at(w, 5, &last), 0);
	assert_int_equal(rc_words_give_at(w, 5, s[0], 0), 0); /* no more may be given */
	assert_int_equal(rc_words_last_at(w, 5, &last), 0);
	for (unsigned i = 0; i < 30; i++) {
		unsigned n = i * 7 % 3;

		assert_int_equal(rc_words_give_at(w, i % 2 ? 5 : RC_WORD_PLACES - 1, s[n], RC_WORD_MANY),
				 rc_words_give(w, s[n], RC_WORD_MANY));
		assert_int_equal(rc_words_last_at(w, i % 2 ? 5 : RC_WORD_PLACES - 1, &last), rc_words_find(w, s[n]));
		assert_true(rc_slice_eq(last, s[n]));
	}
	assert_int_equal(rc_words_give_at(w, 5, (struct rc_slice){0}, RC_WORD_MANY), 0);
	rc_words_free(w);
}

static struct rc_known person(unsigned i, const struct rc_account_schema *s, char buf[64])
{
	struct rc_known k = test_known(i, buf);

	k.remote_id = RC_SLICE("7d948000-24b2-9d16-9480-9bb4e6821cc7");
	k.created_at_ns = k.changed_at_ns = 1700000000000000000 + i;
	k.created_run = k.changed_run = RC_SLICE("night-1");
	k.group = RC_SLICE("staff");
	k.account.set = 1u << s->names[0] | 1u << s->group_field;
	k.account.v[s->names[0]] = k.name;
	k.account.v[s->group_field] = k.group;
	return k;
}

static struct rc_event made(const struct rc_known *k)
{
	struct rc_event e = {.key = k->key,
			     .run_id = k->changed_run,
			     .at_ns = k->changed_at_ns,
			     .action = 1,
			     .access = true,
			     .name = k->name,
			     .changed_fields = RC_SLICE("name user_group_name"),
			     .reason = RC_SLICE("in the source, no account yet"),
			     .after = k->account};

	memcpy(e.fingerprint, k->fingerprint, 16);
	return e;
}

static void same_event(const struct rc_event *a, const struct rc_event *b)
{
	assert_true(rc_slice_eq(a->key, b->key) && rc_slice_eq(a->run_id, b->run_id) && rc_slice_eq(a->name, b->name));
	assert_true(a->at_ns == b->at_ns && a->action == b->action && a->status == b->status && a->access == b->access);
	assert_true(rc_slice_eq(a->changed_fields, b->changed_fields) && rc_slice_eq(a->reason, b->reason));
	assert_int_equal(a->after.set, b->after.set);
	for (size_t i = 0; i < RC_MAX_FIELDS; i++)
		if (a->after.set & 1u << i)
			assert_true(rc_slice_eq(a->after.v[i], b->after.v[i]));
	assert_memory_equal(a->fingerprint, b->fingerprint, 16);
}

/* Stored events of the target, and how many there are in all. */
static uint64_t stored(struct test_store *t, unsigned *ret_all)
{
	struct rc_view *v = test_view(t);
	uint64_t n = rc_kv_count(v->txn, RC_KV_HISTORY);
	struct rc_event e;
	struct rc_walk w;

	*ret_all = 0;
	rc_walk_history_begin(v, t->target, (struct rc_slice){0}, &w);
	while (rc_walk_history(&w, &e))
		++*ret_all;
	test_view_end(v);
	return n;
}

static unsigned events_of(struct test_store *t, struct rc_view *v, const char *key, struct rc_event *ret, unsigned most)
{
	struct rc_event e;
	struct rc_walk w;
	unsigned n = 0;

	rc_walk_history_begin(v, t->target, rc_slice_str(key), &w);
	while (rc_walk_history(&w, &e))
		if (n < most)
			ret[n++] = e;
	rc_walk_end(&w);
	return n;
}

enum { PEOPLE = 50 };

static void make_people(struct test_store *t, const struct rc_account_schema *s)
{
	char buf[64];

	for (unsigned i = 0; i < PEOPLE; i++) {
		struct rc_known k = person(i, s, buf);
		struct rc_event e = made(&k);

		rc_writer_put_known_event(t->writer, t->target, &k, &e);
	}
	flush(t);
}

static void test_newest_event(void **state)
{
	struct rc_event got[4], first, second;
	const struct rc_account_schema *s;
	struct rc_known k, back;
	struct test_store t;
	struct rc_view *v;
	char buf[64];
	unsigned all;

	(void)state;
	begin(&t);
	s = rc_store_schema(t.store, t.target);
	make_people(&t, s);
	assert_int_equal(stored(&t, &all), 0); /* in the records, and told all the same */
	assert_int_equal(all, PEOPLE);
	k = person(7, s, buf);
	first = made(&k);
	v = test_view(&t);
	assert_int_equal(events_of(&t, v, "k7", got, 4), 1);
	same_event(&first, &got[0]);
	assert_true(rc_view_known(v, t.target, RC_SLICE("k7"), &back));
	assert_true(rc_slice_eq(back.remote_id, k.remote_id) && rc_slice_eq(back.group, k.group) &&
		    rc_slice_eq(back.changed_run, k.changed_run) && back.created_at_ns == k.created_at_ns);
	test_view_end(v);

	/* Another row, the same account: the record keeps what was, fingerprint and all. */
	k.fingerprint[3] = 99;
	rc_writer_put_known(t.writer, t.target, &k);
	flush(&t);
	assert_int_equal(stored(&t, &all), 0);
	v = test_view(&t);
	assert_int_equal(events_of(&t, v, "k7", got, 4), 1);
	same_event(&first, &got[0]);
	test_view_end(v);

	/* Something newer happened: both are told, in their order, and after an event alone too. */
	k.changed_at_ns += 1000;
	k.changed_run = RC_SLICE("night-2");
	second = made(&k);
	second.action = 2;
	second.after.set = 0;
	second.before = k.account; /* a record cannot keep this one */
	rc_writer_put_known_event(t.writer, t.target, &k, &second);
	flush(&t);
	assert_int_equal(stored(&t, &all), 2);
	assert_int_equal(all, PEOPLE + 1);
	v = test_view(&t);
	assert_int_equal(events_of(&t, v, "k7", got, 4), 2);
	same_event(&first, &got[0]);
	assert_int_equal(got[1].action, 2);
	assert_int_equal(got[1].before.set, k.account.set);
	test_view_end(v);

	k = person(8, s, buf);
	second = made(&k);
	second.at_ns += 5;
	second.reason = RC_SLICE("looked at");
	rc_writer_event(t.writer, t.target, &second);
	flush(&t);
	v = test_view(&t);
	assert_int_equal(events_of(&t, v, "k8", got, 4), 2);
	assert_true(rc_slice_eqs(got[1].reason, "looked at"));
	assert_true(rc_view_known(v, t.target, RC_SLICE("k8"), &back)); /* without the event, and whole */
	assert_true(rc_slice_eq(back.name, k.name));
	test_view_end(v);
	test_store_done(&t);
}

static void test_newest_of_those_who_go(void **state)
{
	struct rc_event got[4];
	struct test_store t;
	struct rc_view *v;
	unsigned all;

	(void)state;
	begin(&t);
	make_people(&t, rc_store_schema(t.store, t.target));
	rc_writer_del_known(t.writer, t.target, RC_SLICE("k1"), 5);
	rc_writer_forget(t.writer, t.target, RC_SLICE("k2"));
	flush(&t);
	assert_int_equal(stored(&t, &all), 1); /* the deleted one's; nothing is left of the forgotten */
	assert_int_equal(all, PEOPLE - 1);
	v = test_view(&t);
	assert_int_equal(events_of(&t, v, "k1", got, 4), 1);
	assert_int_equal(events_of(&t, v, "k2", got, 4), 0);
	test_view_end(v);
	/* Whoever has access is remembered however old that is. */
	rc_writer_prune_history(t.writer, INT64_MAX);
	flush(&t);
	stored(&t, &all);
	assert_int_equal(all, PEOPLE - 1);
	test_store_done(&t);
}

/* Numbers that were given but never stored are given again, and a second process sees what the first one stored. */
static void test_words_across(void **state)
{
	struct rc_store_options ro = {.mode = RC_STORE_READ};
	const struct rc_account_schema *s;
	struct rc_target_bound bound;
	struct rc_store *reader;
	struct rc_err err = {0};
	struct rc_known k, got;
	struct test_store t;
	struct rc_view *v;
	char buf[64];

	(void)state;
	begin(&t);
	s = rc_store_schema(t.store, t.target);
	ro.dir = t.dir;
	assert_int_equal(rc_store_open(&ro, &reader, &err), RC_OK);
	assert_int_equal(rc_store_bind(reader, RC_SLICE("vpn"), s, NULL, 0, &t.mem, &bound, &err), RC_OK);
	k = person(1, s, buf);
	k.changed_run = RC_SLICE("lost");
	rc_writer_put_known(t.writer, t.target, &k);
	rc_writer_abandon(t.writer);
	test_store_write(&t);
	k.changed_run = RC_SLICE("kept");
	rc_writer_put_known(t.writer, t.target, &k);
	flush(&t);
	assert_int_equal(rc_view_begin(reader, &v, &err), RC_OK);
	assert_true(rc_view_known(v, bound.number, k.key, &got));
	assert_true(rc_slice_eqs(got.changed_run, "kept") && rc_slice_eqs(got.created_run, "night-1"));
	test_view_end(v);
	rc_store_close(reader);
	test_store_close(&t);
	test_store_open(&t);
	v = test_view(&t);
	assert_true(rc_view_known(v, t.target, k.key, &got));
	assert_true(rc_slice_eqs(got.changed_run, "kept"));
	test_view_end(v);
	test_store_done(&t);
}

/* Cut or bent, a value in short forms is damage and nothing else. */
static void test_damage(void **state)
{
	struct rc_words *words = rc_words_new();
	struct rc_err err = {0};
	const struct rc_account_schema *s = rc_account_schema_find("huawei-p2c-vpn", &err);
	struct rc_codec_env env = {.schema = s, .words = words}, bare = {.schema = s};
	struct rc_buf plain = {0}, b = {0};
	struct rc_known k, got;
	struct rc_event e, back;
	char buf[64];

	(void)state;
	assert_non_null(s);
	k = person(3, s, buf);
	e = made(&k);
	rc_known_write(&k, &env, &plain);
	assert_true(rc_newest_put(rc_buf_slice(&plain), &e, true, &env, &b));
	assert_true(rc_newest_get(rc_buf_slice(&b), &env, &back));
	same_event(&e, &back);
	assert_false(rc_newest_in(rc_buf_slice(&plain)));
	assert_false(rc_known_read(rc_buf_slice(&b), &bare, &got)); /* numbers mean nothing without the words */
	for (size_t n = 0; n < b.n; n++) {
		char *p = malloc(n ? n : 1);

		memcpy(p, b.p, n);
		assert_false(rc_known_read((struct rc_slice){p, n}, &env, &got));
		assert_false(rc_newest_get((struct rc_slice){p, n}, &env, &back));
		free(p);
	}
	/* With a sum that fits: whatever a byte becomes, reading stays inside. */
	for (size_t i = 1; i + RC_CODEC_SUM < b.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct rc_buf bent = {0};

			rc_buf_add(&bent, b.p, b.n - RC_CODEC_SUM);
			bent.p[i] = (char)(bent.p[i] ^ 1 << bit);
			rc_codec_end(&bent, 0);
			rc_known_read(rc_buf_slice(&bent), &env, &got);
			rc_newest_get(rc_buf_slice(&bent), &env, &back);
			rc_buf_done(&bent);
		}
	rc_buf_done(&plain);
	rc_buf_done(&b);
	rc_words_free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),          cmocka_unit_test(test_words),
		cmocka_unit_test(test_words_alike),  cmocka_unit_test(test_words_at),
		cmocka_unit_test(test_newest_event), cmocka_unit_test(test_newest_of_those_who_go),
		cmocka_unit_test(test_words_across), cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
