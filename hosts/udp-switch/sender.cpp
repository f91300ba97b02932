#include "sender.hpp"

#include <sys/socket.h>

#include <cstring>

sender::sender() {
  for (std::size_t i = 0; i < most; i++) {
    parts_[i][0] = {headers_[i].data(), 0};
    messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
  }
}

int sender::socket_for(in_addr interface) {
  auto found = sockets_.find(interface.s_addr);
  if (found == sockets_.end()) found = sockets_.emplace(interface.s_addr, send_socket(interface)).first;
  return found->second.get();
}

void sender::begin(output& to, ts::ticks now) {
  if (to.socket != socket_) flush();
  socket_ = to.socket;
  to_ = &to;
  now_ = now;
}

void sender::pass(std::uint8_t* data, std::size_t size) {
  end();
  push(data, size);
}

void sender::add(const std::uint8_t* packet) {
  std::memcpy(made_[count_].data() + packets_ * ts::packet_size, packet, ts::packet_size);
  if (++packets_ == per_datagram) end();
}

// Closes the datagram that packets were added to.
void sender::end() {
  if (packets_ == 0) return;
  const std::size_t size = packets_ * ts::packet_size;
  packets_ = 0;
  push(made_[count_].data(), size);
}

void sender::push(std::uint8_t* data, std::size_t size) {
  msghdr& message = messages_[count_].msg_hdr;
  outputs_[count_] = to_;
  parts_[count_][1] = {data, size};
  message.msg_name = &to_->to.address;
  message.msg_iov = to_->to.rtp ? parts_[count_].data() : parts_[count_].data() + 1;
  message.msg_iovlen = to_->to.rtp ? 2 : 1;
  if (to_->to.rtp)
    parts_[count_][0].iov_len =
        to_->numbers.write(headers_[count_].data(), now_, to_->element, to_->splice.number());
  if (++count_ == most) flush();
}

void sender::flush() {
  for (std::size_t at = 0; at < count_;) {
    const int sent = sendmmsg(socket_, &messages_[at], static_cast<unsigned>(count_ - at), 0);
    for (int i = 0; i < sent; i++, at++) {
      datagrams_++;
      outputs_[at]->datagrams++;
      outputs_[at]->bytes += parts_[at][1].iov_len;
    }
    if (sent > 0) continue;
    // The first one was refused: a full buffer, or an earlier "port unreachable".
    unsent_++;
    outputs_[at++]->unsent++;
  }
  count_ = 0;
}
