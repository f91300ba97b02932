#include "relay.hpp"

#include <sys/socket.h>

// TS packets in a full datagram: what continuity counters miss is reported in datagrams.
static constexpr std::uint32_t per_datagram = 7;

relay::relay() : output_(send_socket()), in_{}, out_{} {
  for (std::size_t i = 0; i < round; i++) {
    in_parts_[i] = {buffers_[i].data(), largest};
    in_[i].msg_hdr.msg_iov = &in_parts_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    out_[i].msg_hdr.msg_iov = &out_parts_[i];
    out_[i].msg_hdr.msg_iovlen = 1;
    out_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
  }
}

void relay::receive(session& from) {
  // Nothing left, or an error: the engine notices the silence.
  const int count = recvmmsg(from.socket.get(), in_.data(), round, 0, nullptr);
  std::size_t forwarded = 0;
  for (int i = 0; i < count; i++) {
    const std::size_t size = in_[i].msg_len;
    const bool whole = (in_[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
    const ts::findings found = whole ? from.inspector.inspect(buffers_[i].data(), size) : ts::findings{};
    totals_.received++;
    if (!found.valid) {
      totals_.malformed++;
      continue;
    }
    from.missing += found.missing;
    if (from.missing >= per_datagram) {
      from.input.record_lost(from.missing / per_datagram);
      from.missing %= per_datagram;
    }
    // One thread carries all inputs, so a verdict can't be overtaken by another one. Hosts with a
    // thread for each input compare its number with the last one written, under their lock.
    if (from.input.record(static_cast<std::uint32_t>(size), found.flags).forward()) {
      out_parts_[forwarded] = {buffers_[i].data(), size};
      out_[forwarded].msg_hdr.msg_name = &from.output;
      forwarded++;
    }
  }
  send(forwarded);
}

void relay::send(std::size_t count) {
  for (std::size_t at = 0; at < count;) {
    const int sent = sendmmsg(output_.get(), &out_[at], static_cast<unsigned>(count - at), 0);
    if (sent > 0) {
      at += static_cast<std::size_t>(sent);
      totals_.forwarded += static_cast<std::uint64_t>(sent);
    } else {
      // The first one was refused: a full buffer, or an earlier "port unreachable".
      at++;
      totals_.unsent++;
    }
  }
}
