// The output's program: which PID of a source goes out as which, and the tables that say so.

#pragma once

#include "program.hpp"

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

namespace ts {

// Streams of the same type and description keep their PID whichever source they come from; the tables' versions
// rise when what they say has changed, and only then.
class tables {
 public:
  // The first source's program becomes the output's; its tables and PIDs are passed on as they are.
  void begin(const program& first);
  // Another source's, or the same one's after a change.
  void adopt(const program& source);

  // The PID in the output; null_pid: it does not go out, because another stream has its PID.
  unsigned out(unsigned pid) const { return out_[pid]; }
  // Packets of the tables, without counters.
  const std::vector<std::uint8_t>& pat() const { return pat_packets_; }
  const std::vector<std::uint8_t>& pmt() const { return pmt_packets_; }
  // Whether the source's own say the same, so that their packets may pass.
  bool same_pat() const { return same_pat_; }
  bool same_pmt() const { return same_pmt_; }

 private:
  // A stream that the output has or once had. Of those that it had, the last ones are remembered: a table can't list
  // more than 202 with their clock.
  struct assigned {
    unsigned pid;
    std::uint8_t type;
    std::vector<std::uint8_t> descriptors;
    bool used;
  };

  unsigned assign(const elementary& stream);
  bool taken(unsigned pid) const;

  static constexpr std::size_t most_streams = 256;

  unsigned transport_ = 0, number_ = 0, pmt_pid_ = 0;
  std::vector<assigned> streams_;
  // By PID, whether one of them has it.
  std::bitset<0x2000> of_streams_;
  std::array<std::uint16_t, 0x2000> out_{};
  std::vector<std::uint8_t> pat_, pmt_, pat_packets_, pmt_packets_;
  bool same_pat_ = true, same_pmt_ = true;
};

}  // namespace ts
