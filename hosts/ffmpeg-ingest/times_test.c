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

static AVPacket unwrapped(struct times_wrap *wrap, int64_t dts, int64_t pts) {
  AVPacket packet = {.dts = dts, .pts = pts};
  times_unwrap(wrap, &packet, clocks[2], 33, true);
  return packet;
}

static void a_clock_that_begins_again_goes_on(void) {
  const int64_t range = INT64_C(1) << 33;
  struct times_wrap wrap = {.known = false};
  AVPacket packet = unwrapped(&wrap, range - 7200, 0); /* a picture that is shown when it has begun again */
  CHECK(packet.dts == range - 7200 && packet.pts == range);
  packet = unwrapped(&wrap, 3600, 3600);
  CHECK(packet.dts == range + 3600 && packet.pts == range + 3600);
  packet = unwrapped(&wrap, range - 3600, 0); /* sound comes later than the picture */
  CHECK(packet.dts == range - 3600 && packet.pts == range);
  packet = unwrapped(&wrap, AV_NOPTS_VALUE, 7200);
  CHECK(packet.dts == AV_NOPTS_VALUE && packet.pts == range + 7200);
  for (int64_t hour = 1; hour < 24 * 7; hour++) {
    packet = unwrapped(&wrap, hour * 3600 * 90000 % range, (hour * 3600 * 90000 + 3600) % range);
    CHECK(packet.dts == range + hour * 3600 * 90000 && packet.pts == packet.dts + 3600);
  }
  AVPacket other = {.dts = 5, .pts = 5};
  times_unwrap(&wrap, &other, clocks[3], 33, true);
  CHECK(other.dts == 5); /* another clock */
  times_unwrap(&wrap, &other, clocks[2], 64, true);
  CHECK(other.dts == 5); /* it does not begin again */
}

int main(void) {
  a_clock_that_begins_again_goes_on();
  times_that_clocks_show_stay();
  times_beyond_all_clocks_are_none();
  return failures ? 1 : 0;
}
