// Looks at an output as a decoder and an analyser do.

#pragma once

#include "../clock.hpp"
#include "../packet.hpp"
#include "../program.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ts::test {

// A picture or a unit of sound.
struct unit {
  // When its first and its last byte came.
  ticks at = 0, until = 0;
  ticks pts = 0, dts = 0;
  bool key = false, broken = false;
  std::uint8_t id = 0;
  std::uint32_t name = 0;
};

// A frame of sound.
struct heard {
  std::uint8_t id;
  std::uint32_t number;
  ticks at, pts;
};

struct clock_sample {
  ticks at, shows;
};

class checker {
 public:
  void take(const std::uint8_t* data, std::size_t size, ticks now);
  // Ends what is not ended.
  void finish();

  // How often each thing was wrong. None: it is as it should be.
  std::map<std::string, int> errors;
  std::vector<unit> pictures, sounds;
  std::vector<heard> frames;
  std::vector<clock_sample> clocks;
  // For how long after the clock's time each cue was.
  std::vector<ticks> cues;
  int discontinuities = 0, nulls = 0, packets = 0, others = 0;
  // Of the tables: how often they said something new.
  int programs = 0;
  ts::program program;

 private:
  struct pid_state {
    std::uint8_t counter = 0xff;
    ticks last_dts = unknown;
    std::vector<std::uint8_t> unit;
    bool open = false, key = false, video = false;
    ticks at = 0, until = 0, pts = 0, dts = 0;
  };
  void packet(const std::uint8_t* packet, ticks now);
  void end(pid_state& state);
  bool take_frames(const pid_state& state);
  void take_cue(const std::uint8_t* packet);
  void take_table(const std::vector<std::uint8_t>& section);
  const elementary* stream_of(unsigned pid) const;

  std::map<unsigned, pid_state> pids_;
  section_reader pat_, pmt_;
  ticks last_clock_ = unknown, last_time_ = 0;
};

}  // namespace ts::test
