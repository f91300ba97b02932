// What a datagram of MPEG-TS says about itself: frames, key frames, gaps in the numbering.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ts {

constexpr std::size_t packet_size = 188;

struct findings {
  // False: not a whole number of TS packets. Nothing else is known then.
  bool valid = false;
  // Changeover's flags: whether a video frame begins here, and whether decoding can.
  std::uint32_t flags = 0;
  // TS packets missing before or between these, by their continuity counters.
  std::uint32_t missing = 0;
};

// Looks at the datagrams of one source, in order.
class inspector {
 public:
  inspector() { last_.fill(unseen); }
  findings inspect(const std::uint8_t* data, std::size_t size);

 private:
  static constexpr std::uint8_t unseen = 0xff;

  void look_at(const std::uint8_t* packet, findings& found);

  // The last continuity counter of each PID.
  std::array<std::uint8_t, 8192> last_;
};

}  // namespace ts
