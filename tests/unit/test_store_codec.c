/* Records to bytes and back; cut, flipped and foreign bytes are damage, never an overread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "engine/store/layout.h"

static const struct rc_account_schema *schema(void)
{
	struct rc_err err = {0};
	const struct rc_account_schema *s = rc_account_schema_find("huawei-p2c-vpn", &err);

	assert_non_null(s);
	return s;
}

static struct rc_known full_known(void)
{
	struct rc_known k;

	memset(&k, 0, sizeof(k));
	k.key = RC_SLICE("E-0017");
	k.name = RC_SLICE("Ada.Lovelace");
	k.remote_id = RC_SLICE("id-1");
	k.server = RC_SLICE("pool-a");
	k.group = RC_SLICE("admins");
	k.group_id = RC_SLICE("g-9");
	for (size_t i = 0; i < schema()->n_fields; i++) {
		k.account.v[i] = rc_slice_str(schema()->fields[i].name);
		k.account.set |= 1u << i;
	}
	k.flags = RC_KNOWN_MANAGED | RC_KNOWN_LOCKED | 1u << 31;
	k.reason = RC_SLICE("because");
	memset(k.fingerprint, 0xab, 16);
	k.source = 65535;
	k.status = RC_KNOWN_SKIPPED;
	k.error_code = RC_SLICE("VPN.0001");
	k.error_message = RC_SLICE("no");
	k.first_seen_ns = INT64_MIN;
	k.created_at_ns = INT64_MAX;
	k.changed_at_ns = -1;
	k.created_run = RC_SLICE("r1");
	k.changed_run = RC_SLICE("r2");
	k.sent_at_ns = 5;
	k.missing_since_ns = 6;
	k.missing_count = UINT32_MAX;
	memset(k.missing_content, 7, 16);
	k.due_at_ns = 8;
	k.due_cause = RC_DUE_RENAME;
	k.in_use_month = 202611;
	k.linked_name = RC_SLICE("ada.byron");
	return k;
}

static void same_known(const struct rc_known *a, const struct rc_known *b)
{
	assert_true(rc_slice_eq(a->key, b->key) && rc_slice_eq(a->name, b->name));
	assert_true(rc_slice_eq(a->remote_id, b->remote_id) && rc_slice_eq(a->server, b->server));
	assert_true(rc_slice_eq(a->group, b->group) && rc_slice_eq(a->group_id, b->group_id));
	assert_true(rc_slice_eq(a->reason, b->reason) && rc_slice_eq(a->linked_name, b->linked_name));
	assert_true(rc_slice_eq(a->error_code, b->error_code) && rc_slice_eq(a->error_message, b->error_message));
	assert_true(rc_slice_eq(a->created_run, b->created_run) && rc_slice_eq(a->changed_run, b->changed_run));
	assert_true(a->flags == b->flags && a->source == b->source && a->status == b->status);
	assert_true(a->first_seen_ns == b->first_seen_ns && a->created_at_ns == b->created_at_ns);
	assert_true(a->changed_at_ns == b->changed_at_ns && a->sent_at_ns == b->sent_at_ns);
	assert_true(a->missing_since_ns == b->missing_since_ns && a->missing_count == b->missing_count);
	assert_true(a->due_at_ns == b->due_at_ns && a->due_cause == b->due_cause);
	assert_int_equal(a->in_use_month, b->in_use_month);
	assert_memory_equal(a->fingerprint, b->fingerprint, 16);
	assert_memory_equal(a->missing_content, b->missing_content, 16);
}

static void test_known_round_trip(void **state)
{
	struct rc_known k = full_known(), got;
	struct rc_known_brief brief;
	struct rc_buf b = {0};
	struct rc_arena mem = {0};

	(void)state;
	rc_known_encode(&k, schema(), &b);
	assert_true(rc_known_decode(rc_buf_slice(&b), schema(), &got));
	same_known(&k, &got);
	for (size_t i = 0; i < schema()->n_fields; i++) {
		bool there = got.account.set & 1u << i;

		assert_int_equal(there, !schema()->fields[i].secret);
		if (there)
			assert_true(rc_slice_eq(got.account.v[i], k.account.v[i]));
	}
	got = rc_known_copy(&got, &mem);
	assert_true(rc_known_decode_brief(rc_buf_slice(&b), &brief));
	assert_true(brief.open && brief.missing);
	assert_int_equal(brief.flags, k.flags);
	memset(b.p, 0, b.n); /* the copy stands on its own */
	same_known(&k, &got);
	rc_buf_done(&b);
	rc_arena_done(&mem);
}

static void test_secret_never_written(void **state)
{
	struct rc_known k;
	struct rc_buf b = {0};
	int secret = schema()->secret_field;

	(void)state;
	memset(&k, 0, sizeof(k));
	assert_true(secret >= 0);
	k.key = RC_SLICE("k");
	k.account.v[secret] = RC_SLICE("Tr0ub4dor&3");
	k.account.set = 1u << secret;
	rc_known_encode(&k, schema(), &b);
	assert_null(memmem(b.p, b.n, "Tr0ub4dor", 9));
	rc_buf_done(&b);
}

/* Each copy is cut exactly, so that the sanitizer sees a read of one byte too many. */
static void each_damage(const struct rc_buf *b, bool (*decode)(struct rc_slice v))
{
	for (size_t n = 0; n < b->n; n++) {
		char *p = malloc(n ? n : 1);

		memcpy(p, b->p, n);
		assert_false(decode((struct rc_slice){p, n}));
		free(p);
	}
	for (size_t i = 0; i < b->n; i++) {
		char *p = malloc(b->n);

		memcpy(p, b->p, b->n);
		p[i] = (char)(p[i] ^ 0x41);
		assert_false(decode((struct rc_slice){p, b->n}));
		free(p);
	}
}

static bool decode_known(struct rc_slice v)
{
	struct rc_known k;

	return rc_known_decode(v, schema(), &k);
}

static bool decode_op(struct rc_slice v)
{
	struct rc_op_entry op;

	return rc_op_decode(1, v, schema(), &op);
}

static bool decode_event(struct rc_slice v)
{
	struct rc_event e;

	memset(&e, 0, sizeof(e));
	return rc_codec_decode(&rc_codec_event, v, NULL, &e);
}

static struct rc_op_entry full_op(void)
{
	struct rc_op_entry op;

	memset(&op, 0, sizeof(op));
	op.id = 7;
	op.run_id = RC_SLICE("run");
	op.target = 3;
	op.key = RC_SLICE("key");
	op.name = RC_SLICE("name");
	op.action = 4;
	op.state = RC_OP_INTENT;
	op.client_token = RC_SLICE("0f8fad5b-d9cb-469f-a165-70867728950e");
	op.batch = UINT64_MAX;
	op.sealed = true;
	op.attempts = 3;
	op.planned_ns = 1;
	op.at_ns = 2;
	op.changed = 5;
	op.after.v[0] = RC_SLICE("x");
	op.after.set = 1;
	return op;
}

static void test_damage(void **state)
{
	struct rc_known k = full_known();
	struct rc_op_entry op = full_op();
	struct rc_event e;
	struct rc_buf b = {0};

	(void)state;
	rc_known_encode(&k, schema(), &b);
	each_damage(&b, decode_known);
	rc_buf_clear(&b);
	rc_op_encode(&op, schema(), &b);
	each_damage(&b, decode_op);
	rc_buf_clear(&b);
	memset(&e, 0, sizeof(e));
	e.key = RC_SLICE("k");
	e.at_ns = 12345;
	rc_codec_encode(&rc_codec_event, NULL, &e, NULL, &b);
	each_damage(&b, decode_event);
	rc_buf_done(&b);
}

/* Well summed values with nonsense inside: as a hostile or a later writer would leave them. */
static void test_hostile_fields(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool good;
	} t[] = {
		{"", 0, true},
		{"\x63\x02hi", 4, true},                                     /* unknown tag: skipped */
		{"\x01\x05hi", 4, false},                                    /* longer than the value */
		{"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, false}, /* varint without end */
		{"\x01\x80\x80\x80\x80\x10", 6, false},                      /* beyond 32 bits */
		{"\x01", 1, false},                                          /* tag alone */
		{"\x04\x02\x00\x01", 4, false},                              /* u8 of 256 */
		{"\x03\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01", 11, false}, /* integer of nine bytes */
		{"\x06\x01\x02", 3, false},                                  /* bool of two */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct rc_buf b = {0};
		struct rc_event e;
		bool good;

		memset(&e, 0, sizeof(e));
		rc_codec_begin(&rc_codec_event, NULL, &b);
		rc_buf_add(&b, t[i].bytes, t[i].n);
		rc_codec_end(&b, 0);
		good = rc_codec_decode(&rc_codec_event, rc_buf_slice(&b), NULL, &e);
		if (good != t[i].good)
			fail_msg("case %zu", i);
		rc_buf_done(&b);
	}
}

static void test_op_patch(void **state)
{
	struct rc_op_entry op = full_op(), got;
	struct rc_buf b = {0}, p = {0};

	(void)state;
	rc_op_encode(&op, schema(), &b);
	assert_true(rc_op_patch(rc_buf_slice(&b), RC_OP_SENT, 30, 31, &p));
	assert_true(rc_op_decode(7, rc_buf_slice(&p), schema(), &got));
	assert_int_equal(got.state, RC_OP_SENT);
	assert_int_equal(got.at_ns, 30);
	assert_int_equal(got.sent_ns, 31);
	assert_true(rc_slice_eq(got.client_token, op.client_token));
	assert_true(got.batch == op.batch && got.sealed && got.after.set == 1);
	rc_buf_clear(&b);
	assert_true(rc_op_patch(rc_buf_slice(&p), RC_OP_ACCEPTED, 40, 0, &b));
	assert_true(rc_op_decode(7, rc_buf_slice(&b), schema(), &got));
	assert_int_equal(got.sent_ns, 31); /* kept */
	assert_false(rc_op_patch((struct rc_slice){b.p, b.n - 1}, RC_OP_SENT, 0, 0, &p));
	rc_buf_done(&b);
	rc_buf_done(&p);
}

static void test_open_rule(void **state)
{
	struct rc_known k;

	(void)state;
	memset(&k, 0, sizeof(k));
	assert_false(rc_known_open(&k));
	k.flags = RC_KNOWN_MANAGED;
	assert_true(rc_known_open(&k)); /* managed without a fingerprint */
	k.fingerprint[3] = 1;
	assert_false(rc_known_open(&k));
	for (int s = 0; s < RC_KNOWN_STATUS_COUNT; s++) {
		k.status = (enum rc_known_status)s;
		assert_int_equal(rc_known_open(&k), s != RC_KNOWN_SETTLED && s != RC_KNOWN_FILTERED);
		assert_true(rc_known_status_name(k.status)[0]);
	}
	k.status = RC_KNOWN_SETTLED;
	k.due_at_ns = 1;
	assert_true(rc_known_open(&k));
	k.due_at_ns = 0;
	k.missing_since_ns = 1;
	assert_true(rc_known_open(&k));
	k.missing_since_ns = 0;
	k.flags |= RC_KNOWN_HELD;
	assert_true(rc_known_open(&k));
	assert_string_equal(rc_known_status_name(RC_KNOWN_STATUS_COUNT), "?");
	assert_string_equal(rc_due_cause_name(RC_DUE_ABSENT), "absent");
	assert_string_equal(rc_op_state_name(RC_OP_VERIFY), "verify");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_round_trip), cmocka_unit_test(test_secret_never_written),
		cmocka_unit_test(test_damage),           cmocka_unit_test(test_hostile_fields),
		cmocka_unit_test(test_op_patch),         cmocka_unit_test(test_open_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
