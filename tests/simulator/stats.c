#include "tests/simulator/stats.h"

#include <inttypes.h>

static const struct {
	const char *name;
	bool writes;
} ops[] = {
#define X(name, writes) {#name, writes},
	SIM_OPS(X)
#undef X
};

static const char *const decisions[] = {
#define X(name) #name,
	SIM_DECISIONS(X)
#undef X
};

const char *sim_op_name(enum sim_op op)
{
	return ops[op].name;
}

bool sim_op_writes(enum sim_op op)
{
	return ops[op].writes;
}

enum sim_op sim_op_of(struct sim_str name)
{
	for (int i = 0; i < SIM_OP_COUNT; i++)
		if (sim_str_is(name, ops[i].name))
			return (enum sim_op)i;
	return SIM_OP_unknown;
}

const char *sim_decision_name(enum sim_decision d)
{
	return decisions[d];
}

uint64_t sim_stats_total(const struct sim_stats *s, enum sim_decision d)
{
	uint64_t n = 0;

	for (int op = 0; op < SIM_OP_COUNT; op++)
		n += s->by_op[op][d];
	return n;
}

static uint64_t op_calls(const struct sim_stats *s, int op)
{
	uint64_t n = 0;

	for (int d = 0; d < SIM_DECISION_COUNT; d++)
		n += s->by_op[op][d];
	return n;
}

uint64_t sim_stats_calls(const struct sim_stats *s)
{
	uint64_t n = 0;

	for (int op = 0; op < SIM_OP_COUNT; op++)
		n += op_calls(s, op);
	return n;
}

static void op_json(const struct sim_stats *s, int op, struct sim_buf *b)
{
	sim_buf_printf(b, "\"%s\":{\"calls\":%" PRIu64, ops[op].name, op_calls(s, op));
	for (int d = 0; d < SIM_DECISION_COUNT; d++)
		sim_buf_printf(b, ",\"%s\":%" PRIu64, decisions[d], s->by_op[op][d]);
	sim_buf_char(b, '}');
}

void sim_stats_json(const struct sim_stats *s, struct sim_buf *b)
{
	uint64_t writes = 0;
	bool first = true;

	for (int op = 0; op < SIM_OP_COUNT; op++)
		writes += ops[op].writes ? op_calls(s, op) : 0;
	sim_buf_printf(b, "\"calls\":%" PRIu64 ",\"writes\":%" PRIu64, sim_stats_calls(s), writes);
	for (int d = 0; d < SIM_DECISION_COUNT; d++)
		sim_buf_printf(b, ",\"%s\":%" PRIu64, decisions[d], sim_stats_total(s, (enum sim_decision)d));
	sim_buf_printf(b,
		       ",\"users_written\":%" PRIu64 ",\"users_created\":%" PRIu64 ",\"users_updated\":%" PRIu64
		       ",\"users_deleted\":%" PRIu64,
		       s->users_created + s->users_updated + s->users_deleted, s->users_created, s->users_updated,
		       s->users_deleted);
	sim_buf_printf(b,
		       ",\"idle_updates\":%" PRIu64 ",\"double_creates\":%" PRIu64 ",\"duplicate_attempts\":%" PRIu64
		       ",\"mails\":%" PRIu64 ",\"vanished\":%" PRIu64 ",\"in_flight\":%" PRIu64
		       ",\"max_in_flight\":%" PRIu64,
		       s->idle_updates, s->double_creates, s->duplicate_attempts, s->mails, s->vanished, s->in_flight,
		       s->max_in_flight);
	sim_buf_text(b, ",\"operations\":{");
	for (int op = 0; op < SIM_OP_COUNT; op++) {
		if (!op_calls(s, op))
			continue;
		if (!first)
			sim_buf_char(b, ',');
		first = false;
		op_json(s, op, b);
	}
	sim_buf_char(b, '}');
}
