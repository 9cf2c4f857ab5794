/* tests/year/trouble.h - what happens before the night's own run: bad files, crashes, a bad network, full and busy
 * providers, an upgrade, an operator at work. Whatever it is, the run after it makes everything right. */
#ifndef YEAR_TROUBLE_H
#define YEAR_TROUBLE_H
#include "tests/year/company.h"

enum { TROUBLES = 17 };

/* Something, or nothing; what it was ("nothing"), whether accounts have changed already, so that the report of the next
 * run is not the whole night's, and whether that run must read the lists again to know. */
const char *trouble(struct company *c, bool *ret_changed, bool *ret_refresh);
/* One line: how often each came. */
void trouble_print(void);

/* Tonight's files as they should be. */
void write_files(const struct company *c);
void write_config(const struct company *c, const char *more);
/* Tonight's provider: who used the VPN this month, and what else is given (members of a script, beginning with a
 * comma). */
void load_script(const struct company *c, const char *more);
/* For the configuration: whether the VPN is a pool of two servers. */
extern bool vpn_is_pool;

#endif
