// A TS packet's fields, by biTStream's accessors, and what may be read of a packet that anybody has sent.

#pragma once

#include "clock.hpp"

#include <bitstream/mpeg/pes.h>
#include <bitstream/mpeg/ts.h>

#include <cstddef>
#include <cstdint>

namespace ts {

constexpr std::size_t packet_size = TS_SIZE;
constexpr unsigned null_pid = 0x1fff, pat_pid = 0, pid_count = 0x2000;

// Where the payload begins; packet_size: there is none.
inline std::size_t payload_of(const std::uint8_t* packet) {
  if (!ts_has_payload(packet)) return packet_size;
  const std::size_t at = TS_HEADER_SIZE + (ts_has_adaptation(packet) ? 1u + ts_get_adaptation(packet) : 0u);
  return at < packet_size ? at : packet_size;
}

inline bool has_flags(const std::uint8_t* packet) {
  return ts_has_adaptation(packet) && ts_get_adaptation(packet) > 0;
}
inline bool has_discontinuity(const std::uint8_t* packet) {
  return has_flags(packet) && tsaf_has_discontinuity(packet);
}
inline bool has_random_access(const std::uint8_t* packet) {
  return has_flags(packet) && tsaf_has_randomaccess(packet);
}
inline bool has_pcr(const std::uint8_t* packet) {
  return ts_has_adaptation(packet) && ts_get_adaptation(packet) >= 7 && tsaf_has_pcr(packet);
}
inline ticks pcr_of(const std::uint8_t* packet) {
  return static_cast<ticks>(tsaf_get_pcr(packet) * 300 + tsaf_get_pcrext(packet));
}
inline void set_pcr(std::uint8_t* packet, ticks time) {
  const std::uint64_t shows = static_cast<std::uint64_t>(shown(time));
  tsaf_set_pcr(packet, shows / 300);
  tsaf_set_pcrext(packet, static_cast<std::uint16_t>(shows % 300));
}

// Leaves of a packet nothing but its PID, its counter and its PCR, with what announces that.
inline void leave_clock_alone(std::uint8_t* packet) {
  const ticks time = pcr_of(packet);
  const bool discontinuity = has_discontinuity(packet);
  packet[1] &= 0x1f;
  packet[3] &= 0x0f;
  ts_set_adaptation(packet, packet_size - TS_HEADER_SIZE - 1);
  set_pcr(packet, time);
  if (discontinuity) tsaf_set_discontinuity(packet);
}

// The PES packet that begins in a TS packet.
struct pes {
  // Its place in the TS packet; packet_size: none begins here.
  std::size_t at = packet_size;
  // As they are shown, in ticks; unknown: there is none.
  ticks pts = unknown, dts = unknown;
  // Without a DTS it is decoded as it is shown.
  bool has_dts = false;

  explicit operator bool() const { return at < packet_size; }
};

inline bool has_pes_extension(std::uint8_t stream_id) {
  switch (stream_id) {
    case PES_STREAM_ID_PSM:
    case PES_STREAM_ID_PADDING:
    case PES_STREAM_ID_PRIVATE_2:
    case PES_STREAM_ID_ECM:
    case PES_STREAM_ID_EMM:
    case PES_STREAM_ID_DSMCC:
    case PES_STREAM_ID_H222_1_E:
    case PES_STREAM_ID_PSD: return false;
    default: return true;
  }
}

inline pes pes_of(const std::uint8_t* packet) {
  pes found;
  const std::size_t at = payload_of(packet);
  if (!ts_get_unitstart(packet) || at + PES_HEADER_SIZE > packet_size || !pes_validate(packet + at))
    return found;
  found.at = at;
  const std::uint8_t* header = packet + at;
  if (!has_pes_extension(pes_get_streamid(header)) || at + PES_HEADER_SIZE_PTS > packet_size ||
      !pes_validate_header(header) || !pes_has_pts(header) || pes_get_headerlength(header) < 5)
    return found;
  found.pts = static_cast<ticks>(pes_get_pts(header)) * pts_tick;
  found.dts = found.pts;
  found.has_dts =
      pes_has_dts(header) && pes_get_headerlength(header) >= 10 && at + PES_HEADER_SIZE_PTSDTS <= packet_size;
  if (found.has_dts) found.dts = static_cast<ticks>(pes_get_dts(header)) * pts_tick;
  return found;
}

// Where its contents begin in the TS packet.
inline std::size_t contents_of(const std::uint8_t* packet, const pes& unit) {
  const std::uint8_t* header = packet + unit.at;
  std::size_t at = unit.at + PES_HEADER_SIZE;
  if (has_pes_extension(pes_get_streamid(header)) && at + PES_HEADER_OPTIONAL_SIZE <= packet_size)
    at += PES_HEADER_OPTIONAL_SIZE + pes_get_headerlength(header);
  return at < packet_size ? at : packet_size;
}

}  // namespace ts
