#include "source.hpp"

#include "packet.hpp"
#include "picture.hpp"

#include <changeover.hpp>

namespace ts {

// Tables come ten times a second, PCRs as often: a source that has none after so long never has.
static constexpr ticks patience = 2 * second;

findings source::take(const std::uint8_t* data, std::size_t size, ticks now) {
  findings found;
  if (size == 0 || size % packet_size != 0) return found;
  for (std::size_t at = 0; at < size; at += packet_size)
    if (!ts_validate(data + at)) return found;
  found.valid = true;
  if (waiting_since_ == unknown) waiting_since_ = now;
  last_at_ = now;
  for (std::size_t at = 0; at < size; at += packet_size)
    look_at(data + at, found, now);
  return found;
}

const char* source::strange(ticks now) const {
  if (several_) return "it has several programs";
  if (scrambled_) return "it is scrambled";
  if (can_be_spliced() || waiting_since_ == unknown || now - waiting_since_ < patience) return nullptr;
  return has_program_ ? "it has no program clock" : "it has no program table";
}

std::uint8_t source::type_of(unsigned pid) const {
  for (const elementary& stream : program_.streams)
    if (stream.pid == pid) return stream.type;
  return 0;
}

bool source::begins_picture(const std::uint8_t* packet, bool& key) const {
  const pes unit = pes_of(packet);
  if (!unit) return false;
  const std::size_t at = contents_of(packet, unit);
  key = has_random_access(packet) || begins_key_picture(video_type_, packet + at, packet_size - at);
  return true;
}

void source::look_at(const std::uint8_t* packet, findings& found, ticks now) {
  const unsigned pid = ts_get_pid(packet);
  if (pid == null_pid || ts_get_transporterror(packet)) return;
  const role is = roles_[pid];
  if (is == role::pat) {
    pat_reader_.take(packet);
    if (!pat_reader_.sections().empty()) take_pat();
  } else if (pid == program_.pmt_pid) {
    pmt_reader_.take(packet);
    if (!pmt_reader_.sections().empty()) take_pmt();
  }
  if (has_program_ && pid == program_.pcr_pid && has_pcr(packet)) {
    if (pcrs_.take(pcr_of(packet), now, has_discontinuity(packet))) {
      clock_.reset();
      clock_version_++;
      kept_.clear();
    }
    clock_.mark(pcrs_.last(), now);
  }
  const bool of_program = is == role::video || is == role::track;
  const bool clear = ts_get_scrambling(packet) == 0;
  if (pid == video_pid_ || (of_program && video_pid_ == null_pid)) scrambled_ = !clear;
  keep::begins begins = keep::begins::nothing;
  if (ts_get_unitstart(packet) && clear) {
    if (is == role::video && pid == video_pid_) {
      bool key = false;
      if (begins_picture(packet, key)) {
        found.flags |= changeover::flags::video | (key ? changeover::flags::key : changeover::flags::none);
        if (key)
          keyless_since_ = unknown;
        else if (keyless_since_ == unknown || now - picture_at_ > second)
          keyless_since_ = now;
        picture_at_ = now;
        if (has_program_) kept_.picture(key, now);
      }
    } else if (const pes unit = pes_of(packet)) {
      const std::uint8_t id = pes_get_streamid(packet + unit.at);
      const bool sound = (id & 0xe0) == PES_STREAM_ID_AUDIO_MPEG || id == PES_STREAM_ID_PRIVATE_1;
      // Until the tables have come, its number tells what it is.
      if (!has_program_ && (id & 0xf0) == PES_STREAM_ID_VIDEO_MPEG)
        found.flags |= changeover::flags::video |
                       (has_random_access(packet) ? changeover::flags::key : changeover::flags::none);
      else if (sound)
        found.flags |= changeover::flags::audio;
      begins = sound ? keep::begins::sound : keep::begins::unit;
    } else {
      begins = keep::begins::unit;
    }
  }
  if (has_program_)
    kept_.add(packet, pid, pid == video_pid_, of_program ? begins : keep::begins::nothing, now);
}

void source::take_pat() {
  for (const auto& section : pat_reader_.sections()) {
    association says;
    if (section == program_.pat || !read_pat(section, says)) continue;
    several_ = says.programs > 1;
    program_.pat = section;
    if (says.programs != 1) {
      lose_program();
      continue;
    }
    if (program_.pmt_pid != says.pmt_pid || program_.number != says.number) {
      lose_program();
      roles_[says.pmt_pid] = role::pmt;
      pmt_reader_.reset();
    }
    program_.number = says.number;
    program_.pmt_pid = says.pmt_pid;
    version_++;
  }
}

// Until the next PMT has come. What comes meanwhile is as before, for the splicer; of what was kept, a part would be
// missing.
void source::lose_program() {
  has_program_ = false;
  program_.pmt.clear();
  waiting_since_ = last_at_;
  kept_.clear();
}

void source::take_pmt() {
  for (const auto& section : pmt_reader_.sections()) {
    if (section == program_.pmt) continue;
    ts::program says;
    if (!read_pmt(section, program_.pmt_pid, says) || says.number != program_.number) continue;
    roles_.fill(role::other);
    roles_[pat_pid] = role::pat;
    roles_[program_.pmt_pid] = role::pmt;
    const unsigned before = video_pid_;
    video_pid_ = null_pid;
    for (const elementary& stream : says.streams) {
      if (roles_[stream.pid] != role::other) continue;
      roles_[stream.pid] = is_video(stream.type) ? role::video : role::track;
      if (is_video(stream.type) && video_pid_ == null_pid) {
        video_pid_ = stream.pid;
        video_type_ = stream.type;
      }
    }
    if (says.pcr_pid != program_.pcr_pid) {
      pcrs_.begin();
      clock_.reset();
      clock_version_++;
      waiting_since_ = last_at_;
    }
    if (video_pid_ != before) {
      kept_.clear();
      keyless_since_ = unknown;
    }
    program_.pcr_pid = says.pcr_pid;
    program_.streams = std::move(says.streams);
    program_.pmt = section;
    has_program_ = true;
    version_++;
  }
}

}  // namespace ts
