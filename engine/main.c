#include "engine/base/log.h"
#include "engine/cmd/read.h"
#include <string.h>

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "read") == 0)
		return rc_cmd_read(argc - 1, argv + 1);
	rc_log(RC_LOG_ERROR, "no command; see --help");
	return 64;
}
