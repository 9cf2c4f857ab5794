/* connectors/huawei/huawei.h - Huawei Cloud VPN, P2C gateway users, API v5: what the parts of this folder share.
 * Facts, limits and sources: API.md beside it. */
#ifndef RC_HUAWEI_H
#define RC_HUAWEI_H
#include "engine/connector.h"

extern const struct connector rc_huawei_p2c_vpn;
extern const struct rc_error_row rc_huawei_errors[];

/* struct connector's functions */
enum rc_code rc_huawei_build(const struct rc_conn_config *cfg, const struct rc_conn_auth *auth,
			     const struct rc_call *call, struct rc_arena *mem, struct http_req *ret,
			     struct rc_err *err);
void rc_huawei_judge(const struct rc_conn_config *cfg, const struct rc_call *call, const struct http_resp *resp,
		     struct rc_arena *mem, struct rc_answer *ret);

/* The canonical request of SDK-HMAC-SHA256 over a request that already has its Host, X-Project-Id, X-Sdk-Date and other
 * headers; signs those of the set the vendor's own client signs. *ret_signed: their names joined by ';'. Empty: OpenSSL
 * refused. */
struct rc_slice rc_huawei_canonical(const struct http_req *req, struct rc_arena *mem, struct rc_slice *ret_signed);
/* Adds Authorization. */
enum rc_code rc_huawei_sign(struct http_req *req, struct rc_slice access_key, struct rc_slice secret_key,
			    struct rc_arena *mem, struct rc_err *err);

#endif
