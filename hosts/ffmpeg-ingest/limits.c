/* limits.c: limits by protocol. docs/protocols.md says why they are what they are. */
#include "limits.h"

#include <string.h>
#include <strings.h>

#include "clock.h"

#define SHORT_PACKET (2 * NS_PER_S)
#define SHORT_CONNECT (5 * NS_PER_S)
#define FILE_PACKET (10 * NS_PER_S)
/* Until the playlist was read. */
#define SEGMENTS_PACKET (20 * NS_PER_S)
#define SEGMENTS_CONNECT (15 * NS_PER_S)

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

void limits_init(struct limits *limits, const changeover_config *given) {
  *limits = (struct limits){.packet_given = given->packet_timeout != CHANGEOVER_INHERIT,
                            .connect_given = given->connect_timeout != CHANGEOVER_INHERIT,
                            .stream = *given};
  if (!limits->packet_given) limits->stream.packet_timeout = SEGMENTS_PACKET;
  if (!limits->connect_given) limits->stream.connect_timeout = SEGMENTS_CONNECT;
}

void limits_add(struct limits *limits, size_t input, const char *url, bool pushed) {
  changeover_config *config = &limits->input[input];
  changeover_config_init(config, sizeof *config);
  if (pushed) config->source = CHANGEOVER_SOURCE_PUSHED;
  limits->silence[input] = silence_of(url);
  if (limits->silence[input] == SILENCE_SEGMENTS) return;
  if (!limits->packet_given)
    config->packet_timeout = limits->silence[input] == SILENCE_FILE ? FILE_PACKET : SHORT_PACKET;
  if (!limits->connect_given) config->connect_timeout = SHORT_CONNECT;
}

enum limits_change limits_learn(struct limits *limits, size_t input, uint64_t segment) {
  if (limits->packet_given) return LIMITS_SAME;
  enum limits_change change = LIMITS_SAME;
  if (segment > limits->segment) {
    limits->segment = segment;
    limits->stream.packet_timeout = silence_of_segments(segment);
    change = LIMITS_STREAM;
  }
  if (limits->silence[input] != SILENCE_SEGMENTS) { /* the URL did not look like it */
    limits->silence[input] = SILENCE_SEGMENTS;
    changeover_config_init(&limits->input[input], sizeof limits->input[input]);
    change = LIMITS_INPUT;
  }
  return change;
}

uint64_t limits_packet_timeout(const struct limits *limits, size_t input) {
  const uint64_t own = limits->input[input].packet_timeout;
  return own != CHANGEOVER_INHERIT ? own : limits->stream.packet_timeout;
}
