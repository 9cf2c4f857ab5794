/* connectors/alibaba/alibaba.h - Alibaba Cloud Smart Access Gateway App, client accounts, API 2018-03-13: what the
 * parts of this folder share. Facts, limits and sources: API.md beside it. */
#ifndef RC_ALIBABA_H
#define RC_ALIBABA_H
#include "connectors/shared/request.h"
#include "engine/connector.h"

extern const struct connector rc_alibaba_sag_app;
extern const struct rc_error_row rc_alibaba_errors[];

enum {
	RC_ALIBABA_MAX_PAIRS = 24,
	RC_ALIBABA_PAGE_SIZE = 100 /* the most that any page of the documentation allows */
};

/* The page a marker stands for. Markers are ours here ("PAGE:ROWS"), as the API counts pages: rows told before it. */
struct rc_alibaba_page {
	int64_t number, rows_before;
};
struct rc_alibaba_page rc_alibaba_page(struct rc_slice marker);
unsigned rc_alibaba_page_size(const struct rc_call *call);

/* struct connector's functions */
enum rc_code rc_alibaba_build(const struct rc_conn_config *cfg, const struct rc_conn_auth *auth,
			      const struct rc_call *call, struct rc_arena *mem, struct http_req *ret,
			      struct rc_err *err);
void rc_alibaba_judge(const struct rc_conn_config *cfg, const struct rc_call *call, const struct http_resp *resp,
		      struct rc_arena *mem, struct rc_answer *ret);

/* V3, ACS3-HMAC-SHA256: the canonical request over a request with all its headers but Authorization; signs host,
 * content-type and every x-acs-* header. Empty: OpenSSL refused. */
struct rc_slice rc_alibaba_canonical(const struct http_req *req, struct rc_arena *mem, struct rc_slice *ret_signed);
/* Adds x-acs-content-sha256 and Authorization. */
enum rc_code rc_alibaba_sign_v3(struct http_req *req, struct rc_slice access_key, struct rc_slice secret_key,
				struct rc_arena *mem, struct rc_err *err);

/* V1, HMAC-SHA1: the string to sign over all parameters but Signature; sorts pairs. */
struct rc_slice rc_alibaba_string_v1(const char *method, struct rc_pair *pairs, size_t n, struct rc_arena *mem);
/* Its signature in Base64, or an empty slice. */
struct rc_slice rc_alibaba_sign_v1(struct rc_slice secret_key, struct rc_slice to_sign, struct rc_arena *mem);

#endif
