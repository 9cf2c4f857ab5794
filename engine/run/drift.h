/* engine/run/drift.h - what a listing of this run showed that rollcall did not do: one entry per account, one word in
 * the report per entry. */
#ifndef RC_RUN_DRIFT_H
#define RC_RUN_DRIFT_H
#include "engine/run/run_int.h"

struct run_drift {
	size_t target;
	uint8_t hash[16]; /* of the key */
	uint32_t fields;  /* bit per field that differs */
	bool toggled;     /* disabled or enabled by hand */
	bool disabled;    /* and now it is this */
	bool gone, remade;
	bool told; /* in the report, with the person's own row */
	struct rc_known known;
	struct rc_account actual;
};

/* Copies all three. */
void run_drift_add(struct run *r, const struct run_drift *d, const uint8_t hash[16], const struct rc_known *known,
		   const struct rc_account *actual);
/* The entry of a person on a target, or NULL. After the last listing. */
struct run_drift *run_drift_find(struct run *r, size_t target, const uint8_t hash[16]);
/* A row that changes nothing says what somebody else has changed. */
void run_drift_tell(struct run *r, size_t target, const uint8_t hash[16], struct rc_outcome *o);
const char *run_drift_reason(struct run *r, const struct run_drift *d);
/* Rows for the target's accounts that no person's row has told of, as outcomes without a call. */
void run_drift_rest(struct run *r, size_t target);

#endif
