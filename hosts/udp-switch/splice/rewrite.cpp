// splicer: what is changed in each packet.

#include "splicer.hpp"

#include "cue.hpp"

#include <algorithm>
#include <cstring>

namespace ts {

namespace {

// Pictures without a key picture for so long never have one.
constexpr ticks keyless = 10 * second;
// Of two units, where one ends and the next begins: clocks of 90 kHz say times no better.
constexpr ticks rounding = 2 * pts_tick;
// Sound that does not go on where the last one ended begins after so long.
constexpr ticks silence = 2 * second;

}  // namespace

bool splicer::rewrite(std::uint8_t* packet, ticks now) {
  const unsigned pid = ts_get_pid(packet);
  if (pid == null_pid) return true;
  if (adopted_ != on_air_->program_version() && on_air_->has_program()) {
    adopted_ = on_air_->program_version();
    tables_.adopt(on_air_->program());
    for (lane& each : lanes_)
      each.check_number = true;
  }
  const unsigned out = tables_.out(pid);
  if (out == null_pid) return false;
  lane& to = lane_of(out);
  const source::role is = on_air_->role_of(pid);
  if (pcr_floor_ != unknown) pcr_floor_ += packet_time;
  const bool clock = has_pcr(packet);
  if (clock) take_clock(packet, now);
  if (is == source::role::pat || is == source::role::pmt) {
    if (!replace_table(to, packet, is)) return false;
  } else if (is == source::role::other) {
    to.open = true;
  } else {
    const pes unit = ts_get_scrambling(packet) == 0 ? pes_of(packet) : pes();
    to.video = is == source::role::video;
    if (ts_get_unitstart(packet)) {
      if (!to.video) to.sound_type = on_air_->type_of(pid);
      const bool was_open = to.open;
      to.open = enters(to, packet, unit, now);
      if (to.open && !was_open) to.renumber = true;
    }
    if (!to.open) {
      if (!to.video) collect(to, packet, unit, out);
      if (!clock) return false;
      leave_clock_alone(packet);
    } else {
      if (unit)
        stamp(to, packet, unit);
      else if (offset_ != 0 && ts_get_scrambling(packet) == 0)
        move_cues(packet, offset_);
      follow(to, packet, unit);
    }
  }
  if (out != pid) ts_set_pid(packet, static_cast<std::uint16_t>(out));
  number(to, packet);
  return true;
}

// Puts the output's table in the place of the source's, unless they say the same. While a source has announced
// another program and not said what is in it, the output's PAT stays as it is.
bool splicer::replace_table(lane& to, std::uint8_t* packet, source::role is) {
  const bool pat = is == source::role::pat, announced = !on_air_->has_program();
  if (announced && !pat) return false;
  // Tables are the output's own: their numbers go on whatever the source's do.
  to.check_number = true;
  std::size_t& gone_out = pat ? pat_packets_ : pmt_packets_;
  if (ts_get_unitstart(packet)) {
    to.open = true;
    gone_out = 0;
  }
  if (!to.open) return false;
  if (!announced && (pat ? tables_.same_pat() : tables_.same_pmt())) return true;
  const std::vector<std::uint8_t>& table = pat ? tables_.pat() : tables_.pmt();
  if (!ts_has_payload(packet) || gone_out * packet_size >= table.size()) return false;
  std::memcpy(packet, table.data() + gone_out * packet_size, packet_size);
  gone_out++;
  to.renumber = true;
  return true;
}

void splicer::take_clock(std::uint8_t* packet, ticks now) {
  const ticks shows = pcr_of(packet);
  const ticks latest = on_air_->reference();
  if (latest != unknown && clock_ != on_air_->clock_version()) {
    const ticks time = unwrap(shows, latest);
    // Packets of the clock before may come in the same datagram.
    if (time > latest - second && time < latest + second) change_clock(packet, time, now);
  }
  const ticks source_time = reference_ == unknown ? shows : unwrap(shows, reference_);
  reference_ = catching_up_ ? source_time : std::max(reference_, source_time);
  ticks time = source_time + offset_;
  if (pcr_floor_ != unknown) time = std::max(time, pcr_floor_);
  if (shown(time) != shows) set_pcr(packet, time);
  if (last_pcr_ == unknown || time > last_pcr_) {
    last_pcr_ = pcr_floor_ = time;
    last_pcr_at_ = now;
  }
  if (announce_) tsaf_set_discontinuity(packet);
  announce_ = false;
}

// The source's clock was set anew; the output's goes on.
void splicer::change_clock(std::uint8_t* packet, ticks time, ticks now) {
  clock_ = on_air_->clock_version();
  reference_ = time;
  if (last_pcr_ == unknown) return;
  offset_ = to_pts_tick(last_pcr_ + (now - last_pcr_at_) - time);
  for (lane& each : lanes_) {
    each.check_number = true;
    each.key_pts = unknown;
    each.times.rejoin();
  }
  tsaf_clear_discontinuity(packet);
}

// Whether what begins here goes out: after a switch the video from a key picture on, and sound where that of the
// source before ended.
bool splicer::enters(lane& to, const std::uint8_t* packet, const pes& unit, ticks now) const {
  const ticks pts = unit.pts == unknown || reference_ == unknown ? unknown : unwrap(unit.pts, reference_);
  if (!to.video)
    return to.open || pts == unknown || now - started_at_ > silence || follows(to, pts + offset_);
  if (to.key_pts != unknown) {
    if (pts != unknown && pts < to.key_pts) return false;
    to.key_pts = unknown;
    return true;
  }
  if (to.open) return true;
  bool key = false;
  if (!on_air_->begins_picture(packet, key)) return false;
  if (!key) return on_air_->keyless_since() != unknown && now - on_air_->keyless_since() > keyless;
  to.key_pts = pts;
  return true;
}

// Whether a unit goes on where the last one of another source ended.
bool splicer::follows(const lane& to, ticks pts) {
  const ticks end = to.end();
  return end == unknown || pts >= end - rounding || track::is_far_before(pts, end);
}

// A packet of sound that does not go out, since its unit begins before the last one of the source before ends. Once
// the unit is whole, what comes after that does.
void splicer::collect(lane& to, const std::uint8_t* packet, const pes& unit, unsigned out) {
  std::size_t from = payload_of(packet);
  if (ts_get_unitstart(packet)) {
    to.early.clear();
    to.early_pts = unknown;
    if (!unit || unit.pts == unknown || reference_ == unknown || pes_get_length(packet + unit.at) == 0)
      return;
    to.early_pts = unwrap(unit.pts, reference_);
    from = unit.at;
  }
  if (to.early_pts == unknown) return;
  to.early.insert(to.early.end(), packet + from, packet + packet_size);
  const std::size_t size = PES_HEADER_SIZE + pes_get_length(to.early.data());
  if (to.early.size() < size) return;
  to.early.resize(size);
  cut(to, out);
  to.early_pts = unknown;
}

void splicer::cut(lane& to, unsigned out) {
  ticks begin = to.early_pts;
  const std::vector<std::uint8_t> part = cut_sound(to.sound_type, to.early, to.end() - offset_, begin);
  std::vector<std::uint8_t> packets = packets_of_unit(part, out);
  for (std::size_t at = 0; at < packets.size(); at += packet_size) {
    std::uint8_t* packet = packets.data() + at;
    const pes unit = pes_of(packet);
    to.open = to.renumber = true;
    if (unit) stamp(to, packet, unit);
    follow(to, packet, unit);
    number(to, packet);
  }
  if (to.open) to.renumber = true;
  cut_.insert(cut_.end(), packets.begin(), packets.end());
}

void splicer::add_cut(sink& out) {
  for (std::size_t at = 0; at < cut_.size(); at += packet_size)
    out.add(cut_.data() + at);
  cut_.clear();
}

void splicer::stamp(lane& to, std::uint8_t* packet, const pes& unit) {
  if (unit.pts == unknown || reference_ == unknown) return;
  const ticks reference = reference_;
  ticks pts = unwrap(unit.pts, reference), dts = unwrap(unit.dts, reference);
  if (!to.times.stamp(pts, dts, !unit.has_dts, offset_, reference)) announce_ = true;
  to.sound_at = pts;
  std::uint8_t* header = packet + unit.at;
  if (shown(pts) != unit.pts) pes_set_pts(header, static_cast<std::uint64_t>(shown(pts) / pts_tick));
  if (unit.has_dts && shown(dts) != unit.dts)
    pes_set_dts(header, static_cast<std::uint64_t>(shown(dts) / pts_tick));
}

void splicer::number(lane& to, std::uint8_t* packet) {
  const std::uint8_t counter = ts_get_cc(packet);
  if (!ts_has_payload(packet)) {
    // It repeats the number of the last one that has some.
    ts_set_cc(packet,
              to.counter != 0xff && (to.renumber || !to.open) ? to.counter : (counter + to.ahead) & 0x0f);
    return;
  }
  const std::uint8_t expected = to.counter == 0xff ? counter : (to.counter + 1) & 0x0f;
  if (to.renumber || (to.check_number && ((counter + to.ahead) & 0x0f) != expected)) {
    to.ahead = (expected - counter) & 0x0f;
    if (has_flags(packet)) tsaf_clear_discontinuity(packet);
  }
  to.renumber = to.check_number = false;
  to.counter = (counter + to.ahead) & 0x0f;
  if (to.ahead != 0) ts_set_cc(packet, to.counter);
}

// Keeps track of what is half out.
void splicer::follow(lane& to, const std::uint8_t* packet, const pes& unit) {
  std::size_t size = packet_size - payload_of(packet);
  if (ts_get_unitstart(packet)) {
    to.half_out = static_cast<bool>(unit);
    if (!unit) return;
    if (!to.video) to.sound.begin(to.sound_type);
    const std::uint32_t length = pes_get_length(packet + unit.at);
    to.endless = length == 0;
    to.missing = PES_HEADER_SIZE + length;
    size = packet_size - unit.at;
  }
  if (!to.half_out) return;
  if (!to.video) {
    const std::size_t from = unit ? contents_of(packet, unit) : packet_size - size;
    to.sound.add(packet + from, packet_size - from);
  }
  if (to.endless) return;
  to.missing -= std::min(to.missing, static_cast<std::uint32_t>(size));
  to.half_out = to.missing > 0;
}

splicer::lane& splicer::lane_of(unsigned pid) {
  std::uint16_t& place = lane_by_pid_[pid];
  if (place == 0) {
    lanes_.emplace_back();
    lanes_.back().open = !at_units_;
    place = static_cast<std::uint16_t>(lanes_.size());
  }
  return lanes_[place - 1u];
}

// At once after a switch, whenever the source's own come.
void splicer::add_tables(sink& out) {
  const auto add = [&](const std::vector<std::uint8_t>& table, std::size_t& gone_out) {
    for (std::size_t at = 0; at < table.size(); at += packet_size) {
      std::uint8_t packet[packet_size];
      std::memcpy(packet, table.data() + at, packet_size);
      lane& to = lane_of(ts_get_pid(packet));
      to.renumber = true;
      number(to, packet);
      to.renumber = true;
      out.add(packet);
    }
    gone_out = table.size() / packet_size;
  };
  add(tables_.pat(), pat_packets_);
  add(tables_.pmt(), pmt_packets_);
}

}  // namespace ts
