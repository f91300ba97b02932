// What somebody types who has just installed changeover, in C++.
#include <changeover.hpp>
#include <iostream>

int main() {
  changeover::engine engine;
  engine.register_stream("news", {changeover::input_spec(0, "udp://primary:5000")});
  std::cout << changeover::version() << ' ' << engine.runtime_status("news").stream().inputs_len() << '\n';
}
