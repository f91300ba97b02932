// File descriptors that close themselves, and UDP sockets.

#pragma once

#include <netinet/in.h>
#include <unistd.h>

#include <string>
#include <utility>

class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// HOST:PORT, in numbers. Throws std::runtime_error.
sockaddr_in parse_address(const std::string& text);

// Receives at HOST:PORT, or from a multicast GROUP:PORT, which may be followed by @INTERFACE (its
// address). Throws std::system_error or std::runtime_error.
descriptor receive_socket(const std::string& address);

// Sends to wherever it is told. Throws std::system_error.
descriptor send_socket();
