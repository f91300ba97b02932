// The way of a packet: from the socket of a running session, past changeover, to the output.

#pragma once

#include "sockets.hpp"
#include "ts.hpp"

#include <changeover.hpp>

#include <array>
#include <cstdint>

struct totals {
  std::uint64_t received = 0;
  std::uint64_t forwarded = 0;
  // Not MPEG-TS: no sign of life.
  std::uint64_t malformed = 0;
  // Refused by the system when sent.
  std::uint64_t unsent = 0;
};

// One session: a socket that is open between a start and its stop.
struct session {
  std::uint64_t number;
  descriptor socket;
  changeover::input input;
  sockaddr_in output;
  ts::inspector inspector;
  // TS packets missing that do not make a datagram yet.
  std::uint32_t missing = 0;
};

// Memory for one round of datagrams, and the socket they leave through.
class relay {
 public:
  relay();

  // Takes what has come for a session, at most a round of it, so that every session gets its turn.
  void receive(session& from);

  const totals& counted() const { return totals_; }

 private:
  static constexpr std::size_t round = 16;
  static constexpr std::size_t largest = 2048;

  void send(std::size_t count);

  descriptor output_;
  totals totals_;
  std::array<std::array<std::uint8_t, largest>, round> buffers_;
  std::array<iovec, round> in_parts_, out_parts_;
  std::array<mmsghdr, round> in_, out_;
};
