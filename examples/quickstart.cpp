// One stream, two sources, one death. Build, after make install (docs/install.md: it takes Rust 1.88 or later):
// c++ -std=c++17 quickstart.cpp $(pkg-config --cflags --libs changeover)
#include <changeover.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using changeover::event_kind;

int main() {
  changeover::engine engine;
  engine.register_stream("news",
                         {changeover::input_spec(0, "udp://primary:5000").hot(),
                          changeover::input_spec(1, "udp://backup:5000").hot()},
                         changeover::config().packet_timeout(200ms));
  std::atomic<bool> primary_lives{true};

  // The event loop: what to start and stop, and what was decided.
  std::vector<std::thread> ingests;
  bool on_backup = false;
  changeover::event event;
  while (!on_backup && engine.next_event(event, 5s)) {
    std::cout << event.text() << '\n';
    if (event.kind() == event_kind::start) {
      // Here your ingest thread reads packets from event.url().
      ingests.emplace_back(
          [&primary_lives, first = event.priority() == 0,
           input = engine.open_input(event.stream(), event.priority(), event.session())]() mutable {
            for (int frame = 0; frame < 50 && (!first || primary_lives); frame++) {
              // A frame; of the datagrams of one, only the first would be flagged video.
              const auto key = frame % 25 == 0 ? changeover::flags::key : changeover::flags::none;
              if (input.record(8000, changeover::flags::video | key).forward()) {
                // Here you write the packet to the output.
              }
              std::this_thread::sleep_for(20ms);
            }
          });
    } else if (event.kind() == event_kind::active) {
      primary_lives = false;
      on_backup = event.priority() == 1;
    }
  }
  for (std::thread& ingest : ingests)
    ingest.join();
  return on_backup ? 0 : 1;
}
