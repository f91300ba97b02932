// Sources of MPEG-TS in virtual time, for the tests: every picture and every unit of sound says what it is.

#pragma once

#include "../clock.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ts::test {

using bytes = std::vector<std::uint8_t>;

// What a source sends.
struct shape {
  std::uint8_t id = 1;
  unsigned video = 0x100, audio = 0x101, pmt = 0x1000, number = 1, transport = 1;
  std::uint8_t video_type = 0x1b, audio_type = 0x0f;
  // Whether key pictures are flagged; parameter sets they have.
  bool random_access = true;
  int fps = 25, group = 25, b_frames = 0;
  // Two pictures after each key picture are shown before it.
  bool open_group = false;
  // Null packets make the rate constant.
  bool constant_rate = false;
  bool scrambled = false, second_program = false, has_tables = true;
  // The PMT comes two pictures after the PAT.
  bool late_pmt = false;
  std::size_t key_size = 9000, picture_size = 2500;
  // What its clock shows at the start; how much too fast it is; how long before its time a picture comes.
  ticks begin = 0;
  double ppm = 0;
  ticks delay = 300 * millisecond;
  // Sound in frames of MPEG audio of 24 ms, so many in a unit, each of which says what it is; 0: one without frames
  // for each picture. How much later than their time they come.
  int frames = 0;
  ticks sound_late = 0;
  // A PID with a cue at each key picture, for one second later; 0: none.
  unsigned cues = 0;
  // A PID that no table lists, with a packet for each picture; 0: none.
  unsigned private_pid = 0;
};

struct datagram {
  ticks at;
  bytes data;
};

class maker {
 public:
  maker(const shape& what, ticks start) : what_(what), start_(start) {}

  // The next datagram, and when it is due.
  const datagram& next();
  void take() { ready_++; }

  // From the next picture on, the clock shows this, and numbers begin anew: another encoder sends.
  void restart(ticks begin);
  // What it sends from the next picture on.
  shape& what() { return what_; }

 private:
  void picture();
  void add(unsigned pid, const bytes& payload, bool starts_unit, bool random_access, bool clock);
  void add_unit(unsigned pid, const bytes& unit, bool random_access, bool clock);
  void add_pat();
  void add_pmt();
  void add_section(const std::uint8_t* section, unsigned pid);

  shape what_;
  ticks start_;
  // Pictures since the last restart, and when that was.
  std::int64_t count_ = 0;
  std::uint32_t name_ = 0;
  std::uint8_t version_ = 0;
  std::uint32_t frame_ = 0;
  std::uint8_t counters_[0x2000] = {};
  std::vector<bytes> packets_;
  std::vector<datagram> datagrams_;
  std::size_t ready_ = 0;
};

// A frame of MPEG audio that says which source it is from, and which one it is.
bytes sound_frame_of(std::uint8_t id, std::uint32_t number);
// A cue of SCTE 35, as a section: time_signal.
bytes cue_for(ticks time);
// The contents of a unit: which source, which number, how long; and the rest follows from that.
bytes contents(std::uint8_t id, std::uint32_t name, std::size_t size);
// Whether these are the contents of a unit, whole.
bool whole(const std::uint8_t* data, std::size_t size, std::uint8_t& id, std::uint32_t& name);

}  // namespace ts::test
