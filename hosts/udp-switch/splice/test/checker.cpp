#include "checker.hpp"

#include "../picture.hpp"
#include "maker.hpp"

#include <bitstream/mpeg/psi.h>
#include <bitstream/scte/35.h>

#include <cstring>

namespace ts::test {

void checker::take(const std::uint8_t* data, std::size_t size, ticks now) {
  if (size == 0 || size % packet_size != 0) errors["datagram"]++;
  for (std::size_t at = 0; at + packet_size <= size; at += packet_size)
    packet(data + at, now);
}

void checker::finish() {
  for (auto& [pid, state] : pids_)
    end(state);
}

void checker::packet(const std::uint8_t* packet, ticks now) {
  packets++;
  if (!ts_validate(packet)) errors["sync"]++;
  const unsigned pid = ts_get_pid(packet);
  if (pid == null_pid) {
    nulls++;
    return;
  }
  pid_state& state = pids_[pid];
  const bool announced = has_discontinuity(packet);
  if (announced) discontinuities++;
  if (ts_has_payload(packet)) {
    if (state.counter != 0xff && !announced && ts_get_cc(packet) != ((state.counter + 1) & 15))
      errors["counter"]++;
    state.counter = ts_get_cc(packet);
  } else if (state.counter != 0xff && ts_get_cc(packet) != state.counter) {
    errors["counter without payload"]++;
  }
  if (has_pcr(packet)) {
    if (program.pcr_pid != 0 && pid != program.pcr_pid) errors["clock on another PID"]++;
    const ticks time =
        last_clock_ == unknown || announced ? pcr_of(packet) : unwrap(pcr_of(packet), last_clock_);
    if (last_clock_ != unknown && !announced && time <= last_clock_) errors["clock goes back"]++;
    last_clock_ = last_time_ = time;
    clocks.push_back({now, time});
  }
  if (pid == pat_pid || pid == program.pmt_pid) {
    section_reader& reader = pid == pat_pid ? pat_ : pmt_;
    reader.take(packet);
    for (const auto& section : reader.sections())
      take_table(section);
    return;
  }
  const elementary* stream = stream_of(pid);
  if (stream == nullptr) {
    others++;
    return;
  }
  if (stream->type == 0x86) {
    take_cue(packet);
    return;
  }
  if (const pes header = pes_of(packet)) {
    // A picture on another PID has come to its end, too.
    if (is_video(stream->type))
      for (auto& [other, video] : pids_)
        if (video.video) end(video);
    end(state);
    state.open = true;
    state.at = now;
    state.video = is_video(stream->type);
    state.pts = unwrap(header.pts, last_time_);
    state.dts = unwrap(header.dts, last_time_);
    const std::size_t at = contents_of(packet, header);
    state.key = begins_key_picture(stream->type, packet + at, packet_size - at);
    state.unit.assign(packet + at, packet + packet_size);
    if (state.last_dts != unknown && state.dts <= state.last_dts) errors["time goes back"]++;
    if (state.pts < state.dts) errors["shown before it is decoded"]++;
    state.last_dts = state.dts;
  } else if (state.open && ts_has_payload(packet)) {
    state.unit.insert(state.unit.end(), packet + payload_of(packet), packet + packet_size);
  } else if (ts_has_payload(packet)) {
    errors["the middle of a unit"]++;
  }
  state.until = now;
}

void checker::end(pid_state& state) {
  if (!state.open) return;
  state.open = false;
  unit done;
  done.at = state.at;
  done.until = state.until;
  done.pts = state.pts;
  done.dts = state.dts;
  done.key = state.key;
  const bool video = state.video;
  if (!video && take_frames(state)) return;
  std::size_t from = 0;
  static const char mark[] = {'u', 'n', 'i', 't'};
  while (from + 4 < state.unit.size() && std::memcmp(state.unit.data() + from, mark, 4) != 0)
    from++;
  done.broken = !whole(state.unit.data() + from, state.unit.size() - from, done.id, done.name);
  // Of what is cut short, the beginning says who it is from.
  if (done.broken && from + 9 <= state.unit.size()) done.id = state.unit[from + 4];
  std::vector<unit>& list = video ? pictures : sounds;
  if (video && !list.empty() && list.back().id != done.id && !done.key)
    errors["does not begin with a key picture"]++;
  if (done.broken) errors[video ? "broken picture" : "broken sound"]++;
  list.push_back(done);
}

// Of units that are made of frames: these.
bool checker::take_frames(const pid_state& state) {
  ticks time = state.pts;
  std::size_t at = 0;
  for (; at + 8 <= state.unit.size() && state.unit[at] == 0xff && state.unit[at + 1] == 0xfd; at += 192) {
    const std::uint8_t* frame = state.unit.data() + at;
    frames.push_back(
        {frame[4], static_cast<std::uint32_t>(frame[5] << 16 | frame[6] << 8 | frame[7]), state.at, time});
    time += 24 * millisecond;
  }
  if (at > 0 && at != state.unit.size()) errors["broken sound"]++;
  return at > 0;
}

void checker::take_cue(const std::uint8_t* packet) {
  const std::uint8_t* section = packet + payload_of(packet) + 1;
  if (!scte35_validate(section)) {
    errors["cue"]++;
    return;
  }
  const std::uint64_t time = scte35_splice_time_get_pts_time(scte35_time_signal_get_splice_time(section)) +
                             scte35_get_pts_adjustment(section);
  cues.push_back(unwrap(static_cast<ticks>(time) * pts_tick, last_time_) - last_time_);
}

void checker::take_table(const std::vector<std::uint8_t>& section) {
  association says;
  if (read_pat(section, says)) {
    if (section == program.pat) return;
    if (!program.pat.empty() && psi_get_version(section.data()) == psi_get_version(program.pat.data()))
      errors["another table under the same version"]++;
    program.pat = section;
    program.pmt_pid = says.pmt_pid;
    programs++;
    return;
  }
  ts::program map;
  if (!read_pmt(section, program.pmt_pid, map) || section == program.pmt) return;
  if (!program.pmt.empty() && psi_get_version(section.data()) == psi_get_version(program.pmt.data()))
    errors["another table under the same version"]++;
  program.pcr_pid = map.pcr_pid;
  program.streams = map.streams;
  program.pmt = section;
  programs++;
}

const elementary* checker::stream_of(unsigned pid) const {
  for (const elementary& stream : program.streams)
    if (stream.pid == pid) return &stream;
  return nullptr;
}

}  // namespace ts::test
