#include "keep.hpp"

#include "packet.hpp"

#include <algorithm>
#include <array>

namespace ts {

// How much sound is kept from before the key picture.
static constexpr ticks sound_before = second / 2;

void keep::picture(bool key, ticks now) {
  if (key) {
    key_picture_.clear();
    if (held_) {
      next_ = true;
      next_key_ = count();
    } else {
      begin(count());
    }
    content_ = content::group;
    key_at_ = now;
    in_key_picture_ = true;
    picture_ = 0;
  } else {
    in_key_picture_ = false;
  }
}

void keep::add(const std::uint8_t* packet, unsigned pid, bool video, begins what, ticks now) {
  const bool in_group = content_ == content::group, enters = !video && what != begins::nothing;
  if (!in_group && !enters && (video || !has_begun(pid))) return;
  if (enters) {
    const ticks since = what == begins::sound ? now - sound_before : now;
    units_.erase(std::remove_if(units_.begin(), units_.end(),
                                [&](const begun& unit) { return unit.pid == pid && unit.at <= since; }),
                 units_.end());
    units_.push_back({pid, count(), now});
    if (!in_group) begin(count());
  }
  if (bytes_.size() + packet_size > bytes_.capacity()) {
    // Doubling, but not beyond what is needed at most.
    const std::size_t doubled = std::max<std::size_t>(bytes_.capacity() * 2, 256 * packet_size);
    const std::size_t most = limits_.bytes + packet_size;
    bytes_.reserve(bytes_.size() + packet_size > most ? doubled : std::min(doubled, most));
  }
  bytes_.insert(bytes_.end(), packet, packet + packet_size);
  if (in_key_picture_ && video) picture_ = count();
  if (held_) return;
  if (in_group && (now - key_at_ > limits_.time || bytes_.size() > limits_.bytes)) cut();
  if (content_ != content::group && bytes_.size() > limits_.bytes) {
    bytes_.clear();
    units_.clear();
  }
}

bool keep::has_begun(unsigned pid) const {
  return std::any_of(units_.begin(), units_.end(), [&](const begun& unit) { return unit.pid == pid; });
}

void keep::clear() {
  life_++;
  content_ = content::nothing;
  held_ = in_key_picture_ = next_ = false;
  bytes_.clear();
  key_picture_.clear();
  units_.clear();
  key_ = picture_ = 0;
}

void keep::release() {
  held_ = false;
  if (next_) begin(next_key_);
}

// Forgets what stands before the packet at this place, but for what was begun there and is not of the video.
void keep::begin(std::size_t at) {
  std::size_t to = 0, entered = 0;
  // Of each PID, what comes from its first unit on.
  std::array<bool, pid_count> stays{};
  for (std::size_t i = units_.empty() ? at : units_.front().place; i < at; i++) {
    const std::uint8_t* packet = bytes_.data() + i * packet_size;
    const unsigned pid = ts_get_pid(packet);
    const bool enters = entered < units_.size() && units_[entered].place == i;
    if (enters) stays[pid] = true;
    if (!stays[pid]) continue;
    if (enters) units_[entered++].place = to;
    std::copy_n(packet, packet_size, bytes_.data() + to * packet_size);
    to++;
  }
  for (; entered < units_.size(); entered++)
    units_[entered].place = units_[entered].place - at + to;
  bytes_.erase(bytes_.begin() + static_cast<std::ptrdiff_t>(to * packet_size),
               bytes_.begin() + static_cast<std::ptrdiff_t>(at * packet_size));
  if (picture_ > at) picture_ = picture_ - at + to;
  key_ = to;
  next_ = false;
}

// The group is given up: of the video the key picture is left, if that has ended.
void keep::cut() {
  content_ = content::nothing;
  if (!in_key_picture_) {
    content_ = content::picture;
    const unsigned video = ts_get_pid(bytes_.data() + key_ * packet_size);
    for (std::size_t i = key_; i < picture_; i++) {
      const std::uint8_t* packet = bytes_.data() + i * packet_size;
      if (ts_get_pid(packet) == video) key_picture_.insert(key_picture_.end(), packet, packet + packet_size);
    }
  }
  in_key_picture_ = false;
  begin(count());
}

}  // namespace ts
