// The times of one stream of the output, which never go back.

#pragma once

#include "clock.hpp"

namespace ts {

class track {
 public:
  // The next unit comes from elsewhere: from another source, or after a jump of the source's clock.
  void rejoin() { joining_ = true; }

  // Moves a unit's times from the source's clock to the output's, which is ahead by `offset`, and on to where they
  // rise. `reference`: about what the source's clock shows. False: continuity is beyond reach, this is a jump.
  // `at_once`: the unit is decoded as it is shown, and says one time for both.
  bool stamp(ticks& pts, ticks& dts, bool at_once, ticks offset, ticks reference) {
    const bool stray = pts - reference > far || reference - pts > far;
    ticks shown_at = pts + offset, decoded_at = dts + offset;
    bool continuous = true;
    if (stray && last_ != unknown) {
      // Of a clock that this source does not show yet, or no longer.
      decoded_at = last_ + step_;
      shown_at = decoded_at;
    } else if (joining_) {
      joining_ = reorders_ = false;
      held_ = last_ != unknown;
      from_dts_ = dts;
      from_pts_ = pts;
      floor_dts_ = last_ + pts_tick;
      floor_pts_ = top_ + pts_tick;
      if (held_ && floor_dts_ - decoded_at > far) {
        held_ = false;
        continuous = false;
        top_ = unknown;
      }
    }
    if (held_ && !stray) {
      const ticks least_dts = floor_dts_ + to_pts_tick((dts - from_dts_) / slope);
      const ticks least_pts = floor_pts_ + to_pts_tick((pts - from_pts_) / slope);
      held_ = decoded_at < least_dts || decoded_at < least_pts || decoded_at <= last_;
      decoded_at = std::max({decoded_at, least_dts, last_ + pts_tick});
      shown_at = std::max({shown_at, least_pts, decoded_at});
      if (at_once) decoded_at = shown_at;
    }
    if (last_ != unknown && decoded_at > last_ && decoded_at - last_ < second && !held_)
      step_ = decoded_at - last_;
    last_ = decoded_at;
    last_shown_ = shown_at;
    reorders_ |= shown_at < top_;
    if (top_ == unknown || shown_at > top_ || !continuous) top_ = shown_at;
    pts = shown_at;
    dts = decoded_at;
    return continuous;
  }

  // When the unit after the last one comes, if it is as long as that before it; unknown: there was none.
  ticks next() const { return last_ == unknown ? unknown : last_ + step_; }
  // Whether a time is so far before another that they are of two clocks.
  static bool is_far_before(ticks time, ticks other) { return other - time > far; }
  // Whether a picture with this time, of the output's clock, is shown before one that has gone out.
  bool precedes(ticks pts) const { return pts < top_; }
  // Whether all that are shown before the last one are out: of those that are sent out of order, the one just before it
  // comes last.
  bool complete() const { return !reorders_ || (last_shown_ < top_ && last_shown_ + step_ * 3 / 2 >= top_); }
  // Between two units, by the last two.
  ticks step() const { return step_; }

 private:
  static constexpr ticks far = 10 * second;
  // What would come before the last unit is squeezed together by so much.
  static constexpr ticks slope = 64;

  ticks last_ = unknown, top_ = unknown, last_shown_ = unknown, step_ = 40 * millisecond;
  bool joining_ = false, reorders_ = false;
  // Times follow a line from the floor up, until they are beyond it by themselves.
  bool held_ = false;
  ticks from_dts_ = 0, from_pts_ = 0, floor_dts_ = 0, floor_pts_ = 0;
};

}  // namespace ts
