#include "relay.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <ctime>

namespace {

// TS packets in a full datagram: what continuity counters miss is reported in datagrams.
constexpr std::uint64_t per_datagram = 7;

}  // namespace

ts::ticks now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return ts::from_nanoseconds(time.tv_sec * 1'000'000'000 + time.tv_nsec);
}

relay::relay() {
  for (std::size_t i = 0; i < round; i++) {
    parts_[i] = {buffers_[i].data(), largest};
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

const char* relay::receive(session& from) {
  // The table may say something else by now.
  from.source.kept().set_limits(from.to->limits);
  // Nothing left, or an error: the engine notices the silence.
  const int count = recvmmsg(from.socket.get(), messages_.data(), round, 0, nullptr);
  const ts::ticks at = now();
  for (int i = 0; i < count; i++) {
    totals_.received++;
    from.received++;
    const std::size_t size = messages_[i].msg_len;
    if ((messages_[i].msg_hdr.msg_flags & MSG_TRUNC) == 0) {
      take(from, buffers_[i].data(), size, at);
    } else {
      totals_.malformed++;
      from.malformed++;
    }
  }
  sender_.flush();
  if (from.to->splice.catching_up() && !from.to->listed) {
    from.to->listed = true;
    catching_up_.push_back(from.to);
  }
  if (from.told) return nullptr;
  const char* strange = from.source.strange(at);
  from.told = strange != nullptr;
  return strange;
}

void relay::take(session& from, std::uint8_t* data, std::size_t size, ts::ticks at) {
  const std::size_t whole = size;
  std::uint64_t lost = 0;
  bool valid = true;
  if (from.rtp) {
    const rtp::payload payload = rtp::payload_of(data, size);
    valid = payload.data != nullptr;
    if (valid) {
      lost = from.rtp_loss.packet({data, size});
      size = payload.size;
      data += payload.data - data;
    }
  }
  const ts::findings found = valid ? from.source.take(data, size, at) : ts::findings{};
  if (!found.valid) {
    totals_.malformed++;
    from.malformed++;
    return;
  }
  if (!from.rtp) {
    from.missing += from.ts_loss.packets({data, size});
    lost = from.missing / per_datagram;
    from.missing %= per_datagram;
  }
  if (lost > 0) {
    from.lost += lost;
    from.input.record_lost(lost);
  }
  // One thread carries all inputs, so a verdict can't be overtaken by another one. Hosts with a thread for each
  // input compare its number with the last one written, under their lock.
  const std::uint64_t number = from.input.record(static_cast<std::uint32_t>(whole), found.flags).number();
  sender_.begin(*from.to, at);
  from.to->splice.take(from.source, number, data, size, at, sender_);
  sender_.end();
}

void relay::catch_up() {
  const ts::ticks at = now();
  for (output* to : catching_up_) {
    sender_.begin(*to, at);
    to->splice.catch_up(at, sender_);
    sender_.end();
    to->listed = to->splice.catching_up();
  }
  sender_.flush();
  catching_up_.erase(
      std::remove_if(catching_up_.begin(), catching_up_.end(), [](output* to) { return !to->listed; }),
      catching_up_.end());
}

void relay::forget(const session& gone) { gone.to->splice.forget(gone.source, now()); }

void relay::forget(const output& gone) {
  catching_up_.erase(std::remove(catching_up_.begin(), catching_up_.end(), &gone), catching_up_.end());
}
