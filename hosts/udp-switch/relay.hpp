// The way of a packet: from the socket of a running session, past changeover, through the splicer, to the output.

#pragma once

#include "sender.hpp"
#include "sockets.hpp"
#include "splice/source.hpp"

#include <changeover.hpp>

#include <array>
#include <cstdint>
#include <vector>

struct totals {
  std::uint64_t received = 0;
  // Not MPEG-TS, or not RTP: no sign of life.
  std::uint64_t malformed = 0;
};

// One session: a socket that is open between a start and its stop.
struct session {
  explicit session(output& to) : to(&to), source(to.limits) {}

  std::uint64_t number = 0;
  std::int32_t priority = 0;
  bool rtp = false;
  descriptor socket;
  changeover::input input;
  output* to;
  ts::source source;
  changeover::ts_loss ts_loss;
  changeover::rtp_loss rtp_loss;
  // TS packets missing that do not make a datagram yet.
  std::uint64_t missing = 0;
  std::uint64_t received = 0, malformed = 0, lost = 0;
  // It was told that it can't be spliced.
  bool told = false;
};

class relay {
 public:
  relay();

  // Takes what has come for a session, at most a round of it, so that every session gets its turn. The text says
  // why its packets pass as they are, once; else nullptr.
  const char* receive(session& from);

  // Whether some output has more to send than its sources do; then this is to be called every millisecond.
  bool catching_up() const { return !catching_up_.empty(); }
  void catch_up();

  // The session ends.
  void forget(const session& gone);
  // So does the output.
  void forget(const output& gone);

  int socket_for(in_addr interface) { return sender_.socket_for(interface); }
  const totals& counted() const { return totals_; }
  const sender& sent() const { return sender_; }

 private:
  static constexpr std::size_t round = 16;
  static constexpr std::size_t largest = 2048;

  void take(session& from, std::uint8_t* data, std::size_t size, ts::ticks now);

  sender sender_;
  totals totals_;
  std::vector<output*> catching_up_;
  std::array<std::array<std::uint8_t, largest>, round> buffers_;
  std::array<iovec, round> parts_;
  std::array<mmsghdr, round> messages_{};
};

// The process's clock.
ts::ticks now();
