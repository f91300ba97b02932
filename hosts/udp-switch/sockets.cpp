#include "sockets.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace {

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

in_addr parse_host(const std::string& text) {
  in_addr address;
  if (inet_pton(AF_INET, text.c_str(), &address) != 1)
    throw std::runtime_error(text + ": not an IPv4 address");
  return address;
}

}  // namespace

sockaddr_in parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::size_t end = 0;
  unsigned long port = 0;
  try {
    if (colon != std::string::npos) port = std::stoul(text.substr(colon + 1), &end);
  } catch (const std::logic_error&) {
    port = 0;
  }
  if (port == 0 || port > 65535 || colon + 1 + end != text.size())
    throw std::runtime_error(text + ": want HOST:PORT");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr = parse_host(text.substr(0, colon));
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

descriptor receive_socket(const std::string& text) {
  const std::size_t at = text.find('@');
  const sockaddr_in address = parse_address(text.substr(0, at));
  descriptor socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  const bool multicast = IN_MULTICAST(ntohl(address.sin_addr.s_addr));
  const int on = 1;
  // Only a group may have several listeners; a second one at a host's port is a mistake to be told.
  if (multicast) checked(setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  // A burst waits here while the other inputs are served. The system caps what is asked for.
  const int buffer = 1 << 20;
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  checked(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  if (multicast) {
    ip_mreq membership{};
    membership.imr_multiaddr = address.sin_addr;
    if (at != std::string::npos) membership.imr_interface = parse_host(text.substr(at + 1));
    checked(setsockopt(socket.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership),
            "IP_ADD_MEMBERSHIP");
  }
  return socket;
}

descriptor send_socket() {
  descriptor socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  const int buffer = 4 << 20;
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  return socket;
}
