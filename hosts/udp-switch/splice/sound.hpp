// Frames of sound within the units that carry them.

#pragma once

#include "clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ts {

// A frame, by its header.
struct sound_frame {
  // 0: it is none.
  std::size_t size = 0;
  ticks length = 0;

  explicit operator bool() const { return size > 0; }
};

// Of MPEG audio, AAC in ADTS, AC-3 and E-AC-3; of other types none is known. `data` are the first bytes of a frame:
// sound_header of them tell.
constexpr std::size_t sound_header = 7;
sound_frame frame_of(std::uint8_t stream_type, const std::uint8_t* data, std::size_t size);

// How long a unit is that comes in parts.
class sound_meter {
 public:
  void begin(std::uint8_t stream_type);
  void add(const std::uint8_t* data, std::size_t size);
  // Of its frames that are whole; unknown: it is not made of frames that are known.
  ticks length() const { return length_; }

 private:
  std::uint8_t type_ = 0;
  ticks length_ = unknown, frame_ = 0;
  // Of the frame that comes: what is missing; of the next one: the first bytes of its header.
  std::size_t missing_ = 0, have_ = 0;
  std::array<std::uint8_t, sound_header> head_{};
};

// What of a unit, a whole PES packet that is shown at `begin`, does not begin before `from`: a unit of its own, and
// `begin` becomes its time. Empty: there is none, or its frames are not known.
std::vector<std::uint8_t> cut_sound(std::uint8_t stream_type, const std::vector<std::uint8_t>& unit,
                                    ticks from, ticks& begin);

}  // namespace ts
