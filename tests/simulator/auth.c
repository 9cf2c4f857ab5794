#include "tests/simulator/auth.h"

#include <stdio.h>
#include <string.h>

#include "tests/simulator/huawei.h"

#define FAILURES_ALLOWED 5

struct sim_str sim_auth_secret(const struct sim_world *w, struct sim_str access_key)
{
	const struct sim_settings *set = &w->settings;

	if (set->access_key && set->secret_key && sim_str_is(access_key, set->access_key))
		return sim_str_of(set->secret_key);
	return (struct sim_str){NULL, 0};
}

bool sim_auth_wanted(const struct sim_world *w)
{
	return w->settings.token || w->settings.access_key;
}

bool sim_auth_skewed(const struct sim_world *w, const struct sim_signed *s)
{
	int64_t off = s->date_ms - w->wall_ms;

	return off > SIM_SKEW_MS || off < -SIM_SKEW_MS;
}

static struct sim_key_guard *guard(struct sim_world *w, struct sim_str access_key)
{
	struct sim_key_guard *g = sim_map_get(&w->keys, access_key);

	if (!g) {
		g = sim_alloc(sizeof(*g));
		sim_map_put(&w->keys, access_key, g);
	}
	return g;
}

void sim_auth_failed(struct sim_world *w, struct sim_str access_key)
{
	struct sim_key_guard *g = guard(w, access_key);

	if (++g->failures > FAILURES_ALLOWED) {
		g->locked_until_s = w->now_s + w->settings.lock_s;
		g->failures = 0;
	}
}

void sim_auth_passed(struct sim_world *w, struct sim_str access_key)
{
	struct sim_key_guard *g = sim_map_get(&w->keys, access_key);

	if (g)
		g->failures = 0;
}

bool sim_auth_locked(struct sim_world *w, struct sim_str access_key)
{
	const struct sim_key_guard *g = sim_map_get(&w->keys, access_key);

	return g && w->now_s < g->locked_until_s;
}

bool sim_auth_nonce(struct sim_world *w, struct sim_str access_key, struct sim_str nonce)
{
	struct sim_buf key = {0};
	bool fresh;

	/* Two generations of at least 15 minutes each: forgetting is one swap. */
	if (w->wall_ms - w->nonces_since_ms > SIM_SKEW_MS) {
		sim_map_done(&w->old_nonces);
		w->old_nonces = w->nonces;
		w->nonces = (struct sim_map){0};
		w->nonces_since_ms = w->wall_ms;
	}
	sim_buf_str(&key, access_key);
	sim_buf_char(&key, ' ');
	sim_buf_str(&key, nonce);
	fresh = !sim_map_get(&w->nonces, sim_buf_view(&key)) && !sim_map_get(&w->old_nonces, sim_buf_view(&key));
	if (fresh)
		sim_map_put(&w->nonces, sim_buf_view(&key), w);
	sim_buf_done(&key);
	return fresh;
}

static bool refuse(struct sim_call *c, const char *code, const char *reason)
{
	char text[320];

	snprintf(text, sizeof(text), "Incorrect IAM authentication information: %s", reason);
	sim_call_decide(c, SIM_unauthorized, "%s", reason);
	sim_huawei_error(c, 401, code, text);
	return false;
}

static bool token_passes(struct sim_call *c, struct sim_str text)
{
	struct sim_world *w = c->w;
	const struct sim_token *t = sim_map_get(&w->tokens, text);
	char reason[96] = "token expires, expires_at: ", when[SIM_TIME_SIZE];
	size_t n = strlen(reason);

	if (w->settings.token && sim_str_is(text, w->settings.token))
		return true;
	if (!t && (sim_auth_wanted(w) || w->tokens_issued))
		return refuse(c, "APIGW.0301", "decrypt token fail");
	if (!t || (!t->expired && w->wall_ms < t->expires_ms))
		return true;
	sim_time_text(when, t->expires_ms, true);
	snprintf(reason + n, sizeof(reason) - n, "%s", when);
	return refuse(c, "APIGW.0301", reason);
}

static bool signature_passes(struct sim_call *c, enum sim_verdict v, const struct sim_signed *s)
{
	struct sim_world *w = c->w;
	struct sim_str secret = sim_auth_secret(w, s->access_key);
	char now[SIM_TIME_SIZE], reason[192];

	if (v != SIM_SIGN_OK)
		return refuse(c, "APIGW.0301", "verify aksk signature fail, Authorization or X-Sdk-Date is incomplete");
	if (sim_auth_locked(w, s->access_key))
		return refuse(c, "APIGW.0301", "AK access failed to reach the limit,forbidden");
	if (!secret.p)
		return refuse(c, "APIGW.0301", "Get secretKey failed, ak not exist");
	if (w->settings.security_token && !sim_str_is(s->security_token, w->settings.security_token))
		return refuse(c, "APIGW.0301", "decrypt security token fail");
	if (!s->date_ok || sim_auth_skewed(w, s)) {
		sim_time_text(now, w->wall_ms, false);
		snprintf(reason, sizeof(reason), "signature expired, X-Sdk-Date: %.*s, server time: %s", (int)s->date.n,
			 s->date.p, now);
		return refuse(c, "APIGW.0303", reason);
	}
	if (sim_sign_huawei_check(c->req, s, secret) != SIM_SIGN_OK) {
		sim_auth_failed(w, s->access_key);
		return refuse(c, "APIGW.0301", "verify aksk signature fail");
	}
	sim_auth_passed(w, s->access_key);
	return true;
}

bool sim_huawei_authorize(struct sim_call *c)
{
	struct sim_str token = sim_request_header(c->req, "x-auth-token");
	struct sim_signed s;
	enum sim_verdict v;

	if (token.n)
		return token_passes(c, token);
	if (!sim_auth_wanted(c->w) && !c->w->tokens_issued)
		return true;
	v = sim_sign_huawei_read(c->req, &s);
	if (v == SIM_SIGN_ABSENT)
		return refuse(c, "APIGW.0301", "x-auth-token not found");
	return signature_passes(c, v, &s);
}
