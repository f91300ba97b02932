#include "keep.hpp"

#include "packet.hpp"

#include <algorithm>
#include <array>

namespace ts {

// How much sound is kept from before the key picture.
static constexpr ticks sound_before = second / 2;

void keep::picture(bool key, ticks now) {
  if (key) {
    if (content_ != content::group) clear();
    if (held_) {
      next_ = true;
      next_key_ = size();
    } else {
      begin(size());
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
  if (content_ != content::group) return;
  if (!video && what != begins::nothing) {
    const ticks since = what == begins::sound ? now - sound_before : now;
    units_.erase(std::remove_if(units_.begin(), units_.end(),
                                [&](const begun& unit) { return unit.pid == pid && unit.at <= since; }),
                 units_.end());
    units_.push_back({pid, size(), now});
  }
  if (bytes_.size() + packet_size > bytes_.capacity()) {
    // Doubling, but not beyond what is needed at most.
    const std::size_t doubled = std::max<std::size_t>(bytes_.capacity() * 2, 256 * packet_size);
    const std::size_t most = limits_.bytes + packet_size;
    bytes_.reserve(bytes_.size() + packet_size > most ? doubled : std::min(doubled, most));
  }
  bytes_.insert(bytes_.end(), packet, packet + packet_size);
  if (in_key_picture_ && video) picture_ = size();
  if (!held_ && (now - key_at_ > limits_.time || bytes_.size() > limits_.bytes)) cut();
}

void keep::clear() {
  life_++;
  content_ = content::nothing;
  held_ = in_key_picture_ = next_ = false;
  bytes_.clear();
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
    const unsigned pid = ts_get_pid(this->at(i));
    const bool enters = entered < units_.size() && units_[entered].place == i;
    if (enters) stays[pid] = true;
    if (!stays[pid]) continue;
    if (enters) units_[entered++].place = to;
    std::copy_n(this->at(i), packet_size, bytes_.data() + to * packet_size);
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

// Down to the key picture, if that has ended.
void keep::cut() {
  if (in_key_picture_) {
    clear();
    return;
  }
  const unsigned video = key_ < size() ? ts_get_pid(at(key_)) : null_pid;
  std::size_t to = 0;
  for (std::size_t i = key_; i < picture_; i++)
    if (ts_get_pid(at(i)) == video) std::copy_n(at(i), packet_size, bytes_.data() + to++ * packet_size);
  bytes_.resize(to * packet_size);
  units_.clear();
  key_ = 0;
  content_ = content::picture;
}

}  // namespace ts
