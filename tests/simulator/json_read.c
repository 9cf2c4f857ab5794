#include "tests/simulator/json_read.h"

#include <stdlib.h>
#include <string.h>

#define MOST 1e12

const cJSON *sim_json_member(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

bool sim_json_wrong(struct sim_buf *err, const char *name, const char *wanted)
{
	sim_buf_printf(err, "%s: must be %s", name ? name : "element", wanted);
	return false;
}

bool sim_json_number(double *ret, const cJSON *v, struct sim_buf *err)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0) || v->valuedouble > MOST)
		return sim_json_wrong(err, v->string, "a number, 0 or more");
	*ret = v->valuedouble;
	return true;
}

bool sim_json_whole(uint64_t *ret, const cJSON *v, uint64_t least, struct sim_buf *err)
{
	double d;

	if (!sim_json_number(&d, v, err))
		return false;
	if ((double)(uint64_t)d != d || d < (double)least)
		return sim_json_wrong(err, v->string, "a whole number in range");
	*ret = (uint64_t)d;
	return true;
}

bool sim_json_bool(bool *ret, const cJSON *v, struct sim_buf *err)
{
	if (!cJSON_IsBool(v))
		return sim_json_wrong(err, v->string, "true or false");
	*ret = cJSON_IsTrue(v);
	return true;
}

bool sim_json_text(char **ret, const cJSON *v, struct sim_buf *err)
{
	if (!cJSON_IsString(v))
		return sim_json_wrong(err, v->string, "a text");
	free(*ret);
	*ret = sim_dupz(v->valuestring);
	return true;
}

bool sim_json_known(const cJSON *o, const char *const *names, struct sim_buf *err)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, o)
	{
		size_t i = 0;

		while (names[i] && strcmp(names[i], v->string))
			i++;
		if (!names[i])
			return sim_json_wrong(err, v->string, "left out: it is not known here");
	}
	return true;
}
