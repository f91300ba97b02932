// MPEG-TS in RTP (RFC 2250): what is in a packet, and the header before one.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rtp {

constexpr std::size_t header_size = 12;
// With the switch number in it.
constexpr std::size_t extended_size = 28;
// Elements of header extensions have a number from 1 to this; 0 is none (RFC 8285).
constexpr unsigned last_element = 14;

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
  // The next packet's header, and its size. `now` in 27 MHz. With an element, it has a header extension (RFC 8285,
  // one-byte) of which that is the switch number: 8 bytes, the high ones first.
  std::size_t write(std::uint8_t* header, std::int64_t now, unsigned element, std::uint64_t switch_number);

 private:
  std::uint32_t source_;
  std::uint16_t number_;
};

}  // namespace rtp
