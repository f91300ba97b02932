/* session.h: one session of one input: from its START to its STOP. */
#ifndef SESSION_H
#define SESSION_H

#include "worker.h"

/* Opens the input, records and forwards its packets, reconnects when it is lost, until it is asked to stop. */
void session_run(struct worker *worker);

#endif
