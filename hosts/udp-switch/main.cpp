// udp-switch: receives MPEG-TS over UDP or RTP, several sources a stream, and sends the best one on, as one stream.
// One thread: every socket, changeover's event queue and signals are on the same epoll.

#include "gateway.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

static const char usage[] =
    "usage: udp-switch [--check] [--trace FILE] [SETTING=VALUE...] TABLE\n"
    "       [--http ADDRESS [--http-token-file FILE [--http-name NAME]] [--http-totals]]\n"
    "TABLE has a line for each stream: NAME OUTPUT INPUT [INPUT...] [SETTING=VALUE...], inputs best first.\n"
    "A line of nothing but settings is for all streams. # begins a comment.\n"
    "OUTPUT, INPUT: [udp://|rtp://]HOST:PORT[@INTERFACE], all in numbers; INTERFACE for multicast.\n"
    "SIGHUP reads it again and touches what has changed. --check says what is wrong with it, and ends.\n"
    "--trace records what decisions are made from, for `changeover replay`.\n"
    "--http serves a page, metrics and an API, such as at 127.0.0.1:9180; who has the token in FILE may\n"
    "switch inputs there, and reading at an address that others reach, or by the NAME at which a proxy in\n"
    "front is asked, needs it, too. --http-totals has no series for each stream among the metrics.\n"
    "SIGUSR1 prints the state of every stream, a line each: NAME, tab, JSON; SIGINT and SIGTERM end it.\n"
    "settings: ";

// Where a standard stream is closed, the next socket would get its number, and send what is printed. Now it gets nothing, and
// using it stays an error.
static void keep_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      throw std::runtime_error(std::string("/dev/null: ") + std::strerror(errno));
  }
}

int main(int argc, char** argv) {
  settings defaults;
  std::string table, trace;
  page_options page;
  bool check = false;
  try {
    keep_standard_streams();
    // A splicer waits for the picture that it can begin with.
    defaults.set("commit=key-frame");
    for (int i = 1; i < argc; i++) {
      const std::string argument = argv[i];
      if (argument == "--check")
        check = true;
      else if (argument == "--trace" && i + 1 < argc)
        trace = argv[++i];
      else if ((argument == "--http" || argument == "--http-token-file") && i + 1 < argc)
        (argument == "--http" ? page.address : page.token_file) = argv[++i];
      else if (argument == "--http-name" && i + 1 < argc)
        page.names = argv[++i];
      else if (argument == "--http-totals")
        page.only_totals = true;
      else if (argument.find('=') != std::string::npos)
        defaults.set(argument);
      else if (table.empty() && argument[0] != '-')
        table = argument;
      else
        throw std::runtime_error(argument + ": not understood");
    }
    if (page.address.empty() && !page.token_file.empty())
      throw std::runtime_error("--http-token-file without --http");
    if (page.address.empty() && (!page.names.empty() || page.only_totals))
      throw std::runtime_error("--http-name and --http-totals need --http");
    if (!page.names.empty() && page.token_file.empty())
      throw std::runtime_error("--http-name needs --http-token-file");
    if (table.empty()) throw std::runtime_error("TABLE is missing");
  } catch (const std::runtime_error& failure) {
    std::fprintf(stderr, "udp-switch: %s\n%s%s\n", failure.what(), usage, settings::names().c_str());
    return 2;
  }
  printer log(STDERR_FILENO, "udp-switch: lines that nobody read in time, and were dropped: ");
  printer output(STDOUT_FILENO, "");
  try {
    if (check)
      read_table(table, defaults);
    else
      gateway(table, defaults, page, trace, log, output).run();
  } catch (const table_error& failure) {
    log.print(std::string(failure.what()) + '\n');
    return 1;
  } catch (const std::exception& failure) {
    log.print("udp-switch: " + changeover::printable(failure.what()) + '\n');
    return 1;
  }
  return 0;
}
