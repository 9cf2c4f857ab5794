/* tests/simulator/rules.h - the field rules of both providers, typed from their published pages.
 *
 * Pure functions: NULL means the value is fine, else a short English cause as the service would word it.
 * NULL pointers in a struct sim_str mean the field was not given. */
#ifndef SIMULATOR_RULES_H
#define SIMULATOR_RULES_H

#include "tests/simulator/text.h"

const char *sim_huawei_user_name(struct sim_str s);
const char *sim_huawei_password(struct sim_str password, struct sim_str name);
/* A new description may not hold `-`; the service's own sample of an update does. */
const char *sim_huawei_description(struct sim_str s, bool update);
const char *sim_huawei_group_name(struct sim_str s, bool update);
const char *sim_huawei_group_description(struct sim_str s);
/* "disable", or an IPv4 address: any (loose), or the first host of a /30. */
const char *sim_huawei_static_ip(struct sim_str s, bool loose);
bool sim_huawei_client_token(struct sim_str s);

bool sim_alibaba_user_name(struct sim_str s);
bool sim_alibaba_password(struct sim_str s);
/* Strict: 2 to 64 letters, digits, `_.-` around an @; loose: anything with one @ and no space. */
bool sim_alibaba_mail(struct sim_str s, bool loose);
bool sim_alibaba_instance(struct sim_str s);
bool sim_ipv4(struct sim_str s, uint32_t *ret);

#endif
