#include "splicer.hpp"

#include <algorithm>
#include <cstring>

namespace ts {

namespace {

// What is caught up goes out in about 32 portions, a millisecond each: soon for who watches, and still no more
// than the buffer of a receiver's socket can take.
constexpr std::size_t portions = 32, least_portion = 16 * 7;
// How many pictures the one on air may send to complete what it has shown.
constexpr int most_pictures = 4;
// What is held back of a source that is to be left: longer than any switch is waited for.
constexpr ticks longest_hold = second;

}  // namespace

void splicer::take(source& from, std::uint64_t number, std::uint8_t* data, std::size_t size, ticks now,
                   sink& out) {
  bool gone_out = false;
  if (number > number_) {
    number_ = number;
    gone_out = choose(from, now, out);
  } else if (&from == next_ && !waits(now)) {
    gone_out = start(from, now, out);
  }
  if (&from != on_air_ || gone_out) return;
  if (next_ != nullptr || number != number_) {
    // Another one is chosen, of which nothing may have come yet. What is caught up ends with this.
    if (!finish_kept(now, out))
      for (std::size_t at = 0; at < size; at += packet_size)
        finish(data + at, now, out);
    if (next_ != nullptr && !waits(now)) start(*next_, now, out);
    return;
  }
  // It has been kept as well, and follows.
  if (catching_up_) return;
  if (!spliced_ && from.can_be_spliced()) begin(from, false);
  if (spliced_ && from.strange(now) != nullptr) spliced_ = false;
  if (spliced_)
    for (std::size_t at = 0; at < size; at += packet_size)
      if (!rewrite(data + at, now)) ts_pad(data + at);
  add_cut(out);
  out.pass(data, size);
}

bool splicer::choose(source& from, ticks now, sink& out) {
  if (&from == on_air_) {
    next_ = nullptr;
    resume(now, out);
    return false;
  }
  next_ = &from;
  chosen_at_ = picture_at_ = now;
  finish_kept(now, out);
  return !waits(now) && start(from, now, out);
}

// The source on air is caught up no further: what has come of it follows at once, as far as it belongs to what is
// half out. Whether there was any.
bool splicer::finish_kept(ticks now, sink& out) {
  if (!catching_up_) return false;
  catching_up_ = false;
  keep& kept = on_air_->kept();
  const bool there = kept.life() == kept_life_;
  for (; there && cursor_ < kept.size(); cursor_++)
    finish(kept.at(cursor_), now, out);
  kept.release();
  return there;
}

bool splicer::start(source& from, ticks now, sink& out) {
  if (on_air_ != nullptr) leave(now);
  drop_held();
  on_air_ = &from;
  next_ = nullptr;
  started_at_ = now;
  const bool first = !began_;
  began_ = true;
  if (!first) switches_++;
  if (!from.can_be_spliced()) {
    spliced_ = false;
    return false;
  }
  if (!spliced_) {
    begin(from, !first);
    return false;
  }
  tables_.adopt(from.program());
  adopted_ = from.program_version();
  at_units_ = true;
  offset_ = to_pts_tick(now + ahead_ - from.clock().at(now));
  clock_ = from.clock_version();
  reference_ = from.reference();
  for (lane& each : lanes_) {
    each.open = each.half_out = each.check_number = each.ended = false;
    each.renumber = true;
    each.key_pts = each.early_pts = unknown;
    each.times.rejoin();
  }
  keep& kept = from.kept();
  pcr_floor_ = now + ahead_ - static_cast<ticks>(kept.size()) * packet_time;
  if (last_pcr_ != unknown) pcr_floor_ = std::max(pcr_floor_, last_pcr_ + packet_time);
  add_tables(out);
  if (kept.has() == keep::content::nothing) return false;
  kept.hold();
  cursor_ = 0;
  kept_life_ = kept.life();
  catching_up_ = true;
  portion_at_ = now;
  const bool group = kept.has() == keep::content::group;
  portion_ = group ? std::max(least_portion, kept.size() / portions) : kept.size();
  catch_up(now, out);
  return true;
}

// The source on air is to be left. Where the output's clock is then is where it goes on.
void splicer::leave(ticks now) {
  if (spliced_ && on_air_->clock().known() && on_air_->clock_version() == clock_)
    ahead_ = on_air_->clock().at(now) + offset_ - now;
  else if (last_pcr_ != unknown)
    ahead_ = last_pcr_ - last_pcr_at_;
  if (catching_up_) on_air_->kept().release();
  catching_up_ = false;
}

void splicer::forget(const source& gone, ticks now) {
  if (next_ == &gone) next_ = nullptr;
  if (on_air_ != &gone) return;
  leave(now);
  drop_held();
  on_air_ = nullptr;
}

// From here on the output is what this source sends, until another one takes its place.
void splicer::begin(source& from, bool discontinuous) {
  tables_.begin(from.program());
  adopted_ = from.program_version();
  lanes_.clear();
  lane_by_pid_.fill(0);
  offset_ = 0;
  clock_ = from.clock_version();
  reference_ = from.reference();
  last_pcr_ = pcr_floor_ = unknown;
  announce_ = discontinuous;
  at_units_ = false;
  spliced_ = true;
}

// From here on as after a switch: the video from its next key picture on, anything else from its next unit on.
void splicer::close_lanes(bool video_alone) {
  for (lane& each : lanes_) {
    if (video_alone && !each.video) continue;
    each.open = false;
    each.key_pts = unknown;
  }
}

void splicer::catch_up(ticks now, sink& out) {
  if (!catching_up_ || now < portion_at_) return;
  portion_at_ = now + millisecond;
  keep& kept = on_air_->kept();
  if (kept.life() != kept_life_ || kept.overflowed()) {
    // What it was in is no longer there: from the next key picture on.
    close_lanes();
    catching_up_ = false;
    kept.release();
    return;
  }
  const std::size_t end = std::min(cursor_ + portion_, kept.size());
  caught_up_ += end - cursor_;
  for (; cursor_ < end; cursor_++) {
    std::uint8_t packet[packet_size];
    std::memcpy(packet, kept.at(cursor_), packet_size);
    const bool goes_out = rewrite(packet, now);
    add_cut(out);
    if (goes_out) out.add(packet);
  }
  if (cursor_ < kept.size()) return;
  catching_up_ = false;
  // Of the key picture alone: what follows it can't be decoded.
  if (kept.has() == keep::content::picture) close_lanes(true);
  kept.release();
}

// A packet of the source on air, after its verdict was to drop it: goes out if it belongs to what is half out. The
// rest is held back for a moment, for it may be chosen again.
void splicer::finish(const std::uint8_t* from, ticks now, sink& out) {
  if (!spliced_) return;
  const unsigned pid = ts_get_pid(from);
  const source::role is = on_air_->role_of(pid);
  if ((is == source::role::video || is == source::role::track) && tables_.out(pid) != null_pid) {
    lane& to = lane_of(tables_.out(pid));
    to.ended = to.ended || !(ts_get_unitstart(from) ? completes(to, from) : to.half_out);
    if (!to.ended) {
      std::uint8_t packet[packet_size];
      std::memcpy(packet, from, packet_size);
      if (ts_get_unitstart(from)) picture_at_ = now;
      if (rewrite(packet, now)) out.add(packet);
      return;
    }
  }
  if (held_.empty() && !held_too_long_) held_since_ = now;
  held_too_long_ = held_too_long_ || now - held_since_ > longest_hold;
  if (held_too_long_)
    held_.clear();
  else
    held_.insert(held_.end(), from, from + packet_size);
}

// The source on air is chosen again, before another one took its place.
void splicer::resume(ticks now, sink& out) {
  for (lane& each : lanes_)
    each.ended = false;
  if (held_too_long_) close_lanes();
  for (std::size_t at = 0; at < held_.size(); at += packet_size) {
    const bool goes_out = rewrite(held_.data() + at, now);
    add_cut(out);
    if (goes_out) out.add(held_.data() + at);
  }
  drop_held();
}

void splicer::drop_held() {
  held_.clear();
  held_too_long_ = false;
}

// Whether a picture begins here that is shown before one that has gone out.
bool splicer::completes(const lane& to, const std::uint8_t* packet) const {
  const pes unit = ts_get_scrambling(packet) == 0 ? pes_of(packet) : pes();
  if (!to.video || !to.open || unit.pts == unknown || reference_ == unknown) return false;
  return !to.times.complete() && to.times.precedes(unwrap(unit.pts, reference_) + offset_);
}

// Whether the next source's turn has not come: something is half out, or that source has just begun, and its tables
// and its clock are on their way.
bool splicer::waits(ticks now) const {
  const bool unknown_yet = spliced_ && !next_->can_be_spliced() && next_->strange(now) == nullptr;
  return unknown_yet || half_out(now);
}

// Whether something is half out that is worth waiting for: a picture for one and a half of its kind, each of those
// that are shown before it as long, anything else for half of it.
bool splicer::half_out(ticks now) const {
  if (on_air_ == nullptr || !spliced_) return false;
  ticks patience = 40 * millisecond;
  for (const lane& each : lanes_)
    if (each.video) patience = each.times.step();
  patience = std::clamp(patience * 3 / 2, 20 * millisecond, 100 * millisecond);
  if (now - on_air_->last_at() > patience) return false;
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const lane& each) {
    if (each.ended) return false;
    if (!each.video) return each.half_out && now - chosen_at_ < patience / 2;
    const bool more = each.half_out || (each.open && !each.times.complete());
    return more && now - picture_at_ < patience && now - chosen_at_ < most_pictures * patience;
  });
}

}  // namespace ts
