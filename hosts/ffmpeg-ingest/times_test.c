/* times_test.c: which times of packets are none. Exit 0: all as it should be. */
#include "times.h"

#include <libavutil/avutil.h>

#include "check.h"

static const AVRational clocks[] = {{1, 1}, {1, 1000}, {1, 90000}, {1, 1000000000}, {1001, 30000}};
#define CLOCKS (sizeof clocks / sizeof clocks[0])

static AVPacket checked(int64_t dts, int64_t pts, int64_t duration, AVRational time_base) {
  AVPacket packet = {.dts = dts, .pts = pts, .duration = duration};
  times_check(&packet, time_base);
  return packet;
}

static void times_that_clocks_show_stay(void) {
  for (size_t i = 0; i < CLOCKS; i++) {
    const AVRational clock = clocks[i];
    const int64_t second = clock.den / clock.num, today = INT64_C(1800000000) * second; /* since 1970 */
    const AVPacket packet = checked(today, -today, 10 * second, clock);
    CHECK(packet.dts == today && packet.pts == -today && packet.duration == 10 * second);
    const AVPacket zero = checked(0, AV_NOPTS_VALUE, 0, clock);
    CHECK(zero.dts == 0 && zero.pts == AV_NOPTS_VALUE && zero.duration == 0);
  }
}

static void times_beyond_all_clocks_are_none(void) {
  for (size_t i = 0; i < CLOCKS; i++) {
    const AVPacket late = checked(INT64_MAX, INT64_MAX - 1, INT64_MAX, clocks[i]);
    CHECK(late.dts == AV_NOPTS_VALUE && late.pts == AV_NOPTS_VALUE && late.duration == 0);
    const AVPacket early = checked(INT64_MIN + 1, INT64_MIN, INT64_MIN, clocks[i]);
    CHECK(early.dts == AV_NOPTS_VALUE && early.pts == AV_NOPTS_VALUE && early.duration == 0);
  }
  CHECK(checked(0, 0, 90000 * INT64_C(3601), (AVRational){1, 90000}).duration == 0);
  CHECK(checked(0, 0, -1, (AVRational){1, 90000}).duration == 0);
}

int main(void) {
  times_that_clocks_show_stay();
  times_beyond_all_clocks_are_none();
  return failures ? 1 : 0;
}
