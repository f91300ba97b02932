// What goes out in a turn of the loop, of all outputs, in as few system calls as possible.

#pragma once

#include "rtp.hpp"
#include "sockets.hpp"
#include "splice/splicer.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>

// Where a stream goes, and what makes it one.
struct output {
  std::string stream;
  endpoint to;
  int socket = -1;
  rtp::numbering numbers;
  // Of its header extension, for the switch number; 0: without.
  unsigned element = 0;
  ts::splicer splice;
  ts::keep_limits limits;
  std::uint64_t datagrams = 0, bytes = 0, unsent = 0;
  // In the relay's list of those that have something to catch up.
  bool listed = false;
};

class sender final : public ts::sink {
 public:
  sender();

  // The socket to send from by this interface.
  int socket_for(in_addr interface);

  // What follows is for this output, until end().
  void begin(output& to, ts::ticks now);
  void pass(std::uint8_t* data, std::size_t size) override;
  void add(const std::uint8_t* packet) override;
  void end();
  // Sends everything. Until then, what was passed has to stay where it is.
  void flush();

  std::uint64_t datagrams() const { return datagrams_; }
  std::uint64_t unsent() const { return unsent_; }

 private:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t per_datagram = 7;

  void push(std::uint8_t* data, std::size_t size);

  std::map<std::uint32_t, descriptor> sockets_;
  output* to_ = nullptr;
  ts::ticks now_ = 0;
  std::size_t count_ = 0, packets_ = 0;
  int socket_ = -1;
  std::uint64_t datagrams_ = 0, unsent_ = 0;
  std::array<std::array<std::uint8_t, rtp::extended_size>, most> headers_;
  // Of datagrams that are put together here.
  std::array<std::array<std::uint8_t, per_datagram * ts::packet_size>, most> made_;
  std::array<output*, most> outputs_;
  std::array<std::array<iovec, 2>, most> parts_;
  std::array<mmsghdr, most> messages_{};
};
