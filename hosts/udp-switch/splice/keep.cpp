#include "keep.hpp"

#include "packet.hpp"

#include <algorithm>

namespace ts {

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

void keep::add(const std::uint8_t* packet, unsigned pid, bool video, bool begins_unit, ticks now) {
  if (content_ != content::group) return;
  if (!video && begins_unit) {
    const auto known =
        std::find_if(units_.begin(), units_.end(), [&](const auto& unit) { return unit.first == pid; });
    if (known != units_.end())
      known->second = size();
    else
      units_.emplace_back(pid, size());
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
  std::size_t to = 0;
  std::vector<std::pair<unsigned, std::size_t>> kept;
  std::size_t first = at;
  for (const auto& unit : units_)
    first = std::min(first, unit.second);
  for (std::size_t i = first; i < at; i++) {
    const unsigned pid = ts_get_pid(this->at(i));
    const auto unit =
        std::find_if(units_.begin(), units_.end(), [&](const auto& u) { return u.first == pid; });
    if (unit == units_.end() || unit->second > i) continue;
    if (unit->second == i) kept.emplace_back(pid, to);
    std::copy_n(this->at(i), packet_size, bytes_.data() + to * packet_size);
    to++;
  }
  for (const auto& [pid, place] : units_)
    if (place >= at) kept.emplace_back(pid, place - at + to);
  bytes_.erase(bytes_.begin() + static_cast<std::ptrdiff_t>(to * packet_size),
               bytes_.begin() + static_cast<std::ptrdiff_t>(at * packet_size));
  if (picture_ > at) picture_ = picture_ - at + to;
  key_ = to;
  units_ = std::move(kept);
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
