// A tiny test harness for C++, and what the tests of changeover.hpp need.
#pragma once

#include <changeover.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using changeover::event_kind;

inline int passed = 0, failed = 0;
inline const char* current = "";
// Also of expectations in callbacks, where no exception gets out.
inline std::atomic<int> disappointments{0};

inline void expect_at(const char* file, int line, bool condition, const char* what) {
  if (condition) return;
  ++disappointments;
  std::fprintf(stderr, "%s:%d: %s: not true: %s\n", file, line, current, what);
  throw std::logic_error(what);
}
#define EXPECT(...) expect_at(__FILE__, __LINE__, static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)

#define TEST(name) test(#name, name)
template <class F>
void test(const char* name, F body) {
  current = name;
  const int before = disappointments;
  try {
    body();
    if (disappointments != before) throw std::logic_error("in a callback");
    passed++;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "FAILED: %s: %s\n", name, failure.what());
    failed++;
  }
}

// The code of the error that body throws; 0 if it throws none.
template <class F>
std::int32_t code_of(F body) {
  try {
    body();
  } catch (const changeover::error& error) {
    // Of an object that was moved from, the header says more than the code does.
    EXPECT(error.code() == CHANGEOVER_ERR_NULL ||
           std::string(error.what()) == changeover_error_message(error.code()));
    EXPECT(std::string(error.name()) == changeover_error_name(error.code()));
    return error.code();
  }
  return 0;
}

inline changeover::event await_event(changeover::engine& engine, event_kind kind,
                                     std::int32_t priority = -2) {
  changeover::event event;
  do {
    EXPECT(engine.next_event(event, 10s));
  } while (event.kind() != kind || (priority != -2 && event.priority() != priority));
  return event;
}

template <class F>
void await_true(F condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    EXPECT(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(1ms);
  }
}

// ThreadSanitizer does not see the locks through which the library hands callbacks to its threads: what
// was made before hand_over is seen after receive.
inline std::atomic<int> handed_over{0};
inline void hand_over() { handed_over.fetch_add(1, std::memory_order_release); }
inline void receive() { (void)handed_over.load(std::memory_order_acquire); }

// Counts the destructions of what was not moved from.
class witness {
 public:
  explicit witness(std::atomic<int>& count) : count_(&count) { hand_over(); }
  witness(witness&& other) noexcept : count_(std::exchange(other.count_, nullptr)) { hand_over(); }
  ~witness() {
    receive();
    if (count_ != nullptr) ++*count_;
  }

 private:
  std::atomic<int>* count_;
};

inline std::vector<changeover::input_spec> one_input() { return {changeover::input_spec(0, "one")}; }

// main's last line.
inline int finish(const char* suite) {
  std::printf("%s: %d of %d tests\n", suite, passed, passed + failed);
  return failed == 0 ? 0 : 1;
}
