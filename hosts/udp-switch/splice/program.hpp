// The tables that say what a transport stream has: PAT and PMT.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ts {

struct elementary {
  unsigned pid = 0;
  std::uint8_t type = 0;
  // As they stand in the table.
  std::vector<std::uint8_t> descriptors;
};

// A transport stream with one program, as its tables say it.
struct program {
  unsigned number = 0, pmt_pid = 0, pcr_pid = 0;
  std::vector<elementary> streams;
  // The sections themselves.
  std::vector<std::uint8_t> pat, pmt;
};

// What a PAT says.
struct association {
  // Of those that are no network information: how many; the last one's number and PID.
  unsigned programs = 0, number = 0, pmt_pid = 0;
};

// Both take a whole section with a right checksum; false: it is none of these, is not to be used yet, or names PIDs
// that can't be meant: those that are reserved, and, in a PMT, its own.
bool read_pat(const std::vector<std::uint8_t>& section, association& into);
bool read_pmt(const std::vector<std::uint8_t>& section, unsigned pmt_pid, program& into);

// Puts together the sections of one PID.
class section_reader {
 public:
  void reset();
  // Takes the next packet of the PID. What is whole then, with a right checksum, is in sections().
  void take(const std::uint8_t* packet);
  const std::vector<std::vector<std::uint8_t>>& sections() const { return whole_; }

 private:
  void add(const std::uint8_t* data, std::size_t size);

  static constexpr std::size_t largest = 1024;
  std::array<std::uint8_t, largest> bytes_{};
  std::size_t size_ = 0;
  // Whether the bytes that come belong to a section whose beginning is known.
  bool inside_ = false;
  std::uint8_t counter_ = 0xff;
  std::vector<std::vector<std::uint8_t>> whole_;
};

// The packets that carry a section, or a unit, without counters.
std::vector<std::uint8_t> packets_of(const std::vector<std::uint8_t>& section, unsigned pid);
std::vector<std::uint8_t> packets_of_unit(const std::vector<std::uint8_t>& unit, unsigned pid);

}  // namespace ts
