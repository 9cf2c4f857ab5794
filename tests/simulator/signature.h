/* tests/simulator/signature.h - recomputes the three request signatures from the bytes that arrived.
 *
 * Pure functions: no clock, no state. Each returns a verdict, and gives what the caller judges next.
 * Source  the providers' signing rules as their own clients follow them; tests/vectors holds recorded requests. */
#ifndef SIMULATOR_SIGNATURE_H
#define SIMULATOR_SIGNATURE_H

#include "tests/simulator/http_text.h"

enum sim_verdict {
	SIM_SIGN_OK,
	SIM_SIGN_ABSENT,     /* no signature of this kind */
	SIM_SIGN_INCOMPLETE, /* a needed part is missing or cannot be read */
	SIM_SIGN_BODY,       /* the body's hash is not the one named */
	SIM_SIGN_WRONG       /* it does not match */
};

/* What a request says about its signature, before any secret is needed. The texts borrow from the request. */
struct sim_signed {
	struct sim_str access_key, signed_headers, signature, nonce, security_token;
	struct sim_str date; /* as written */
	int64_t date_ms;
	bool date_ok; /* date could be read */
};

/* Huawei: Authorization: SDK-HMAC-SHA256. */
enum sim_verdict sim_sign_huawei_read(const struct sim_request *r, struct sim_signed *ret);
enum sim_verdict sim_sign_huawei_check(const struct sim_request *r, const struct sim_signed *s, struct sim_str secret);

/* Alibaba V3: Authorization: ACS3-HMAC-SHA256. */
enum sim_verdict sim_sign_v3_read(const struct sim_request *r, struct sim_signed *ret);
enum sim_verdict sim_sign_v3_check(const struct sim_request *r, const struct sim_signed *s, struct sim_str secret);

/* Alibaba V1: parameters of query and form body. The check sorts them. */
enum sim_verdict sim_sign_v1_read(const struct sim_params *p, struct sim_signed *ret);
enum sim_verdict sim_sign_v1_check(struct sim_str method, struct sim_params *p, const struct sim_signed *s,
				   struct sim_str secret);

#endif
