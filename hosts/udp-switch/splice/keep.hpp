// What a source sent from its last key picture on: with it, another source's place can be taken at once.

#pragma once

#include "clock.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ts {

// How much is kept of each source.
struct keep_limits {
  ticks time = second;
  std::size_t bytes = 1'000'000;
};

class keep {
 public:
  explicit keep(const keep_limits& limits) : limits_(limits) {}
  // From the next packet on.
  void set_limits(const keep_limits& limits) { limits_ = limits; }

  // The next packet begins a picture of the video, at which decoding can begin or not.
  void picture(bool key, ticks now);
  // A packet of the video, or of anything else; of that, where it can be entered.
  enum class begins : std::uint8_t { nothing, unit, sound };
  void add(const std::uint8_t* packet, unsigned pid, bool video, begins what, ticks now);
  // What came before is of no use.
  void clear();

  enum class content {
    nothing,
    // Everything since the last key picture: packets that come are kept, too.
    group,
    // The group became too long, or too large: its key picture alone, after what else began last.
    picture,
  };
  content has() const { return content_; }

  // Packets, in order. Before the key picture stands what else of the program began last before it: a unit of
  // everything, and the sound of half a second, since sources differ in how much later it comes.
  std::size_t size() const { return content_ == content::nothing ? 0 : count() + key_picture_.size() / 188; }
  const std::uint8_t* at(std::size_t index) const {
    return index < count() ? bytes_.data() + index * 188 : key_picture_.data() + (index - count()) * 188;
  }

  // While it is held, nothing is given away, and at() stays as it is. Released, it begins at the last key
  // picture.
  void hold() { held_ = true; }
  void release();
  // Counts how often all of it was given up.
  unsigned life() const { return life_; }
  // Held for too long.
  bool overflowed() const { return bytes_.size() > 2 * limits_.bytes + 1'000'000; }

 private:
  std::size_t count() const { return bytes_.size() / 188; }
  bool has_begun(unsigned pid) const;
  void begin(std::size_t at);
  void cut();

  keep_limits limits_;
  content content_ = content::nothing;
  unsigned life_ = 0;
  bool held_ = false, in_key_picture_ = false;
  // Without a group, what is not of the video, and the key picture for itself.
  std::vector<std::uint8_t> bytes_, key_picture_;
  // Where the key picture begins.
  std::size_t key_ = 0;
  ticks key_at_ = 0;
  // Begun while held.
  bool next_ = false;
  std::size_t next_key_ = 0;
  // Where the key picture ends.
  std::size_t picture_ = 0;
  // Where units begin that can be entered, in order.
  struct begun {
    unsigned pid;
    std::size_t place;
    ticks at;
  };
  std::vector<begun> units_;
};

}  // namespace ts
