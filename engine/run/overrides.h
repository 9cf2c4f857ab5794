/* engine/run/overrides.h - what operators have said about single people, beside the sources: overrides.file.
 *
 * CSV with the header key,target,effect,until,reason,by in any order (key and effect are required). target empty: every
 * target; until empty: for ever, else the last day on which it holds. A row for one target wins over one for all. */
#ifndef RC_RUN_OVERRIDES_H
#define RC_RUN_OVERRIDES_H
#include "engine/config/config.h"
#include "engine/map/dates.h"
#include "engine/store/store.h"

enum rc_effect {
	RC_EFFECT_DENY, /* as left */
	RC_EFFECT_KEEP, /* never removed */
	RC_EFFECT_HOLD, /* touched in no way */
};

struct rc_override {
	uint8_t hash[RC_HASH_BYTES]; /* of the key */
	struct rc_slice key;
	size_t target; /* SIZE_MAX: every one */
	enum rc_effect effect;
	int64_t ends_ns; /* first moment without it; INT64_MAX: for ever */
	struct rc_slice reason, by;
	uint64_t line;
};

struct rc_overrides { /* zeroed: none */
	struct rc_override *v;
	size_t n; /* those that hold at the moment of loading, by hash */
	uint8_t (*hashes)[RC_HASH_BYTES];
};

/* Reads cfg->overrides_file, when there is one, into mem. Missing, unreadable or malformed: RC_DATA with FILE:LINE; so
 * are a target that the config lacks, an unknown column, and two rows that contradict one another. store NULL: only to
 * judge the file, nobody can be found. */
enum rc_code rc_overrides_load(const struct rc_config *cfg, struct rc_store *store, const struct rc_zone *z,
			       int64_t now_ns, struct rc_arena *mem, struct rc_overrides *ret, struct rc_err *err);

/* What holds for this person there, or NULL. */
const struct rc_override *rc_overrides_find(const struct rc_overrides *o, const uint8_t hash[RC_HASH_BYTES],
					    size_t target);

#endif
