/* detect_test.c: the ring between a session and who looks at it never waits. Exit 0: all as it should be. */
#include "detect.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"

/* So large that looking at one takes far longer than leaving it. */
#define SIDE 2048
#define PICTURES 400

static struct tracks *large_pictures(void) {
  struct tracks *tracks = tracks_new();
  struct track track = {.codec = avcodec_parameters_alloc(), .time_base = {1, 90000}};
  if (!tracks || !track.codec) abort();
  track.codec->codec_type = AVMEDIA_TYPE_VIDEO;
  track.codec->codec_id = AV_CODEC_ID_RAWVIDEO;
  track.codec->format = AV_PIX_FMT_YUV420P;
  track.codec->width = track.codec->height = SIDE;
  CHECK(tracks_add(tracks, &track));
  avcodec_parameters_free(&track.codec);
  return tracks;
}

static AVPacket *black_picture(void) {
  AVPacket *packet = av_packet_alloc();
  if (!packet || av_new_packet(packet, SIDE * SIDE * 3 / 2) < 0) abort();
  memset(packet->data, 16, SIDE * SIDE);
  memset(packet->data + SIDE * SIDE, 128, SIDE * SIDE / 2);
  return packet;
}

/* The engine as far as it is needed: one stream of one input, and its session. */
static changeover_engine *engine_with_session(uint64_t *session) {
  changeover_engine *engine;
  changeover_input_spec spec;
  changeover_config config;
  changeover_event event;
  if (changeover_new(NULL, &engine) || changeover_input_spec_init(&spec, sizeof spec) ||
      changeover_config_init(&config, sizeof config))
    abort();
  spec.url = "x";
  spec.url_len = 1;
  config.connect_timeout = 3600 * NS_PER_S; /* it is told of no packet, however long a slow machine takes */
  CHECK(!changeover_register(engine, "s", 1, NULL, 0, &spec, 1, &config, NULL));
  changeover_event_init(&event, sizeof event);
  *session = 0;
  while (!*session && !changeover_next_event(engine, 10 * NS_PER_S, &event)) {
    if (event.kind == CHANGEOVER_EVENT_START) *session = event.session;
  }
  CHECK(*session);
  changeover_event_clear(&event);
  return engine;
}

static int32_t condition_of_input(changeover_engine *engine) {
  changeover_status *status;
  changeover_input_status input;
  changeover_input_status_init(&input, sizeof input);
  if (changeover_runtime_status(engine, "s", 1, &status)) abort();
  CHECK(!changeover_status_input(status, 0, &input));
  changeover_status_free(status);
  return input.condition;
}

static void wait_for_black(changeover_engine *engine) {
  for (int waited = 0; condition_of_input(engine) != CHANGEOVER_REASON_BLACK; waited++) {
    if (waited == 30000) abort(); /* half a minute */
    nanosleep(&(struct timespec){.tv_nsec = (long)NS_PER_MS}, NULL);
  }
}

/* Black pictures, half a second from one to the next as far as the detector knows, all left at once. What it cost. */
static struct note cost_of_pictures(uint32_t flags, void (*wait)(changeover_engine *engine)) {
  struct notes notes;
  if (notes_init(&notes)) abort();
  struct detector_config config = {
      .judge = {.wanted = CONDITION(BLACK), .after = NS_PER_S}, .notes = &notes, .stream = "s"};
  config.engine = engine_with_session(&config.session);
  struct tracks *tracks = large_pictures();
  AVPacket *picture = black_picture();
  struct detector *detector = detector_start(&config);
  if (!detector) abort();
  for (uint64_t i = 1; i <= PICTURES; i++)
    detector_see(detector, tracks, picture, flags, i * NS_PER_S / 2);
  if (wait) wait(config.engine);
  detector_stop(detector);
  struct note *told = notes_take(&notes);
  if (!told || told->kind != NOTE_DETECTOR) abort();
  const struct note cost = *told;
  free(told);
  av_packet_free(&picture);
  tracks_release(tracks);
  changeover_free(config.engine);
  notes_free(&notes);
  return cost;
}

static void what_it_cannot_manage_is_dropped_and_told(void) {
  const struct note cost = cost_of_pictures(CHANGEOVER_VIDEO | CHANGEOVER_KEY, wait_for_black);
  CHECK(cost.took > 0);
  CHECK(cost.lost > 0 && cost.lost < PICTURES);
}

static void only_key_frames_are_looked_at_unless_every_picture_is_wanted(void) {
  const struct note cost = cost_of_pictures(CHANGEOVER_VIDEO, NULL);
  CHECK(cost.lost == 0 && !strncmp(cost.text, "0 pictures", strlen("0 pictures")));
}

int main(void) {
  what_it_cannot_manage_is_dropped_and_told();
  only_key_frames_are_looked_at_unless_every_picture_is_wanted();
  return failures ? 1 : 0;
}
