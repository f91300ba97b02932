/* limits_test.c: the limits by protocol, and what playlists say. Exit 0: all as it should be. */
#include "limits.h"

#include "check.h"
#include "clock.h"
#include "listen.h"
#include "playlist.h"

static void playlists_say_how_long_their_segments_are(void) {
  CHECK(playlist_segment("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n") == 6 * NS_PER_S);
  CHECK(playlist_segment("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n") == 0);
  CHECK(playlist_segment("#EXT-X-TARGETDURATION:6\n") == 0); /* no playlist: something that speaks of one */
  CHECK(playlist_segment("#EXTM3U\n#EXT-X-TARGETDURATION:-6\n") == 0);
  CHECK(playlist_segment("#EXTM3U\n#EXT-X-TARGETDURATION:1e300\n") == 0);
  CHECK(playlist_segment("#EXTM3U\n#EXT-X-TARGETDURATION:nan\n") == 0);
  CHECK(playlist_segment("<?xml?><MPD a=\"b\" maxSegmentDuration=\"PT2.5S\">") == 2500 * NS_PER_MS);
  CHECK(playlist_segment("<MPD maxSegmentDuration=\"PT1M0.5S\">") == 60500 * NS_PER_MS);
  CHECK(playlist_segment("<MPD maxSegmentDuration=\"PT") == 0);
  CHECK(playlist_segment("<MPD maxSegmentDuration=\"a while\">") == 0);
  CHECK(playlist_segment("") == 0);
}

static void the_url_tells_what_silence_is_usual(void) {
  CHECK(silence_of("http://a/b/live.m3u8?token=x.ts") == SILENCE_SEGMENTS);
  CHECK(silence_of("https://a/MANIFEST.MPD") == SILENCE_SEGMENTS);
  CHECK(silence_of("/videos/list.m3u8") == SILENCE_SEGMENTS);
  CHECK(silence_of("http://a/live.ts?next=live.m3u8") == SILENCE_SHORT);
  CHECK(silence_of("udp://239.0.0.1:5000") == SILENCE_SHORT);
  CHECK(silence_of("slate.mp4") == SILENCE_FILE);
  CHECK(silence_of("file:slate.mp4") == SILENCE_FILE);
}

static struct limits limits_for(uint64_t packet_timeout) {
  changeover_config given;
  changeover_config_init(&given, sizeof given);
  given.packet_timeout = packet_timeout;
  struct limits limits;
  limits_init(&limits, &given, 0);
  limits_add(&limits, 0, "http://a/live.m3u8", 0);
  limits_add(&limits, 1, "udp://127.0.0.1:5000", 0);
  limits_add(&limits, 2, "http://a/live", 0);
  return limits;
}

static void limits_follow_the_playlist(void) {
  struct limits limits = limits_for(CHANGEOVER_INHERIT);
  CHECK(limits_packet_timeout(&limits, 0) >= 15 * NS_PER_S); /* nobody knows yet */
  CHECK(limits_packet_timeout(&limits, 1) == 2 * NS_PER_S);
  CHECK(limits_learn(&limits, 0, 6 * NS_PER_S) == LIMITS_STREAM);
  CHECK(limits_packet_timeout(&limits, 0) == 14 * NS_PER_S);
  CHECK(limits_packet_timeout(&limits, 1) == 2 * NS_PER_S);
  CHECK(limits_learn(&limits, 0, 6 * NS_PER_S) == LIMITS_SAME);
  CHECK(limits_learn(&limits, 0, 2 * NS_PER_S) == LIMITS_SAME); /* another input may need the longer one */
  CHECK(limits_learn(&limits, 2, 6 * NS_PER_S) == LIMITS_INPUT);
  CHECK(limits_packet_timeout(&limits, 2) == 14 * NS_PER_S);
}

static void what_an_input_is_outlasts_its_playlist(void) {
  struct limits limits = limits_for(CHANGEOVER_INHERIT);
  limits_add(&limits, 3, "http://a/slate", INPUT_FILL);
  limits_add(&limits, 4, "http://a/pushed", INPUT_PUSHED);
  for (size_t i = 3; i < 5; i++) {
    CHECK(limits_learn(&limits, i, 6 * NS_PER_S) == LIMITS_INPUT);
    CHECK(limits_packet_timeout(&limits, i) == 14 * NS_PER_S);
  }
  const changeover_config *fill = &limits.input[3], *pushed = &limits.input[4];
  CHECK(fill->role == CHANGEOVER_ROLE_FILL && fill->silence == CHANGEOVER_SILENCE_FIXED);
  CHECK(fill->min_fps_of_baseline == 0 && fill->video_timeout == 0);
  CHECK(pushed->source == CHANGEOVER_SOURCE_PUSHED && pushed->min_fps_of_baseline == CHANGEOVER_INHERIT);
}

static void what_was_asked_for_stays(void) {
  struct limits limits = limits_for(3 * NS_PER_S);
  for (size_t i = 0; i < 3; i++)
    CHECK(limits_packet_timeout(&limits, i) == 3 * NS_PER_S);
  CHECK(limits_learn(&limits, 0, 6 * NS_PER_S) == LIMITS_SAME);
  CHECK(limits_packet_timeout(&limits, 0) == 3 * NS_PER_S);
}

static void live_sources_are_watched_beyond_silence(void) {
  changeover_config given;
  changeover_config_init(&given, sizeof given);
  given.min_fps = 10;
  struct limits limits;
  limits_init(&limits, &given, false);
  limits_add(&limits, 0, "udp://127.0.0.1:5000", 0);
  limits_add(&limits, 1, "rtmp://a/live/x", 0);
  limits_add(&limits, 2, "rtmp://0.0.0.0/live/x", INPUT_PUSHED);
  limits_add(&limits, 3, "slides.mp4", 0);
  limits_add(&limits, 4, "slate.mp4", INPUT_FILL);
  CHECK(limits.input[0].min_fps_of_baseline == 40);
  CHECK(limits.input[0].video_timeout == 5 * NS_PER_S);
  CHECK(limits.input[0].impair_after == 2 * NS_PER_S);
  CHECK(limits.input[0].min_bitrate_of_baseline == CHANGEOVER_INHERIT);
  CHECK(limits.input[0].min_fps == CHANGEOVER_INHERIT && limits.stream.min_fps == 10);
  CHECK(limits.stream.start_grace == 2 * NS_PER_S); /* of whatever is chosen */
  CHECK(limits.input[1].min_fps_of_baseline == 15); /* the past comes first */
  CHECK(limits.input[2].min_fps_of_baseline == 40);
  CHECK(limits.input[3].min_fps_of_baseline == 0 && limits.input[3].video_timeout == 0);
  CHECK(limits.input[3].min_fps == CHANGEOVER_INHERIT); /* that was asked for */
  CHECK(limits.input[4].role == CHANGEOVER_ROLE_FILL && limits.input[4].min_fps == 0);
}

/* A rate of 0 is silence, and that has a limit of its own. */
static void no_rate_is_missed_sooner_than_packets(void) {
  const struct limits fast = limits_for(100 * NS_PER_MS), slow = limits_for(30 * NS_PER_S);
  CHECK(fast.input[1].impair_after == 1 * NS_PER_S);
  CHECK(slow.input[1].impair_after == 30 * NS_PER_S && slow.input[1].video_timeout == 30 * NS_PER_S);
  struct limits playlist = limits_for(CHANGEOVER_INHERIT);
  limits_learn(&playlist, 0, 6 * NS_PER_S);
  CHECK(playlist.stream.impair_after == 14 * NS_PER_S);
}

static void silence_follows_the_gaps_of_live_sources(void) {
  struct limits limits = limits_for(CHANGEOVER_INHERIT);
  limits_add(&limits, 3, "slides.mp4", 0);
  CHECK(limits.stream.silence == CHANGEOVER_SILENCE_ADAPTIVE);
  CHECK(limits.input[1].silence == CHANGEOVER_INHERIT_CHOICE);
  CHECK(limits.input[1].packet_timeout_min == 500 * NS_PER_MS);
  CHECK(limits.input[3].silence == CHANGEOVER_SILENCE_FIXED);
  limits_learn(&limits, 0, 6 * NS_PER_S);
  CHECK(limits.stream.packet_timeout_min == 6 * NS_PER_S); /* a segment may be late by another one */
  const struct limits asked = limits_for(1 * NS_PER_S);
  CHECK(asked.stream.silence == CHANGEOVER_INHERIT_CHOICE); /* what was asked for stays */
}

static void by_silence_alone(void) {
  changeover_config given;
  changeover_config_init(&given, sizeof given);
  given.video_timeout = 3 * NS_PER_S;
  struct limits limits;
  limits_init(&limits, &given, true);
  limits_add(&limits, 0, "udp://127.0.0.1:5000", 0);
  CHECK(limits.input[0].min_fps_of_baseline == CHANGEOVER_INHERIT);
  CHECK(limits.stream.min_fps_of_baseline == CHANGEOVER_INHERIT);
  CHECK(limits.stream.silence == CHANGEOVER_INHERIT_CHOICE);
  CHECK(limits.stream.video_timeout == 3 * NS_PER_S && limits.input[0].video_timeout == CHANGEOVER_INHERIT);
}

static enum listening with_option(const char *url, const char *key, const char *value) {
  AVDictionary *options = NULL;
  av_dict_set(&options, key, value, 0);
  const enum listening listens = input_listens(url, options);
  av_dict_free(&options);
  return listens;
}

static void who_listens_is_known(void) {
  CHECK(input_listens("udp://239.0.0.1:5000", NULL) == RECEIVES);
  CHECK(input_listens("rtmp://0.0.0.0/live/x", NULL) == CALLS);
  CHECK(with_option("rtmp://0.0.0.0/live/x", "listen", "1") == LISTENS);
  CHECK(with_option("rtmp://0.0.0.0/live/x", "listen", "0") == CALLS);
  CHECK(with_option("rtsp://0.0.0.0/x", "rtsp_flags", "listen") == LISTENS);
  CHECK(with_option("srt://:9000", "mode", "listener") == LISTENS);
  CHECK(with_option("srt://host:9000", "mode", "caller") == CALLS);
  CHECK(input_listens("tcp://0.0.0.0:5000?listen", NULL) == LISTENS);
  CHECK(input_listens("tcp://0.0.0.0:5000?timeout=1&listen=1", NULL) == LISTENS);
  CHECK(input_listens("tcp://0.0.0.0:5000?listen=0", NULL) == CALLS);
  CHECK(input_listens("srt://:9000?latency=200000&mode=listener", NULL) == LISTENS);
  CHECK(input_listens("http://a/live?mode=listeners&nolisten=1", NULL) == CALLS);
  CHECK(input_listens("http://a/live?", NULL) == CALLS);
}

int main(void) {
  who_listens_is_known();
  playlists_say_how_long_their_segments_are();
  the_url_tells_what_silence_is_usual();
  limits_follow_the_playlist();
  what_an_input_is_outlasts_its_playlist();
  what_was_asked_for_stays();
  live_sources_are_watched_beyond_silence();
  no_rate_is_missed_sooner_than_packets();
  silence_follows_the_gaps_of_live_sources();
  by_silence_alone();
  return failures ? 1 : 0;
}
