/* What a run writes down of itself when it begins, so that the next one can finish its report if it is killed. */
#include "engine/run/carry.h"
#include <cjson/cJSON.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

const char *run_operator(struct rc_arena *mem)
{
	struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");

	if (sudo && sudo[0])
		return rc_arena_strdup(mem, sudo);
	return pw ? rc_arena_strdup(mem, pw->pw_name) : rc_arena_printf(mem, "uid %u", (unsigned)getuid());
}

struct rc_slice run_began_words(struct run *r)
{
	struct rc_summary s = {.run_id = r->run_id,
			       .command = r->opts->command,
			       .started_at = r->started_ns,
			       .exit_code = -1,
			       .version = ROLLCALL_VERSION,
			       .config_hash = r->cfg->hash,
			       .environment = r->cfg->environment,
			       .operator_ = run_operator(&r->mem),
			       .invocation = r->opts->invocation,
			       .n_invocation = r->opts->n_invocation,
			       .balanced = true};
	struct rc_buf json = {0};
	struct rc_slice words;

	rc_summary_json(&json, &s);
	words = rc_arena_copy(&r->mem, rc_buf_slice(&json));
	rc_buf_done(&json);
	return words;
}

void run_began(struct run *r)
{
	struct rc_run began = {.run_id = rc_slice_str(r->run_id),
			       .started_ns = r->started_ns,
			       .exit_code = -1,
			       .json = run_began_words(r)};

	rc_writer_run(r->writer, &began);
}

static const char *text(const cJSON *doc, const char *name, struct rc_arena *mem)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(doc, name));

	return s ? rc_arena_strdup(mem, s) : NULL;
}

void run_began_read(struct rc_slice json, struct rc_arena *mem, struct rc_summary *ret)
{
	cJSON *doc = json.n ? cJSON_ParseWithLength(json.p, json.n) : NULL;
	const cJSON *words = cJSON_GetObjectItemCaseSensitive(doc, "invocation"), *word;
	const char **argv = rc_arena_alloc(mem, (size_t)(cJSON_GetArraySize(words) + 1) * sizeof(*argv));
	const char *command = text(doc, "command", mem), *version = text(doc, "version", mem);
	const char *hash = text(doc, "config_hash", mem), *at = text(doc, "started_at", mem);

	if (command)
		ret->command = command;
	if (version)
		ret->version = version;
	if (hash)
		ret->config_hash = hash;
	if (doc)
		ret->environment = text(doc, "environment", mem);
	if (at)
		rc_run_time_parse(at, &ret->started_at);
	ret->operator_ = text(doc, "operator", mem);
	cJSON_ArrayForEach(word, words) if (cJSON_IsString(word)) argv[ret->n_invocation++] =
		rc_arena_strdup(mem, word->valuestring);
	ret->invocation = argv;
	cJSON_Delete(doc);
}
