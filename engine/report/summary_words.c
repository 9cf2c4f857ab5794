#include "engine/report/summary_words.h"
#include <stdio.h>

static const char *const done_words[RC_ACTION_COUNT] = {
	[RC_ACT_CREATE] = "created",   [RC_ACT_UPDATE] = "updated", [RC_ACT_DELETE] = "deleted",
	[RC_ACT_DISABLE] = "disabled", [RC_ACT_LOCK] = "locked",    [RC_ACT_ENABLE] = "enabled",
	[RC_ACT_ADOPT] = "adopted",    [RC_ACT_NONE] = "unchanged",
};

static const char *const status_words[RC_STATUS_COUNT] = {
	[RC_ST_FAILED] = "failed",
	[RC_ST_DEFERRED] = "deferred",
	[RC_ST_UNKNOWN] = "unknown",
	[RC_ST_SKIPPED] = "skipped",
	[RC_ST_WAITING] = "waiting",
	[RC_ST_UNMANAGED] = "unmanaged",
	[RC_ST_NOT_SELECTED] = "not selected",
};

void rc_words_number(struct rc_buf *b, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			rc_buf_addc(b, ',');
		rc_buf_addc(b, digits[i]);
	}
}

void rc_words_maybe(struct rc_buf *b, const char *word, int64_t v)
{
	if (v < 0)
		return;
	rc_buf_addf(b, ", %s ", word);
	rc_words_number(b, (uint64_t)v);
}

static size_t phrase(struct rc_buf *b, size_t said, uint64_t n, const char *before, const char *word)
{
	if (!n)
		return said;
	if (said)
		rc_buf_adds(b, ", ");
	rc_words_number(b, n);
	rc_buf_addf(b, " %s%s", before, word);
	return said + 1;
}

size_t rc_words_counts(struct rc_buf *b, const uint64_t counts[RC_ACTION_COUNT][RC_STATUS_COUNT], bool unchanged)
{
	size_t said = 0;

	for (int a = 0; a < RC_ACT_NONE; a++)
		said = phrase(b, said, counts[a][RC_ST_DONE], "", done_words[a]);
	for (int a = 0; a < RC_ACT_NONE; a++)
		said = phrase(b, said, counts[a][RC_ST_PLANNED], "to ", rc_action_name((enum rc_action)a));
	if (unchanged)
		said = phrase(b, said, counts[RC_ACT_NONE][RC_ST_DONE], "", done_words[RC_ACT_NONE]);
	for (int st = 0; st < RC_STATUS_COUNT; st++) {
		uint64_t n = 0;

		for (int a = 0; status_words[st] && a < RC_ACTION_COUNT; a++)
			n += counts[a][st];
		said = phrase(b, said, n, "", status_words[st] ? status_words[st] : "");
	}
	return said;
}

void rc_words_sum(uint64_t dst[RC_ACTION_COUNT][RC_STATUS_COUNT], const uint64_t src[RC_ACTION_COUNT][RC_STATUS_COUNT])
{
	for (int a = 0; a < RC_ACTION_COUNT; a++)
		for (int st = 0; st < RC_STATUS_COUNT; st++)
			dst[a][st] += src[a][st];
}

void rc_words_safe(struct rc_buf *b, struct rc_slice text, size_t max)
{
	char copy[1200];
	size_t n = text.n < sizeof(copy) / 4 - 1 ? text.n : sizeof(copy) / 4 - 1;

	if (n)
		memcpy(copy, text.p, n);
	copy[n] = 0;
	rc_printable(copy, max + 1 < sizeof(copy) ? max + 1 : sizeof(copy));
	rc_buf_adds(b, copy);
}
