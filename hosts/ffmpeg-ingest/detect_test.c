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
  changeover_event event;
  if (changeover_new(NULL, &engine) || changeover_input_spec_init(&spec, sizeof spec)) abort();
  spec.url = "x";
  spec.url_len = 1;
  CHECK(!changeover_register(engine, "s", 1, NULL, 0, &spec, 1, NULL, NULL));
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

static void what_it_cannot_manage_is_dropped_and_told(void) {
  struct notes notes;
  if (notes_init(&notes)) abort();
  struct detector_config config = {
      .judge = {.wanted = CONDITION(BLACK), .after = NS_PER_S}, .notes = &notes, .stream = "s"};
  config.engine = engine_with_session(&config.session);
  struct tracks *tracks = large_pictures();
  AVPacket *picture = black_picture();
  struct detector *detector = detector_start(&config);
  CHECK(detector != NULL);
  for (uint64_t i = 0; i < PICTURES; i++) /* half a second from one to the next, as far as it knows */
    detector_see(detector, tracks, picture, CHANGEOVER_VIDEO | CHANGEOVER_KEY, (i + 1) * NS_PER_S / 2);
  for (uint64_t waited = 0; condition_of_input(config.engine) != CHANGEOVER_REASON_BLACK; waited++) {
    if (waited == 30000) abort(); /* half a minute */
    nanosleep(&(struct timespec){.tv_nsec = (long)NS_PER_MS}, NULL);
  }
  detector_stop(detector);
  struct note *cost = notes_take(&notes);
  CHECK(cost && cost->kind == NOTE_DETECTOR && cost->took > 0);
  CHECK(cost && cost->lost > 0 && cost->lost < PICTURES);
  free(cost);
  av_packet_free(&picture);
  tracks_release(tracks);
  changeover_free(config.engine);
  notes_free(&notes);
}

static void only_key_frames_are_taken_unless_every_picture_is_wanted(void) {
  struct notes notes;
  if (notes_init(&notes)) abort();
  struct detector_config config = {
      .judge = {.wanted = CONDITION(BLACK), .after = NS_PER_S}, .notes = &notes, .stream = "s"};
  config.engine = engine_with_session(&config.session);
  struct tracks *tracks = large_pictures();
  AVPacket *picture = black_picture();
  struct detector *detector = detector_start(&config);
  for (uint64_t i = 0; i < PICTURES; i++)
    detector_see(detector, tracks, picture, CHANGEOVER_VIDEO, i + 1);
  detector_stop(detector);
  struct note *cost = notes_take(&notes);
  CHECK(cost && cost->lost == 0 && !strncmp(cost->text, "0 pictures", strlen("0 pictures")));
  free(cost);
  av_packet_free(&picture);
  tracks_release(tracks);
  changeover_free(config.engine);
  notes_free(&notes);
}

int main(void) {
  what_it_cannot_manage_is_dropped_and_told();
  only_key_frames_are_taken_unless_every_picture_is_wanted();
  return failures ? 1 : 0;
}
