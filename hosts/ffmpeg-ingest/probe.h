/* probe.h: is this input worth starting? */
#ifndef PROBE_H
#define PROBE_H

#include "worker.h"

/* Opens the input, reads one packet and tells the engine what came of it, within the time the engine gave. */
void probe_run(struct worker *worker);

#endif
