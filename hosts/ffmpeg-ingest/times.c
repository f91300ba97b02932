/* times.c: the bounds of times and durations. */
#include "times.h"

#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
#include <stdbool.h>

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
