#include "maker.hpp"

#include "../packet.hpp"
#include "../program.hpp"

#include <bitstream/mpeg/psi.h>
#include <bitstream/scte/35.h>

#include <algorithm>
#include <cstring>

namespace ts::test {

constexpr ticks frame_time = 24 * millisecond;

bytes contents(std::uint8_t id, std::uint32_t name, std::size_t size) {
  bytes data(std::max<std::size_t>(size, 13));
  const std::uint8_t head[] = {'u',
                               'n',
                               'i',
                               't',
                               id,
                               static_cast<std::uint8_t>(name >> 24),
                               static_cast<std::uint8_t>(name >> 16),
                               static_cast<std::uint8_t>(name >> 8),
                               static_cast<std::uint8_t>(name),
                               static_cast<std::uint8_t>(data.size() >> 24),
                               static_cast<std::uint8_t>(data.size() >> 16),
                               static_cast<std::uint8_t>(data.size() >> 8),
                               static_cast<std::uint8_t>(data.size())};
  std::copy(std::begin(head), std::end(head), data.begin());
  for (std::size_t i = 13; i < data.size(); i++)
    data[i] = static_cast<std::uint8_t>(0x80 | (i * 7 + name));
  return data;
}

bool whole(const std::uint8_t* data, std::size_t size, std::uint8_t& id, std::uint32_t& name) {
  if (size < 13 || std::memcmp(data, "unit", 4) != 0) return false;
  id = data[4];
  name = static_cast<std::uint32_t>(data[5] << 24 | data[6] << 16 | data[7] << 8 | data[8]);
  return contents(id, name, size) == bytes(data, data + size);
}

const datagram& maker::next() {
  while (ready_ == datagrams_.size())
    picture();
  return datagrams_[ready_];
}

void maker::restart(ticks begin) {
  start_ += static_cast<ticks>(static_cast<double>(count_ * second / what_.fps) / (1 + what_.ppm / 1e6));
  what_.begin = begin;
  count_ = 0;
  std::fill(std::begin(counters_), std::end(counters_), 9);
}

void maker::add(unsigned pid, const bytes& payload, bool starts_unit, bool random_access, bool clock) {
  bytes packet(packet_size, 0xff);
  ts_init(packet.data());
  ts_set_pid(packet.data(), static_cast<std::uint16_t>(pid));
  if (starts_unit) ts_set_unitstart(packet.data());
  std::size_t room = packet_size - 4 - payload.size();
  if (room > 0) {
    ts_set_adaptation(packet.data(), static_cast<std::uint8_t>(room - 1));
    if (random_access) tsaf_set_randomaccess(packet.data());
    // When it goes out is known when the picture is laid out.
    if (clock) set_pcr(packet.data(), 0);
  }
  if (!payload.empty()) {
    ts_set_payload(packet.data());
    if (what_.scrambled && (pid == what_.video || pid == what_.audio)) ts_set_scrambling(packet.data(), 2);
    ts_set_cc(packet.data(), counters_[pid]++ & 15);
    std::copy(payload.begin(), payload.end(),
              packet.begin() + static_cast<std::ptrdiff_t>(packet_size - payload.size()));
  }
  packets_.push_back(packet);
}

void maker::add_unit(unsigned pid, const bytes& unit, bool random_access, bool clock) {
  for (std::size_t at = 0; at < unit.size();) {
    const bool first = at == 0;
    const std::size_t room = first && (clock || random_access) ? 176 : 184;
    const std::size_t part = std::min(room, unit.size() - at);
    add(pid,
        bytes(unit.begin() + static_cast<std::ptrdiff_t>(at),
              unit.begin() + static_cast<std::ptrdiff_t>(at + part)),
        first, first && random_access, first && clock);
    at += part;
  }
}

bytes sound_frame_of(std::uint8_t id, std::uint32_t number) {
  // Layer 2, 64 kbit/s, 48 kHz.
  bytes data(192, 0x55);
  const std::uint8_t head[] = {0xff,
                               0xfd,
                               0x44,
                               0xc0,
                               id,
                               static_cast<std::uint8_t>(number >> 16),
                               static_cast<std::uint8_t>(number >> 8),
                               static_cast<std::uint8_t>(number)};
  std::copy(std::begin(head), std::end(head), data.begin());
  return data;
}

bytes cue_for(ticks time) {
  bytes section(SCTE35_HEADER_SIZE + SCTE35_TIME_SIGNAL_HEADER_SIZE + SCTE35_TIME_SIGNAL_TIME_SIZE +
                SCTE35_HEADER2_SIZE + PSI_CRC_SIZE);
  std::uint8_t* s = section.data();
  scte35_time_signal_init(s, SCTE35_TIME_SIGNAL_TIME_SIZE);
  psi_set_length(s, static_cast<std::uint16_t>(section.size() - PSI_HEADER_SIZE));
  std::uint8_t* at = scte35_time_signal_get_splice_time(s);
  scte35_splice_time_init(at);
  scte35_splice_time_set_time_specified(at, true);
  scte35_splice_time_set_pts_time(at, static_cast<std::uint64_t>(shown(time) / pts_tick));
  scte35_set_desclength(s, 0);
  psi_set_crc(s);
  return section;
}

void maker::add_section(const std::uint8_t* section, unsigned pid) {
  const bytes packed = packets_of(bytes(section, section + psi_get_length(section) + 3), pid);
  for (std::size_t at = 0; at < packed.size(); at += packet_size)
    add(pid,
        bytes(packed.begin() + static_cast<std::ptrdiff_t>(at) + 4,
              packed.begin() + static_cast<std::ptrdiff_t>(at + packet_size)),
        at == 0, false, false);
}

void maker::add_pat() {
  std::uint8_t section[1024] = {};
  pat_init(section);
  pat_set_tsid(section, static_cast<std::uint16_t>(what_.transport));
  psi_set_version(section, version_);
  psi_set_current(section);
  pat_set_length(section, what_.second_program ? 8 : 4);
  for (std::uint8_t i = 0; i < (what_.second_program ? 2 : 1); i++) {
    patn_init(section + PAT_HEADER_SIZE + 4 * i);
    patn_set_program(section + PAT_HEADER_SIZE + 4 * i, static_cast<std::uint16_t>(what_.number + i));
    patn_set_pid(section + PAT_HEADER_SIZE + 4 * i, static_cast<std::uint16_t>(what_.pmt + i));
  }
  psi_set_crc(section);
  add_section(section, 0);
}

void maker::add_pmt() {
  std::uint8_t section[1024] = {};
  pmt_init(section);
  pmt_set_program(section, static_cast<std::uint16_t>(what_.number));
  psi_set_version(section, version_);
  psi_set_current(section);
  pmt_set_pcrpid(section, static_cast<std::uint16_t>(what_.video));
  pmt_set_desclength(section, 0);
  const int streams = what_.cues != 0 ? 3 : 2;
  pmt_set_length(section, static_cast<std::uint16_t>(5 * streams));
  const unsigned pids[] = {what_.video, what_.audio, what_.cues};
  const std::uint8_t types[] = {what_.video_type, what_.audio_type, 0x86};
  for (int i = 0; i < streams; i++) {
    std::uint8_t* entry = section + PMT_HEADER_SIZE + 5 * i;
    pmtn_init(entry);
    pmtn_set_streamtype(entry, types[i]);
    pmtn_set_pid(entry, static_cast<std::uint16_t>(pids[i]));
    pmtn_set_desclength(entry, 0);
  }
  psi_set_crc(section);
  add_section(section, what_.pmt);
}

void maker::picture() {
  const shape& w = what_;
  const ticks length = second / w.fps;
  const std::int64_t in_group = count_ % w.group;
  // Its place in the order of display.
  std::int64_t place = count_;
  const int run = w.b_frames + 1;
  if (in_group > 0 && w.b_frames > 0) {
    const std::int64_t from = count_ - in_group + (in_group - 1) / run * run;
    place = (in_group - 1) % run == 0 ? from + run : from + (in_group - 1) % run;
  }
  if (w.open_group && in_group <= 2) place = in_group == 0 ? count_ + 2 : count_ - 1;
  const ticks begins = w.begin + count_ * length;
  const ticks dts = begins + w.delay,
              pts = w.begin + w.delay + (place + (w.b_frames > 0 || w.open_group ? 2 : 0)) * length;
  const bool key = in_group == 0;
  const auto unit = [&](std::uint8_t stream_id, ticks shown_at, ticks decoded_at, const bytes& payload,
                        bool endless) {
    bytes data(PES_HEADER_SIZE_PTSDTS);
    pes_init(data.data());
    pes_set_streamid(data.data(), stream_id);
    pes_set_headerlength(data.data(), 10);
    pes_set_pts(data.data(), static_cast<std::uint64_t>(shown(shown_at) / pts_tick));
    pes_set_dts(data.data(), static_cast<std::uint64_t>(shown(decoded_at) / pts_tick));
    data.insert(data.end(), payload.begin(), payload.end());
    pes_set_length(data.data(), endless ? 0 : static_cast<std::uint16_t>(data.size() - PES_HEADER_SIZE));
    return data;
  };
  if (w.has_tables && count_ % 4 == 0) add_pat();
  if (w.has_tables && count_ % 4 == (w.late_pmt ? 2 : 0)) add_pmt();
  bytes video;
  if (w.video_type == 0x24)
    video = key ? bytes{0, 0, 0, 1, 70, 1, 16, 0, 0, 0, 1, 64, 1, 0, 0, 0, 1, 38, 1}
                : bytes{0, 0, 0, 1, 70, 1, 16, 0, 0, 0, 1, 2, 1};
  else if (w.video_type == 0x02)
    video = key ? bytes{0, 0, 1, 0xb3, 0, 0, 1, 0} : bytes{0, 0, 1, 0, 0, 0, 0, 0};
  else
    video = key ? bytes{0, 0, 0, 1, 9, 16, 0, 0, 0, 1, 103, 1, 0, 0, 0, 1, 101}
                : bytes{0, 0, 0, 1, 9, 48, 0, 0, 0, 1, 65};
  const bytes body = contents(w.id, name_, key ? w.key_size : w.picture_size);
  video.insert(video.end(), body.begin(), body.end());
  add_unit(w.video, unit(0xe0, pts, dts, video, true), key && w.random_access, true);
  if (w.frames == 0) add_unit(w.audio, unit(0xc0, dts, dts, contents(w.id, name_, 500), false), false, false);
  for (; w.frames > 0 && (frame_ + static_cast<std::uint32_t>(w.frames)) * frame_time + w.sound_late <=
                             (count_ + 1) * length;) {
    const ticks at = w.begin + w.delay + frame_ * frame_time;
    bytes sound;
    for (int i = 0; i < w.frames; i++) {
      const bytes one = sound_frame_of(w.id, frame_++);
      sound.insert(sound.end(), one.begin(), one.end());
    }
    add_unit(w.audio, unit(0xc0, at, at, sound, false), false, false);
  }
  if (w.cues != 0 && key) add_section(cue_for(dts + second).data(), w.cues);
  if (w.private_pid != 0) add(w.private_pid, bytes(184, w.id), false, false, false);
  if (w.constant_rate) {
    const std::size_t most = (w.key_size + 500) / 176 + 12;
    while (packets_.size() < most) {
      bytes null(packet_size);
      ts_pad(null.data());
      packets_.push_back(null);
    }
  }
  name_++;

  // Spread over the picture's time; PCRs say when a packet goes out, by the source's clock.
  datagrams_.erase(datagrams_.begin(), datagrams_.begin() + static_cast<std::ptrdiff_t>(ready_));
  ready_ = 0;
  const auto local = [&](ticks since) {
    return start_ + static_cast<ticks>(static_cast<double>(since - w.begin) / (1 + w.ppm / 1e6));
  };
  const ticks count = static_cast<ticks>(packets_.size());
  for (ticks i = 0; i < count; i++) {
    bytes& packet = packets_[static_cast<std::size_t>(i)];
    const ticks at = begins + length * i / count;
    if (has_pcr(packet.data())) set_pcr(packet.data(), at);
    if (i % 7 == 0) datagrams_.push_back({0, {}});
    datagrams_.back().at = local(at);
    datagrams_.back().data.insert(datagrams_.back().data.end(), packet.begin(), packet.end());
  }
  packets_.clear();
  count_++;
}

}  // namespace ts::test
