#include "engine/report/reasons.h"
#include "engine/base/err.h"
#include "engine/report/summary_words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char two_people[] = "two people want the name ";
static const char character[] = " at character ";

static void put(char *out, size_t *n, char c)
{
	if (*n + 1 < RC_REASON_TEXT)
		out[(*n)++] = c;
}

/* A message without what is the person's own in it: numbers, and what stands in quotes. */
static void common_part(const char *message, char out[RC_REASON_TEXT])
{
	size_t n = 0;

	for (const char *p = message; *p; p++) {
		const char *end = *p == '\'' || *p == '"' ? strchr(p + 1, *p) : NULL;

		if (end)
			p = end;
		if (end || (*p >= '0' && *p <= '9')) {
			if (n && out[n - 1] != '#')
				put(out, &n, '#');
			continue;
		}
		put(out, &n, *p);
	}
	out[n] = 0;
}

/* Messages that would say the wrong thing of others: the words that stand for all. false: the first one does. */
static bool in_general(const char *message, char out[RC_REASON_TEXT])
{
	const char *has = strstr(message, " has "), *at = strstr(message, character),
		   *rest = at ? strchr(at, ';') : NULL;

	if (strncmp(message, two_people, sizeof(two_people) - 1) == 0) {
		snprintf(out, RC_REASON_TEXT, "two people want the same name");
		return true;
	}
	if (!has || !at || has > at)
		return false;
	snprintf(out, RC_REASON_TEXT, "%.*s has a character that is not allowed%s", (int)(has - message), message,
		 rest ? rest : "");
	return true;
}

void rc_reasons_add(struct rc_reasons *r, const char *message, struct rc_slice who)
{
	char shape[RC_REASON_TEXT];
	bool general = in_general(message, shape);
	struct rc_reason *one = NULL;

	if (!general)
		common_part(message, shape);
	for (size_t i = 0; i < r->n && !one; i++)
		if (strcmp(r->v[i].shape, shape) == 0)
			one = &r->v[i];
	if (!one && r->n == RC_REASONS_MAX) {
		r->others++;
		return;
	}
	if (!one) {
		one = &r->v[r->n++];
		*one = (struct rc_reason){0};
		snprintf(one->shape, sizeof(one->shape), "%s", shape);
		snprintf(one->text, sizeof(one->text), "%s", message);
	}
	one->n++;
	if (general && one->n > 1)
		snprintf(one->text, sizeof(one->text), "%s", shape);
	if (one->n_first < RC_REASON_FIRST)
		snprintf(one->first[one->n_first++], RC_REASON_KEY, "%.*s",
			 (int)(who.n < RC_REASON_KEY ? who.n : RC_REASON_KEY - 1), who.n ? who.p : "");
}

static int by_count(const void *a, const void *b)
{
	const struct rc_reason *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->shape, y->shape);
}

void rc_reasons_sort(struct rc_reasons *r)
{
	qsort(r->v, r->n, sizeof(*r->v), by_count);
}

void rc_reason_words(struct rc_buf *b, const struct rc_reason *reason)
{
	rc_words_safe(b, rc_slice_str(reason->text), RC_REASON_TEXT);
	for (size_t i = 0; i < reason->n_first; i++) {
		rc_buf_adds(b, i ? ", " : " (");
		rc_words_safe(b, rc_slice_str(reason->first[i]), RC_REASON_KEY);
	}
	if (reason->n > reason->n_first)
		rc_buf_adds(b, ", …");
	rc_buf_addc(b, ')');
	if (strncmp(reason->shape, two_people, sizeof("two people want the") - 1) == 0)
		rc_buf_adds(b, ": see \"first_free\"");
}
