/* changeover_record_inline does what changeover_record does: the same counts, the same verdicts, the
 * same word to the engine; and makes no call when it need not. Linked with
 * --wrap=changeover_record, so that calls can be counted. */
#include <changeover_inline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)
#define EXPECT(condition)                                             \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

uint64_t __real_changeover_record(changeover_input *input, uint32_t bytes, uint32_t flags);
uint64_t __wrap_changeover_record(changeover_input *input, uint32_t bytes, uint32_t flags);

static int calls;
/* How many calls are to be expected. With CHANGEOVER_NO_INLINE: one each. */
static int fast(int packets) { return CHANGEOVER_INLINE_LAYOUT ? 0 : packets; }

uint64_t __wrap_changeover_record(changeover_input *input, uint32_t bytes, uint32_t flags) {
  calls++;
  return __real_changeover_record(input, bytes, flags);
}

static changeover_engine *engine;

/* Waits for an event; its session. */
static uint64_t await_event(int32_t kind, int32_t priority) {
  changeover_event event;
  changeover_event_init(&event, sizeof event);
  do
    EXPECT(changeover_next_event(engine, 10 * SECOND, &event) == CHANGEOVER_OK);
  while (event.kind != kind || event.priority != priority);
  uint64_t session = event.session;
  changeover_event_clear(&event);
  return session;
}

static changeover_input_status status_of(size_t index) {
  changeover_status *status;
  changeover_input_status input;
  EXPECT(changeover_runtime_status(engine, "s", 1, &status) == CHANGEOVER_OK);
  changeover_input_status_init(&input, sizeof input);
  EXPECT(changeover_status_input(status, index, &input) == CHANGEOVER_OK);
  changeover_status_free(status);
  return input;
}

int main(void) {
  changeover_config config;
  changeover_input_spec specs[2];
  changeover_input on_air, standby;
  EXPECT(changeover_new(NULL, &engine) == CHANGEOVER_OK);
  changeover_config_init(&config, sizeof config);
  config.standby = CHANGEOVER_STANDBY_HOT;
  config.packet_timeout = config.connect_timeout = 3600 * SECOND;
  for (int i = 0; i < 2; i++) {
    changeover_input_spec_init(&specs[i], sizeof specs[i]);
    specs[i].priority = i;
    specs[i].config = &config;
  }
  config.standby = CHANGEOVER_STANDBY_HOT;
  EXPECT(changeover_register(engine, "s", 1, NULL, 0, specs, 2, NULL, NULL) == CHANGEOVER_OK);
  uint64_t first = await_event(CHANGEOVER_EVENT_START, 0);
  uint64_t second = await_event(CHANGEOVER_EVENT_START, 1);
  EXPECT(changeover_open_input(engine, "s", 1, 0, first, &on_air) == CHANGEOVER_OK);
  EXPECT(changeover_open_input(engine, "s", 1, 1, second, &standby) == CHANGEOVER_OK);

  /* The first packet is awaited: the call tells the engine. */
  EXPECT(changeover_record_inline(&on_air, 10, CHANGEOVER_VIDEO | CHANGEOVER_KEY) == 1);
  EXPECT(calls == 1);
  await_event(CHANGEOVER_EVENT_ACTIVE, 0);
  EXPECT(changeover_record_inline(&standby, 10, 0) == 0);
  EXPECT(changeover_sync(engine, 10 * SECOND) == CHANGEOVER_OK);
  calls = 0;

  /* From then on there is none, and each flag counts what it should. */
  const struct {
    uint32_t flags, packets;
  } kinds[] = {{0, 500},
               {CHANGEOVER_VIDEO, 30},
               {CHANGEOVER_AUDIO, 50},
               {CHANGEOVER_KEY, 70},
               {CHANGEOVER_VIDEO | CHANGEOVER_KEY, 110},
               {~UINT32_C(0), 130}};
  for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
    for (uint32_t i = 0; i < kinds[kind].packets; i++) {
      EXPECT(changeover_record_inline(&on_air, 1000 + i, kinds[kind].flags) == 1);
      EXPECT(changeover_record_inline(&standby, UINT32_MAX, 0) == 0);
    }
  EXPECT(calls == fast(2 * 890));
  changeover_input_status live = status_of(0), spare = status_of(1);
  EXPECT(live.packets == 1 + 890 && spare.packets == 1 + 890);
  EXPECT(live.bytes ==
         10 + 890 * 1000 + (500 * 499 + 30 * 29 + 50 * 49 + 70 * 69 + 110 * 109 + 130 * 129) / 2);
  EXPECT(live.video_packets == 1 + 30 + 110 + 130 && live.key_packets == 1 + 70 + 110 + 130);
  EXPECT(spare.bytes == 10 + 890 * (uint64_t)UINT32_MAX && spare.video_packets == 0);

  /* Each is a sign of life at the time it comes. */
  uint64_t then, now;
  EXPECT(changeover_now(engine, &then) == CHANGEOVER_OK);
  do
    EXPECT(changeover_now(engine, &now) == CHANGEOVER_OK);
  while (now < then + SECOND / 50);
  EXPECT(changeover_record_inline(&standby, 1, 0) == 0);
  EXPECT(status_of(1).last_packet_at >= spare.last_packet_at + (int64_t)SECOND / 100);

  /* Mixed with calls nothing is lost. */
  for (int i = 0; i < 100; i++) {
    EXPECT(changeover_record(&on_air, 1, 0) == 1);
    EXPECT(changeover_record_inline(&on_air, 1, 0) == 1);
  }
  EXPECT(status_of(0).packets == live.packets + 200);

  /* A switch is committed by the key frame; then the verdicts change places, with the next switch number. */
  EXPECT(changeover_switch_input(engine, "s", 1, 1) == CHANGEOVER_OK);
  EXPECT(changeover_record_inline(&standby, 1, 0) == 0);
  EXPECT(changeover_record_inline(&standby, 1, CHANGEOVER_VIDEO | CHANGEOVER_KEY) == 2);
  EXPECT(changeover_sync(engine, 10 * SECOND) == CHANGEOVER_OK);
  /* The packet that finds nothing awaited any more ends the calls. */
  EXPECT(changeover_record_inline(&standby, 1, 0) == 2);
  calls = 0;
  EXPECT(changeover_record_inline(&on_air, 1, 0) == 0);
  EXPECT(changeover_record_inline(&standby, 1, 0) == 2);
  EXPECT(calls == fast(2));

  /* Another layout, so another library: the call, which counts. */
  uint64_t before = status_of(1).packets;
  standby.layout++;
  calls = 0;
  EXPECT(changeover_record_inline(&standby, 1, 0) == 2 && calls == 1);
  standby.layout--;
  EXPECT(status_of(1).packets == before + 1);

  /* Closed, a copy of a closed one, and none: nothing is counted, and nothing breaks. */
  changeover_input copy = standby;
  EXPECT(changeover_close_input(&standby) == CHANGEOVER_OK);
  before = status_of(1).packets;
  EXPECT(changeover_record_inline(&standby, 1, 0) == 0);
  EXPECT(changeover_record_inline(&copy, 1, 0) == 0);
  EXPECT(changeover_record_inline(NULL, 1, 0) == 0);
  EXPECT(status_of(1).packets == before);

  /* An input outlives its engine, and drops. */
  EXPECT(changeover_free(engine) == CHANGEOVER_OK);
  EXPECT(changeover_record_inline(&on_air, 1, 0) == 0);
  EXPECT(changeover_close_input(&on_air) == CHANGEOVER_OK);
  return 0;
}
