/* Any bytes as CSV: piece size, delimiter, record limit, encoding; then the file. */
#include "tests/fuzz/twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char delimiters[] = {0, ',', ';', '\t', '|'};
	static const char *const encodings[] = {NULL, NULL, "GB18030", "WINDOWS-1252", "UTF-16LE", "ISO-2022-JP"};

	if (size < HEAD)
		return 0;
	struct rc_reader_opts o = {.in.memory = {(const char *)data + HEAD, size - HEAD},
				   .in.name = "f.csv",
				   .in.encoding = encodings[data[3] % (sizeof(encodings) / sizeof(*encodings))],
				   .format = RC_FORMAT_CSV,
				   .delimiter = delimiters[data[1] % sizeof(delimiters)],
				   .max_record = 64u << data[2] % 12};

	twice(&o, data[0] + 1u);
	return 0;
}
