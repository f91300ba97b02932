// Printing that waits for nobody: not for a pipe whose reader has stalled, not for a full disk.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

// A descriptor, and the thread that writes to it. Texts come out whole and in order.
class printer {
 public:
  // So many bytes may wait for the reader; what is printed then is dropped.
  static constexpr std::size_t limit = 256 * 1024;

  // Where texts were dropped, `gap` is written, followed by their number; nothing if it is empty.
  printer(int fd, std::string gap);
  // Gives the reader a second to take what waits.
  ~printer();
  printer(const printer&) = delete;
  printer& operator=(const printer&) = delete;

  // Takes the text, or drops it and says false. Any thread; never waits for the descriptor.
  bool print(std::string text);

  // How many texts were dropped, or refused by the descriptor (a full disk, a reader that is gone).
  std::uint64_t dropped() const;

 private:
  struct shared;
  static void write_all(const std::shared_ptr<shared>& shared);

  std::shared_ptr<shared> shared_;
};
