// MPEG-TS in RTP (RFC 2250): what is in a packet, and the header before one.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rtp {

constexpr std::size_t header_size = 12;

struct payload {
  // nullptr: it is none of RTP.
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

// Without header, extension and padding, as far as the packet goes.
payload payload_of(const std::uint8_t* packet, std::size_t size);

// Numbers the packets of one output.
class numbering {
 public:
  // With a name of its own, and a number that nobody can guess.
  numbering();
  // The next packet's header. `now` in 27 MHz.
  void write(std::uint8_t* header, std::int64_t now);

 private:
  std::uint32_t source_;
  std::uint16_t number_;
};

}  // namespace rtp
