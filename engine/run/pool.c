/* The book of a pool: seats taken, seats left, names taken; and where each newcomer goes. */
#include "engine/run/pool.h"
#include "engine/run/carry.h"
#include "engine/base/alloc.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define NO_LIMIT (INT64_MAX / 2) /* seats of a server whose limit the config does not tell */

struct taken { /* a name on a server, by the hash of its folded form; 0: free slot */
	uint64_t hash;
	uint32_t server;
	bool unmanaged;
};

struct seat_book {     /* of one server */
	int64_t room;  /* seats left; of a server without limit: NO_LIMIT less those taken, so that the emptiest wins */
	int64_t freed; /* seats of accounts that this run deletes: for newcomers when no room is left */
	int64_t left;  /* people who move away: their seats are theirs until the new account is confirmed */
	bool shut;     /* it refused for want of a seat */
};

struct run_pool {
	struct seat_book *seats;
	struct taken *names;
	size_t n, size;
};

static uint64_t name_hash(struct rc_slice name)
{
	char folded[600];
	uint64_t h;

	if (name.n > sizeof(folded))
		return 1; /* longer than any provider takes */
	rc_account_name_fold(name, folded);
	h = XXH3_64bits(folded, name.n);
	return h ? h : 1;
}

static void put(struct run_pool *p, struct taken t)
{
	size_t at = t.hash & (p->size - 1);

	while (p->names[at].hash)
		at = (at + 1) & (p->size - 1);
	p->names[at] = t;
	p->n++;
}

static void take_name(struct run_pool *p, struct rc_slice name, size_t server, bool unmanaged)
{
	if ((p->n + 1) * 2 > p->size) {
		struct taken *old = p->names;
		size_t size = p->size;

		p->size = size ? size * 2 : 1024;
		p->names = rc_xcalloc(p->size, sizeof(*p->names));
		p->n = 0;
		for (size_t i = 0; i < size; i++)
			if (old[i].hash)
				put(p, old[i]);
		free(old);
	}
	put(p, (struct taken){name_hash(name), (uint32_t)server, unmanaged});
}

/* The next server, from *at on, where the name is taken; SIZE_MAX: none. Begin with *at 0. */
static size_t next_holder(const struct run_pool *p, uint64_t hash, bool unmanaged, size_t *at)
{
	for (; p->size && *at < p->size; ++*at) {
		const struct taken *t = &p->names[(hash + *at) & (p->size - 1)];

		if (!t->hash)
			break;
		if (t->hash == hash && t->unmanaged == unmanaged) {
			++*at;
			return t->server;
		}
	}
	return SIZE_MAX;
}

static void occupy(struct run_pool *p, const struct run_target *t, struct rc_slice label, struct rc_slice name,
		   bool unmanaged)
{
	size_t at = run_server_at(t, label);

	if (at == SIZE_MAX || !name.n)
		return;
	p->seats[at].room--;
	take_name(p, name, at, unmanaged);
}

/* The book as the view has it. */
static struct run_pool *pool_of(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	struct run_pool *p = t->pool;
	struct rc_walk w = {0};
	struct rc_unmanaged u;
	struct rc_known k;

	if (p)
		return p;
	p = t->pool = rc_xcalloc(1, sizeof(*p));
	p->seats = rc_xcalloc(t->cfg->n_servers, sizeof(*p->seats));
	for (size_t i = 0; i < t->cfg->n_servers; i++)
		p->seats[i].room = t->cfg->servers[i].seats ? (int64_t)t->cfg->servers[i].seats : NO_LIMIT;
	rc_walk_known_begin(r->view, t->number, &w);
	while (rc_walk_known(&w, &k, NULL))
		if (k.flags & RC_KNOWN_MANAGED)
			occupy(p, t, k.server, k.name, false);
	rc_walk_end(&w);
	rc_walk_retiring_begin(r->view, t->number, (struct rc_slice){0}, &w);
	while (rc_walk_retiring(&w, &k))
		occupy(p, t, k.server, k.name, false);
	rc_walk_end(&w);
	rc_walk_unmanaged_begin(r->view, t->number, &w);
	while (rc_walk_unmanaged(&w, &u))
		occupy(p, t, u.server, u.name, true);
	rc_walk_end(&w);
	return p;
}

void run_pool_free(struct run_pool *p)
{
	if (!p)
		return;
	free(p->seats);
	free(p->names);
	free(p);
}

static struct rc_slice label_at(const struct run_target *t, size_t server)
{
	return rc_slice_str(t->cfg->servers[server].label);
}

bool run_pool_unmanaged(struct run *r, size_t target, struct rc_slice label, struct rc_slice name,
			struct rc_unmanaged *ret)
{
	const struct run_target *t = &r->targets[target];
	size_t at = 0, server;
	const struct run_pool *p;

	if (!t->cfg->pool)
		return rc_view_unmanaged(r->view, t->number, (struct rc_slice){0}, name, ret);
	if (label.n && rc_view_unmanaged(r->view, t->number, label, name, ret))
		return true;
	p = pool_of(r, target);
	while ((server = next_holder(p, name_hash(name), true, &at)) != SIZE_MAX)
		if (rc_view_unmanaged(r->view, t->number, label_at(t, server), name, ret))
			return true;
	return false;
}

/* The server with most room that takes newcomers; SIZE_MAX: none has any. */
static size_t roomiest(const struct run_target *t)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < t->cfg->n_servers; i++) {
		const struct seat_book *b = &t->pool->seats[i];

		if (!t->cfg->servers[i].drain && !b->shut && b->room > 0 &&
		    (best == SIZE_MAX || b->room > t->pool->seats[best].room))
			best = i;
	}
	return best;
}

/* No room: the server where most of this run's deletes have a seat to give. */
static size_t soonest(const struct run_target *t)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < t->cfg->n_servers; i++) {
		const struct seat_book *b = &t->pool->seats[i];

		if (!t->cfg->servers[i].drain && !b->shut && b->freed > 0 &&
		    (best == SIZE_MAX || b->freed > t->pool->seats[best].freed))
			best = i;
	}
	return best;
}

static bool take_seat(struct seat_book *b)
{
	if (b->room > 0) {
		b->room--;
		return true;
	}
	if (b->freed > 0) {
		b->freed--;
		return true;
	}
	return false;
}

static void wait_for_seat(struct run *r, struct run_target *t, struct rc_op *op, const char *code, const char *message)
{
	struct op_info *info = op->owner;

	op->state = RC_STEP_DEFERRED;
	op->error_code = code;
	op->error_message = rc_arena_strdup(&r->mem, message);
	op->queue_position = ++t->seats_waited_for;
	op->server = 0;
	info->unplaced = true;
}

static void all_full(struct run *r, struct run_target *t, struct rc_op *op)
{
	char message[200];

	snprintf(message, sizeof(message),
		 "no server of the pool has a seat left: free one, raise `seats`, or add a server (%zu now)",
		 t->cfg->n_servers);
	wait_for_seat(r, t, op, "rollcall.seats", message);
}

static void unknown_label(struct run *r, struct run_target *t, struct rc_op *op, struct rc_slice label)
{
	char labels[300] = "", message[600];

	for (size_t i = 0; i < t->cfg->n_servers; i++) {
		size_t n = strlen(labels);

		snprintf(labels + n, sizeof(labels) - n, "%s%s", n ? ", " : "", t->cfg->servers[i].label);
	}
	snprintf(message, sizeof(message), "server: the pool has no server \"%.*s\"; it has: %s",
		 (int)(label.n < 100 ? label.n : 100), label.p, labels);
	rc_printable(message, sizeof(message));
	op->state = RC_STEP_FAILED;
	op->error_code = "rollcall.invalid";
	op->error_message = rc_arena_strdup(&r->mem, message);
	((struct op_info *)op->owner)->unplaced = true;
}

/* The row says where. */
static void place_as_told(struct run *r, struct run_target *t, struct rc_op *op, struct rc_slice label)
{
	size_t at = run_server_at(t, label);
	char message[300];

	if (at == SIZE_MAX) {
		unknown_label(r, t, op, label);
		return;
	}
	op->server = (uint32_t)at;
	if (t->cfg->servers[at].drain) {
		snprintf(message, sizeof(message), "server %s is draining and takes no newcomers",
			 t->cfg->servers[at].label);
		wait_for_seat(r, t, op, "rollcall.drain", message);
	} else if (!take_seat(&t->pool->seats[at])) {
		snprintf(message, sizeof(message), "server %s has no seat left: free one, or raise its `seats`",
			 t->cfg->servers[at].label);
		wait_for_seat(r, t, op, "rollcall.seats", message);
	}
}

/* Two people of one name belong on one server, where names.c tells them so: else chance would decide who fails. */
static void place_freely(struct run *r, struct run_target *t, struct rc_op *op)
{
	const struct op_info *info = op->owner;
	size_t at = 0, server = next_holder(t->pool, name_hash(op->name), false, &at);

	if (server == SIZE_MAX && info->home && !t->cfg->servers[info->home - 1].drain &&
	    t->pool->seats[info->home - 1].room > 0)
		server = info->home - 1;
	if (server == SIZE_MAX)
		server = roomiest(t);
	if (server == SIZE_MAX)
		server = soonest(t);
	if (server == SIZE_MAX) {
		all_full(r, t, op);
		return;
	}
	take_seat(&t->pool->seats[server]);
	op->server = (uint32_t)server;
}

static int by_priority(const void *a, const void *b)
{
	const struct rc_op *x = *(struct rc_op *const *)a, *y = *(struct rc_op *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return rc_slice_cmp(x->key, y->key);
}

static struct rc_slice told_of(const struct rc_op *op)
{
	const struct op_info *info = op->owner;

	return info->person && info->person->mapped.want ? info->person->mapped.want[op->target].server
							 : (struct rc_slice){0};
}

void run_pool_place(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];
	struct rc_op **newcomers;
	struct run_pool *p;
	size_t n = 0;

	if (!t->cfg->pool || !t->n_ops)
		return;
	p = pool_of(r, target);
	newcomers = rc_xcalloc(t->n_ops, sizeof(struct rc_op *));
	for (size_t i = 0; i < t->n_ops; i++) {
		struct rc_op *op = r->ops[t->first_op + i];

		if (((struct op_info *)op->owner)->newcomer)
			newcomers[n++] = op;
		else if (op->action == RC_ACT_DELETE && op->class_ == RC_CLASS_LEAVE)
			p->seats[op->server].freed++;
	}
	qsort(newcomers, n, sizeof(struct rc_op *), by_priority);
	for (size_t i = 0; i < n; i++) {
		struct rc_slice label = told_of(newcomers[i]);

		if (label.n)
			place_as_told(r, t, newcomers[i], label);
		else
			place_freely(r, t, newcomers[i]);
		if (!((struct op_info *)newcomers[i]->owner)->unplaced)
			take_name(p, newcomers[i]->name, newcomers[i]->server, false);
	}
	free(newcomers);
}

void run_pool_placed(struct run *r, size_t target)
{
	struct run_target *t = &r->targets[target];

	if (!t->cfg->pool)
		return;
	pool_of(r, target);
	for (size_t i = 0; i < t->n_ops; i++) {
		const struct rc_op *op = r->ops[t->first_op + i];
		const struct op_info *info = op->owner;

		if (info->newcomer && !info->unplaced)
			take_seat(&t->pool->seats[op->server]);
	}
}

int64_t run_pool_room(struct run *r, size_t target, size_t server)
{
	const struct seat_book *b = &pool_of(r, target)->seats[server];

	return b->room + b->left;
}

void run_pool_leave(struct run *r, size_t target, size_t server)
{
	pool_of(r, target)->seats[server].left++;
}

size_t run_pool_reseat(struct run *r, size_t target, size_t to, struct rc_slice name)
{
	struct run_target *t = &r->targets[target];
	struct run_pool *p = pool_of(r, target);
	size_t holder;

	if (to == SIZE_MAX)
		to = roomiest(t);
	if (to == SIZE_MAX || p->seats[to].room <= 0)
		return SIZE_MAX;
	for (int unmanaged = 0; unmanaged < 2; unmanaged++)
		for (size_t at = 0; (holder = next_holder(p, name_hash(name), unmanaged, &at)) != SIZE_MAX;)
			if (holder == to)
				return SIZE_MAX;
	p->seats[to].room--;
	take_name(p, name, to, false);
	return to;
}

void run_pool_seats(const struct run *r, size_t target, int64_t *limit, int64_t *used)
{
	const struct run_target *t = &r->targets[target];
	int64_t sum = 0;

	if (!t->cfg->pool || !r->view || *limit >= 0)
		return;
	for (size_t i = 0; i < t->cfg->n_servers; i++) {
		if (!t->cfg->servers[i].seats)
			return;
		sum += (int64_t)t->cfg->servers[i].seats;
	}
	*limit = sum;
	*used = (int64_t)(rc_view_known_count(r->view, t->number, true) + t->unmanaged);
}

bool run_pool_elsewhere(struct run *r, struct rc_op *op)
{
	struct run_target *t = &r->targets[op->target];
	struct op_info *info = op->owner;
	size_t to;

	if (!t->pool || !info->newcomer || op->unsure || op->mail_sent || op->foreign || op->after || told_of(op).n)
		return false;
	t->pool->seats[op->server].shut = true;
	to = roomiest(t);
	if (to == SIZE_MAX)
		return false;
	run_password_void(r, op); /* it was sealed for the server that refused */
	if (op->password.n)
		OPENSSL_cleanse((char *)op->password.p, op->password.n);
	op->password = (struct rc_slice){0};
	op->error_code = op->error_message = NULL;
	op->not_before_ns = 0;
	t->pool->seats[to].room--;
	op->server = (uint32_t)to;
	run_intent(r, op);
	rc_writer_flush(r->writer);
	return true;
}
