// A fuzz target: libFuzzer calls it with bytes, and keeps those that reach what none have reached before.

#include "tried.hpp"

#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string wrong = ts::test::garbage_of({data, data + size});
  if (!wrong.empty()) {
    std::fprintf(stderr, "wrong:%s\n", wrong.c_str());
    std::abort();
  }
  return 0;
}
