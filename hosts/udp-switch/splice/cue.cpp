#include "cue.hpp"

#include "packet.hpp"

#include <bitstream/scte/35.h>

namespace ts {

void move_cues(std::uint8_t* packet, ticks by) {
  std::size_t at = payload_of(packet);
  if (!ts_get_unitstart(packet) || at >= packet_size) return;
  at += 1u + packet[at];
  while (at + SCTE35_HEADER_SIZE + PSI_CRC_SIZE <= packet_size) {
    std::uint8_t* section = packet + at;
    const std::size_t size = PSI_HEADER_SIZE + psi_get_length(section);
    if (psi_get_tableid(section) != SCTE35_TABLE_ID || size < SCTE35_HEADER_SIZE + PSI_CRC_SIZE ||
        at + size > packet_size || !psi_check_crc(section))
      return;
    const ticks adjustment = static_cast<ticks>(scte35_get_pts_adjustment(section)) * pts_tick;
    scte35_set_pts_adjustment(section, static_cast<std::uint64_t>(shown(adjustment + by) / pts_tick));
    psi_set_crc(section);
    at += size;
  }
}

}  // namespace ts
