// File descriptors that close themselves, and UDP sockets.

#pragma once

#include <netinet/in.h>
#include <unistd.h>

#include <string>
#include <utility>

class descriptor {
 public:
  descriptor() noexcept = default;
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

// [udp://|rtp://]HOST:PORT[@INTERFACE], in numbers. The interface is for multicast.
struct endpoint {
  // As it was written.
  std::string text;
  bool rtp = false;
  sockaddr_in address{};
  in_addr interface {};
};

// Throws std::runtime_error.
endpoint parse_endpoint(const std::string& text);

// A socket that receives what is sent there: to this host, or to a group, which it joins.
descriptor receive_socket(const endpoint& from);
// One to send from; to groups, by this interface.
descriptor send_socket(in_addr interface);
