// Garbage: nothing is read or written that is not there. The same each time. And, given the folder of the fuzz
// targets' corpora, each file of theirs once.
//
//   fuzz_test [SEEDS [CORPORA]]

#include "rig.hpp"
#include "tried.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace ts::test;

namespace {

void run_all(const std::filesystem::path& corpus, std::string (*one)(const bytes&)) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const bytes data{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const std::string wrong = one(data);
    expect(wrong.empty(), entry.path().string() + ":" + wrong);
    files++;
  }
  expect(files > 0, "there are files in " + corpus.string());
}

}  // namespace

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 60;
  for (int seed = 1; seed <= seeds; seed++) {
    dice d(static_cast<std::uint32_t>(seed));
    const std::string wrong = garbage(d, 3000);
    expect(wrong.empty(), "seed " + std::to_string(seed) + ":" + wrong);
  }
  if (argc > 2) {
    const std::filesystem::path corpora = argv[2];
    run_all(corpora / "splicer_garbage", garbage_of);
    run_all(corpora / "splicer_turns", turns_of);
  }
  std::printf("fuzz: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
