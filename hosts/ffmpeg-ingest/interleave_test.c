/* interleave_test.c: tracks that are read one after the other. Exit 0: as it should be. */
#include "interleave.h"

#include "check.h"
#include "clock.h"

/* What is read: a stream's packet at a time in ms, which is also how long the stream's packets last apart. */
struct script {
  int stream;
  int64_t at;
};

static struct script script[4096];
static size_t length, place;

static void then(int stream, int64_t from, int64_t until, int64_t each) {
  for (int64_t at = from; at < until; at += each)
    script[length++] = (struct script){stream, at};
}

static int read_script(AVFormatContext *format, AVPacket *packet) {
  if (place == length) return AVERROR_EOF;
  const struct script next = script[place++];
  if (av_new_packet(packet, 10) < 0) return AVERROR(ENOMEM);
  packet->stream_index = next.stream;
  packet->dts = packet->pts = next.at;
  packet->duration = format->streams[next.stream]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO ? 40 : 20;
  return 0;
}

static AVFormatContext *begin(struct interleave *interleave) {
  AVFormatContext *format = avformat_alloc_context();
  for (int i = 0; i < 2; i++) {
    AVStream *stream = avformat_new_stream(format, NULL);
    stream->time_base = (AVRational){1, 1000};
    stream->codecpar->codec_type = i ? AVMEDIA_TYPE_AUDIO : AVMEDIA_TYPE_VIDEO;
  }
  interleave_init(interleave, 6 * NS_PER_S);
  length = place = 0;
  return format;
}

/* How far the tracks are ever apart as they come, in ms; how many packets; and whether each track is in order. */
struct heard {
  int64_t apart, apart_at_last;
  size_t packets, steps_back;
  size_t most_ahead; /* packets */
};

static struct heard hear(struct interleave *interleave, AVFormatContext *format) {
  struct heard heard = {0};
  int64_t last[2] = {INT64_MIN, INT64_MIN};
  AVPacket *packet = av_packet_alloc();
  while (interleave_read(interleave, format, read_script, packet) >= 0) {
    const int64_t at = packet->dts;
    heard.steps_back += at < last[packet->stream_index];
    last[packet->stream_index] = at;
    if (last[0] != INT64_MIN && last[1] != INT64_MIN) {
      const int64_t apart = last[0] > last[1] ? last[0] - last[1] : last[1] - last[0];
      if (apart > heard.apart) heard.apart = apart;
      heard.apart_at_last = apart;
    }
    if (interleave->count > heard.most_ahead) heard.most_ahead = interleave->count;
    heard.packets++;
    av_packet_unref(packet);
  }
  CHECK(heard.packets == length);
  CHECK(interleave_read(interleave, format, read_script, packet) == AVERROR_EOF);
  av_packet_free(&packet);
  interleave_free(interleave);
  avformat_free_context(format);
  return heard;
}

static void fragments(int64_t from, int count, int64_t span) {
  for (int i = 0; i < count; i++, from += span) {
    then(0, from, from + span, 40);
    then(1, from, from + span, 20);
  }
}

static void tracks_of_a_fragment_come_side_by_side(void) {
  struct interleave interleave;
  AVFormatContext *format = begin(&interleave);
  fragments(0, 5, 2000);
  const struct heard heard = hear(&interleave, format);
  CHECK(heard.apart <= 40 && !heard.steps_back);
  CHECK(heard.most_ahead <= 52);
}

static void what_is_side_by_side_is_not_held_up(void) {
  struct interleave interleave;
  AVFormatContext *format = begin(&interleave);
  fragments(0, 100, 40);
  CHECK(hear(&interleave, format).most_ahead <= 3);
}

static void a_step_of_the_clock_comes_in_all_tracks_at_once(void) {
  static const int64_t steps[] = {5000, 60000, -20000};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    struct interleave interleave;
    AVFormatContext *format = begin(&interleave);
    fragments(30000, 3, 2000);
    fragments(36000 + steps[i], 3, 2000);
    const struct heard heard = hear(&interleave, format);
    CHECK(heard.steps_back == (steps[i] < 0 ? 2 : 0));
    const int64_t size = steps[i] < 0 ? -steps[i] : steps[i];
    CHECK(heard.apart <= size + 40);
    CHECK(heard.most_ahead <= 103);
  }
}

static void a_track_that_ends_holds_up_nobody_for_long(void) {
  struct interleave interleave;
  AVFormatContext *format = begin(&interleave);
  fragments(0, 2, 2000);
  then(0, 4000, 30000, 40); /* pictures alone */
  for (int64_t at = 30000; at < 40000; at += 2000)
    fragments(at, 1, 2000);
  const struct heard heard = hear(&interleave, format);
  CHECK(!heard.steps_back && heard.apart_at_last <= 40);
  CHECK(heard.most_ahead <= 6000 / 40 + 150);
}

static void a_hole_in_one_track_is_no_step(void) {
  struct interleave interleave;
  AVFormatContext *format = begin(&interleave);
  fragments(0, 2, 2000);
  then(0, 4000, 6000, 40);
  fragments(6000, 4, 2000);
  then(1, 14000, 14020, 20);
  const struct heard heard = hear(&interleave, format);
  CHECK(heard.apart <= 2040 && !heard.steps_back); /* as long as the hole */
}

static void what_nobody_wants_is_not_waited_for(void) {
  struct interleave interleave;
  AVFormatContext *format = begin(&interleave);
  fragments(0, 1, 2000);
  then(0, 2000, 20000, 40);
  AVPacket *packet = av_packet_alloc();
  for (int i = 0; i < 150 && interleave_read(&interleave, format, read_script, packet) >= 0; i++)
    av_packet_unref(packet);
  format->streams[1]->discard = AVDISCARD_ALL;
  interleave_read(&interleave, format, read_script, packet);
  const size_t read = place;
  av_packet_unref(packet);
  for (int i = 0; i < 10 && interleave.count; i++) {
    interleave_read(&interleave, format, read_script, packet);
    av_packet_unref(packet);
  }
  CHECK(place <= read + 10);
  av_packet_free(&packet);
  interleave_free(&interleave);
  avformat_free_context(format);
}

int main(void) {
  tracks_of_a_fragment_come_side_by_side();
  what_is_side_by_side_is_not_held_up();
  a_step_of_the_clock_comes_in_all_tracks_at_once();
  a_track_that_ends_holds_up_nobody_for_long();
  a_hole_in_one_track_is_no_step();
  what_nobody_wants_is_not_waited_for();
  return failures ? 1 : 0;
}
