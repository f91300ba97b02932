/* times.c: the bounds of times and durations, and clocks that begin again. */
#include "times.h"

#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>

#define CENTURY_S (INT64_C(100) * 365 * 86400)
#define HOUR_S 3600

static bool is_within(int64_t time, AVRational time_base, int64_t from_s, int64_t to_s) {
  const AVRational seconds = {1, 1};
  return av_compare_ts(time, time_base, from_s, seconds) >= 0 &&
         av_compare_ts(time, time_base, to_s, seconds) <= 0;
}

static int64_t checked(int64_t time, AVRational time_base) {
  return is_within(time, time_base, -CENTURY_S, CENTURY_S) ? time : AV_NOPTS_VALUE;
}

void times_check(AVPacket *packet, AVRational time_base) {
  packet->dts = checked(packet->dts, time_base);
  packet->pts = checked(packet->pts, time_base);
  if (!is_within(packet->duration, time_base, 0, HOUR_S)) packet->duration = 0;
}

static int64_t nearest(int64_t time, int64_t near, int64_t range) {
  if (time == AV_NOPTS_VALUE) return time;
  const int64_t ahead = ((time - near) % range + range) % range;
  return near + (ahead >= range / 2 ? ahead - range : ahead);
}

void times_unwrap(struct times_wrap *wrap, AVPacket *packet, AVRational time_base, int bits,
                  bool keeps_clock) {
  const int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
  if (bits < 1 || bits > 48 || time == AV_NOPTS_VALUE) return;
  if (wrap->known && (wrap->bits != bits || av_cmp_q(wrap->time_base, time_base))) return;
  const int64_t range = INT64_C(1) << bits;
  const int64_t last = wrap->known ? nearest(time, wrap->last, range) : time;
  packet->dts = nearest(packet->dts, last, range);
  packet->pts = nearest(packet->pts, last, range);
  if (keeps_clock)
    *wrap = (struct times_wrap){.known = true, .time_base = time_base, .bits = bits, .last = last};
}
