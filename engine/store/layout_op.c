#include "engine/store/layout.h"
#include <stddef.h>
#include <string.h>

#define F(tag, type, member)                                                                                           \
	{                                                                                                              \
		tag, RC_CODEC_##type, offsetof(struct rc_op_entry, member), 0                                          \
	}

/* State and its times stand in the head, where they can be changed in place; the id is the key. */
static const struct rc_codec_field op_fields[] = {
	F(1, SLICE, run_id),
	F(2, U16, target),
	F(3, SLICE, server),
	F(4, SLICE, key),
	F(5, SLICE, name),
	F(6, SLICE, remote_id),
	F(7, U8, action),
	F(8, SLICE, client_token),
	F(9, U64, batch),
	F(10, BOOL, sealed),
	F(11, U32, attempts),
	F(12, I64, planned_ns),
	F(13, B16, fingerprint),
	F(14, U32, changed),
	F(15, ACCOUNT, before),
	F(16, ACCOUNT, after),
	F(17, SLICE, linked_name),
	F(18, SLICE, error_code),
	F(19, SLICE, error_message),
	F(20, SLICE, request_id),
};
const struct rc_codec rc_codec_op = {1, RC_OP_HEAD, sizeof(op_fields) / sizeof(op_fields[0]), op_fields, 0};

const char *rc_op_state_name(enum rc_op_state s)
{
	static const char *const names[] = {
#define X(name, text) text,
		RC_OP_STATES(X)
#undef X
	};

	return s < RC_OP_STATE_COUNT ? names[s] : "?";
}

static void put_time(uint8_t *p, int64_t ns)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)((uint64_t)ns >> (8 * i));
}

static int64_t get_time(const uint8_t *p)
{
	uint64_t n = 0;

	for (unsigned i = 8; i-- > 0;)
		n = n << 8 | p[i];
	return (int64_t)n;
}

void rc_op_encode(const struct rc_op_entry *op, const struct rc_account_schema *schema, struct rc_buf *ret)
{
	uint8_t head[RC_OP_HEAD] = {0};

	/* The head begins behind the layout byte, hence the minus one throughout. */
	head[RC_OP_AT_STATE - 1] = (uint8_t)op->state;
	put_time(head + RC_OP_AT_TIME - 1, op->at_ns);
	put_time(head + RC_OP_AT_SENT - 1, op->sent_ns);
	rc_codec_encode(&rc_codec_op, head, op, &(struct rc_codec_env){.schema = schema}, ret);
}

bool rc_op_decode(uint64_t id, struct rc_slice v, const struct rc_account_schema *schema, struct rc_op_entry *ret)
{
	const uint8_t *p = (const uint8_t *)v.p;
	struct rc_op_entry op;

	memset(&op, 0, sizeof(op));
	if (!rc_codec_decode(&rc_codec_op, v, &(struct rc_codec_env){.schema = schema}, &op) ||
	    p[RC_OP_AT_STATE] >= RC_OP_STATE_COUNT)
		return false;
	op.id = id;
	op.state = p[RC_OP_AT_STATE];
	op.at_ns = get_time(p + RC_OP_AT_TIME);
	op.sent_ns = get_time(p + RC_OP_AT_SENT);
	*ret = op;
	return true;
}

bool rc_op_patch(struct rc_slice v, enum rc_op_state state, int64_t at_ns, int64_t sent_ns, struct rc_buf *ret)
{
	struct rc_codec_iter it;
	size_t start = ret->n;
	uint8_t *p;

	if (!rc_codec_open(&rc_codec_op, v, &it))
		return false;
	rc_buf_add(ret, v.p, v.n - RC_CODEC_SUM);
	if (ret->overflow)
		return false;
	p = (uint8_t *)ret->p + start;
	p[RC_OP_AT_STATE] = (uint8_t)state;
	put_time(p + RC_OP_AT_TIME, at_ns);
	if (sent_ns)
		put_time(p + RC_OP_AT_SENT, sent_ns);
	rc_codec_end(ret, start);
	return true;
}
