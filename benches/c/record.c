/* Recording from C through the shared library, against the floor of this very run: the
 * candidates take turns, and what is printed are the medians of the ratios of each round, with
 * the 10th and the 90th percentile. One line of JSON.
 *
 * Usage: record ROUNDS */
#include "changeover_inline.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Hides a value from the optimizer, without an instruction. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value) : : "memory")

#define BATCH 32
#define SAMPLE_NS 500000.0

struct bench {
  changeover_engine *engine;
  changeover_input input;
  changeover_input batched;
  uint64_t done;
};

struct line {
  uint64_t word;
} __attribute__((aligned(128)));

static struct line clock_line = {1}, cell_line;

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(const char *what, int32_t code) {
  fprintf(stderr, "record.c: %s: %d\n", what, code);
  exit(1);
}

static void check(const char *what, int32_t code) {
  if (code != CHANGEOVER_OK) fail(what, code);
}

/* The least a packet can cost: load a cached clock, store it in a line of one's own. */
__attribute__((noinline)) static void run_floor(struct bench *bench, uint64_t packets) {
  (void)bench;
  for (uint64_t n = 0; n < packets; n++) {
    uint64_t now = __atomic_load_n(&clock_line.word, __ATOMIC_RELAXED);
    __atomic_store_n(&cell_line.word, now, __ATOMIC_RELAXED);
    __asm__ volatile("" : : : "memory");
  }
}

__attribute__((noinline)) static void run_record(struct bench *bench, uint64_t packets) {
  for (uint64_t n = 0; n < packets; n++) {
    uint32_t bytes = 1316, flags = CHANGEOVER_VIDEO | CHANGEOVER_KEY;
    OPAQUE(bytes);
    OPAQUE(flags);
    uint64_t verdict = changeover_record(&bench->input, bytes, flags);
    OPAQUE(verdict);
  }
  bench->done += packets;
}

/* What any function of the library costs, however little it does: here it returns a constant. */
__attribute__((noinline)) static void run_call(struct bench *bench, uint64_t packets) {
  (void)bench;
  for (uint64_t n = 0; n < packets; n++) {
    uint32_t bytes = 1316, flags = CHANGEOVER_VIDEO | CHANGEOVER_KEY;
    OPAQUE(bytes);
    OPAQUE(flags);
    uint64_t answer = changeover_version_number();
    OPAQUE(answer);
  }
}

__attribute__((noinline)) static void run_inline(struct bench *bench, uint64_t packets) {
  for (uint64_t n = 0; n < packets; n++) {
    uint32_t bytes = 1316, flags = CHANGEOVER_VIDEO | CHANGEOVER_KEY;
    OPAQUE(bytes);
    OPAQUE(flags);
    uint64_t verdict = changeover_record_inline(&bench->input, bytes, flags);
    OPAQUE(verdict);
  }
  bench->done += packets;
}

__attribute__((noinline)) static void run_batch(struct bench *bench, uint64_t packets) {
  changeover_packet batch[BATCH];
  for (int i = 0; i < BATCH; i++) {
    batch[i] = (changeover_packet){.bytes = 1316, .flags = CHANGEOVER_VIDEO};
  }
  for (uint64_t n = 0; n < packets; n += BATCH) {
    uint64_t verdict = changeover_record_batch(&bench->batched, batch, BATCH);
    OPAQUE(verdict);
  }
}

static const char ID[] = "live/channel-0000000000";

__attribute__((noinline)) static void run_by_id(struct bench *bench, uint64_t packets) {
  for (uint64_t n = 0; n < packets; n++) {
    uint32_t bytes = 1316, flags = CHANGEOVER_VIDEO | CHANGEOVER_KEY;
    uint64_t verdict = 0;
    OPAQUE(bytes);
    OPAQUE(flags);
    changeover_record_packet(bench->engine, ID, sizeof ID - 1, 0, bytes, flags, &verdict);
    OPAQUE(verdict);
  }
  bench->done += packets;
}

struct lane {
  const char *name;
  void (*run)(struct bench *, uint64_t);
  uint64_t packets;
  double *samples;
};

static double take(struct lane *lane, struct bench *bench, uint64_t packets) {
  double began = now_ns();
  lane->run(bench, packets);
  return now_ns() - began;
}

static void calibrate(struct lane *lane, struct bench *bench) {
  for (lane->packets = 1024;; lane->packets *= 2) {
    double took = take(lane, bench, lane->packets), again = take(lane, bench, lane->packets);
    if (again < took) took = again;
    if (took > SAMPLE_NS / 4) {
      lane->packets = (uint64_t)((double)lane->packets * SAMPLE_NS / took);
      lane->packets -= lane->packets % BATCH;
      return;
    }
  }
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_spread(const char *name, double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_size);
  printf("\"%s\": {\"median\": %.4f, \"low\": %.4f, \"high\": %.4f}", name, values[count / 2],
         values[count / 10], values[count - 1 - count / 10]);
}

/* An engine with one stream whose input 0 is on air, opened twice. */
static void prepare(struct bench *bench) {
  changeover_config config;
  changeover_options options;
  changeover_input_spec inputs[2];
  changeover_event event;
  check("config", changeover_config_init(&config, sizeof config));
  config.packet_timeout = config.connect_timeout = 3600ull * 1000000000;
  config.standby = CHANGEOVER_STANDBY_HOT;
  check("options", changeover_options_init(&options, sizeof options));
  options.defaults = &config;
  check("new", changeover_new(&options, &bench->engine));
  for (int i = 0; i < 2; i++) {
    check("input", changeover_input_spec_init(&inputs[i], sizeof inputs[i]));
    inputs[i].priority = i;
    inputs[i].url = "udp://239.1.0.1:5000";
    inputs[i].url_len = strlen(inputs[i].url);
  }
  check("register", changeover_register(bench->engine, ID, sizeof ID - 1, NULL, 0, inputs, 2, NULL, NULL));
  check("event", changeover_event_init(&event, sizeof event));
  uint64_t session = 0;
  while (session == 0) {
    check("next_event", changeover_next_event(bench->engine, 1000000000, &event));
    if (event.kind == CHANGEOVER_EVENT_START && event.priority == 0) session = event.session;
  }
  check("clear", changeover_event_clear(&event));
  changeover_input *open[] = {&bench->input, &bench->batched};
  for (int i = 0; i < 2; i++) {
    check("open", changeover_open_input(bench->engine, ID, sizeof ID - 1, 0, session, open[i]));
  }
  if (changeover_record(&bench->input, 1316, CHANGEOVER_VIDEO) == 0) fail("not on air", 0);
  check("sync", changeover_sync(bench->engine, 10000000000));
  bench->done = 1;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 101;
  struct bench bench = {0};
  struct lane lanes[] = {
      {.name = "floor", .run = run_floor},   {.name = "call", .run = run_call},
      {.name = "record", .run = run_record}, {.name = "inline", .run = run_inline},
      {.name = "batch", .run = run_batch},   {.name = "by_id", .run = run_by_id},
  };
  int count = sizeof lanes / sizeof *lanes;
  prepare(&bench);
  for (int i = 0; i < count; i++) {
    lanes[i].samples = calloc((size_t)rounds, sizeof(double));
    calibrate(&lanes[i], &bench);
  }
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < count; i++) {
      struct lane *lane = &lanes[(i + round) % count];
      take(lane, &bench, lane->packets / 4);
      lane->samples[round] = take(lane, &bench, lane->packets) / (double)lane->packets;
    }
  }
  double *ratios = calloc((size_t)rounds, sizeof *ratios);
  printf("{");
  for (int i = 1; i < count; i++) {
    for (int round = 0; round < rounds; round++) {
      ratios[round] = lanes[i].samples[round] / lanes[0].samples[round];
    }
    char name[32];
    snprintf(name, sizeof name, "%s_ratio", lanes[i].name);
    print_spread(name, ratios, rounds);
    printf(", ");
  }
  for (int i = 0; i < count; i++) {
    char name[32];
    snprintf(name, sizeof name, "%s_ns", lanes[i].name);
    print_spread(name, lanes[i].samples, rounds);
    printf(i + 1 < count ? ", " : "}\n");
  }
  check("close", changeover_close_input(&bench.batched));
  check("close", changeover_close_input(&bench.input));
  check("free", changeover_free(bench.engine));
  return 0;
}
