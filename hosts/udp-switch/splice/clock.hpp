// Times of MPEG-TS: clocks that wrap after 26.5 hours, and what they show now.

#pragma once

#include <algorithm>
#include <cstdint>

namespace ts {

// Of 27 MHz: a PCR's. PTS and DTS count every 300th. Times of the process, `now`, are in it too.
using ticks = std::int64_t;

constexpr ticks second = 27'000'000, millisecond = 27'000;
constexpr ticks pts_tick = 300;
// What 33 bits of 90 kHz can show.
constexpr ticks clock_range = (ticks(1) << 33) * pts_tick;
constexpr ticks unknown = INT64_MIN;

constexpr ticks from_nanoseconds(std::int64_t time) { return time / 1000 * 27 + time % 1000 * 27 / 1000; }

// What a clock shows at a time that does not wrap.
constexpr ticks shown(ticks time) {
  const ticks rest = time % clock_range;
  return rest < 0 ? rest + clock_range : rest;
}

// The time nearest to `near` at which a clock shows this.
constexpr ticks unwrap(ticks shows, ticks near) {
  const ticks ahead = shown(shows - near);
  return near + (ahead >= clock_range / 2 ? ahead - clock_range : ahead);
}

// Down to what a PTS can say.
constexpr ticks to_pts_tick(ticks time) { return time - shown(time) % pts_tick; }

// The PCRs of one source, in order: as times that do not wrap, and whether its clock was set anew.
class pcr_reader {
 public:
  // `near`: a time of this clock, to go on from.
  void begin(ticks near = unknown) {
    last_ = near;
    at_ = unknown;
    back_ = 0;
  }
  bool known() const { return last_ != unknown; }
  ticks last() const { return last_; }

  // Takes a PCR that came now. True: the clock jumped, and last() is a new beginning. `announced`: by a
  // discontinuity_indicator. A PCR that came late, overtaken on its way, changes nothing.
  bool take(ticks shows, ticks now, bool announced) {
    if (last_ == unknown) {
      last_ = shows;
    } else {
      const ticks time = unwrap(shows, last_), ahead = time - last_;
      if (at_ != unknown) {
        const ticks passed = now - at_;
        const bool far = ahead < -second || ahead > passed + second;
        if (ahead < 0 && !far && !announced && ++back_ < 3) return false;
        if (far || ahead < 0 || (announced && ahead > passed + second / 10)) {
          begin(shows);
          at_ = now;
          return true;
        }
      }
      last_ = time;
    }
    back_ = 0;
    at_ = now;
    return false;
  }

 private:
  ticks last_ = unknown, at_ = unknown;
  int back_ = 0;
};

// What a source's clock shows at any time, by those of its packets that were least delayed on their way.
class source_clock {
 public:
  void reset() { ahead_ = before_ = unknown; }
  bool known() const { return ahead_ != unknown; }

  void mark(ticks time, ticks now) {
    const ticks ahead = time - now;
    if (ahead_ == unknown || now - since_ > second) {
      before_ = ahead_;
      ahead_ = ahead;
      since_ = now;
    }
    ahead_ = std::max(ahead_, ahead);
  }
  // known() only.
  ticks at(ticks now) const { return now + std::max(ahead_, before_); }

 private:
  // How far it is ahead of the process's clock, at most, since then and in the second before.
  ticks ahead_ = unknown, before_ = unknown, since_ = 0;
};

}  // namespace ts
