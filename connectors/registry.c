#include "connectors/providers.h"
#include "engine/connector.h"

#define X(symbol) extern const struct connector symbol;
RC_PROVIDERS(X)
#undef X

static const struct connector *const providers[] = {
#define X(symbol) &symbol,
	RC_PROVIDERS(X)
#undef X
		NULL,
};

const struct connector *const *rc_connectors(void)
{
	return providers;
}

const struct connector *rc_connector_find(const char *name)
{
	for (const struct connector *const *c = providers; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}
