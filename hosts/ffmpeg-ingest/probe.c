/* probe.c: a real look at an input: open it, read one packet. */
#include "probe.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "source.h"

static int32_t open_and_read(struct worker *worker, char *why, size_t why_size) {
  struct source source;
  if (source_open(&source, worker->url, worker->options, worker_interrupt(worker), why, why_size) < 0) {
    return CHANGEOVER_PROBE_FAILED;
  }
  AVPacket *packet = av_packet_alloc();
  const int error = packet ? source_read(&source, packet) : AVERROR(ENOMEM);
  if (error < 0) error_text(error, why, why_size);
  av_packet_free(&packet);
  source_close(&source);
  return error < 0 ? CHANGEOVER_PROBE_FAILED : CHANGEOVER_PROBE_OK;
}

/* A session of ours still reads this input, and many sources cannot be read twice: what it delivers is the answer. */
static int32_t watch_session(struct worker *worker, uint64_t before, uint64_t deadline, char *why,
                             size_t why_size) {
  uint64_t packets = before;
  while (monotonic_now() < deadline && worker_sleep_until(worker, monotonic_now() + 10 * NS_PER_MS)) {
    if (!worker_other_packets(worker, &packets)) break;
    if (packets != before) return CHANGEOVER_PROBE_OK;
  }
  snprintf(why, why_size, "its running session delivers nothing");
  return CHANGEOVER_PROBE_FAILED;
}

void probe_run(struct worker *worker) {
  const uint64_t deadline = monotonic_now() + worker->limit;
  char why[512] = "";
  int32_t outcome;
  uint64_t packets;
  atomic_store(&worker->read_deadline, deadline);
  if (worker_other_packets(worker, &packets)) {
    outcome = watch_session(worker, packets, deadline, why, sizeof why);
  } else if (worker_take_turn(worker, deadline)) {
    outcome = open_and_read(worker, why, sizeof why);
    worker_end_turn(worker);
  } else {
    snprintf(why, sizeof why, "its last reader has not let go of it");
    outcome = CHANGEOVER_PROBE_FAILED;
  }
  if (worker_stopped(worker)) return; /* overtaken by a session: the engine knows */
  changeover_probe_result(worker->crew->engine, worker->stream, strlen(worker->stream), worker->id, outcome,
                          why, strlen(why));
}
