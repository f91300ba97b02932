// Switches between sources in virtual time, of every kind, and what a decoder sees of them.

#include "rig.hpp"

#include <algorithm>

using namespace ts;
using namespace ts::test;

namespace {

shape second_of(shape first) {
  first.id = 2;
  first.begin += 12345 * pts_tick;
  return first;
}

// The longest time between two pictures, by their arrival, from then on.
ticks picture_gap(const checker& output, ticks from) {
  ticks gap = 0, last = unknown;
  for (const unit& picture : output.pictures) {
    if (last != unknown && picture.at > from) gap = std::max(gap, picture.at - last);
    last = picture.at;
  }
  return gap;
}

// How many pictures are missing while a source was on air: of what it sent, and between the times at which they are
// shown. Only the first ones' times may be moved together.
int missing(const checker& output, ticks length) {
  int count = 0;
  for (std::size_t begin = 0, end; begin < output.pictures.size(); begin = end) {
    std::vector<ticks> times;
    for (end = begin; end < output.pictures.size() && output.pictures[end].id == output.pictures[begin].id;
         end++) {
      if (end > begin)
        count += static_cast<int>(output.pictures[end].name - output.pictures[end - 1].name) - 1;
      times.push_back(output.pictures[end].pts);
    }
    std::sort(times.begin(), times.end());
    // At the end of the output the last ones are on their way.
    const std::size_t all = end < output.pictures.size() ? times.size() : times.size() - 3;
    for (std::size_t i = 10; i < all; i++)
      count += static_cast<int>((times[i] - times[i - 1] + length / 2) / length) - 1;
  }
  return count;
}

int broken(rig& r) {
  int count = 0;
  for (const char* what : {"broken picture", "broken sound"}) {
    count += r.output.errors[what];
    r.output.errors.erase(what);
  }
  return count;
}

// The output's clock against the process's, over all of it: by how much it strays, but for what is caught up.
ticks stray(const checker& output, ticks settled) {
  ticks least = INT64_MAX, most = INT64_MIN;
  for (const clock_sample& sample : output.clocks)
    if (sample.at > settled) {
      least = std::min(least, sample.shows - sample.at);
      most = std::max(most, sample.shows - sample.at);
    }
  return most - least;
}

std::vector<std::pair<const char*, shape>> shapes() {
  std::vector<std::pair<const char*, shape>> list;
  shape s;
  list.emplace_back("AVC", s);
  s.random_access = false;
  list.emplace_back("AVC, not flagged", s);
  s.fps = 50;
  s.b_frames = 2;
  s.group = 49;
  list.emplace_back("AVC, 50 pictures a second, B-frames", s);
  s = shape();
  s.video_type = 0x24;
  s.random_access = false;
  s.open_group = true;
  list.emplace_back("HEVC, not flagged, open groups", s);
  s = shape();
  s.video_type = 2;
  s.audio_type = 3;
  s.constant_rate = true;
  list.emplace_back("MPEG-2, constant rate", s);
  s = shape();
  s.begin = clock_range - 7 * second;
  list.emplace_back("AVC, its clock about to wrap", s);
  return list;
}

void one_source() {
  for (const auto& [name, what] : shapes()) {
    rig r({what});
    r.record = true;
    r.run(10 * second);
    expect(r.recorded == r.sent, std::string("a single source passes as it is: ") + name);
    expect(r.delayed == 0, "at once");
  }
}

void failovers() {
  for (const auto& [name, what] : shapes())
    for (const ticks timeout : {100 * millisecond, 1000 * millisecond})
      for (int phase = 0; phase < 10; phase++) {
        const std::string text = std::string(name) + ", timeout " + std::to_string(timeout / millisecond) +
                                 " ms, phase " + std::to_string(phase);
        rig r({what, second_of(what)});
        r.run(4 * second + phase * 103 * millisecond);
        const ticks killed = r.now;
        r.kill(0);
        r.run(timeout);
        r.admit(1);
        r.run(3 * second);
        r.output.finish();
        expect(broken(r) <= 4, "nothing is broken but what the killed source broke off: " + text);
        expect(r.output.errors.empty(), text + list(r.output.errors));
        expect(picture_gap(r.output, killed) <= timeout + 100 * millisecond, "the picture is back: " + text);
        expect(r.output.discontinuities == 0 && r.output.programs == 2, "nothing is announced: " + text);
        expect(stray(r.output, killed + timeout + 100 * millisecond) < 15 * millisecond,
               "the clock: " + text + " " +
                   std::to_string(stray(r.output, killed + timeout + 100 * millisecond) / millisecond));
        const unit& last = r.output.pictures.back();
        expect(last.id == 2 && r.now - last.at < 50 * millisecond, "no delay stays: " + text);
      }
}

void planned() {
  for (const auto& [name, what] : shapes())
    for (int phase = 0; phase < 10; phase++) {
      const std::string text = std::string(name) + ", phase " + std::to_string(phase);
      shape other = second_of(what);
      rig r({what, other});
      // Its pictures come at another time.
      r.inputs[1]->made = maker(other, phase * 17 * millisecond);
      r.run(3500 * millisecond);
      const ticks asked = r.now;
      r.offer(1);
      r.run(4 * second);
      r.offer(0);
      r.run(4 * second);
      r.output.finish();
      broken(r);
      // After each switch, two that need pictures of the source before are left out.
      const int lost = missing(r.output, second / what.fps);
      expect(lost == (what.open_group ? 4 : 0), std::to_string(lost) + " pictures are missing: " + text);
      std::size_t cut = 0;
      for (std::size_t i = 0; i + 1 < r.output.pictures.size(); i++)
        cut += r.output.pictures[i].broken;
      expect(cut == 0, "no picture is lost: " + text);
      expect(r.output.errors.empty(), text + list(r.output.errors));
      const ticks left_out = what.open_group ? 80 * millisecond : 0;
      expect(picture_gap(r.output, asked) <= 80 * millisecond + left_out, "no gap: " + text);
      expect(r.output.discontinuities == 0 && r.output.programs == 2, "nothing is announced: " + text);
      expect(stray(r.output, second) < 30 * millisecond, "the clock: " + text);
      expect(r.splice.switches() == 2, "both were made: " + text);
    }
}

// Decides for B in the middle of a picture of A, so that the switch waits.
void decide_in_a_picture(rig& r) {
  r.run(3010 * millisecond);
  r.admit(1);
  for (int i = 0; i < 40 && !r.splice.waiting(); i++)
    r.run(millisecond);
  expect(r.splice.waiting(), "the picture that is half out is waited for");
}

// Between decision and end of the picture something else is decided.
void abandoned() {
  shape a, b = second_of(a), c = second_of(b);
  c.id = 3;
  rig r({a, b, c});
  decide_in_a_picture(r);
  r.admit(0);
  r.run(2 * second);
  r.output.finish();
  for (const unit& picture : r.output.pictures)
    expect(picture.id == 1, "a switch that was taken back is not made");
  broken(r);
  expect(r.output.errors.empty(), "taken back:" + list(r.output.errors));

  rig s({a, b, c});
  decide_in_a_picture(s);
  s.admit(2);
  s.run(2 * second);
  s.output.finish();
  for (const unit& picture : s.output.pictures)
    expect(picture.id != 2, "a switch that was replaced is not made");
  expect(s.output.pictures.back().id == 3, "the one in its place is");
  broken(s);
  expect(s.output.errors.empty(), "replaced:" + list(s.output.errors));
}

// Everything was silent, and a session of which nothing is known yet takes over.
void new_session() {
  for (int phase = 0; phase < 25; phase++) {
    shape a;
    rig r({a});
    r.run(3 * second);
    r.kill(0);
    r.run(9 * second);
    rig::input& input = *r.inputs[0];
    r.splice.forget(input.known, r.now);
    input.known = source(keep_limits{});
    r.run(phase * 41 * millisecond);
    r.revive(0);
    r.admit(0);
    r.run(3 * second);
    r.output.finish();
    expect(broken(r) <= 3, "of a session that is new nothing is broken");
    expect(r.output.errors.empty(), "a new session:" + list(r.output.errors));
    expect(r.output.discontinuities == 0 && r.output.pictures.back().at > r.now - 100 * millisecond,
           "it goes on");
    const unit* first = nullptr;
    for (const unit& picture : r.output.pictures)
      if (first == nullptr && picture.at > 11 * second) first = &picture;
    expect(first != nullptr && first->key, "with a key picture");
  }
}

void programs() {
  shape a, b = second_of(a);
  b.video = 0x200;
  b.audio = 0x201;
  b.pmt = 0x20;
  b.number = 7;
  b.transport = 9;
  b.private_pid = 0x101;
  rig r({a, b});
  r.run(3 * second);
  r.offer(1);
  r.run(3 * second);
  r.offer(0);
  r.run(3 * second);
  r.output.finish();
  broken(r);
  expect(r.output.programs == 2, "the same streams keep their PIDs, and the tables their versions");
  expect(r.output.others == 0, "a PID that the output uses otherwise does not go out");
  expect(r.output.errors.empty(), "other PIDs:" + list(r.output.errors));

  b.video_type = 0x24;
  b.private_pid = 0x777;
  rig s({a, b});
  s.run(3 * second);
  s.offer(1);
  s.run(3 * second);
  expect(s.output.programs == 3, "another codec is told by the tables");
  expect(s.output.program.streams[0].pid != 0x100 && s.output.program.streams[1].pid == 0x101,
         "it has a PID of its own, and the sound keeps its");
  expect(s.output.others > 50, "private PIDs pass");
  s.offer(0);
  s.run(3 * second);
  s.output.finish();
  broken(s);
  expect(s.output.programs == 4 && s.output.program.streams[0].pid == 0x100, "and so is the way back");
  expect(s.output.errors.empty(), "another codec:" + list(s.output.errors));
}

// After a switch, the encoder on air restarts with its tables elsewhere, and its PMT comes some time after its PAT.
void another_table() {
  shape a, b = second_of(a);
  b.begin += 1000 * second;
  b.late_pmt = true;
  rig r({a, b});
  r.run(3 * second);
  r.offer(1);
  r.run(3 * second);
  const int said = r.output.programs;
  r.inputs[1]->made.what().pmt = 0x30;
  r.run(3 * second);
  expect(r.output.programs == said, "the output's tables stay where they are");
  // The other way round it is a standby.
  r.offer(0);
  r.run(3 * second);
  r.inputs[1]->made.what().pmt = 0x40;
  for (int i = 0; i < 200 && r.inputs[1]->known.has_program(); i++)
    r.run(millisecond);
  expect(!r.inputs[1]->known.has_program() && r.inputs[1]->known.kept().has() == keep::content::nothing,
         "what is kept has no hole");
  r.run(200 * millisecond);
  r.kill(0);
  r.run(100 * millisecond);
  r.admit(1);
  r.run(3 * second);
  r.output.finish();
  expect(broken(r) <= 2, "it is whole");
  expect(r.output.errors.empty() && r.output.discontinuities == 0,
         "another PMT PID:" + list(r.output.errors));
  expect(stray(r.output, second) < 100 * millisecond, "the clock goes on");
  expect(r.output.pictures.back().id == 2 && r.output.pictures.back().at > r.now - 100 * millisecond,
         "it is carried on");

  // A second program comes and goes.
  rig s({a, second_of(a)});
  s.run(3 * second);
  s.inputs[0]->made.what().second_program = true;
  s.run(second);
  expect(s.splice.passes_as_is(), "with two programs it passes as it is");
  s.inputs[0]->made.what().second_program = false;
  s.run(second);
  expect(!s.splice.passes_as_is(), "with one it is spliced again");
}

// Cues keep their place before the picture that they are for.
void cues() {
  shape a, b = second_of(a);
  b.begin += 1000 * second;
  a.cues = 0x1f0;
  b.cues = 0x1f1;
  rig r({a, b});
  r.run(3 * second);
  r.offer(1);
  r.run(3 * second);
  r.kill(1);
  r.run(100 * millisecond);
  r.admit(0);
  r.run(3 * second);
  r.output.finish();
  broken(r);
  expect(r.output.errors.empty(), "cues:" + list(r.output.errors));
  expect(r.output.cues.size() >= 8, "cues go out");
  // Those that are caught up come up to a second later.
  for (const ticks ahead : r.output.cues)
    expect(ahead > 250 * millisecond && ahead < 1500 * millisecond,
           "a cue is for its time: " + std::to_string(ahead / millisecond));
}

void strange() {
  for (const int kind : {0, 1, 2}) {
    shape a, b = second_of(a);
    b.second_program = kind == 0;
    b.scrambled = kind == 1;
    b.has_tables = kind != 2;
    rig r({a, b});
    r.record = true;
    r.run(3 * second);
    r.recorded.clear();
    r.sent.clear();
    r.admit(1);
    r.run(60 * millisecond);
    r.recorded.clear();
    r.sent.clear();
    r.run(2 * second);
    expect(r.recorded == r.sent && !r.sent.empty() && r.splice.passes_as_is(),
           "what is strange passes as it is");
    expect(r.inputs[1]->known.strange(r.now) != nullptr, "and is told");
    const int before = r.output.discontinuities;
    r.admit(0);
    r.run(second);
    expect(r.output.discontinuities == before + 1 && !r.splice.passes_as_is(), "the way back is announced");
  }
}

// 4 s between key pictures, of which one is kept.
void bounds() {
  shape a;
  a.group = 100;
  for (const ticks time : {second, 4 * second}) {
    rig r({a, second_of(a)}, 0, {time, 4'000'000});
    r.run(10500 * millisecond);
    r.kill(0);
    r.run(100 * millisecond);
    r.admit(1);
    r.run(second);
    int pictures = 0;
    for (const unit& picture : r.output.pictures)
      pictures += picture.id == 2;
    expect(time == second ? pictures <= 1 : pictures > 80,
           "the key picture alone, or all: " + std::to_string(pictures));
    expect(r.inputs[1]->known.kept().size() * 188 < (time == second ? 20'000u : 400'000u),
           "and no more is kept");
    r.run(4 * second);
    r.output.finish();
    broken(r);
    expect(r.output.errors.empty(), "long groups:" + list(r.output.errors));
    expect(r.output.pictures.back().id == 2, "it goes on");
  }
  rig r({a, second_of(a)}, 0, {4 * second, 50'000});
  for (int i = 0; i < 200; i++) {
    r.run(50 * millisecond);
    expect(r.inputs[1]->known.kept().size() * 188 <= 50'000, "the limit in bytes holds");
  }
}

void constant_rate() {
  shape a;
  a.constant_rate = true;
  rig r({a, second_of(a)});
  r.run(3 * second);
  r.offer(1);
  r.run(2 * second);
  const int packets = r.output.packets, nulls = r.output.nulls;
  r.run(2 * second);
  const int rate = r.output.packets - packets;
  r.run(2 * second);
  expect(r.output.packets - packets == 2 * rate && r.output.nulls > nulls, "a constant rate stays constant");
  expect(r.delayed == 0 || r.delayed < 20, "and nothing is delayed");
}

}  // namespace

int main() {
  one_source();
  failovers();
  planned();
  abandoned();
  new_session();
  programs();
  another_table();
  cues();
  strange();
  bounds();
  constant_rate();
  std::printf("splicer: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
