/* tests/simulator/huawei.h - Huawei Cloud P2C VPN, API v5: routes, answers, and one function per operation. */
#ifndef SIMULATOR_HUAWEI_H
#define SIMULATOR_HUAWEI_H

#include "tests/simulator/world.h"

/* Finds operation, server and ids in the path; false: no such API (the answer is made). */
bool sim_huawei_route(struct sim_call *c);
/* Collects the user names that the request is about, for the script and the log. */
void sim_huawei_names(struct sim_call *c);
/* Token or signature; false: refused (the answer is made). */
bool sim_huawei_authorize(struct sim_call *c);
/* Carries the operation out and makes the answer. */
void sim_huawei_run(struct sim_call *c);

/* An error answer in the shape that the settings ask for. */
void sim_huawei_error(struct sim_call *c, int status, const char *code, const char *message);
void sim_huawei_throttled(struct sim_call *c, double wait_s, bool by_window);
void sim_huawei_nested_error(struct sim_call *c, int status, const char *title, const char *message);

/* For the operations' files. `message` is printed after "invalid request: ". */
bool sim_huawei_invalid(struct sim_call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool sim_huawei_not_found(struct sim_call *c, const char *what);
bool sim_huawei_quota(struct sim_call *c);
/* Takes n users into the queue, or answers busy. */
bool sim_huawei_take(struct sim_call *c, double n, double *ret_mark);
void sim_huawei_accept(struct sim_call *c, int status);
/* The member `key` of the body as an object with no other members than those listed (ending with NULL). */
const cJSON *sim_huawei_object(struct sim_call *c, const char *key, const char *const *members);
/* Text member: {NULL, 0} when absent or null; false: not a text (the answer is made). */
bool sim_huawei_text(struct sim_call *c, const cJSON *o, const char *key, struct sim_str *ret);
/* The body's "users": [{"id"}...]: at least one; NULL: the answer is made. */
const cJSON *sim_huawei_ids(struct sim_call *c);
void sim_huawei_time(struct sim_call *c, const char *name, int64_t wall_ms);

void sim_huawei_create_user(struct sim_call *c);
void sim_huawei_batch_create(struct sim_call *c);
void sim_huawei_update_user(struct sim_call *c);
void sim_huawei_delete_user(struct sim_call *c);
void sim_huawei_batch_delete(struct sim_call *c);
void sim_huawei_reset_password(struct sim_call *c);
void sim_huawei_change_password(struct sim_call *c);
void sim_huawei_show_user(struct sim_call *c);
void sim_huawei_list_users(struct sim_call *c);
void sim_huawei_list_groups(struct sim_call *c);
void sim_huawei_show_group(struct sim_call *c);
void sim_huawei_create_group(struct sim_call *c);
void sim_huawei_update_group(struct sim_call *c);
void sim_huawei_delete_group(struct sim_call *c);
void sim_huawei_add_users(struct sim_call *c);
void sim_huawei_remove_users(struct sim_call *c);
void sim_huawei_list_group_users(struct sim_call *c);
void sim_huawei_list_servers(struct sim_call *c);

/* A user as list and show give it, or as it will be once `pending` is carried out. */
void sim_huawei_user_json(struct sim_call *c, const struct sim_user *u, const struct sim_change *pending);
void sim_huawei_group_json(struct sim_call *c, const struct sim_group *g, const struct sim_change *pending);

#endif
