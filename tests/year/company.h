/* tests/year/company.h - a company that hires, moves, renames and lets go, from one seed; and the truth about it: what
 * each provider should hold after a clean night. It shares no rule with the engine but the words of the contract. */
#ifndef YEAR_COMPANY_H
#define YEAR_COMPANY_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { VPN, SAG, TARGETS };
enum { NAME_SIZE = 40, MAX_OLD = 16, SAYS_SIZE = 64 };
enum effect { NO_EFFECT, DENY, KEEP, HOLD };

struct old { /* the old account of a changed name, still at the provider */
	char name[NAME_SIZE];
	int dept;
	int64_t due_s;
};

struct account {
	bool has, disabled;
	char name[NAME_SIZE];
	int dept;
	int64_t due_s;       /* of a delete refused this month; 0: none */
	int32_t missing_day; /* -1: in the source */
	struct old old[MAX_OLD];
	size_t n_old;
	char says[SAYS_SIZE]; /* what the report shall say after a clean night: "ACTION STATUS", or "none" */
	size_t old_rows;      /* rows of old accounts beside that */
};

struct worker {
	int id, dept, rename, last_rename;
	bool listed, gone, held, twice; /* twice: two rows of tonight's file */
	int32_t until;                  /* last day, -1: none */
	enum effect effect;
	int32_t effect_until;
	struct account at[TARGETS];
};

struct company {
	uint64_t random;
	struct worker *w;
	size_t n, cap;
	int32_t today; /* days since 1970 in Berlin */
	int64_t now_s;
	int mapping; /* which of the two mappings is in force, MAPPINGS */
};

/* The second one says the same in other words, but for department 3 on the VPN. */
enum { SAME_WORDS, OTHER_WORDS, MAPPINGS, OTHER_DEPT = 3, OTHER_DEPT_SHOWN = 77 };

uint64_t company_random(struct company *c, uint64_t below);
bool company_chance(struct company *c, double p);
void company_init(struct company *c, uint64_t seed, size_t people);
void company_done(struct company *c);
/* The clock of tonight. */
void company_night(struct company *c, int64_t now_s);
/* So many events of a day; hold and release are told to the caller, who carries them out. */
void company_day(struct company *c, size_t events, void (*hold)(int id, bool held));
void company_write(const struct company *c, FILE *hr, FILE *overrides);
void company_name(const struct worker *w, char ret[NAME_SIZE]);
/* Anybody whom nothing but their row speaks of tonight, and who should have access; NULL: not found at once. */
const struct worker *company_somebody_wanted(struct company *c);
/* Whether somebody is in tonight's file in two rows. */
bool company_anybody_twice(const struct company *c);
/* The accounts that were used this month, as the simulator's script. */
void company_used(const struct company *c, FILE *script);
/* What a night that carries everything out makes of the accounts, and what its report says. */
void company_truth(struct company *c);

/* The first second of this day in Berlin. */
int64_t berlin_day_begins(int32_t day);
int32_t berlin_day(int64_t unix_s);
/* The first second of next month in Shanghai. */
int64_t shanghai_next_month(int64_t unix_s);

#endif
