#include "tests/simulator/alibaba.h"

bool sim_alibaba_route(struct sim_call *c)
{
	(void)c;
	return false;
}
void sim_alibaba_names(struct sim_call *c)
{
	(void)c;
}
bool sim_alibaba_authorize(struct sim_call *c)
{
	(void)c;
	return false;
}
void sim_alibaba_run(struct sim_call *c)
{
	(void)c;
}
void sim_alibaba_throttled(struct sim_call *c, double wait_s)
{
	(void)c;
	(void)wait_s;
}
void sim_alibaba_error(struct sim_call *c, int status, const char *code, const char *message)
{
	(void)c;
	(void)status;
	(void)code;
	(void)message;
}
void sim_alibaba_finish(struct sim_call *c)
{
	(void)c;
}
