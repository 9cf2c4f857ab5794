/* engine/run/retain.h - retention: which reports and which part of the history are too old. */
#ifndef RC_RUN_RETAIN_H
#define RC_RUN_RETAIN_H
#include "engine/config/config.h"
#include "engine/store/writer.h"

/* Queues what the state may forget at this moment. numbers: of the config's targets. */
void rc_retain_history(const struct rc_config *cfg, const uint16_t *numbers, struct rc_writer *w, int64_t now_ns);

/* Reports begun before this moment go. */
int64_t rc_retain_reports_before(const struct rc_config *cfg, int64_t now_ns);

#endif
