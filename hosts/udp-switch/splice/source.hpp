// What is known of one source: its program, its clock, and what it sent since its last key picture.

#pragma once

#include "clock.hpp"
#include "keep.hpp"
#include "program.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ts {

struct findings {
  // False: not a whole number of TS packets. Nothing else is known then.
  bool valid = false;
  // Changeover's flags: whether a picture begins here, whether decoding can, whether sound begins.
  std::uint32_t flags = 0;
};

class source {
 public:
  explicit source(const keep_limits& limits) : kept_(limits) {}

  // Takes a datagram, the source's next.
  findings take(const std::uint8_t* data, std::size_t size, ticks now);

  // Whether its output can be joined with that of others: it has one program, with a clock, in the clear.
  bool can_be_spliced() const { return has_program_ && clock_.known() && !several_ && !scrambled_; }
  // Why not, in words; nullptr if it can, or if it is too early to say.
  const char* strange(ticks now) const;

  bool has_program() const { return has_program_; }
  const ts::program& program() const { return program_; }
  // Counts what was in force.
  unsigned program_version() const { return version_; }

  enum class role : std::uint8_t { other, pat, pmt, video, track };
  role role_of(unsigned pid) const { return roles_[pid]; }
  // The type that the program says; 0: it does not have that PID.
  std::uint8_t type_of(unsigned pid) const;
  // Whether a picture begins in a packet of the video, and whether decoding can.
  bool begins_picture(const std::uint8_t* packet, bool& key) const;

  const source_clock& clock() const { return clock_; }
  // Counts the clocks that it had: it was set anew, or is on another PID.
  unsigned clock_version() const { return clock_version_; }
  // The last PCR.
  ticks reference() const { return pcrs_.last(); }
  keep& kept() { return kept_; }
  const keep& kept() const { return kept_; }
  ticks last_at() const { return last_at_; }
  // Since when pictures come, one after the other, without a key picture among them; unknown: they don't.
  ticks keyless_since() const { return keyless_since_; }

 private:
  void look_at(const std::uint8_t* packet, findings& found, ticks now);
  void take_pat();
  void lose_program();
  void take_pmt();

  ts::program program_;
  section_reader pat_reader_, pmt_reader_;
  unsigned version_ = 0, clock_version_ = 0;
  bool has_program_ = false, several_ = false, scrambled_ = false;
  unsigned video_pid_ = 0x1fff;
  std::uint8_t video_type_ = 0;
  std::array<role, 0x2000> roles_ = [] {
    std::array<role, 0x2000> roles{};
    roles[0] = role::pat;
    return roles;
  }();
  pcr_reader pcrs_;
  source_clock clock_;
  keep kept_;
  ticks waiting_since_ = unknown, last_at_ = unknown, picture_at_ = unknown, keyless_since_ = unknown;
};

}  // namespace ts
