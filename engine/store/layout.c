#include "engine/store/layout.h"
#include <stddef.h>
#include <string.h>

#define F(T, tag, type, member)                                                                                        \
	{                                                                                                              \
		tag, RC_CODEC_##type, offsetof(struct T, member), 0                                                    \
	}
#define COUNT(a) (uint8_t)(sizeof(a) / sizeof((a)[0]))

static const struct rc_codec_field unmanaged_fields[] = {
	F(rc_unmanaged, 1, SLICE, name),      F(rc_unmanaged, 2, SLICE, remote_id),
	F(rc_unmanaged, 3, SLICE, server),    F(rc_unmanaged, 4, SLICE, group),
	F(rc_unmanaged, 5, SLICE, group_id),  F(rc_unmanaged, 6, SLICE, created_at),
	F(rc_unmanaged, 7, ACCOUNT, account), F(rc_unmanaged, 8, BOOL, disabled),
	F(rc_unmanaged, 9, I64, seen_ns),
};
const struct rc_codec rc_codec_unmanaged = {1, 0, COUNT(unmanaged_fields), unmanaged_fields, 0};

static const struct rc_codec_field listing_fields[] = {
	F(rc_listing, 1, I64, started_ns),  F(rc_listing, 2, I64, finished_ns), F(rc_listing, 3, U64, rows),
	F(rc_listing, 4, I64, total_count), F(rc_listing, 5, BOOL, complete),   F(rc_listing, 6, SLICE, run_id),
};
const struct rc_codec rc_codec_listing = {1, 0, COUNT(listing_fields), listing_fields, 0};

static const struct rc_codec_field event_fields[] = {
	F(rc_event, 1, SLICE, key),
	F(rc_event, 2, WORD, run_id),
	F(rc_event, 3, TIME, at_ns),
	F(rc_event, 4, U8, action),
	F(rc_event, 5, U8, status),
	F(rc_event, 6, BOOL, access),
	F(rc_event, 7, SLICE, name),
	F(rc_event, 8, WORD, server),
	{9, RC_CODEC_WORD, offsetof(struct rc_event, changed_fields), RC_WORD_FEW},
	{10, RC_CODEC_WORD, offsetof(struct rc_event, error_code), RC_WORD_FEW},
	F(rc_event, 11, SLICE, reason),
	F(rc_event, 12, ACCOUNT, before),
	F(rc_event, 13, ACCOUNT, after),
	F(rc_event, 14, B16, fingerprint),
	F(rc_event, 15, SLICE, linked_name),
};
const struct rc_codec rc_codec_event = {1, 0, COUNT(event_fields), event_fields, offsetof(struct rc_event, name)};

static const struct rc_codec_field run_fields[] = {
	F(rc_run, 1, SLICE, run_id),  F(rc_run, 2, I64, started_ns), F(rc_run, 3, I64, finished_ns),
	F(rc_run, 4, I32, exit_code), F(rc_run, 5, SLICE, json),
};
const struct rc_codec rc_codec_run = {1, 0, COUNT(run_fields), run_fields, 0};

static const struct rc_codec_field source_fields[] = {
	F(rc_source_facts, 1, U64, rows),
	F(rc_source_facts, 2, U64, filtered),
	F(rc_source_facts, 3, U64, rejected),
	F(rc_source_facts, 4, U64, bytes),
	F(rc_source_facts, 5, B16, content),
	F(rc_source_facts, 6, I64, stamp_ns),
	F(rc_source_facts, 7, I64, mtime_ns),
	F(rc_source_facts, 8, I64, applied_ns),
	F(rc_source_facts, 9, SLICE, run_id),
	F(rc_source_facts, 10, U32, unreadable_runs),
	F(rc_source_facts, 11, SLICE, unreadable_where),
};
const struct rc_codec rc_codec_source = {1, 0, COUNT(source_fields), source_fields, 0};

static const struct rc_codec_field rate_fields[] = {
	F(rc_rate, 1, DOUBLE, users_per_s),
	F(rc_rate, 2, I64, learned_ns),
};
const struct rc_codec rc_codec_rate = {1, 0, COUNT(rate_fields), rate_fields, 0};

static const struct rc_codec_field marks_fields[] = {
	F(rc_run_marks, 1, SLICE, attempt_run), F(rc_run_marks, 2, SLICE, success_run),
	F(rc_run_marks, 3, I64, attempt_ns),    F(rc_run_marks, 4, I64, success_ns),
	F(rc_run_marks, 5, I32, attempt_exit),
};
const struct rc_codec rc_codec_marks = {1, 0, COUNT(marks_fields), marks_fields, 0};

static const struct rc_codec_field pause_fields[] = {
	F(rc_pause, 1, I64, until_ns),
	F(rc_pause, 2, I64, set_ns),
	F(rc_pause, 3, SLICE, reason),
};
const struct rc_codec rc_codec_pause = {1, 0, COUNT(pause_fields), pause_fields, 0};

static const struct rc_codec_field name_fields[] = {
	F(rc_name_value, 1, SLICE, name),
	F(rc_name_value, 2, B16, key_hash),
	{3, RC_CODEC_U8, offsetof(struct rc_name_value, kind), RC_NAME_RETIRED + 1},
	F(rc_name_value, 4, I64, since_ns),
};
const struct rc_codec rc_codec_name = {1, 0, COUNT(name_fields), name_fields, 0};

static const struct rc_codec_field order_fields[] = {
	F(rc_order_value, 1, U64, n),     F(rc_order_value, 2, U64, generation), F(rc_order_value, 3, B16, seed),
	F(rc_order_value, 4, U32, epoch), F(rc_order_value, 5, BOOL, raw),
};
const struct rc_codec rc_codec_order = {1, 0, COUNT(order_fields), order_fields, 0};

static const struct rc_codec_field target_fields[] = {
	F(rc_target_value, 1, SLICE, name),
	F(rc_target_value, 2, SLICE, connector),
};
const struct rc_codec rc_codec_target = {1, 0, COUNT(target_fields), target_fields, 0};
