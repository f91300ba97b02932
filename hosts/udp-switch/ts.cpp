#include "ts.hpp"

#include <changeover.hpp>

namespace ts {

namespace {
constexpr unsigned null_pid = 0x1fff;
}

findings inspector::inspect(const std::uint8_t* data, std::size_t size) {
  findings found;
  if (size == 0 || size % packet_size != 0) return found;
  for (std::size_t at = 0; at < size; at += packet_size)
    if (data[at] != 0x47) return found;
  found.valid = true;
  for (std::size_t at = 0; at < size; at += packet_size)
    look_at(data + at, found);
  return found;
}

void inspector::look_at(const std::uint8_t* packet, findings& found) {
  const bool damaged = (packet[1] & 0x80) != 0;
  const bool starts_unit = (packet[1] & 0x40) != 0;
  const unsigned pid = (packet[1] & 0x1fu) << 8 | packet[2];
  const bool has_adaptation = (packet[3] & 0x20) != 0;
  const bool has_payload = (packet[3] & 0x10) != 0;
  const std::uint8_t counter = packet[3] & 0x0f;
  if (damaged || pid == null_pid) return;

  std::size_t payload = 4;
  bool discontinuity = false, random_access = false;
  if (has_adaptation) {
    payload += 1u + packet[4];
    if (packet[4] > 0) {
      discontinuity = (packet[5] & 0x80) != 0;
      random_access = (packet[5] & 0x40) != 0;
    }
  }
  // Only packets with payload are counted.
  if (!has_payload || payload >= packet_size) return;

  std::uint8_t& last = last_[pid];
  // The same counter again is a duplicate, which is allowed.
  if (last != unseen && counter != last && !discontinuity) found.missing += (counter - last - 1u) & 0x0f;
  last = counter;

  // A PES packet with a video stream id.
  if (starts_unit && payload + 4 <= packet_size && packet[payload] == 0 && packet[payload + 1] == 0 &&
      packet[payload + 2] == 1 && (packet[payload + 3] & 0xf0) == 0xe0)
    found.flags |=
        changeover::flags::video | (random_access ? changeover::flags::key : changeover::flags::none);
}

}  // namespace ts
