/* tests/fuzz/twice.h - the same bytes read in three ways give the same records. */
#ifndef FUZZ_TWICE_H
#define FUZZ_TWICE_H
#include "engine/source/reader.h"

/* Reads opts->in.memory as a whole, in pieces of so many bytes, and as raw rows that are split later; aborts where they
 * differ, or where a record breaks its word (UTF-8, printable reasons, lines that go forward). */
void twice(const struct rc_reader_opts *opts, size_t piece);

#endif
