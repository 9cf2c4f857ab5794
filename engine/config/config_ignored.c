/* Built with ROLLCALL_MUTATE only, see engine/base/ignored.h: takes the key that RC_IGNORE names out of a config that
 * was found right, as if nobody had written it. */
#include "engine/config/config_build.h"
#include <stdlib.h>
#include <string.h>

/* way: what is left of "targets/+/where". */
static void take_out(cJSON *node, const char *way)
{
	const char *rest = strchr(way, '/');
	size_t n = rest ? (size_t)(rest - way) : strlen(way);
	cJSON *next;

	for (cJSON *one = node ? node->child : NULL; one; one = next) {
		next = one->next;
		if (!(n == 1 && *way == '+') &&
		    (!one->string || strlen(one->string) != n || strncmp(one->string, way, n) != 0))
			continue;
		if (rest)
			take_out(one, rest + 1);
		else
			cJSON_Delete(cJSON_DetachItemViaPointer(node, one));
	}
}

void cfg_ignore(cJSON *root)
{
	const char *way = getenv("RC_IGNORE");

	if (way && *way && *way != '-' && !strchr(way, ' '))
		take_out(root, way);
}
