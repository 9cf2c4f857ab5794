/* IAM: password logins become tokens. */
#include <string.h>

#include "tests/simulator/auth.h"
#include "tests/simulator/huawei.h"

void sim_iam_expire_all(struct sim_world *w)
{
	struct sim_map_slot *slot;

	for (size_t at = 0; (slot = sim_map_next(&w->tokens, &at));)
		((struct sim_token *)slot->value)->expired = true;
}

static const cJSON *walk(const cJSON *o, const char *const *names)
{
	for (; *names && o; names++)
		o = cJSON_GetObjectItemCaseSensitive(o, *names);
	return o;
}

static const char *text_at(const cJSON *o, const char *const *names)
{
	const cJSON *v = walk(o, names);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

struct login {
	const char *user, *domain, *password, *project_name, *project_id;
};

static bool read_login(const cJSON *json, struct login *ret)
{
	static const char *const user[] = {"auth", "identity", "password", "user", "name", NULL};
	static const char *const domain[] = {"auth", "identity", "password", "user", "domain", "name", NULL};
	static const char *const password[] = {"auth", "identity", "password", "user", "password", NULL};
	static const char *const name[] = {"auth", "scope", "project", "name", NULL};
	static const char *const id[] = {"auth", "scope", "project", "id", NULL};
	static const char *const methods[] = {"auth", "identity", "methods", NULL};
	const cJSON *method = cJSON_GetArrayItem(walk(json, methods), 0);

	*ret = (struct login){text_at(json, user), text_at(json, domain), text_at(json, password), text_at(json, name),
			      text_at(json, id)};
	return cJSON_IsString(method) && !strcmp(method->valuestring, "password") && ret->user && ret->domain &&
	       ret->password && (ret->project_name || ret->project_id);
}

static bool known(const char *setting, const char *given)
{
	return !setting || !strcmp(setting, given);
}

static struct sim_token *issue(struct sim_world *w)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+";
	struct sim_token *t = sim_alloc(sizeof(*t));
	size_t n = w->settings.token_bytes;

	t->text = sim_alloc(n + 1);
	memcpy(t->text, "MIIsim", 6);
	for (size_t i = 6; i < n; i++)
		t->text[i] = alphabet[sim_world_random(w) % (sizeof(alphabet) - 1)];
	t->expires_ms = w->wall_ms + (int64_t)(w->settings.token_ttl_s * 1000);
	sim_map_put(&w->tokens, sim_str_of(t->text), t);
	w->tokens_issued++;
	return t;
}

static void token_json(struct sim_call *c, const struct login *l, const struct sim_token *t)
{
	struct sim_buf *b = &c->reply->body;
	struct sim_params params;
	char when[SIM_TIME_SIZE];

	sim_params_read(&params, c->req->query, SIM_STR(""));
	sim_time_text(when, t->expires_ms, true);
	sim_buf_printf(b, "{\"token\":{\"expires_at\":\"%s\",\"methods\":[\"password\"],", when);
	sim_time_text(when, c->w->wall_ms, true);
	sim_buf_printf(b, "\"issued_at\":\"%s\",\"project\":{\"id\":", when);
	sim_buf_json(b, l->project_id ? l->project_id : "0a1b2c3d4e5f60718293a4b5c6d7e8f9");
	sim_buf_text(b, ",\"name\":");
	sim_buf_json(b, l->project_name ? l->project_name : "project");
	sim_buf_text(b, "},\"user\":{\"name\":");
	sim_buf_json(b, l->user);
	sim_buf_text(b, ",\"domain\":{\"name\":");
	sim_buf_json(b, l->domain);
	sim_buf_char(b, '}');
	sim_buf_char(b, '}');
	if (!sim_str_is(sim_params_get(&params, "nocatalog"), "true"))
		sim_buf_text(b, ",\"catalog\":[{\"type\":\"vpn\",\"name\":\"vpn\",\"endpoints\":[]}]");
	sim_buf_text(b, "}}");
	sim_params_done(&params);
}

void sim_iam_run(struct sim_call *c)
{
	const struct sim_settings *set = &c->w->settings;
	const struct sim_token *t;
	struct login l;

	c->json = cJSON_ParseWithLength(c->req->body.p ? c->req->body.p : "", c->req->body.n);
	if (!read_login(c->json, &l)) {
		sim_call_decide(c, SIM_refused, "not a password login with a scope");
		sim_huawei_nested_error(c, 400, "Bad Request", "The request body is invalid");
		return;
	}
	if (!known(set->iam_user, l.user) || !known(set->iam_password, l.password) ||
	    !known(set->iam_domain, l.domain)) {
		sim_call_decide(c, SIM_unauthorized, "wrong user, domain or password");
		sim_huawei_nested_error(c, 401, "Unauthorized", "The username or password is wrong.");
		return;
	}
	t = issue(c->w);
	c->reply->status = 201;
	sim_reply_header(c->reply, "X-Subject-Token", t->text);
	token_json(c, &l, t);
}
