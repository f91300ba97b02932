#include "rig.hpp"
#include "tried.hpp"

namespace ts::test {

namespace {

shape any(dice& d, int i, int largest) {
  static const std::uint8_t videos[] = {0x1b, 0x24, 0x02};
  shape s;
  s.id = static_cast<std::uint8_t>(i + 1);
  s.video_type = videos[d.below(3)];
  s.random_access = d.one_in(2);
  s.fps = d.one_in(2) ? 25 : 50;
  s.group = 5 + d.below(60);
  s.open_group = d.one_in(4);
  s.b_frames = s.open_group ? 0 : d.below(4);
  s.constant_rate = d.one_in(3);
  s.late_pmt = d.one_in(3);
  s.begin = d.one_in(3) ? clock_range - d.below(20) * second : d.below(90000) * second;
  s.ppm = d.below(401) - 200;
  s.cues = d.one_in(3) ? 0x1f0u + static_cast<unsigned>(d.below(3)) : 0;
  s.private_pid = d.one_in(3) ? 0x100u + static_cast<unsigned>(d.below(4)) * 0x55u : 0;
  if (d.one_in(2)) {
    s.audio_type = 3;
    s.frames = 1 + d.below(8);
    s.sound_late = d.below(200) * millisecond;
  }
  s.key_size = static_cast<std::size_t>(300 + d.below(largest));
  s.picture_size = static_cast<std::size_t>(30 + d.below(largest / 5));
  // Other PIDs, or the same for something else.
  if (d.one_in(2)) s.video = 0x100u + static_cast<unsigned>(d.below(3));
  if (d.one_in(2)) s.audio = s.video + 1;
  if (d.one_in(2)) s.pmt = 0x20u + static_cast<unsigned>(d.below(200));
  if (s.private_pid == s.video || s.private_pid == s.audio || s.audio == s.video)
    s.private_pid = 0, s.audio = s.video + 1;
  return s;
}

}  // namespace

std::string turns(dice& d, bool lossy, int steps, int largest) {
  std::vector<shape> shapes;
  for (int i = 0; i < 3; i++)
    shapes.push_back(any(d, i, largest));
  keep_limits limits;
  limits.time = d.one_in(3) ? second / 2 : 2 * second;
  limits.bytes = d.one_in(3) ? 30'000u : 1'000'000u;
  rig r(shapes, 0, limits);
  if (d.one_in(2))
    for (int i = 0; i < 5; i++)
      r.sizes.push_back(static_cast<std::size_t>(1 + d.below(9)));
  r.run(3 * second);
  for (int step = 0; step < steps && d.has_more(); step++) {
    const ticks pause = d.below(200) * millisecond;
    r.run(pause + d.below(27000));
    const int i = d.below(3);
    maker& one = r.inputs[static_cast<std::size_t>(i)]->made;
    switch (d.below(lossy ? 8 : 5)) {
      case 0: r.admit(i); break;
      case 1: r.offer(i); break;
      case 2: one.what().pmt = 0x20u + static_cast<unsigned>(d.below(200)); break;
      case 5: r.kill(i); break;
      case 6:
        if (r.admitted != i) r.revive(i);
        break;
      case 7: one.restart(d.below(90000) * second); break;
      default: break;
    }
  }
  for (int i = 0; i < 3; i++)
    if (r.admitted != i) r.revive(i);
  r.offer(-1);
  r.run(2 * second);
  r.admit((r.admitted + 1) % 3);
  r.run(4 * second);
  r.output.finish();
  // Who dies breaks something off.
  for (const char* what : {"broken picture", "broken sound"})
    r.output.errors.erase(what);
  // What a source has lost stays visible as it was.
  if (lossy) r.output.errors.erase("counter");
  if (!r.output.errors.empty()) return list(r.output.errors);
  if (r.output.pictures.empty() || r.output.pictures.back().at <= r.now - 200 * millisecond)
    return " it does not go on";
  return "";
}

std::string turns_of(const bytes& data) {
  dice d(data.data(), data.size());
  const bool lossy = d.one_in(2);
  return turns(d, lossy, 24, 1000);
}

}  // namespace ts::test
