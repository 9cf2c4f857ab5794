/* tests/unit/helper_reader.h - a reader's whole answer as one string. */
#ifndef HELPER_READER_H
#define HELPER_READER_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/base/buf.h"
#include "engine/source/reader.h"

/* Records as "NUMBER:[field][field]" or "NUMBER:name=[v][v] name=[v]", refused ones and errors as their message, each
 * with a newline. To be freed. */
char *helper_dump(const struct rc_reader_opts *opts);

unsigned helper_random(unsigned *seed, unsigned below);

#endif
