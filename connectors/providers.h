/* connectors/providers.h - the one list of providers; adding one is a line here. */
#ifndef RC_PROVIDERS_H
#define RC_PROVIDERS_H

/* clang-format off */
#define RC_PROVIDERS(X) \
	X(rc_huawei_p2c_vpn) \
	X(rc_alibaba_sag_app)
/* clang-format on */

#endif
