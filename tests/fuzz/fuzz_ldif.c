/* Any bytes as LDIF: piece size, record limit; then the file. */
#include "tests/fuzz/twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD)
		return 0;
	struct rc_reader_opts o = {.in.memory = {(const char *)data + HEAD, size - HEAD},
				   .in.name = "f.ldif",
				   .format = RC_FORMAT_LDIF,
				   .max_record = 64u << data[1] % 12};

	twice(&o, data[0] + 1u);
	return 0;
}
