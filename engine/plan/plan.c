#include "engine/plan/plan.h"
#include "engine/base/alloc.h"
#include "engine/base/json_out.h"
#include "engine/config/json.h"
#include "engine/plan/plan_table.h"
#include <openssl/evp.h>
#include <stddef.h>

#define F(T, type, member)                                                                                             \
	{                                                                                                              \
#member, PLAN_##type, offsetof(struct T, member), 0                                                    \
	}

enum { CLASSES = 4, STEPS = 8 }; /* as many as engine/op.h has */

static const struct plan_field row_fields[] = {
	F(rc_plan_row, TEXT, target),
	F(rc_plan_row, TEXT, key),
	F(rc_plan_row, TEXT, name),
	F(rc_plan_row, ACTION, action),
	F(rc_plan_row, STATUS, status),
	F(rc_plan_row, NAMES, changed),
	F(rc_plan_row, VALUES, before),
	F(rc_plan_row, VALUES, want),
	F(rc_plan_row, TEXT, reason),
	F(rc_plan_row, TEXT, linked_name),
	F(rc_plan_row, TEXT, error_code),
	F(rc_plan_row, TEXT, error_message),
	F(rc_plan_row, TEXT, server),
	F(rc_plan_row, TEXT, remote_id),
	F(rc_plan_row, TEXT, group),
	F(rc_plan_row, TEXT, source_file),
	F(rc_plan_row, U64, source_line),
	F(rc_plan_row, U16, source),
	F(rc_plan_row, BOOL, has_row),
	F(rc_plan_row, HASH, row),
	F(rc_plan_row, BOOL, drift),
	F(rc_plan_row, HASH, precondition),
	F(rc_plan_row, BYTES, record),
	F(rc_plan_row, BOOL, call),
	F(rc_plan_row, U64, id),
	F(rc_plan_row, U64, linked),
	F(rc_plan_row, U64, after),
	{"class", PLAN_U8, offsetof(struct rc_plan_row, class_), CLASSES},
	{"state", PLAN_U8, offsetof(struct rc_plan_row, state), STEPS},
	F(rc_plan_row, BOOL, mail_sent),
	F(rc_plan_row, BOOL, adopts),
	F(rc_plan_row, BOOL, retiring),
	F(rc_plan_row, BOOL, sets_password),
	F(rc_plan_row, BOOL, disabled),
	F(rc_plan_row, BOOL, has_priority),
	F(rc_plan_row, I64, priority),
	F(rc_plan_row, I64, due_at),
	F(rc_plan_row, BOOL, put),
	F(rc_plan_row, BOOL, drop),
	F(rc_plan_row, BOOL, release),
};

static const struct plan_field source_fields[] = {
	F(rc_plan_source, U64, rows),
	F(rc_plan_source, U64, filtered),
	F(rc_plan_source, U64, rejected),
	F(rc_plan_source, U64, bytes),
	F(rc_plan_source, HASH, content),
	F(rc_plan_source, I64, stamp),
	F(rc_plan_source, I64, mtime),
	{"columns", PLAN_TEXTS, offsetof(struct rc_plan_source, columns), offsetof(struct rc_plan_source, n_columns)},
	{"files", PLAN_TEXTS, offsetof(struct rc_plan_source, files), offsetof(struct rc_plan_source, n_files)},
};

static const struct plan_field target_fields[] = {
	F(rc_plan_target, TEXT, name),
	F(rc_plan_target, HASH, snapshot),
	F(rc_plan_target, U64, wanted),
};

static const struct plan_field head_fields[] = {
	F(rc_plan, TEXT, version),
	F(rc_plan, TEXT, run_id),
	F(rc_plan, TEXT, command),
	F(rc_plan, TEXT, undo_of),
	F(rc_plan, TEXT, config_hash),
	F(rc_plan, TEXT, environment),
	F(rc_plan, TEXT, created_at),
	F(rc_plan, BOOL, whole),
	F(rc_plan, BOOL, selects),
	{"only", PLAN_TEXTS, offsetof(struct rc_plan, only), offsetof(struct rc_plan, n_only)},
	{"exclude", PLAN_TEXTS, offsetof(struct rc_plan, exclude), offsetof(struct rc_plan, n_exclude)},
	F(rc_plan, HASH, mapping),
};

#define TABLE(fields)                                                                                                  \
	{                                                                                                              \
		fields, sizeof(fields) / sizeof((fields)[0])                                                           \
	}
static const struct plan_table row_table = TABLE(row_fields), source_table = TABLE(source_fields),
			       target_table = TABLE(target_fields), head_table = TABLE(head_fields);

/* The file begins so; the digits of the integrity follow. */
static const char lead[] = "{\"rollcall_plan\":1,\"integrity\":\"";
enum { LEAD = sizeof(lead) - 1, DIGITS = 64 };
_Static_assert(RC_PLAN_FORMAT == 1, "the format's number is in the lead");

/* False: OpenSSL has no SHA-256 here. Nothing that looks like a digest is left then. */
static bool digest(struct rc_slice bytes, char ret[DIGITS + 1])
{
	static const char hex[] = "0123456789abcdef";
	EVP_MD_CTX *c = rc_xchecked(EVP_MD_CTX_new());
	unsigned char md[32] = {0};
	bool ok = EVP_DigestInit_ex(c, EVP_sha256(), NULL) && EVP_DigestUpdate(c, bytes.p, LEAD) &&
		  EVP_DigestUpdate(c, bytes.p + LEAD + DIGITS, bytes.n - LEAD - DIGITS) &&
		  EVP_DigestFinal_ex(c, md, NULL);

	EVP_MD_CTX_free(c);
	for (size_t i = 0; i < sizeof(md) && ok; i++) {
		ret[2 * i] = hex[md[i] >> 4];
		ret[2 * i + 1] = hex[md[i] & 15];
	}
	ret[ok ? DIGITS : 0] = 0;
	return ok;
}

static void write_list(struct rc_buf *b, const char *key, const struct plan_table *t, const void *v, size_t size,
		       size_t n)
{
	rc_json_key(b, key);
	rc_buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		rc_json_comma(b);
		plan_write_object(t, (const char *)v + i * size, b);
	}
	rc_buf_addc(b, ']');
}

bool rc_plan_write(struct rc_plan *p, struct rc_buf *ret)
{
	size_t start = ret->n;

	rc_buf_adds(ret, lead);
	for (size_t i = 0; i < DIGITS; i++)
		rc_buf_addc(ret, '0');
	rc_buf_adds(ret, "\",\"header\":");
	plan_write_object(&head_table, p, ret);
	write_list(ret, "sources", &source_table, p->sources, sizeof(*p->sources), p->n_sources);
	write_list(ret, "targets", &target_table, p->targets, sizeof(*p->targets), p->n_targets);
	rc_buf_adds(ret, ",\"people\":[\n");
	for (size_t i = 0; i < p->n_rows; i++) {
		plan_write_object(&row_table, &p->rows[i], ret);
		rc_buf_adds(ret, i + 1 < p->n_rows ? ",\n" : "\n");
	}
	rc_buf_adds(ret, "]}\n");
	if (!digest((struct rc_slice){ret->p + start, ret->n - start}, p->integrity))
		return false;
	memcpy(ret->p + start + LEAD, p->integrity, DIGITS);
	return true;
}

struct parse {
	const char *path;
	struct rc_arena *mem;
	struct rc_plan *plan;
	struct rc_err *err;
};

static enum rc_code damaged(const struct parse *p, uint64_t line, const char *what)
{
	return rc_fail_line(p->err, RC_DATA, line,
			    "%s:%llu: %s: the plan is damaged or was edited; make a new one with "
			    "plan -o",
			    p->path, (unsigned long long)line, what);
}

static enum rc_code read_list(const struct parse *p, const cJSON *list, const struct plan_table *t, size_t size,
			      void **ret, size_t *ret_n)
{
	const cJSON *v;
	const char *key;

	if (!cJSON_IsArray(list))
		return damaged(p, 1, "a list is missing");
	*ret = rc_arena_zalloc(p->mem, ((size_t)cJSON_GetArraySize(list) + 1) * size);
	*ret_n = 0;
	cJSON_ArrayForEach(v, list) if (!plan_read_object(t, v, p->mem, (char *)*ret + size * (*ret_n)++,
							  &key)) return damaged(p, 1, key);
	return RC_OK;
}

static enum rc_code read_head(const struct parse *p, struct rc_slice line)
{
	struct rc_buf whole = {0};
	cJSON *root = NULL;
	const char *key;
	void *sources = NULL, *targets = NULL;
	enum rc_code code;

	rc_buf_addslice(&whole, line);
	rc_buf_adds(&whole, "]}");
	code = rc_json_parse(p->path, rc_buf_slice(&whole), false, &root, p->err);
	rc_buf_done(&whole);
	if (code)
		return damaged(p, 1, "no JSON");
	if (!plan_read_object(&head_table, rc_json_member(root, "header"), p->mem, p->plan, &key))
		code = damaged(p, 1, key);
	if (!code)
		code = read_list(p, rc_json_member(root, "sources"), &source_table, sizeof(*p->plan->sources), &sources,
				 &p->plan->n_sources);
	if (!code)
		code = read_list(p, rc_json_member(root, "targets"), &target_table, sizeof(*p->plan->targets), &targets,
				 &p->plan->n_targets);
	p->plan->sources = sources;
	p->plan->targets = targets;
	cJSON_Delete(root);
	return code;
}

static enum rc_code read_row(const struct parse *p, struct rc_slice line, uint64_t number)
{
	cJSON *v = NULL;
	const char *key = "no JSON";
	bool ok;

	if (line.n && line.p[line.n - 1] == ',')
		line.n--;
	ok = !rc_json_parse(p->path, line, false, &v, p->err) &&
	     plan_read_object(&row_table, v, p->mem, &p->plan->rows[p->plan->n_rows], &key);
	if (ok) {
		p->plan->n_rows++;
	} else {
		damaged(p, number, key);
	}
	cJSON_Delete(v);
	return ok ? RC_OK : RC_DATA;
}

static struct rc_slice next_line(struct rc_slice *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	struct rc_slice line = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
	size_t eaten = line.n + (end != NULL);

	rest->p += eaten;
	rest->n -= eaten;
	return line;
}

static size_t count_lines(struct rc_slice s)
{
	size_t n = 0;

	while (s.n) {
		next_line(&s);
		n++;
	}
	return n;
}

enum rc_code rc_plan_parse(const char *path, struct rc_slice bytes, struct rc_arena *mem, struct rc_plan *ret,
			   struct rc_err *err)
{
	struct parse p = {path, mem, ret, err};
	struct rc_slice rest = bytes;
	enum rc_code code;
	char own[DIGITS + 1];

	*ret = (struct rc_plan){0};
	if (bytes.n < LEAD + DIGITS || memcmp(bytes.p, lead, LEAD) != 0)
		return rc_fail(err, RC_DATA, "%s: is no plan that rollcall saved, or its beginning is damaged", path);
	if (!digest(bytes, own))
		return rc_fail(err, RC_INTERNAL, "%s: SHA-256 is not available", path);
	if (memcmp(own, bytes.p + LEAD, DIGITS) != 0)
		return rc_fail(err, RC_DATA,
			       "%s: the plan is damaged or was edited (its integrity does not match); make a new one "
			       "with plan -o",
			       path);
	memcpy(ret->integrity, own, sizeof(own));
	ret->rows = rc_arena_zalloc(mem, (count_lines(bytes) + 1) * sizeof(*ret->rows));
	code = read_head(&p, next_line(&rest));
	for (uint64_t line = 2; !code; line++) {
		struct rc_slice text = next_line(&rest);

		if (rc_slice_eqs(text, "]}"))
			return RC_OK;
		code = read_row(&p, text, line);
	}
	return code;
}
