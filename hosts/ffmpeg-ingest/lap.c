/* lap.c: how long a lap is, and the way back to the beginning. */
#include "lap.h"

#include "clock.h"

/* A sound that is this much longer or shorter than the picture is meant to be as long. */
#define SLACK ((int64_t)(100 * NS_PER_MS))

/* Of all laps together: with a source's own times, which times.h bounds, it fits 64 bits in any time base. */
#define SHIFT_MAX (INT64_C(30) * 365 * 86400 * (int64_t)NS_PER_S)

static const AVRational nanoseconds = {1, (int)NS_PER_S};

void lap_move(struct lap *lap, const struct tracks *tracks, AVPacket *packet) {
  const AVRational time_base = tracks->track[packet->stream_index].time_base;
  struct lap_track *track = &lap->track[packet->stream_index];
  if (packet->dts != AV_NOPTS_VALUE) {
    const int64_t begin = av_rescale_q(packet->dts, time_base, nanoseconds);
    const int64_t end = begin + av_rescale_q(packet->duration, time_base, nanoseconds);
    if (!track->seen || begin < track->begin) track->begin = begin;
    if (!track->seen || end > track->end) track->end = end;
    track->seen = true;
    packet->dts += av_rescale_q(lap->shift, nanoseconds, time_base);
  }
  if (packet->pts != AV_NOPTS_VALUE) packet->pts += av_rescale_q(lap->shift, nanoseconds, time_base);
}

/* From the first packet to the end of the last. The picture decides where they nearly agree: its frames come evenly. */
static int64_t length(const struct lap *lap, const struct tracks *tracks) {
  int64_t begin = INT64_MAX, end = INT64_MIN;
  for (int i = 0; i < tracks->count; i++) {
    if (!lap->track[i].seen || track_kind(&tracks->track[i]) == TRACK_OTHER) continue;
    if (lap->track[i].begin < begin) begin = lap->track[i].begin;
    if (lap->track[i].end > end) end = lap->track[i].end;
  }
  if (begin >= end) return 0;
  if (!tracks_have_video(tracks) || !lap->track[0].seen) return end - begin;
  const int64_t picture = lap->track[0].end - lap->track[0].begin;
  return end - begin - picture <= SLACK ? picture : end - begin;
}

/* What has no index is found by its place in the file. */
static int seek_to_begin(AVFormatContext *format) {
  const int flags = format->iformat->flags;
  if (flags & AVFMT_TS_DISCONT && !(flags & AVFMT_NO_BYTE_SEEK))
    return av_seek_frame(format, -1, 0, AVSEEK_FLAG_BYTE);
  const int64_t start = format->start_time != AV_NOPTS_VALUE ? format->start_time : 0;
  return avformat_seek_file(format, -1, INT64_MIN, start, start, 0);
}

bool lap_again(struct lap *lap, const struct tracks *tracks, AVFormatContext *format) {
  const int64_t played = length(lap, tracks);
  if (played <= 0 || played > SHIFT_MAX - lap->shift || seek_to_begin(format) < 0) return false;
  lap->shift += played;
  return true;
}
