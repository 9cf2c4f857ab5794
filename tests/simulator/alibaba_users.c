/* One function per action. An answer is final: only what lists show trails behind, by the apply delay. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulator/alibaba.h"
#include "tests/simulator/fault.h"
#include "tests/simulator/rules.h"

/* Changes here wait for no queue, so their mark is always served. */
#define NO_QUEUE 0.0
#define NO_LIMIT 1000000000u
#define MAX_LIST_PAGE 100
#define MAX_GATEWAY_PAGE 50

static bool refuse(struct sim_call *c, const char *code, const char *message)
{
	return sim_alibaba_refuse(c, SIM_refused, code, message);
}

/* The provider has no work queue: a capacity limits what it accepts, and more is answered as throttling. */
static bool take(struct sim_call *c)
{
	double mark;

	if (sim_server_take(c->server, &c->w->settings, 1, c->w->now_s, &mark))
		return true;
	return sim_alibaba_refuse(c, SIM_throttled, "Throttling.User", "Request was denied due to user flow control.");
}

static bool read_bandwidth(struct sim_call *c, uint64_t *ret)
{
	struct sim_str text = sim_alibaba_param(c, "Bandwidth");

	if (!text.p)
		return refuse(c, "MissingBandwidth", "Bandwidth is mandatory for this action.");
	if (!sim_number_read(text, c->w->settings.max_bandwidth, ret) || !*ret)
		return refuse(c, "ClientUser.BandwidthInvalid", "The specified Bandwidth is invalid.");
	return true;
}

static bool mail_fits(struct sim_call *c, struct sim_str mail)
{
	if (!mail.n)
		return refuse(c, "ClientUser.EmailEmpty", "The specified UserEmail cannot be empty.");
	if (!sim_alibaba_mail(mail, c->w->settings.loose_mail))
		return refuse(c, "ClientUser.EmailInvalid", "The specified UserEmail is invalid.");
	return true;
}

/* Name and password come together or not at all. */
static bool name_fits(struct sim_call *c, struct sim_str name, struct sim_str password)
{
	if (!name.p && !password.p)
		return true;
	if (!name.n)
		return refuse(c, "ClientUser.NameEmpty", "The specified UserName cannot be empty.");
	if (!sim_alibaba_user_name(name))
		return refuse(c, "ClientUser.NameInvalid", "The specified UserName is invalid.");
	if (!sim_alibaba_password(password))
		return refuse(c, "ClientUser.PasswordInvalid", "The specified Password is invalid.");
	return true;
}

static bool address_fits(struct sim_call *c, struct sim_str address)
{
	uint32_t number;

	if (!address.p)
		return true;
	if (!address.n)
		return refuse(c, "ClientUser.IpEmpty", "The specified ClientIp cannot be empty.");
	if (!sim_ipv4(address, &number))
		return refuse(c, "ClientUser.IpInvalid", "The specified ClientIp is invalid.");
	for (size_t i = 0; i < c->server->order_count; i++) {
		const struct sim_user *u = c->server->order[i];

		if (u && u->static_ip && sim_str_is(address, u->static_ip))
			return refuse(c, "ClientUser.InvalidClientIp", "The specified ClientIp is in use.");
	}
	return true;
}

static bool name_is_free(struct sim_call *c, struct sim_str name)
{
	if (!sim_server_user_named(c->server, &c->w->settings, name))
		return true;
	c->server->stats.duplicate_attempts++;
	sim_server_ledger(c->server, name)->refused_duplicates++;
	return refuse(c, "ClientUser.UserExist", "The specified user already exists.");
}

static bool seat_is_free(struct sim_call *c)
{
	if (c->server->users_by_name.live < sim_server_seats(c->server, &c->w->settings))
		return true;
	return sim_alibaba_refuse(c, SIM_quota, "ClientUser.UserOverLimit", "The maximum number of users is exceeded.");
}

static void mail_credentials(struct sim_call *c, struct sim_str name)
{
	c->server->stats.mails++;
	sim_server_ledger(c->server, name)->mails++;
}

static void made_password(struct sim_call *c, char ret[17])
{
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

	for (size_t i = 0; i < 16; i++)
		ret[i] = alphabet[sim_world_random(c->w) % (sizeof(alphabet) - 1)];
	ret[16] = '\0';
}

static struct sim_user *claim(struct sim_call *c, struct sim_str name, struct sim_str password)
{
	struct sim_ledger *ledger = sim_server_ledger(c->server, name);
	int64_t stamp = sim_world_stamp(c->w);
	char id[SIM_ID_SIZE], made[17];
	struct sim_user *u;

	sim_world_id(c->w, id, true);
	u = sim_server_claim(c->server, &c->w->settings, name, id, stamp);
	if (!password.p) {
		made_password(c, made);
		password = sim_str_of(made);
	}
	sim_user_password(u, password);
	if (c->rule && c->rule->fault.vanish_after_s >= 0 && sim_rule_names(c->rule, name))
		u->vanish_after_s = c->rule->fault.vanish_after_s;
	sim_server_change(c->server, SIM_CREATE, u, NULL, NO_QUEUE, stamp);
	if (ledger->created > ledger->deleted)
		c->server->stats.double_creates++;
	ledger->created++;
	c->server->stats.users_created++;
	mail_credentials(c, name);
	return u;
}

static void user_answer(struct sim_call *c, const char *name, const char *mail, uint64_t bandwidth, const char *address)
{
	struct sim_buf *b = &c->reply->body;

	sim_alibaba_begin(c);
	sim_buf_text(b, ",\"UserName\":");
	sim_buf_json(b, name);
	sim_buf_text(b, ",\"UserMail\":");
	sim_buf_json(b, mail);
	sim_buf_printf(b, ",\"Bandwidth\":%" PRIu64, bandwidth);
	if (address) {
		sim_buf_text(b, ",\"ClientIp\":");
		sim_buf_json(b, address);
	}
	sim_buf_char(b, '}');
}

void sim_alibaba_create(struct sim_call *c)
{
	struct sim_str mail = sim_alibaba_param(c, "UserMail"), name = sim_alibaba_param(c, "UserName");
	struct sim_str password = sim_alibaba_param(c, "Password"), address = sim_alibaba_param(c, "ClientIp");
	struct sim_user *u;
	uint64_t bandwidth;

	if (!mail.p) {
		refuse(c, "MissingUserMail", "UserMail is mandatory for this action.");
		return;
	}
	if (!mail_fits(c, mail) || !read_bandwidth(c, &bandwidth) || !name_fits(c, name, password) ||
	    !address_fits(c, address))
		return;
	if (!name.p)
		name = mail;
	if (!name_is_free(c, name) || !seat_is_free(c) || !take(c))
		return;
	u = claim(c, name, password);
	u->mail = sim_dup(mail);
	u->bandwidth = bandwidth;
	u->static_ip = address.p ? sim_dup(address) : NULL;
	user_answer(c, u->name, u->mail, u->bandwidth, u->static_ip);
}

static void empty_answer(struct sim_call *c)
{
	sim_alibaba_begin(c);
	sim_buf_char(&c->reply->body, '}');
}

/* The user that a parameter names; NULL: the answer is made. One whose delete was accepted is gone. */
static struct sim_user *user_of(struct sim_call *c, const char *param)
{
	struct sim_str name = sim_alibaba_param(c, param);
	struct sim_user *u = name.n ? sim_server_user_named(c->server, &c->w->settings, name) : NULL;
	char code[64] = "Missing", message[96];

	if (u && !u->deleting)
		return u;
	if (name.n) {
		refuse(c, "ClientUser.NameInvalid", "The specified UserName is invalid.");
	} else if (name.p) {
		refuse(c, "ClientUser.NameEmpty", "The specified UserName cannot be empty.");
	} else {
		snprintf(code, sizeof(code), "Missing%s", param);
		snprintf(message, sizeof(message), "%s is mandatory for this action.", param);
		refuse(c, code, message);
	}
	return NULL;
}

static struct sim_change *update(struct sim_call *c, struct sim_user *u, bool idle)
{
	c->server->stats.users_updated++;
	if (idle)
		c->server->stats.idle_updates++;
	return sim_server_change(c->server, SIM_UPDATE, u, NULL, NO_QUEUE, c->w->wall_ms);
}

void sim_alibaba_modify(struct sim_call *c)
{
	struct sim_user *u = user_of(c, "UserName");
	struct sim_str mail = sim_alibaba_param(c, "Email");
	struct sim_change *change;
	uint64_t bandwidth;

	if (!u || !read_bandwidth(c, &bandwidth) || (mail.p && !mail_fits(c, mail)) || !take(c))
		return;
	change = update(c, u, u->bandwidth == bandwidth && (!mail.p || sim_str_is(mail, u->mail ? u->mail : "")));
	change->set_bandwidth = true;
	change->bandwidth = bandwidth;
	change->set_mail = mail.p;
	change->mail = mail.p ? sim_dup(mail) : NULL;
	user_answer(c, u->name, mail.p ? change->mail : u->mail, bandwidth, u->static_ip);
}

void sim_alibaba_delete(struct sim_call *c)
{
	struct sim_user *u = user_of(c, "UserName");

	if (!u)
		return;
	if (sim_script_in_use(c->w, c->server, sim_str_of(u->name))) {
		refuse(c, "ClientUser.UserInUsing", "The user has been in use this month and cannot be deleted.");
		return;
	}
	if (!take(c))
		return;
	u->deleting = true;
	sim_server_change(c->server, SIM_DELETE, u, NULL, NO_QUEUE, c->w->wall_ms);
	c->server->stats.users_deleted++;
	empty_answer(c);
}

static void set_state(struct sim_call *c, bool disabled)
{
	struct sim_user *u = user_of(c, "UserName");
	struct sim_change *change;

	if (!u || !take(c))
		return;
	change = update(c, u, u->disabled == disabled);
	change->set_state = true;
	change->disabled = disabled;
	empty_answer(c);
}

void sim_alibaba_enable(struct sim_call *c)
{
	set_state(c, false);
}

void sim_alibaba_disable(struct sim_call *c)
{
	set_state(c, true);
}

void sim_alibaba_reset_password(struct sim_call *c)
{
	struct sim_user *u = user_of(c, "UserName");
	struct sim_str password = sim_alibaba_param(c, "Password");
	char made[17];

	if (!u)
		return;
	if (password.p && !sim_alibaba_password(password)) {
		refuse(c, "ClientUser.PasswordInvalid", "The specified Password is invalid.");
		return;
	}
	if (!take(c))
		return;
	if (!password.p) {
		made_password(c, made);
		password = sim_str_of(made);
	}
	sim_user_password(u, password);
	c->server->stats.users_updated++;
	mail_credentials(c, sim_str_of(u->name));
	empty_answer(c);
}

void sim_alibaba_kick_out(struct sim_call *c)
{
	if (user_of(c, "Username") && take(c))
		empty_answer(c);
}

struct page {
	uint64_t number, size;
	size_t from, to; /* rows of this page among those that match */
};

static bool page_read(struct sim_call *c, uint64_t most, struct page *ret)
{
	struct sim_str number = sim_alibaba_param(c, "PageNumber"), size = sim_alibaba_param(c, "PageSize");

	*ret = (struct page){.number = 1, .size = 10};
	if (number.p && (!sim_number_read(number, 100000000, &ret->number) || !ret->number))
		return refuse(c, "InvalidPageNumber", "The specified PageNumber is invalid.");
	if (size.p && (!sim_number_read(size, most, &ret->size) || !ret->size))
		return refuse(c, "InvalidPageSize", "The specified PageSize is invalid.");
	ret->from = (ret->number - 1) * ret->size;
	ret->to = ret->from + ret->size;
	return true;
}

static void row_json(struct sim_call *c, const struct sim_user *u, bool first)
{
	struct sim_buf *b = &c->reply->body;

	sim_buf_text(b, first ? "{\"UserName\":" : ",{\"UserName\":");
	sim_buf_json(b, u->name);
	sim_buf_text(b, ",\"UserMail\":");
	sim_buf_json(b, u->mail);
	sim_buf_printf(b, ",\"Bandwidth\":%" PRIu64 ",\"State\":%d,\"ClientIp\":", u->bandwidth, u->disabled);
	sim_buf_json(b, u->static_ip ? u->static_ip : "");
	sim_buf_printf(b, ",\"IsStaticIp\":%d,\"AccelerateBandwidth\":1000}", u->static_ip ? 1 : 0);
}

/* Collects the page's rows; returns how many match in all. Without filter and hidden users a row's place is known. */
static size_t collect(struct sim_call *c, const struct page *p, const void **rows, size_t *ret_n)
{
	struct sim_str name = sim_alibaba_param(c, "UserName"), mail = sim_alibaba_param(c, "UserMail");
	const struct sim_server *s = c->server;
	bool direct = !name.n && !mail.n && s->visible == s->order_count;
	size_t match = 0, n = 0, at = 0;

	if (direct && p->from < s->order_count)
		at = match = p->from;
	for (; at < s->order_count && !(direct && n == p->size); at++) {
		const struct sim_user *u = s->order[at];

		if (!u || !u->visible || (name.n && !sim_str_is(name, u->name)) ||
		    (mail.n && !sim_str_is(mail, u->mail ? u->mail : "")))
			continue;
		if (match >= p->from && match < p->to)
			rows[n++] = u;
		match++;
	}
	*ret_n = n;
	return direct ? s->visible : match;
}

void sim_alibaba_list(struct sim_call *c)
{
	const void *rows[MAX_LIST_PAGE];
	struct sim_buf *b = &c->reply->body;
	struct page page;
	size_t n, total;

	if (!page_read(c, MAX_LIST_PAGE, &page))
		return;
	total = collect(c, &page, rows, &n);
	sim_fault_disturb(c, rows, n);
	sim_alibaba_begin(c);
	sim_buf_printf(b, ",\"TotalCount\":%zu,\"PageNumber\":%" PRIu64 ",\"PageSize\":%" PRIu64, total, page.number,
		       page.size);
	sim_buf_text(b, ",\"Users\":{\"User\":[");
	for (size_t i = 0; i < n; i++)
		row_json(c, rows[i], i == 0);
	sim_buf_text(b, "]}}");
}

static void gateway_json(struct sim_call *c, const struct sim_server *s, bool first)
{
	uint64_t seats = sim_server_seats(s, &c->w->settings);
	struct sim_buf *b = &c->reply->body;
	char end[SIM_TIME_SIZE];

	sim_time_text(end, c->w->wall_ms + INT64_C(365) * 86400000, false);
	sim_buf_text(b, first ? "{\"SmartAGId\":" : ",{\"SmartAGId\":");
	sim_buf_json(b, s->id);
	sim_buf_text(b, ",\"Name\":");
	sim_buf_json(b, s->id);
	sim_buf_printf(b,
		       ",\"Status\":\"Active\",\"HardwareVersion\":\"sag-100wm\",\"UserCount\":%" PRIu64
		       ",\"DataPlan\":1073741824,\"MaxBandwidth\":\"%" PRIu64
		       "\",\"CidrBlock\":\"10.0.0.0/8\",\"EndTime\":\"%s\"}",
		       seats > NO_LIMIT ? NO_LIMIT : seats, c->w->settings.max_bandwidth, end);
}

void sim_alibaba_list_gateways(struct sim_call *c)
{
	struct sim_str name = sim_alibaba_param(c, "Name");
	struct sim_buf *b = &c->reply->body, list = {0};
	size_t total = 0, n = 0;
	struct page page;

	if (!page_read(c, MAX_GATEWAY_PAGE, &page))
		return;
	b->n = 0;
	for (size_t i = 0; i < c->w->server_count; i++) {
		const struct sim_server *s = c->w->server_list[i];

		if (s->provider != SIM_ALIBABA || (c->server && s != c->server) || (name.n && !sim_str_is(name, s->id)))
			continue;
		if (total >= page.from && total < page.to)
			gateway_json(c, s, n++ == 0);
		total++;
	}
	list = *b;
	*b = (struct sim_buf){0};
	sim_alibaba_begin(c);
	sim_buf_printf(b, ",\"TotalCount\":%zu,\"PageNumber\":%" PRIu64 ",\"PageSize\":%" PRIu64, total, page.number,
		       page.size);
	sim_buf_text(b, ",\"SmartAccessGateways\":{\"SmartAccessGateway\":[");
	sim_buf_str(b, sim_buf_view(&list));
	sim_buf_text(b, "]}}");
	sim_buf_done(&list);
}
