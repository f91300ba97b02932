// Chance: of a seed, or as somebody has thought of who looks for the worst.

#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace ts::test {

class dice {
 public:
  explicit dice(std::uint32_t seed) : random_(seed) {}
  // What these bytes say; behind their end, always the first possibility.
  dice(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size), of_bytes_(true) {}

  int below(int limit) {
    const std::uint32_t many = static_cast<std::uint32_t>(limit);
    if (!of_bytes_) return static_cast<int>(static_cast<std::uint32_t>(random_()) % many);
    std::uint32_t number = 0;
    for (std::uint32_t most = many - 1; most > 0 && next_ != end_; most >>= 8)
      number = number << 8 | *next_++;
    return static_cast<int>(number % many);
  }
  bool one_in(int many) { return below(many) == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }
  // There is more to come.
  bool has_more() const { return !of_bytes_ || next_ != end_; }

 private:
  std::mt19937 random_;
  const std::uint8_t *next_ = nullptr, *end_ = nullptr;
  bool of_bytes_ = false;
};

}  // namespace ts::test
