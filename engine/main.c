#include "engine/base/log.h"

int main(void)
{
	rc_log(RC_LOG_ERROR, "no command; see --help");
	return 64;
}
