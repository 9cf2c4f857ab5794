/* init: the part of the config that says who should have access. */
#include "engine/base/alloc.h"
#include "engine/base/json_out.h"
#include "engine/cmd/init_int.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const id_names[] = {"employee_id",
				       "employee_number",
				       "employee_no",
				       "employee_nr",
				       "personnel_number",
				       "personnel_no",
				       "personnel_id",
				       "pernr",
				       "persnr",
				       "personalnummer",
				       "personalnr",
				       "personal_id",
				       "mitarbeiternummer",
				       "mitarbeiternr",
				       "mitarbeiter_id",
				       "stammnummer",
				       "matricule",
				       "no_matricule",
				       "numero_matricule",
				       "matricola",
				       "matricula",
				       "matrícula",
				       "numero_empleado",
				       "id_empleado",
				       "legajo",
				       "personeelsnummer",
				       "medewerkernummer",
				       "medewerker_id",
				       "nr_pracownika",
				       "numer_pracownika",
				       "nr_ewidencyjny",
				       "anställningsnummer",
				       "anstallningsnummer",
				       "medarbejdernummer",
				       "ansattnummer",
				       "staff_no",
				       "staff_number",
				       "person_id",
				       "emp_id",
				       "emp_no",
				       "staff_id",
				       "worker_id",
				       "entryuuid",
				       "objectguid",
				       "uid",
				       "id",
				       NULL};
static const char *const login_names[] = {"user_name", "login", "email", "mail", "e_mail", NULL};
static const char *const end_names[] = {
	"leave_date",       "end_date",        "exit_date", "termination_date", "last_day",    "contract_end",
	"austritt",         "austrittsdatum",  "enddatum",  "vertragsende",     "date_sortie", "date_de_sortie",
	"date_depart",      "fecha_baja",      "fecha_fin", "data_cessazione",  "data_fine",   "uit_dienst",
	"datum_uit_dienst", "data_zwolnienia", NULL};

const struct rc_init_values *init_values_of(const struct init *in, const char *column)
{
	for (size_t i = 0; in->values && in->rows && i < in->columns.n; i++)
		if (strcmp(in->columns.names[i], column) == 0)
			return &in->values[i];
	return NULL;
}

const char *init_column(const struct init *in, const char *const *hints)
{
	return in->columns.n ? rc_init_columns_find(&in->columns, hints) : hints[0];
}

static void comment_columns(const struct init *in, struct rc_buf *b)
{
	if (!in->columns.n)
		return;
	rc_buf_adds(b, "\t// columns found:");
	for (size_t i = 0; i < in->columns.n && i < 40; i++) {
		rc_buf_adds(b, i ? ", " : " ");
		rc_json_cstr(b, in->columns.names[i]);
	}
	rc_buf_addc(b, '\n');
}

static const char *source_path(struct init *in)
{
	const char *path = in->source ? in->source : "hr/*.csv.gz";
	char real[PATH_MAX];

	/* Paths in a config count from its own directory. */
	if (in->source && in->output && strchr(in->output, '/') && path[0] != '/' && realpath(path, real))
		return rc_arena_strdup(&in->mem, real);
	return path;
}

/* ---- the key ---- */

static bool is_unique(const struct init *in, const char *column)
{
	const struct rc_init_values *v = column ? init_values_of(in, column) : NULL;

	return v && v->unique;
}

/* The first column whose values are all different and, of numbers, nothing else than digits. */
static const char *first_unique(const struct init *in, bool number)
{
	for (size_t i = 0; in->values && i < in->columns.n; i++)
		if (in->values[i].unique && (in->values[i].number || !number))
			return in->columns.names[i];
	return NULL;
}

static const char *choose_key(const struct init *in)
{
	const char *const named[] = {init_column(in, id_names), first_unique(in, true), init_column(in, login_names),
				     first_unique(in, false)};
	const char *fallback = NULL;

	if (in->key)
		return in->key;
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		if (named[i] && (!in->rows || is_unique(in, named[i])))
			return named[i];
		fallback = fallback ? fallback : named[i];
	}
	return fallback ? fallback : in->columns.names[0];
}

/* Which other columns would do, or that this one does not. */
static void comment_key(const struct init *in, struct rc_buf *b, const char *key)
{
	const struct rc_init_values *chosen = init_values_of(in, key);
	size_t said = 0;

	if (!chosen)
		return;
	if (!chosen->unique)
		rc_buf_adds(b, "\t\t// Not every row has a value of its own in this column.\n");
	for (size_t i = 0; i < in->columns.n && said < 10; i++) {
		if (!in->values[i].unique || &in->values[i] == chosen)
			continue;
		rc_buf_adds(b, said++ ? ", " : "\t\t// Other columns whose values are all different: ");
		rc_json_cstr(b, in->columns.names[i]);
	}
	if (said)
		rc_buf_addc(b, '\n');
}

static void write_key(struct init *in, struct rc_buf *b)
{
	const char *key = choose_key(in);

	rc_buf_adds(b,
		    "\t\t// Who this is, from one day to the next: never changes, is never given to somebody else.\n");
	comment_key(in, b, key);
	rc_buf_adds(b, "\t\t\"key\": ");
	rc_json_cstr(b, rc_init_column_expr(key, &in->mem));
}

/* ---- who is here, and until when; commented out, as it may be wrong ---- */

static void suggest(struct rc_buf *b, const char *why, const char *key, const char *expr)
{
	rc_buf_addf(b, "\n\t\t// %s:\n\t\t// , \"%s\": ", why, key);
	rc_json_cstr(b, expr);
}

static void suggest_where(struct init *in, struct rc_buf *b)
{
	const char *column = rc_init_state(&in->columns), *expr, *word;
	const struct rc_init_values *v = column ? init_values_of(in, column) : NULL;
	static const char why[] = "Only these people; all others count as absent";
	bool fold = false;

	if (!column || (v && !v->words.n))
		return; /* a place of that name, or nothing in it */
	expr = rc_init_column_expr(column, &in->mem);
	if (!v) {
		suggest(b, why, "where", rc_arena_printf(&in->mem, "lower(%s) == 'active'", expr));
		return;
	}
	word = rc_init_active(&v->words, &fold);
	rc_buf_adds(b, "\n\t\t// ");
	rc_init_words_say(b, column, &v->words);
	if (fold) {
		char *low = rc_arena_strdup(&in->mem, word);

		for (char *p = low; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
		word = low;
	}
	suggest(b, why, "where",
		rc_arena_printf(&in->mem, fold ? "lower(%s) == %s" : "%s == %s", expr,
				rc_init_literal(word, &in->mem)));
}

static void suggest_end(struct init *in, struct rc_buf *b)
{
	const char *column = in->columns.n ? init_column(in, end_names) : NULL;

	if (column)
		suggest(b, "The last day with access (other dates than 2026-06-30 want \"date_format\")",
			"active_until", rc_init_column_expr(column, &in->mem));
}

void init_write_source(struct init *in, struct rc_buf *b)
{
	rc_buf_adds(b, "\t// Who should have access. Globs, plain or gzip; every file is one part of the list.\n");
	comment_columns(in, b);
	rc_buf_adds(b, "\t\"sources\": [ {\n\t\t\"files\": [");
	rc_json_cstr(b, source_path(in));
	rc_buf_adds(b, "],\n");
	write_key(in, b);
	suggest_where(in, b);
	suggest_end(in, b);
	rc_buf_adds(b, "\n\t} ],\n\n");
}
