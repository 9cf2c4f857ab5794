/* tests/simulator/server_state.h - the users and groups of one VPN server or one gateway instance.
 *
 * A write is taken in two steps: the call is accepted (the name is claimed, a change is queued), and some time later
 * the change is carried out, which is when reads show it. sim_server_settle carries out what is due. Time    now_s:
 * seconds on the simulator's clock; *_ms: wall time. Owner   users and groups belong to the server; a pointer to one is
 * good until the next settle. */
#ifndef SIMULATOR_SERVER_STATE_H
#define SIMULATOR_SERVER_STATE_H

#include "tests/simulator/map.h"
#include "tests/simulator/settings.h"
#include "tests/simulator/stats.h"

enum sim_provider { SIM_HUAWEI, SIM_ALIBABA };

#define SIM_ID_SIZE 40
#define SIM_PASSWORD_HISTORY 5

struct sim_group {
	char id[SIM_ID_SIZE];
	char *name, *description;
	int64_t created_ms, updated_ms;
	size_t members; /* users shown in it */
	size_t refs;
	bool is_default, in_policy;
	bool visible, deleting, dead;
};

struct sim_user {
	char id[SIM_ID_SIZE];
	char *name, *description, *static_ip, *mail;
	char *passwords[SIM_PASSWORD_HISTORY]; /* the one in force first */
	struct sim_group *group;
	int64_t created_ms, updated_ms;
	uint64_t bandwidth;
	size_t refs;
	bool disabled;
	bool visible, deleting, dead;
	double vanish_after_s; /* negative: stays */
};

/* What a name has been through on this server, deletions included. */
struct sim_ledger {
	uint64_t created, deleted, mails, refused_duplicates;
};

enum sim_change_kind { SIM_CREATE, SIM_UPDATE, SIM_DELETE, SIM_GROUP_CREATE, SIM_GROUP_UPDATE, SIM_GROUP_DELETE };

struct sim_change {
	struct sim_change *next;
	enum sim_change_kind kind;
	struct sim_user *user;
	struct sim_group *group; /* the group changed, or the user's new one */
	char *name, *description, *static_ip, *mail;
	uint64_t bandwidth;
	bool disabled;
	bool set_description, set_group, set_static_ip, set_mail, set_bandwidth, set_state;
	int64_t wall_ms;
	double mark, due_s;
	bool served;
};

struct sim_vanish {
	struct sim_user *user;
	double at_s;
};

struct sim_replay; /* the answers kept for client tokens: replay.h */

struct sim_server {
	enum sim_provider provider;
	char *key, *project, *id;                  /* key: how the world files it */
	struct sim_map users_by_name, users_by_id; /* pending ones too */
	struct sim_user **order;                   /* by created_ms, then by arrival */
	size_t order_count, order_cap, gone;       /* gone: entries of deleted users, NULL */
	size_t visible;
	struct sim_group **groups;
	size_t group_count;
	size_t visible_groups;
	struct sim_change *first, *last, *unserved; /* changes in the order of their marks */
	struct sim_vanish *vanishing;
	size_t vanishing_count;
	struct sim_queue queue;
	struct sim_server_override own;
	struct sim_map ledger;
	struct sim_map replays;
	struct sim_replay **replay_ring;
	size_t replay_at;
	struct sim_stats stats;
	int64_t last_created_ms;
};

struct sim_server *sim_server_new(enum sim_provider provider, struct sim_str key, struct sim_str project,
				  struct sim_str id);
void sim_server_free(struct sim_server *s);
/* Carries out what is due at now_s. */
void sim_server_settle(struct sim_server *s, const struct sim_settings *set, double now_s);
/* Seats of the server: its own limit, else the common one; used counts pending users and those being deleted. */
uint64_t sim_server_seats(const struct sim_server *s, const struct sim_settings *set);

struct sim_user *sim_server_user_named(const struct sim_server *s, const struct sim_settings *set, struct sim_str name);
/* Only users that reads show. */
struct sim_user *sim_server_user_shown(const struct sim_server *s, struct sim_str id);
struct sim_group *sim_server_group_shown(const struct sim_server *s, struct sim_str id);
struct sim_group *sim_server_group_named(const struct sim_server *s, struct sim_str name);
struct sim_group *sim_server_group_default(const struct sim_server *s);

/* The user is claimed at once and shown after SIM_CREATE is carried out; created_ms places it in the order. */
struct sim_user *sim_server_claim(struct sim_server *s, const struct sim_settings *set, struct sim_str name,
				  const char *id, int64_t created_ms);
struct sim_group *sim_server_claim_group(struct sim_server *s, struct sim_str name, const char *id, int64_t created_ms);
/* Takes n users into the work queue; false: no room. */
bool sim_server_take(struct sim_server *s, const struct sim_settings *set, double n, double now_s, double *ret_mark);
/* Queues a change whose work has that mark; the caller then fills in what it sets. */
struct sim_change *sim_server_change(struct sim_server *s, enum sim_change_kind kind, struct sim_user *u,
				     struct sim_group *g, double mark, int64_t wall_ms);
/* Shown right away, without queue or delay: for users a script brings. */
void sim_server_show(struct sim_server *s, struct sim_user *u);
void sim_server_show_group(struct sim_server *s, struct sim_group *g);
/* Sets the password in force; the earlier ones are remembered. */
void sim_user_password(struct sim_user *u, struct sim_str password);
bool sim_user_password_used(const struct sim_user *u, struct sim_str password);
struct sim_ledger *sim_server_ledger(struct sim_server *s, struct sim_str name);
/* First place in the order whose user was created after (or, with_equal, at) that time. */
size_t sim_server_order_from(const struct sim_server *s, int64_t created_ms, bool with_equal);

#endif
