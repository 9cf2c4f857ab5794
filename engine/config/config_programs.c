#include "engine/config/config.h"

static bool any_command(const struct rc_secret *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].kind == RC_SECRET_COMMAND)
			return true;
	return false;
}

bool rc_config_starts_programs(const struct rc_config *c)
{
	if (c->on_finish.n || any_command(&c->proxy, 1))
		return true;
	for (size_t i = 0; i < c->n_sources; i++)
		if (c->sources[i].command.n)
			return true;
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rc_auth *a = &c->targets[i].auth;
		const struct rc_secret secrets[] = {a->access_key, a->secret_key, a->security_token,
						    a->token,      a->user,       a->password};

		if (any_command(secrets, sizeof(secrets) / sizeof(*secrets)))
			return true;
	}
	return false;
}
