// One output, made of what several sources send in turn: as if it came from one.

#pragma once

#include "packet.hpp"
#include "sound.hpp"
#include "source.hpp"
#include "tables.hpp"
#include "timeline.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ts {

// Takes what goes out.
class sink {
 public:
  virtual ~sink() = default;
  // A datagram as a source sent it, its packets changed in place; stays as it is until the turn is over.
  virtual void pass(std::uint8_t* data, std::size_t size) = 0;
  // A packet, to go out with others; copied.
  virtual void add(const std::uint8_t* packet) = 0;
};

class splicer {
 public:
  // What source::take has just taken of a source, and the verdict's number on it, 0: drop. A number that rose is
  // a switch to this source. Changes the packets in place.
  void take(source& from, std::uint64_t number, std::uint8_t* data, std::size_t size, ticks now, sink& out);

  // While it catches up, somebody has to call catch_up every millisecond.
  bool catching_up() const { return catching_up_; }
  void catch_up(ticks now, sink& out);

  // The source is no longer.
  void forget(const source& gone, ticks now);

  // Of the last switch that was decided. What goes out until it is made, to complete what is half out, goes out
  // under this number, too.
  std::uint64_t number() const { return number_; }
  // Whether a switch was decided that is not made yet.
  bool waiting() const { return next_ != nullptr; }
  // Switches that were made, and what they had to catch up.
  std::uint64_t switches() const { return switches_; }
  std::uint64_t caught_up() const { return caught_up_; }
  // Whether the output is what the source on air sends, as it sends it, because that can't be spliced.
  bool passes_as_is() const { return on_air_ != nullptr && !spliced_; }

 private:
  // A PID of the output.
  struct lane {
    // The last one sent; how far it is ahead of the source's.
    std::uint8_t counter = 0xff, ahead = 0;
    bool open = true;
    // Its counter is to go on with the next packet, whatever that says; or only if that does not go on by itself.
    bool renumber = false, check_number = false;
    // A unit is half out: of so many bytes that are known to be missing, or up to the next unit.
    bool half_out = false, endless = false, video = false;
    // Its source is to be left, and nothing of it is half out any more.
    bool ended = false;
    std::uint32_t missing = 0;
    // Pictures that are shown before the key picture are left out: they need what came before it.
    ticks key_pts = unknown;
    track times;
    // Where its last unit of sound begins, and how long that is.
    ticks sound_at = unknown;
    std::uint8_t sound_type = 0;
    sound_meter sound;
    // After a switch, a unit that may begin before the sound of the source before ends: what has come of it, and when
    // it is shown, by the source's clock.
    std::vector<std::uint8_t> early;
    ticks early_pts = unknown;
    // Where the next unit can begin.
    ticks end() const {
      const ticks length = sound.length();
      return sound_at == unknown || length == unknown ? times.next() : sound_at + length;
    }
  };

  // These say whether the source is on air now, and what was kept of it, what has just come included, on its way.
  bool choose(source& from, ticks now, sink& out);
  bool start(source& from, ticks now, sink& out);

  void begin(source& from, bool discontinuous);
  void leave(ticks now);
  void close_lanes(bool video_alone = false);
  void finish(const std::uint8_t* packet, ticks now, sink& out);
  bool finish_kept(ticks now, sink& out);
  bool completes(const lane& to, const std::uint8_t* packet) const;
  void resume(ticks now, sink& out);
  void drop_held();
  bool waits(ticks now) const;
  bool half_out(ticks now) const;

  // False: the packet does not go out.
  bool rewrite(std::uint8_t* packet, ticks now);
  bool replace_table(lane& to, std::uint8_t* packet, source::role is);
  void take_clock(std::uint8_t* packet, ticks now);
  void change_clock(std::uint8_t* packet, ticks time, ticks now);
  bool enters(lane& to, const std::uint8_t* packet, const pes& unit, ticks now) const;
  static bool follows(const lane& to, ticks pts);
  void collect(lane& to, const std::uint8_t* packet, const pes& unit, unsigned out);
  void cut(lane& to, unsigned out);
  void add_cut(sink& out);
  void stamp(lane& to, std::uint8_t* packet, const pes& unit);
  static void number(lane& to, std::uint8_t* packet);
  static void follow(lane& to, const std::uint8_t* packet, const pes& unit);
  lane& lane_of(unsigned pid);
  void add_tables(sink& out);

  // Of a packet at 1 Gbit/s: PCRs are not closer together.
  static constexpr ticks packet_time = 40;

  std::uint64_t number_ = 0;
  source* on_air_ = nullptr;
  // Chosen, and waiting for its turn.
  source* next_ = nullptr;
  ticks chosen_at_ = 0, picture_at_ = 0;
  bool began_ = false, spliced_ = false;
  // Since a switch, what appears is entered at a unit.
  bool at_units_ = false;

  tables tables_;
  unsigned adopted_ = 0;
  // Packets of the tables that have gone out in place of the source's.
  std::size_t pat_packets_ = 0, pmt_packets_ = 0;
  std::vector<lane> lanes_;
  std::array<std::uint16_t, 0x2000> lane_by_pid_{};

  // How far the output's clock is ahead of the one of the source on air, and, when that left, of the process's.
  ticks offset_ = 0, ahead_ = 0;
  // The source's clock that this is for, and the last PCR of it that went out.
  unsigned clock_ = 0;
  ticks reference_ = unknown;
  ticks last_pcr_ = unknown, last_pcr_at_ = 0, pcr_floor_ = unknown;
  bool announce_ = false;
  ticks started_at_ = 0;

  // Units of sound that were cut, to go out before what is looked at.
  std::vector<std::uint8_t> cut_;

  // What came of the source on air since it is to be left, if that is not too long ago.
  std::vector<std::uint8_t> held_;
  ticks held_since_ = 0;
  bool held_too_long_ = false;

  bool catching_up_ = false;
  // In what the source on air kept: what comes next, and how much of it at a time.
  std::size_t cursor_ = 0, portion_ = 0;
  unsigned kept_life_ = 0;
  ticks portion_at_ = 0;
  std::uint64_t switches_ = 0, caught_up_ = 0;
};

}  // namespace ts
