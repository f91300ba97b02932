// Sources of every kind take turns at any moment, while they restart, change their tables, fall silent: what comes out has
// continuous counters, times and tables. The same each time.

#include "rig.hpp"
#include "tried.hpp"

using namespace ts::test;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint32_t seeds = 60;  // each takes ten times as long
#else
constexpr std::uint32_t seeds = 200;
#endif

}  // namespace

int main(int argc, char** argv) {
  const std::uint32_t first = argc > 1 ? static_cast<std::uint32_t>(std::stoul(argv[1])) : 1;
  for (std::uint32_t seed = first; seed < (argc > 1 ? first + 1 : seeds + 1); seed++) {
    dice d(seed);
    const std::string wrong = turns(d, seed % 2 == 0, 150, 20'000);
    expect(wrong.empty(), "seed " + std::to_string(seed) + ":" + wrong);
  }
  std::printf("torture: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
