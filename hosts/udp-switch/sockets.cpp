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

// What is asked for, if this process may; else what the system's limit leaves of it (net.core.rmem_max, wmem_max).
void set_buffer(int socket, int forced, int usual, int size) {
  if (setsockopt(socket, SOL_SOCKET, forced, &size, sizeof size) != 0)
    setsockopt(socket, SOL_SOCKET, usual, &size, sizeof size);
}

in_addr parse_host(const std::string& text) {
  in_addr address;
  if (inet_pton(AF_INET, text.c_str(), &address) != 1)
    throw std::runtime_error(text + ": not an IPv4 address");
  return address;
}

}  // namespace

endpoint parse_endpoint(const std::string& text) {
  endpoint found;
  found.text = text;
  std::string rest = text;
  const std::size_t scheme = rest.find("://");
  if (scheme != std::string::npos) {
    const std::string name = rest.substr(0, scheme);
    if (name != "udp" && name != "rtp") throw std::runtime_error(text + ": want udp:// or rtp://");
    found.rtp = name == "rtp";
    rest = rest.substr(scheme + 3);
  }
  const std::size_t at = rest.find('@');
  if (at != std::string::npos) {
    found.interface = parse_host(rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
  const std::size_t colon = rest.rfind(':');
  std::size_t end = 0;
  unsigned long port = 0;
  try {
    if (colon != std::string::npos) port = std::stoul(rest.substr(colon + 1), &end);
  } catch (const std::logic_error&) {
    port = 0;
  }
  if (port == 0 || port > 65535 || colon + 1 + end != rest.size())
    throw std::runtime_error(text + ": want HOST:PORT");
  found.address.sin_family = AF_INET;
  found.address.sin_addr = parse_host(rest.substr(0, colon));
  found.address.sin_port = htons(static_cast<std::uint16_t>(port));
  return found;
}

descriptor receive_socket(const endpoint& from) {
  const sockaddr_in& address = from.address;
  descriptor socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  const bool multicast = IN_MULTICAST(ntohl(address.sin_addr.s_addr));
  const int on = 1;
  // Only a group may have several listeners; a second one at a host's port is a mistake to be told.
  if (multicast) checked(setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  // A burst waits here while the other inputs are served.
  set_buffer(socket.get(), SO_RCVBUFFORCE, SO_RCVBUF, 1 << 20);
  checked(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  if (multicast) {
    ip_mreq membership{};
    membership.imr_multiaddr = address.sin_addr;
    membership.imr_interface = from.interface;
    checked(setsockopt(socket.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership),
            "IP_ADD_MEMBERSHIP");
  }
  return socket;
}

descriptor send_socket(in_addr interface) {
  descriptor socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  set_buffer(socket.get(), SO_SNDBUFFORCE, SO_SNDBUF, 4 << 20);
  if (interface.s_addr != INADDR_ANY) {
    checked(setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface),
            "IP_MULTICAST_IF");
    // A group is for a network, not for this host's segment alone.
    const int hops = 16;
    checked(setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops), "IP_MULTICAST_TTL");
  }
  return socket;
}
