#include "connectors/shared/judge.h"
#include "connectors/shared/text.h"

/* Codes of our own, and what a bare HTTP status means when the provider's table has no row for it. */
const struct rc_error_row rc_common_errors[] = {
	{0, "rollcall.invalid", NULL, V_REJECTED, false, "invalid", "the account breaks a rule of the schema",
	 "sends nothing for this user", "mend the value in the source or the expression in the config"},
	{0, "rollcall.not_sent", NULL, V_NOT_SENT, false, "transient", "the service could not be reached",
	 "tries again with pauses; nothing was sent", "check network, proxy and endpoint if it lasts"},
	{0, "rollcall.tls", NULL, V_TARGET, false, "target", "the TLS handshake or the certificate was refused",
	 "stops the target before anything is sent", "mend the certificate, tls.ca_file or the endpoint's host name"},
	{0, "rollcall.timeout", NULL, V_UNSURE, false, "ambiguous", "no whole answer came in time",
	 "looks whether it was done before it repeats anything", ""},
	{0, "rollcall.lost", NULL, V_UNSURE, false, "ambiguous", "the connection broke before the whole answer came",
	 "looks whether it was done before it repeats anything", ""},
	{0, "rollcall.too_large", NULL, V_UNSURE, false, "ambiguous", "the answer was too large and was cut",
	 "looks whether it was done before it repeats anything",
	 "check that the endpoint is the provider's and not a proxy's page"},
	{0, "rollcall.cancelled", NULL, V_UNSURE, false, "ambiguous", "the run ended before the answer came",
	 "looks whether it was done in the next run", ""},
	{0, "rollcall.bad_answer", NULL, V_UNSURE, false, "ambiguous", "the answer is not what the provider documents",
	 "looks whether it was done before it repeats anything",
	 "check that the endpoint is the provider's and not a proxy's page"},
	{0, "rollcall.not_listed", NULL, V_GONE, false, "gone", "the service does not list this user",
	 "delete: done; create: may be sent again once the list has settled", ""},
	{3, "http.*", NULL, V_TARGET, false, "target", "the endpoint redirects; redirects are not followed",
	 "stops the target", "set endpoint to the address that it redirects to"},
	{407, "http.*", NULL, V_TARGET, false, "target", "the proxy wants credentials", "stops the target",
	 "put the proxy's user and password into proxy"},
	{408, "http.*", NULL, V_UNSURE, false, "ambiguous", "the service did not read the request in time",
	 "looks whether it was done before it repeats anything", ""},
	{429, "http.*", NULL, V_THROTTLED, false, "throttle", "too many calls",
	 "slows down and sends the same again; nothing was done", ""},
	{401, "http.*", NULL, V_AUTH, true, "auth", "the credentials were refused",
	 "fetches them anew once, then stops the target", "check the credentials of the target"},
	{403, "http.*", NULL, V_TARGET, false, "target", "access is forbidden, and the provider does not say why",
	 "stops the target", "check for a proxy or firewall in between, then the rights of the credentials"},
	{413, "http.*", NULL, V_TOO_BIG, false, "invalid", "the request is too large",
	 "halves the batch; a single user fails", ""},
	{4, "http.*", NULL, V_REJECTED, false, "invalid", "the request was refused",
	 "fails the user; a batch is split to find the culprit", "see the message in the report"},
	{5, "http.*", NULL, V_UNSURE, false, "ambiguous", "the service or something before it failed",
	 "looks whether it was done before it repeats anything, with pauses", ""},
	{0, NULL, NULL, V_OK, false, NULL, NULL, NULL, NULL},
};

static bool status_fits(int row, int status)
{
	return row == 0 || row == status || (row < 10 && status / 100 == row);
}

static bool text_fits(const char *pieces, const struct rc_said *said)
{
	return !pieces || rc_holds_any(said->code, pieces) || rc_holds_any(said->message, pieces);
}

static bool code_fits(const char *codes, struct rc_slice code)
{
	return *codes ? rc_matches_any(code, codes) : code.n == 0;
}

bool rc_error_is_fallback(const struct rc_error_row *row)
{
	return !row->text && (strcmp(row->code, "*") == 0 || strcmp(row->code, "http.*") == 0);
}

/* Whether a row may be used under a status that the provider does not document for it. */
static bool believed(const struct rc_error_row *row, int status)
{
	if (row->verdict == V_GONE) /* only the documented pair of status and code proves an absence */
		return false;
	return status < 500 || row->verdict == V_BUSY || row->verdict == V_THROTTLED;
}

/* Words about size or number mean "halve it" for a batch only; of one user they may speak of its seat. */
static bool for_batches(const struct rc_error_row *row)
{
	return row->verdict == V_TOO_BIG && row->text;
}

static const struct rc_error_row *by_status(const struct rc_error_row *table, const struct rc_said *said, bool fallback)
{
	for (const struct rc_error_row *r = table; r->code; r++)
		if (rc_error_is_fallback(r) == fallback && (said->batch || !for_batches(r)) &&
		    status_fits(r->http, said->status) && code_fits(r->code, said->code) && text_fits(r->text, said))
			return r;
	return NULL;
}

static const struct rc_error_row *by_code(const struct rc_error_row *table, const struct rc_said *said)
{
	for (const struct rc_error_row *r = table; said->code.n && r->code; r++)
		if (strcmp(r->code, "*") != 0 && code_fits(r->code, said->code) && text_fits(r->text, said) &&
		    believed(r, said->status))
			return r;
	return NULL;
}

static const struct rc_error_row *bare_status(int status)
{
	for (const struct rc_error_row *r = rc_common_errors; r->code; r++)
		if (r->http && status_fits(r->http, status))
			return r;
	return NULL;
}

const struct rc_error_row *rc_error_match(const struct rc_error_row *table, const struct rc_said *said)
{
	const struct rc_error_row *r = by_status(table, said, false);

	if (!r)
		r = by_code(table, said);
	if (!r)
		r = by_status(table, said, true);
	return r ? r : bare_status(said->status);
}

const struct rc_error_row *rc_error_row_find(const struct connector *c, const char *code)
{
	struct rc_slice s = rc_slice_str(code);

	if (s.n > 5 && memcmp(s.p, "http.", 5) == 0) {
		int64_t status = rc_decimal((struct rc_slice){s.p + 5, s.n - 5});
		struct rc_said said = {.status = status < 1000 ? (int)status : 0};

		return rc_error_match(c ? c->errors : rc_common_errors, &said);
	}
	for (const struct rc_error_row *r = rc_common_errors; r->code; r++)
		if (strcmp(r->code, code) == 0)
			return r;
	for (const struct rc_error_row *r = c ? c->errors : NULL; r && r->code; r++)
		if (strcmp(r->code, "*") != 0 && s.n && code_fits(r->code, s))
			return r;
	return NULL;
}
