// Garbage, made of good packets and of none: nothing is read or written that is not there. The same each time.

#include "rig.hpp"

#include <bitstream/mpeg/psi.h>

#include <cstdlib>
#include <random>

using namespace ts;
using namespace ts::test;

namespace {

class nowhere : public sink {
 public:
  void pass(std::uint8_t* data, std::size_t size) override { count(data, size); }
  void add(const std::uint8_t* packet) override { count(packet, packet_size); }
  std::uint64_t packets = 0, sum = 0;

 private:
  // Reads all of it, so that a sanitizer sees what was never written.
  void count(const std::uint8_t* data, std::size_t size) {
    packets += size / packet_size;
    for (std::size_t i = 0; i < size; i++)
      sum += data[i];
  }
};

void run(std::uint32_t seed, int rounds) {
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  shape a, b;
  b.id = 2;
  b.video = 0x200;
  a.cues = b.cues = 0x1f0;
  b.video_type = below(2) != 0 ? 0x24 : 0x1b;
  std::vector<maker> makers{maker(a, 0), maker(b, 0)};
  std::vector<std::unique_ptr<source>> sources;
  for (int i = 0; i < 2; i++)
    sources.push_back(std::make_unique<source>(keep_limits{second, 60'000}));
  splicer splice;
  nowhere out;
  std::uint64_t number = 1;
  std::size_t on_air = 0;
  ticks now = 0;
  for (int round = 0; round < rounds; round++) {
    const std::size_t i = below(2);
    bytes data = makers[i].next().data;
    makers[i].take();
    now += below(20) * millisecond;
    switch (below(12)) {
      case 0:  // bits
        for (std::uint32_t n = below(30); n > 0; n--)
          data[below(static_cast<std::uint32_t>(data.size()))] ^= static_cast<std::uint8_t>(1u << below(8));
        break;
      case 1:  // headers
        for (std::size_t at = 0; at < data.size(); at += packet_size)
          for (int n = 1; n < 30; n++)
            if (below(4) == 0) data[at + static_cast<std::size_t>(n)] = static_cast<std::uint8_t>(random());
        break;
      case 2:  // anything, after a sync byte
        for (std::uint8_t& each : data)
          each = static_cast<std::uint8_t>(random());
        for (std::size_t at = 0; at < data.size(); at += packet_size)
          data[at] = 0x47;
        break;
      case 3: data.resize(below(static_cast<std::uint32_t>(data.size()) + 1)); break;
      case 4:  // tables that say anything, with a right checksum
        for (std::size_t at = 0; at < data.size(); at += packet_size) {
          bytes section(16 + below(160));
          for (std::uint8_t& each : section)
            each = static_cast<std::uint8_t>(random());
          section[0] = below(2) != 0 ? 0 : 2;
          section[1] = 0xb0;
          section[2] = static_cast<std::uint8_t>(section.size() - 3);
          section[5] |= 1;
          section[6] = section[7] = 0;
          if (section[0] == 2) {
            section[3] = 0;
            section[4] = 1;
            section[10] = 0xf0;
            section[11] = 0;
          }
          psi_set_crc(section.data());
          const bytes packed = packets_of(section, section[0] == 0 ? 0 : 0x1000);
          std::copy(packed.begin(), packed.begin() + packet_size,
                    data.begin() + static_cast<std::ptrdiff_t>(at));
        }
        break;
      case 5:
        if (below(20) == 0) makers[i].restart(static_cast<ticks>(random()) * 20'000);
        break;
      default: break;
    }
    // Exactly as long as it is, so that a byte too many is noticed.
    bytes exact(data.begin(), data.end());
    exact.shrink_to_fit();
    if (!sources[i]->take(exact.data(), exact.size(), now).valid) continue;
    if (below(40) == 0) {
      on_air = below(2);
      number++;
    }
    splice.take(*sources[i], i == on_air ? number : 0, exact.data(), exact.size(), now, out);
    if (below(3) == 0) splice.catch_up(now, out);
    if (below(500) == 0) {
      splice.forget(*sources[i], now);
      sources[i] = std::make_unique<source>(keep_limits{second, 60'000});
    }
  }
  expect(out.packets > 0, "something came out");
}

}  // namespace

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 60;
  for (int seed = 1; seed <= seeds; seed++)
    run(static_cast<std::uint32_t>(seed), 3000);
  std::printf("fuzz: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
