/* tests/simulator/stats.h - the operations served and how often each was decided which way. */
#ifndef SIMULATOR_STATS_H
#define SIMULATOR_STATS_H

#include "tests/simulator/text.h"

/* Names as in the providers' own clients; W marks what changes something. */
#define SIM_OPS(X)                                                                                                     \
	X(listVpnUsers, 0)                                                                                             \
	X(showVpnUser, 0)                                                                                              \
	X(createVpnUser, 1)                                                                                            \
	X(batchCreateVpnUsers, 1)                                                                                      \
	X(updateVpnUser, 1)                                                                                            \
	X(deleteVpnUser, 1)                                                                                            \
	X(batchDeleteVpnUsers, 1)                                                                                      \
	X(resetVpnUserPassword, 1)                                                                                     \
	X(updateVpnUserPassword, 1)                                                                                    \
	X(listVpnUserGroups, 0)                                                                                        \
	X(showVpnUserGroup, 0)                                                                                         \
	X(createVpnUserGroup, 1)                                                                                       \
	X(updateVpnUserGroup, 1)                                                                                       \
	X(deleteVpnUserGroup, 1)                                                                                       \
	X(addVpnUsersToGroup, 1)                                                                                       \
	X(removeVpnUsersFromGroup, 1)                                                                                  \
	X(listVpnUsersInGroup, 0)                                                                                      \
	X(listVpnServers, 0)                                                                                           \
	X(createToken, 0)                                                                                              \
	X(CreateSmartAccessGatewayClientUser, 1)                                                                       \
	X(DescribeSmartAccessGatewayClientUsers, 0)                                                                    \
	X(ModifySmartAccessGatewayClientUser, 1)                                                                       \
	X(DeleteSmartAccessGatewayClientUser, 1)                                                                       \
	X(EnableSmartAccessGatewayUser, 1)                                                                             \
	X(DisableSmartAccessGatewayUser, 1)                                                                            \
	X(ResetSmartAccessGatewayClientUserPassword, 1)                                                                \
	X(KickOutClients, 1)                                                                                           \
	X(DescribeSmartAccessGateways, 0)                                                                              \
	X(unknown, 0)

enum sim_op {
#define X(name, writes) SIM_OP_##name,
	SIM_OPS(X)
#undef X
		SIM_OP_COUNT
};

#define SIM_DECISIONS(X)                                                                                               \
	X(accepted)     /* done or queued; a read was answered */                                                      \
	X(refused)      /* the request itself is wrong */                                                              \
	X(busy)         /* no room in the work queue */                                                                \
	X(throttled)    /* too many calls */                                                                           \
	X(quota)        /* no free seat */                                                                             \
	X(unauthorized) /* token, key or signature */                                                                  \
	X(replayed)     /* the answer to an earlier request with the same client token */                              \
	X(fault)        /* a script or an outage answered instead */

enum sim_decision {
#define X(name) SIM_##name,
	SIM_DECISIONS(X)
#undef X
		SIM_DECISION_COUNT
};

const char *sim_op_name(enum sim_op op);
bool sim_op_writes(enum sim_op op);
enum sim_op sim_op_of(struct sim_str name); /* SIM_OP_unknown when there is none of that name */
const char *sim_decision_name(enum sim_decision d);

struct sim_stats {
	uint64_t by_op[SIM_OP_COUNT][SIM_DECISION_COUNT];
	uint64_t users_created, users_updated, users_deleted;
	uint64_t double_creates;     /* an existing name was created once more: must stay 0 */
	uint64_t duplicate_attempts; /* somebody asked for it, and was refused */
	uint64_t idle_updates;       /* updates that changed nothing */
	uint64_t mails, vanished;
	uint64_t in_flight, max_in_flight;
};
uint64_t sim_stats_total(const struct sim_stats *s, enum sim_decision d);
uint64_t sim_stats_calls(const struct sim_stats *s);
/* The members of a JSON object, without its braces. */
void sim_stats_json(const struct sim_stats *s, struct sim_buf *b);

#endif
