// The event loop: sockets, changeover's events and signals on one epoll, in one thread.

#pragma once

#include "page.hpp"
#include "printer.hpp"
#include "relay.hpp"
#include "service.hpp"
#include "status.hpp"
#include "streams.hpp"
#include "table.hpp"

#include <changeover.hpp>

#include <optional>
#include <string>

class gateway {
 public:
  // What it has to say goes to `log`, the states of the streams to `output`. `table` is read at SIGHUP again, on
  // top of the same `defaults`. What decisions are made from is recorded in the file `trace`, if that is not empty.
  gateway(std::string table, const settings& defaults, const page_options& page, const std::string& trace,
          printer& log, printer& output);

  // Until SIGINT or SIGTERM. SIGUSR1 prints the state of every stream, SIGHUP reads the table again. Nothing that
  // is printed holds up the loop.
  void run();

 private:
  void watch(int fd, void* tag);
  void begin_trace(const std::string& path);
  int wait() const;
  void turn();
  void take_events();
  void start(const changeover::event& event);
  void stop(const changeover::event& event);
  void take_signal();
  void reload();
  void feed_watchdog();
  void print(const changeover::event& event);
  void print_status();
  void shut_down();

  const std::string table_;
  const settings defaults_;
  printer& log_;
  printer& output_;
  service service_;
  descriptor epoll_, signals_;
  changeover::engine engine_;
  // Ends before it.
  std::optional<changeover::server> page_;
  relay relay_;
  streams streams_;
  // By number.
  sessions sessions_;
  ts::ticks fed_at_ = 0;
  bool reload_wanted_ = false, ending_ = false;
};
