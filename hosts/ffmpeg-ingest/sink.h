/* sink.h: lines to a descriptor, written by a thread of its own: a reader that stalls, a full disk, a stopped terminal hold
 * nobody up. What does not fit into the queue is lost, counted, and told in its place once there is room again. */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_BYTES ((size_t)1 << 20)

struct sink;

/* What to do when writing fails (`error`: an errno) or works again (0); `lost` lines are missing. Called on the sink's thread;
 * must not wait. */
typedef void sink_trouble(int error, uint64_t lost);

/* `lost_format` makes the line that stands for lost ones, with their number (%llu). `trouble` may be NULL. NULL: no memory or
 * no thread. The descriptor stays the caller's. */
struct sink *sink_open(int fd, const char *lost_format, sink_trouble *trouble);
/* Any thread; never waits. The text, and a newline. */
void sink_line(struct sink *sink, const char *text, size_t length);
/* Writes what is queued, until CLOCK_MONOTONIC `until`, and frees the sink; nobody may use it any more. False: its thread
 * still hangs in a write, and is left behind with it. */
bool sink_close(struct sink *sink, uint64_t until);

#endif
