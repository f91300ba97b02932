// What systemd is told of a service: sd_notify(3), without its library.

#pragma once

#include "splice/clock.hpp"

#include <string>

class service {
 public:
  // By the environment; without systemd everything here does nothing.
  service();

  // E.g. "READY=1". Waits for nobody.
  void tell(const std::string& state) const;
  // How often the watchdog wants to hear that all is well, at least; 0: never.
  ts::ticks watchdog() const { return watchdog_; }

 private:
  std::string socket_;
  ts::ticks watchdog_ = 0;
};
