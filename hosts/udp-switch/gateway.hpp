// The event loop: sockets, changeover's events and signals on one epoll, in one thread.

#pragma once

#include "printer.hpp"
#include "relay.hpp"
#include "table.hpp"

#include <changeover.hpp>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

class gateway {
 public:
  // What it has to say goes to `log`, the states of the streams to `output`.
  gateway(const std::vector<stream_line>& streams, const changeover::config& settings, printer& log,
          printer& output);

  // Until SIGINT or SIGTERM. SIGUSR1 prints the state of every stream. Nothing that is printed holds up the loop.
  void run();

 private:
  void watch(int fd, void* tag);
  void turn();
  void take_events();
  void start(const changeover::event& event);
  void stop(const changeover::event& event);
  void take_signal();
  void print(const changeover::event& event);
  void print_status();
  void shut_down();

  printer& log_;
  printer& output_;
  descriptor epoll_, signals_;
  changeover::engine engine_;
  relay relay_;
  // By number.
  std::unordered_map<std::uint64_t, std::unique_ptr<session>> sessions_;
  // By stream.
  std::map<std::string, sockaddr_in, std::less<>> outputs_;
  bool ending_ = false;
};
