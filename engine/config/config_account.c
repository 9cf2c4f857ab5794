/* "account" of a target: which rule gives which field, against the connector's schema. */
#include "engine/base/nearest.h"
#include "engine/config/config_build.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_N = 99 };

static void unknown_field(struct cfg_build *b, const struct rc_account_schema *s, const char *key,
			  const struct rc_json_path *at)
{
	const char *names[RC_MAX_FIELDS], *near;

	for (size_t i = 0; i < s->n_fields; i++)
		names[i] = s->fields[i].name;
	near = rc_nearest(rc_slice_str(key), names, s->n_fields);
	if (near)
		cfg_fault(b, at, key, "%s has no such field; did you mean \"%s\"?", s->connector, near);
	else
		cfg_fault(b, at, key, "%s has no such field", s->connector);
}

static void first_free(struct cfg_build *b, const cJSON *v, const struct rc_json_path *at, const struct rc_field *f,
		       struct rc_target *t, struct rc_account_rule *r)
{
	r->kind = RC_RULE_FIRST_FREE;
	r->exprs = cfg_strings(b, rc_json_member(v, "first_free"));
	r->max_n = rc_json_member(v, "max_n") ? (unsigned)cfg_whole(v, "max_n") : MAX_N;
	if (rc_json_member(v, "name_reuse_days"))
		t->name_reuse_days = (unsigned)cfg_whole(v, "name_reuse_days");
	for (size_t i = 0; i < t->schema->n_names; i++)
		if (&t->schema->fields[t->schema->names[i]] == f)
			return;
	cfg_fault(b, at, NULL, "first_free is for names; no one else can hold a %s", f->name);
}

static void generate(struct cfg_build *b, const cJSON *v, const struct rc_json_path *at, const struct rc_field *f,
		     const struct rc_target *t, struct rc_account_rule *r)
{
	const cJSON *g = rc_json_member(v, "generate");
	struct rc_json_path below = {at, "generate", 0};

	r->kind = RC_RULE_GENERATE;
	r->generate_length = (unsigned)cfg_whole(g, "length");
	if (!f->secret) {
		cfg_fault(b, at, NULL, "generate makes passwords, and %s is none", f->name);
		return;
	}
	if (r->generate_length &&
	    (r->generate_length < f->password.min_length || r->generate_length > f->password.max_length))
		cfg_fault(b, &below, "length", "must be from %u to %u", f->password.min_length, f->password.max_length);
	if (!t->seal_to.n)
		cfg_fault(b, at, NULL,
			  "a generated password must go somewhere: name a certificate in /credentials/seal_to");
}

static void rule(struct cfg_build *b, const cJSON *v, const struct rc_json_path *at, const struct rc_field *f,
		 struct rc_target *t, struct rc_account_rule *r)
{
	if (cJSON_IsString(v) || cJSON_IsNumber(v)) {
		const char **one = rc_arena_zalloc(&b->c->mem, 2 * sizeof(*one));

		one[0] = cJSON_IsString(v) ? cfg_copy(b, v->valuestring)
					   : rc_arena_printf(&b->c->mem, "%.0f", v->valuedouble);
		r->kind = RC_RULE_EXPR;
		r->exprs = (struct rc_strings){1, one};
	} else if (rc_json_member(v, "first_free")) {
		first_free(b, v, at, f, t, r);
	} else if (rc_json_member(v, "generate")) {
		generate(b, v, at, f, t, r);
	}
}

static bool same_expression(const struct rc_account_rule *a, const struct rc_account_rule *b)
{
	return a->kind == RC_RULE_EXPR && b->kind == RC_RULE_EXPR && strcmp(a->exprs.v[0], b->exprs.v[0]) == 0;
}

/* Name and password go together or not at all; a name that is what the provider would take anyway is left out. */
static void pairing(struct cfg_build *b, const struct rc_json_path *at, struct rc_target *t)
{
	const struct rc_account_schema *s = t->schema;
	unsigned name = s->names[0], secret;
	struct rc_account_rule *r = &t->account[name];

	if (!s->name_needs_secret || s->secret_field < 0)
		return;
	secret = (unsigned)s->secret_field;
	if (t->mapped >> secret & 1 && !(t->mapped >> name & 1))
		cfg_fault(b, at, s->fields[name].name, "is missing; \"%s\" needs it", s->fields[secret].name);
	if (!(t->mapped >> name & 1) || t->mapped >> secret & 1)
		return;
	for (size_t i = 1; i < s->n_names; i++)
		if (same_expression(r, &t->account[s->names[i]])) {
			*r = (struct rc_account_rule){0};
			t->mapped &= ~(1u << name);
			return;
		}
	cfg_fault(
		b, at, s->fields[secret].name,
		"is missing; \"%s\" needs it (leave both out: the service takes the mail address and mails a password)",
		s->fields[name].name);
}

/* "password" stands for the password on every connector, whatever the service calls it. */
static int field_of(const struct rc_account_schema *s, const char *key)
{
	int i = rc_account_field(s, rc_slice_str(key));

	return i < 0 && strcmp(key, "password") == 0 ? s->secret_field : i;
}

void cfg_account(struct cfg_build *b, const cJSON *target, const struct rc_json_path *up, struct rc_target *t)
{
	const cJSON *account = rc_json_member(target, "account"), *one;
	struct rc_json_path at = {up, "account", 0};
	const struct rc_account_schema *s = t->schema;

	if (!cJSON_IsObject(account))
		return;
	cJSON_ArrayForEach(one, account)
	{
		int i = field_of(s, one->string);
		struct rc_json_path where = {&at, one->string, 0};

		if (i < 0) {
			unknown_field(b, s, one->string, &at);
			continue;
		}
		if (t->mapped >> i & 1)
			cfg_fault(b, &at, one->string, "stands beside %s, which is the same field", s->fields[i].name);
		rule(b, one, &where, &s->fields[i], t, &t->account[i]);
		t->mapped |= 1u << i;
	}
	for (size_t i = 0; i < s->n_fields; i++)
		if (s->fields[i].required && !s->fields[i].absent && !(t->mapped >> i & 1))
			cfg_fault(b, &at, s->fields[i].name, "is missing: a %s account needs it (%s)", s->connector,
				  s->fields[i].describe);
	pairing(b, &at, t);
}
