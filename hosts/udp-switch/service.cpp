#include "service.hpp"

#include "sockets.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

service::service() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  if (socket != nullptr) socket_ = socket;
  const char *time = std::getenv("WATCHDOG_USEC"), *pid = std::getenv("WATCHDOG_PID");
  const bool ours = pid == nullptr || std::strtol(pid, nullptr, 10) == getpid();
  if (time != nullptr && ours) watchdog_ = std::strtoll(time, nullptr, 10) * 27 / 2;
}

void service::tell(const std::string& state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  // The abstract namespace.
  if (socket_[0] == '@') address.sun_path[0] = '\0';
  const descriptor from(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const socklen_t size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  sendto(from.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
         size);
}
