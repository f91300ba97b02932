// Sound: its frames, and what of it goes out at a switch.

#include "../sound.hpp"
#include "rig.hpp"

#include <algorithm>

using namespace ts;
using namespace ts::test;

namespace {

constexpr ticks frame_time = 24 * millisecond;

sound_frame frame(std::uint8_t type, const bytes& head) { return frame_of(type, head.data(), head.size()); }

void frames() {
  const auto is = [](sound_frame found, std::size_t size, ticks length) {
    return found.size == size && found.length == length;
  };
  expect(is(frame(0x0f, {0xff, 0xf1, 0x4c, 0x80, 0x2a, 0x7f, 0xfc}), 339, second * 1024 / 48000), "AAC");
  expect(is(frame(0x03, {0xff, 0xfd, 0xa4, 0, 0, 0, 0}), 576, 24 * millisecond),
         "layer 2, 192 kbit/s, 48 kHz");
  expect(is(frame(0x03, {0xff, 0xfb, 0x92, 0, 0, 0, 0}), 418, second * 1152 / 44100), "layer 3, padded");
  expect(is(frame(0x04, {0xff, 0xf3, 0x44, 0, 0, 0, 0}), 96, 24 * millisecond),
         "layer 3 of MPEG-2, 32 kbit/s, 24 kHz");
  expect(is(frame(0x03, {0xff, 0xff, 0x14, 0, 0, 0, 0}), 32, 8 * millisecond), "layer 1, 32 kbit/s");
  expect(is(frame(0x81, {0x0b, 0x77, 0, 0, 0x14, 0x40, 0}), 768, 32 * millisecond),
         "AC-3, 192 kbit/s, 48 kHz");
  expect(is(frame(0x87, {0x0b, 0x77, 0x01, 0x7f, 0x34, 0x86, 0}), 768, 32 * millisecond), "E-AC-3");
  for (const std::uint8_t type : {0x03, 0x0f, 0x81, 0x06}) {
    expect(!frame(type, {0, 0, 1, 0xe0, 0, 0, 0}), "no frame");
    expect(!frame(type, {0xff, 0xfd}), "not enough of it");
  }
}

bytes unit_of(int frames) {
  bytes unit = {0, 0, 1, 0xc0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1};
  for (int i = 0; i < frames; i++) {
    const bytes one = sound_frame_of(1, static_cast<std::uint32_t>(i));
    unit.insert(unit.end(), one.begin(), one.end());
  }
  return unit;
}

void parts() {
  const bytes unit = unit_of(5);
  for (std::size_t part = 1; part < 300; part++) {
    sound_meter meter;
    meter.begin(3);
    for (std::size_t at = 14; at < unit.size(); at += part) {
      expect(meter.length() == static_cast<ticks>((at - 14) / 192) * frame_time, "the frames that are whole");
      meter.add(unit.data() + at, std::min(part, unit.size() - at));
    }
    expect(meter.length() == 5 * frame_time, "all of it");
  }
  for (int i = 0; i <= 5; i++) {
    ticks begin = second;
    const bytes part = cut_sound(3, unit, second + i * frame_time - 100, begin);
    expect(i == 5 ? part.empty()
                  : part.size() == 14 + (5u - static_cast<unsigned>(i)) * 192 && part[14 + 7] == i,
           "from its frame on");
    expect(i == 5 || begin == second + i * frame_time, "with its time");
  }
  ticks begin = second;
  bytes torn = unit;
  torn.pop_back();
  expect(cut_sound(3, torn, second, begin).empty(), "not what is torn");
  expect(cut_sound(6, unit, second, begin).empty(), "not what is not known");
}

// At a switch between sources whose sound comes in units of so many frames, so late: the longest time between two
// frames' end and begin, and the most that two overlap.
void holes(rig& r, ticks& hole, ticks& overlap) {
  hole = overlap = 0;
  const std::vector<heard>& frames = r.output.frames;
  for (std::size_t i = 1; i < frames.size(); i++) {
    const ticks step = frames[i].pts - frames[i - 1].pts - frame_time;
    hole = std::max(hole, step);
    overlap = std::max(overlap, -step);
  }
}

// The source dies, and the other one is on air after a pause.
void fails_over(rig& r, const std::string& text) {
  const ticks pause = 300 * millisecond;
  r.kill(0);
  r.run(pause);
  r.admit(1);
  r.run(3 * second);
  ticks hole, overlap;
  holes(r, hole, overlap);
  expect(hole <= pause + frame_time,
         "no longer than the pause: " + text + ": " + std::to_string(hole / millisecond));
  expect(overlap <= 2 * pts_tick, "nothing overlaps after a failover: " + text);
}

// A planned switch leaves no hole that is as long as a frame, a failover none that is longer than the pause and a frame.
void switches() {
  for (const int count : {1, 5, 11})
    for (const ticks late : {0 * millisecond, 60 * millisecond, 150 * millisecond})
      for (int phase = 0; phase < 12; phase++) {
        const std::string text = std::to_string(count) + " frames a unit, " +
                                 std::to_string(late / millisecond) + " ms late, phase " +
                                 std::to_string(phase);
        shape a;
        a.audio_type = 3;
        a.frames = count;
        shape b = a;
        b.id = 2;
        b.begin += 12345 * pts_tick;
        b.sound_late = late;
        rig r({a, b});
        r.inputs[1]->made = maker(b, phase * 37 * millisecond);
        r.run(3 * second);
        r.offer(1);
        r.run(3 * second);
        r.offer(0);
        r.run(3 * second);
        ticks hole, overlap;
        holes(r, hole, overlap);
        expect(hole <= frame_time, "no hole: " + text + ": " + std::to_string(hole / millisecond) + " ms");
        expect(overlap <= 2 * pts_tick,
               "nothing overlaps: " + text + ": " + std::to_string(overlap / pts_tick));
        const std::size_t heard_until = r.output.frames.size();
        fails_over(r, text);
        expect(r.output.frames.size() > heard_until + 100 && r.output.frames.back().id == 2,
               "it goes on: " + text);
        r.output.finish();
        int broken = 0;
        for (const char* what : {"broken picture", "broken sound"}) {
          broken += r.output.errors[what];
          r.output.errors.erase(what);
        }
        expect(broken <= 4 && r.output.errors.empty(), text + list(r.output.errors));
      }
}

// Of a group that is too long to be kept there is its key picture alone; sound is kept all the same, also that from
// before the next key picture. (A group as long as the limit is too long where its end comes a little late.)
void long_groups() {
  for (const int group : {27, 75})
    for (const int count : {1, 7})
      for (int phase = 0; phase < group; phase += 2) {
        shape a;
        a.audio_type = 3;
        a.frames = count;
        a.group = group;
        shape b = a;
        b.id = 2;
        b.begin += 12345 * pts_tick;
        rig r({a, b});
        r.run(6 * second + phase * 40 * millisecond);
        const std::string text = std::to_string(group) + " pictures a group, " + std::to_string(count) +
                                 " frames a unit, phase " + std::to_string(phase);
        fails_over(r, text);
        expect(r.output.frames.back().id == 2, "it goes on: " + text);
      }
}

}  // namespace

int main() {
  frames();
  parts();
  switches();
  long_groups();
  std::printf("sound: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
