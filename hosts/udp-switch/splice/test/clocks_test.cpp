// Clocks: that wrap, that drift, that are set anew; and a day of it.

#include "rig.hpp"

#include <algorithm>

using namespace ts;
using namespace ts::test;

namespace {

// Small, so that a day of it takes seconds.
shape thin() {
  shape s;
  s.fps = 5;
  s.group = 5;
  s.key_size = 300;
  s.picture_size = 100;
  return s;
}

void arithmetic() {
  expect(unwrap(5, clock_range - 5) == clock_range + 5, "a clock that wraps goes on");
  expect(unwrap(clock_range - 5, 5) == -5, "and a time just before it");
  expect(shown(-300) == clock_range - 300 && shown(clock_range + 300) == 300, "shown again as it was");
  expect(to_pts_tick(-301) == -600 && to_pts_tick(601) == 600, "down to a PTS");
  expect(from_nanoseconds(1'000'000'000) == second, "nanoseconds");
  pcr_reader reader;
  reader.begin();
  expect(!reader.take(1000, 0, false) && reader.last() == 1000, "the first");
  expect(!reader.take(1000 + second / 25, second / 25, false), "the next");
  expect(!reader.take(1000, second / 25, false) && reader.last() == 1000 + second / 25,
         "one that comes late");
  expect(!reader.take(1000 + 9 * second, 9 * second, false), "after a silence");
  expect(reader.take(20 * second, 9 * second + 1, false) && reader.last() == 20 * second, "a jump");
  expect(reader.take(0, 9 * second + 2, false) && reader.last() == 0, "back to 0");
}

bool clean(rig& r, const std::string& text, int cut) {
  r.output.finish();
  int broken = 0;
  for (const char* what : {"broken picture", "broken sound"}) {
    broken += r.output.errors[what];
    r.output.errors.erase(what);
  }
  expect(broken <= cut, text + ", broken: " + std::to_string(broken));
  expect(r.output.errors.empty(), text + ":" + list(r.output.errors));
  expect(r.output.discontinuities == 0, text + ": nothing is announced");
  return r.output.errors.empty();
}

// The clocks of one or both wrap: before the switch, at it, after it.
void wraps() {
  for (const int which : {1, 2, 3})
    for (ticks at = 2500 * millisecond; at < 6 * second; at += 130 * millisecond) {
      shape a, b;
      b.id = 2;
      a.b_frames = b.b_frames = 2;
      if ((which & 1) != 0) a.begin = clock_range - at;
      if ((which & 2) != 0) b.begin = clock_range - at;
      rig r({a, b});
      r.run(3 * second);
      r.offer(1);
      r.run(1100 * millisecond);
      r.kill(1);
      r.run(100 * millisecond);
      r.admit(0);
      r.run(3 * second);
      clean(r, "wrap " + std::to_string(which) + " after " + std::to_string(at / millisecond) + " ms", 4);
    }
}

void restarts() {
  for (const ticks to : {ticks(0), 5000 * second, clock_range - second}) {
    shape a, b;
    b.id = 2;
    a.begin = 1000 * second;
    rig r({a, b});
    r.run(3 * second);
    r.inputs[0]->made.restart(to);
    r.run(2500 * millisecond);
    r.offer(1);
    r.run(3 * second);
    // While it is a standby.
    r.inputs[0]->made.restart(to / 2);
    r.run(2 * second);
    r.admit(0);
    r.run(2 * second);
    clean(r, "a source that begins anew at " + std::to_string(to / second) + " s", 3);
  }
}

void drift() {
  for (const double ppm : {-200.0, 200.0}) {
    shape a = thin(), b = thin();
    b.id = 2;
    a.ppm = ppm;
    b.ppm = -ppm;
    rig r({a, b});
    for (int minute = 0; minute < 120; minute++) {
      r.run(60 * second);
      r.offer(r.admitted == 0 ? 1 : 0);
    }
    r.run(3 * second);
    const clock_sample &first = r.output.clocks.front(), &last = r.output.clocks.back();
    const ticks ahead = last.shows - first.shows - (last.at - first.at);
    // Each is on air for half of the time; 24 ms a minute is how far they are apart by then.
    expect(ahead > -100 * millisecond && ahead < 100 * millisecond,
           "the output's clock is that of the source on air: " + std::to_string(ahead / millisecond) + " ms");
    expect(r.splice.switches() == 120, "every switch was made");
    clean(r, "drift", 2);
  }
}

// A day, wraps included; a switch each minute, every other one because a source has died.
void day() {
  shape a = thin(), b = thin();
  b.id = 2;
  a.begin = clock_range - 3600 * second;
  b.begin = clock_range - 20 * 3600 * second;
  a.ppm = 200;
  rig r({a, b});
  int cut = 2;
  for (int minute = 0; minute < 24 * 60; minute++) {
    r.run(59 * second);
    const int on_air = r.admitted;
    if (minute % 2 == 0) {
      r.kill(on_air);
      r.run(second / 2);
      r.admit(1 - on_air);
      r.run(second / 2);
      r.revive(on_air);
      cut += 2;
    } else {
      r.offer(1 - on_air);
      r.run(second);
    }
  }
  expect(r.splice.switches() == 24 * 60, "every switch of the day was made");
  const ticks ahead = r.output.clocks.back().shows - r.output.clocks.front().shows - r.now;
  expect(ahead > -20 * second && ahead < 20 * second, "the output's clock stays with the time");
  const unit& last = r.output.pictures.back();
  expect(last.pts - r.output.clocks.back().shows < second, "pictures stay with the clock");
  clean(r, "a day", cut);
}

}  // namespace

int main() {
  arithmetic();
  wraps();
  restarts();
  drift();
  day();
  std::printf("clocks: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
