// udp-switch: receives MPEG-TS over UDP, several sources a stream, and sends the best one on.
// One thread: every socket, changeover's event queue and signals are on the same epoll.

#include "gateway.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

static const char usage[] =
    "usage: udp-switch [OPTION=MILLISECONDS...] TABLE\n"
    "TABLE has a line for each stream: NAME OUTPUT INPUT [INPUT...], all HOST:PORT in numbers;\n"
    "inputs best first, or multicast as GROUP:PORT[@INTERFACE]. # begins a comment.\n"
    "options: packet-timeout connect-timeout switch-cooldown failback-stable probe-cooldown\n"
    "SIGUSR1 prints the state of every stream, a line each: NAME, tab, JSON; SIGINT and SIGTERM end it.\n";

static void set(changeover::config& settings, const std::string& name, const std::string& value) {
  std::size_t end = 0;
  const long number = std::stol(value, &end);
  if (end != value.size()) throw std::invalid_argument(value);
  const std::chrono::milliseconds time(number);
  if (name == "packet-timeout")
    settings.packet_timeout(time);
  else if (name == "connect-timeout")
    settings.connect_timeout(time);
  else if (name == "switch-cooldown")
    settings.switch_cooldown(time);
  else if (name == "failback-stable")
    settings.failback_stable(time);
  else if (name == "probe-cooldown")
    settings.probe_cooldown(time);
  else
    throw std::invalid_argument(name);
}

int main(int argc, char** argv) {
  changeover::config settings;
  std::string table;
  try {
    for (int i = 1; i < argc; i++) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      if (equals != std::string::npos)
        set(settings, argument.substr(0, equals), argument.substr(equals + 1));
      else if (table.empty())
        table = argument;
      else
        throw std::invalid_argument(argument);
    }
    if (table.empty()) throw std::invalid_argument("TABLE is missing");
  } catch (const std::logic_error&) {
    std::fputs(usage, stderr);
    return 2;
  }
  printer log(STDERR_FILENO, "udp-switch: lines that nobody read in time, and were dropped: ");
  printer output(STDOUT_FILENO, "");
  try {
    gateway(read_table(table), settings, log, output).run();
  } catch (const std::exception& failure) {
    log.print("udp-switch: " + changeover::printable(failure.what()) + '\n');
    return 1;
  }
  return 0;
}
