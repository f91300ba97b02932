/* limits.c: limits by protocol. docs/protocols.md says why they are what they are. */
#include "limits.h"

#include <string.h>
#include <strings.h>

#include "clock.h"

#define SHORT_PACKET (2 * NS_PER_S)
/* A busy machine lets half a second pass now and then. */
#define SHORT_PACKET_MIN (500 * NS_PER_MS)
#define SHORT_CONNECT (5 * NS_PER_S)
#define FILE_PACKET (10 * NS_PER_S)
/* So long it may take to open an input while another one delivers. */
#define START_GRACE (2 * NS_PER_S)
/* Until the playlist was read. */
#define SEGMENTS_PACKET (20 * NS_PER_S)
#define SEGMENTS_CONNECT (15 * NS_PER_S)

/* Of the usual frame rate, percent: below half of it, so that a camera that takes longer exposures in the dark is none. */
#define FPS_OF_BASELINE 40
/* The same where the past comes first, all at once: its first seconds make the usual rate look several times as high. */
#define FPS_OF_BASELINE_PAST_FIRST 15
/* Slide shows have a picture in five seconds. */
#define VIDEO_LOST (5 * NS_PER_S)
/* How long a rate must be out of its limit: no shorter than the silence that is allowed, which is a rate of 0. */
#define IMPAIRED (1 * NS_PER_S)

static bool ends_with(const char *text, size_t length, const char *end) {
  const size_t size = strlen(end);
  return length >= size && !strncasecmp(text + length - size, end, size);
}

enum silence silence_of(const char *url) {
  const size_t path = strcspn(url, "?#");
  if (ends_with(url, path, ".m3u8") || ends_with(url, path, ".mpd")) return SILENCE_SEGMENTS;
  if (!strncmp(url, "file:", 5) || !strstr(url, "://")) return SILENCE_FILE;
  return SILENCE_SHORT;
}

/* A playlist is renewed within one and a half target durations; who just missed it looks again half a one later. */
uint64_t silence_of_segments(uint64_t segment) {
  return segment ? 2 * segment + 2 * NS_PER_S : SEGMENTS_PACKET;
}

static uint64_t longer(uint64_t a, uint64_t b) { return a > b ? a : b; }

static bool begins_with(const char *text, const char *begin) {
  return !strncasecmp(text, begin, strlen(begin));
}

/* Servers do; who connects to us has no past. */
static bool sends_past_first(const char *url, unsigned nature) {
  return !(nature & INPUT_PUSHED) && (begins_with(url, "rtmp") || begins_with(url, "http"));
}

/* What was given holds for all inputs, as settings of the stream. */
static void set(uint64_t *setting, uint64_t given, uint64_t value) {
  if (given == CHANGEOVER_INHERIT) *setting = value;
}

/* What any live source keeps to. Nothing of it follows the bitrate: an encoder of variable rate that shows a still picture
 * saves nineteen parts of twenty. */
static void watch_health(const struct limits *limits, changeover_config *config, uint64_t packet_timeout,
                         uint64_t fps_of_baseline) {
  const changeover_config *given = &limits->given;
  if (limits->silence_only) return;
  set(&config->min_fps_of_baseline, given->min_fps_of_baseline, fps_of_baseline);
  set(&config->video_timeout, given->video_timeout, longer(VIDEO_LOST, packet_timeout));
  set(&config->impair_after, given->impair_after, longer(IMPAIRED, packet_timeout));
}

/* What has no network between has no gaps to learn from. */
static void keep_silence_fixed(const struct limits *limits, changeover_config *config) {
  if (limits->given.silence == CHANGEOVER_INHERIT_CHOICE) config->silence = CHANGEOVER_SILENCE_FIXED;
}

/* Pictures of a file come as the file has them. */
static void watch_no_pictures(const struct limits *limits, changeover_config *config) {
  set(&config->min_fps_of_baseline, limits->given.min_fps_of_baseline, 0);
  set(&config->video_timeout, limits->given.video_timeout, 0);
}

/* What is no source is always good enough. */
static void watch_nothing(changeover_config *config) {
  config->min_fps = config->min_fps_of_baseline = config->min_bitrate = config->min_bitrate_of_baseline = 0;
  config->max_loss = config->video_timeout = config->audio_timeout = 0;
}

void limits_init(struct limits *limits, const changeover_config *given, bool silence_only) {
  *limits = (struct limits){.given = *given, .silence_only = silence_only, .stream = *given};
  set(&limits->stream.packet_timeout, given->packet_timeout, SEGMENTS_PACKET);
  set(&limits->stream.connect_timeout, given->connect_timeout, SEGMENTS_CONNECT);
  set(&limits->stream.packet_timeout_min, given->packet_timeout_min, SEGMENTS_PACKET);
  set(&limits->stream.start_grace, given->start_grace, START_GRACE);
  if (given->silence == CHANGEOVER_INHERIT_CHOICE && given->packet_timeout == CHANGEOVER_INHERIT &&
      !silence_only)
    limits->stream.silence = CHANGEOVER_SILENCE_ADAPTIVE;
  watch_health(limits, &limits->stream, limits->stream.packet_timeout, FPS_OF_BASELINE);
}

/* What holds of an input whatever its silence depends on; all else is inherited. */
static void begin_input(struct limits *limits, size_t input, enum silence silence) {
  changeover_config *config = &limits->input[input];
  const unsigned nature = limits->nature[input];
  limits->silence[input] = silence;
  changeover_config_init(config, sizeof *config);
  if (nature & INPUT_PUSHED) config->source = CHANGEOVER_SOURCE_PUSHED;
  if (silence == SILENCE_FILE || nature & INPUT_FILL) keep_silence_fixed(limits, config);
  if (!(nature & INPUT_FILL)) return;
  config->role = CHANGEOVER_ROLE_FILL;
  watch_nothing(config);
}

void limits_add(struct limits *limits, size_t input, const char *url, unsigned nature) {
  const changeover_config *given = &limits->given;
  changeover_config *config = &limits->input[input];
  const enum silence silence = silence_of(url);
  limits->nature[input] = nature;
  begin_input(limits, input, silence);
  if (silence != SILENCE_SEGMENTS) {
    set(&config->packet_timeout, given->packet_timeout, silence == SILENCE_FILE ? FILE_PACKET : SHORT_PACKET);
    set(&config->connect_timeout, given->connect_timeout, SHORT_CONNECT);
    set(&config->packet_timeout_min, given->packet_timeout_min, SHORT_PACKET_MIN);
  }
  if (nature & INPUT_FILL) return;
  if (silence == SILENCE_FILE)
    watch_no_pictures(limits, config);
  else if (silence == SILENCE_SHORT)
    watch_health(limits, config, limits_packet_timeout(limits, input),
                 sends_past_first(url, nature) ? FPS_OF_BASELINE_PAST_FIRST : FPS_OF_BASELINE);
}

enum limits_change limits_learn(struct limits *limits, size_t input, uint64_t segment) {
  if (limits->given.packet_timeout != CHANGEOVER_INHERIT) return LIMITS_SAME;
  enum limits_change change = LIMITS_SAME;
  if (segment > limits->segment) {
    limits->segment = segment;
    limits->stream.packet_timeout = silence_of_segments(segment);
    set(&limits->stream.packet_timeout_min, limits->given.packet_timeout_min, segment); /* one may be late */
    watch_health(limits, &limits->stream, limits->stream.packet_timeout, FPS_OF_BASELINE);
    change = LIMITS_STREAM;
  }
  if (limits->silence[input] != SILENCE_SEGMENTS) { /* the URL did not look like it */
    begin_input(limits, input, SILENCE_SEGMENTS);
    change = LIMITS_INPUT;
  }
  return change;
}

uint64_t limits_packet_timeout(const struct limits *limits, size_t input) {
  const uint64_t own = limits->input[input].packet_timeout;
  return own != CHANGEOVER_INHERIT ? own : limits->stream.packet_timeout;
}
