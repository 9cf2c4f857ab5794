/* Any bytes as a config: refused with pointers and reasons that may be shown, or loaded, and then its effective form
 * loads again to the same. */
#include <assert.h>
#include <string.h>
#include "engine/base/utf8.h"
#include "engine/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void printable(const char *s)
{
	size_t n = strlen(s);

	assert(rc_utf8_valid(s, n) == n);
	for (size_t i = 0; i < n; i++)
		assert((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
}

static void again(const struct rc_config *c)
{
	struct rc_config_errors errs = {0};
	struct rc_config *second = NULL;
	struct rc_err err;

	assert(rc_config_parse(rc_slice_str(c->effective), c->dir, &second, &errs, &err) == RC_OK);
	assert(strcmp(c->effective, second->effective) == 0 && strcmp(c->hash, second->hash) == 0);
	rc_config_errors_done(&errs);
	rc_config_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rc_config_errors errs = {0};
	struct rc_config *c = NULL;
	struct rc_err err = {0};

	if (rc_config_parse((struct rc_slice){(const char *)data, size}, "/nowhere", &c, &errs, &err) == RC_OK) {
		again(c);
	} else {
		assert(err.code == RC_CONFIG && errs.n > 0);
		printable(err.what);
		for (size_t i = 0; i < errs.n; i++)
			printable(errs.v[i].reason);
	}
	rc_config_errors_done(&errs);
	rc_config_free(c);
	return 0;
}
