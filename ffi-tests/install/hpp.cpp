// changeover.hpp: handles end once, moves leave nothing behind, errors are exceptions, callbacks are
// destroyed exactly once and let no exception out, and the packet path does not allocate.

#include <changeover.hpp>

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <type_traits>

using namespace std::chrono_literals;
using changeover::event_kind;

namespace {

std::atomic<long> allocations{0};

int passed = 0, failed = 0;
const char* current = "";
// Also of expectations in callbacks, where no exception gets out.
std::atomic<int> disappointments{0};

void expect_at(int line, bool condition, const char* what) {
  if (condition) return;
  ++disappointments;
  std::fprintf(stderr, "hpp.cpp:%d: %s: not true: %s\n", line, current, what);
  throw std::logic_error(what);
}
#define EXPECT(...) expect_at(__LINE__, static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)

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
    EXPECT(std::string(error.what()) == changeover_error_message(error.code()));
    EXPECT(std::string(error.name()) == changeover_error_name(error.code()));
    return error.code();
  }
  return 0;
}

changeover::event await_event(changeover::engine& engine, event_kind kind, std::int32_t priority = -2) {
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
std::atomic<int> handed_over{0};
void hand_over() { handed_over.fetch_add(1, std::memory_order_release); }
void receive() { (void)handed_over.load(std::memory_order_acquire); }

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

std::vector<changeover::input_spec> one_input() { return {changeover::input_spec(0, "one")}; }

// --- handles

static_assert(!std::is_copy_constructible_v<changeover::engine> &&
              !std::is_copy_assignable_v<changeover::engine>);
static_assert(!std::is_copy_constructible_v<changeover::input> &&
              !std::is_copy_assignable_v<changeover::input>);
static_assert(!std::is_copy_constructible_v<changeover::event> &&
              !std::is_copy_assignable_v<changeover::event>);
static_assert(!std::is_copy_constructible_v<changeover::runtime_status>);
static_assert(!std::is_copy_constructible_v<changeover::callbacks>);
static_assert(std::is_nothrow_move_constructible_v<changeover::engine> &&
              std::is_nothrow_move_assignable_v<changeover::engine>);
static_assert(std::is_nothrow_move_constructible_v<changeover::input> &&
              std::is_nothrow_move_assignable_v<changeover::input>);
static_assert(std::is_nothrow_move_constructible_v<changeover::event> &&
              std::is_nothrow_move_assignable_v<changeover::event>);
static_assert(noexcept(std::declval<changeover::input&>().record(1)));

void engines_end_and_move() {
  changeover_engine* raw;
  {
    changeover::engine engine;
    raw = engine.raw();
    engine.register_stream("s", one_input());
    changeover::engine moved(std::move(engine));
    EXPECT(moved.raw() == raw && engine.raw() == nullptr);
    EXPECT(moved.is_registered("s"));
    EXPECT(code_of([&] { engine.is_registered("s"); }) == CHANGEOVER_ERR_NULL);
    changeover::engine other;
    changeover_engine* replaced = other.raw();
    other = std::move(moved);
    EXPECT(other.raw() == raw);
    std::uint64_t now;
    EXPECT(changeover_now(replaced, &now) == CHANGEOVER_ERR_HANDLE);
    changeover::engine& itself = other;
    other = std::move(itself);
    EXPECT(other.raw() == raw && other.is_registered("s"));
  }
  std::uint64_t now;
  EXPECT(changeover_now(raw, &now) == CHANGEOVER_ERR_HANDLE);
}

void inputs_close_and_move() {
  changeover::engine engine;
  engine.register_stream("s", one_input());
  changeover::input none;
  EXPECT(!none.is_open() && !none.record(1));
  changeover::input input = engine.open_input("s", 0);
  EXPECT(input.is_open() && input.record(7, changeover::flags::video).number() == 1);
  changeover::input moved(std::move(input));
  EXPECT(moved.is_open() && !input.is_open() && !input.record(7));
  input = std::move(moved);
  EXPECT(input.is_open() && !moved.is_open() && input.record(7).forward());
  changeover::input second = engine.open_input("s", 0);
  EXPECT(second.record(7));
  changeover_input copy;
  std::memcpy(&copy, static_cast<const void*>(&second), sizeof copy);
  EXPECT(changeover_record(&copy, 7, 0) == 1);
  second = std::move(input);
  EXPECT(changeover_record(&copy, 7, 0) == 0);
  EXPECT(second.record(7));
  changeover::input& itself = second;
  second = std::move(itself);
  EXPECT(second.record(7));
  second.close();
  second.close();
  EXPECT(!second.is_open() && !second.record(7));
  EXPECT(code_of([&] { second.report_error("x"); }) == CHANGEOVER_ERR_HANDLE);
  const auto status = engine.runtime_status("s");
  EXPECT(status.input(0).packets == 6);
  EXPECT(code_of([&] { engine.open_input("s", 1); }) == CHANGEOVER_ERR_UNKNOWN_INPUT);
}

void inputs_outlive_their_engine() {
  changeover::input input;
  {
    changeover::engine engine;
    engine.register_stream("s", one_input());
    input = engine.open_input("s", 0);
    EXPECT(input.record(1));
  }
  EXPECT(input.is_open() && !input.record(1));
}

void events_are_forgotten_and_move() {
  changeover::engine engine;
  changeover::config settings;
  settings.connect_timeout(1h);
  const std::uint64_t registration = engine.register_stream(
      "s", {changeover::input_spec(3, "the url").option("key", "value").option("", "")}, settings, "buffer");
  changeover::event event = await_event(engine, event_kind::start);
  EXPECT(event.stream() == "s" && event.url() == "the url" && event.buffer_write_id() == "buffer");
  EXPECT(event.priority() == 3 && event.registration() == registration && event.session() != 0);
  const auto options = event.options();
  EXPECT(options.size() == 2 && options[0].first == "key" && options[0].second == "value");
  EXPECT(options[1].first.empty() && options[1].second.empty());
  EXPECT(event.at() <= engine.now() && event.wall_clock().time_since_epoch() > 24h * 365 * 50);
  changeover::event moved(std::move(event));
  EXPECT(moved.url() == "the url" && event.kind() == event_kind::none && event.url().empty());
  event = std::move(moved);
  EXPECT(event.url() == "the url" && moved.kind() == event_kind::none);
  changeover::event& itself = event;
  event = std::move(itself);
  EXPECT(event.url() == "the url");
  engine.unregister("s");
  // Taken into one that holds another, assigned to, and destroyed: forgotten each time.
  changeover_event copy = event.raw();
  EXPECT(engine.next_event(event, 1s) && event.kind() != event_kind::start);
  EXPECT(changeover_event_clear(&copy) == CHANGEOVER_ERR_HANDLE);
  copy = event.raw();
  event = changeover::event();
  EXPECT(changeover_event_clear(&copy) == CHANGEOVER_ERR_HANDLE);
  {
    engine.next_event(event, 1s);
    changeover::event last = await_event(engine, event_kind::unregistered);
    event = std::move(last);
    EXPECT(event.kind() == event_kind::unregistered && last.kind() == event_kind::none);
    last = std::move(event);
    copy = last.raw();
  }
  EXPECT(changeover_event_clear(&copy) == CHANGEOVER_ERR_HANDLE);
}

void statuses_outlive_their_engine() {
  std::optional<changeover::runtime_status> kept;
  {
    changeover::engine engine;
    changeover::config settings;
    settings.standby(changeover::standby::hot).connect_timeout(1h).packet_timeout(1h);
    engine.register_stream("s", {changeover::input_spec(0, "a").hot(), changeover::input_spec(5, "b").hot()},
                           changeover::config().packet_timeout(1h));
    auto input = engine.open_input("s", 0), spare = engine.open_input("s", 5);
    EXPECT(input.record(100, changeover::flags::video | changeover::flags::key) && !spare.record(1));
    input.record_lost(3);
    spare.report_error("broken");
    EXPECT(engine.sync(10s));
    kept = engine.runtime_status("s");
  }
  changeover::runtime_status status = std::move(*kept);
  EXPECT(status.stream().active() == 0 && !status.stream().pending() && !status.stream().overridden());
  const auto inputs = status.inputs();
  EXPECT(inputs.size() == 2 && inputs[0].state() == changeover::status::active &&
         inputs[0].url_view() == "a");
  EXPECT(inputs[0].key_packets == 1 && inputs[0].lost_packets == 3 && inputs[1].priority == 5);
  EXPECT(std::string(changeover::name(inputs[1].state())) == "degraded");
  EXPECT(status.errors(0).empty() && status.errors(1).size() == 1 &&
         status.errors(1)[0].text_view() == "broken");
  EXPECT(status.switches().size() == 1 && status.switches()[0].to == 0);
  EXPECT(std::string(status.json()).find("\"broken\"") != std::string::npos);
  EXPECT(code_of([&] { status.input(2); }) == CHANGEOVER_ERR_INDEX);
}

// --- control

void errors_are_exceptions() {
  changeover::engine engine;
  engine.register_stream("s", one_input());
  EXPECT(code_of([&] { engine.register_stream("s", one_input()); }) == CHANGEOVER_ERR_STREAM_EXISTS);
  EXPECT(code_of([&] { engine.register_stream("", {}); }) == CHANGEOVER_ERR_STREAM_ID);
  EXPECT(code_of([&] { engine.register_stream("\xff", {}); }) == CHANGEOVER_ERR_UTF8);
  EXPECT(code_of([&] { engine.unregister("t"); }) == CHANGEOVER_ERR_UNKNOWN_STREAM);
  EXPECT(code_of([&] { engine.switch_input("s", 7); }) == CHANGEOVER_ERR_UNKNOWN_INPUT);
  EXPECT(code_of([&] { engine.set_config("", {}); }) == CHANGEOVER_ERR_STREAM_ID);
  EXPECT(code_of([&] { engine.runtime_status("t"); }) == CHANGEOVER_ERR_UNKNOWN_STREAM);
  EXPECT(code_of([&] { engine.start_result("s", 999, -1, "no"); }) == CHANGEOVER_ERR_STALE_SESSION);
  EXPECT(code_of([&] { engine.probe_result("s", 9, changeover::probe_outcome::ok); }) ==
         CHANGEOVER_ERR_STALE_SESSION);
  for (auto negative : {-1ns, -2ns, changeover::duration::min()}) {
    EXPECT(code_of([&] { engine.set_config("s", changeover::config().switch_cooldown(negative)); }) ==
           CHANGEOVER_ERR_CONFIG);
  }
  EXPECT(code_of([&] { changeover::engine bad(changeover::config().packet_timeout(0ns)); }) ==
         CHANGEOVER_ERR_CONFIG);
  EXPECT(code_of([&] { engine.set_exhausted_callback([](auto) {}); }) == CHANGEOVER_ERR_WRONG_MODE);
}

void the_operations_do_what_they_say() {
  changeover::engine engine;
  const changeover::config quick =
      changeover::config().failback(changeover::failback::manual).packet_timeout(1h);
  engine.set_defaults(quick);
  engine.register_stream("s", {changeover::input_spec(0, "a").hot(), changeover::input_spec(1, "b").hot()});
  engine.register_stream("t", {});
  auto streams = engine.registered_streams();
  EXPECT(streams.size() == 2 && (streams[0] == "s") != (streams[1] == "s"));
  auto a = engine.open_input("s", 0), b = engine.open_input("s", 1);
  (void)a.record(1);
  (void)b.record(1);
  await_event(engine, event_kind::active, 0);
  engine.switch_input("s", 1);
  EXPECT(engine.runtime_status("s").stream().overridden() == 1);
  (void)b.record(1);
  const changeover::event switched = await_event(engine, event_kind::switched, 1);
  EXPECT(switched.from() == 0 && switched.reason() == changeover::reason::manual &&
         switched.switch_number() == 2);
  EXPECT(std::string(changeover::name(switched.reason())) == "manual");
  engine.clear_override("s");
  EXPECT(!engine.runtime_status("s").stream().overridden());
  engine.update_inputs("s", {changeover::input_spec(9, "c")}, {0}, {changeover::input_spec(1, "b2").hot()});
  const auto updated = engine.runtime_status("s");
  const auto inputs = updated.inputs();
  EXPECT(inputs.size() == 2 && inputs[0].url_view() == "b2" && inputs[1].priority == 9);
  engine.update_buffer_write_id("s", "elsewhere");
  engine.report_input_error("s", 9, "gone");
  const auto reported = engine.runtime_status("s");
  EXPECT(reported.input(1).state() == changeover::status::degraded);
  engine.set_config("s", quick);
  engine.unregister("s");
  await_event(engine, event_kind::unregistered);
  EXPECT(!engine.is_registered("s") && engine.sync(10s));
}

void by_id_and_in_batches() {
  changeover::engine engine;
  engine.register_stream("s", one_input());
  std::int32_t error = 1;
  EXPECT(engine.record_packet("s", 0, 10, changeover::flags::video, &error).number() == 1 && error == 0);
  EXPECT(!engine.record_packet("t", 0, 10, 0, &error) && error == CHANGEOVER_ERR_UNKNOWN_STREAM);
  EXPECT(!engine.record_packet("s", 1, 10));
  auto input = engine.open_input("s", 0);
  const changeover::packet array[] = {{1, 0}, {2, 0}};
  EXPECT(input.record_batch(array));
  EXPECT(input.record_batch(std::vector<changeover::packet>(3, changeover::packet{5, 0})));
  EXPECT(input.record_batch({array, 1}));
  (void)input.record_batch({});
  const auto kept = engine.runtime_status("s");
  const auto status = kept.input(0);
  EXPECT(status.packets == 1 + 2 + 3 + 1 && status.bytes == 10 + 3 + 15 + 1);
}

void the_packet_path_does_not_allocate() {
  changeover::engine engine;
  engine.register_stream("s", one_input());
  auto input = engine.open_input("s", 0);
  const changeover::packet batch[2] = {{1, 0}, {2, 0}};
  changeover::event event;
  const long before = allocations;
  for (int i = 0; i < 1000; i++) {
    (void)input.record(1);
    (void)input.record_batch(batch);
    input.record_lost(1);
    (void)engine.record_packet("s", 0, 1);
    (void)engine.record_packet("unknown", 0, 1);
    engine.next_event(event, 0ns);
  }
  EXPECT(allocations == before);
}

// --- polling

void an_event_loop() {
  changeover::engine engine;
  pollfd ready{engine.event_fd(), POLLIN, 0};
  EXPECT(poll(&ready, 1, 0) == 0 && !engine.next_event(0ns) && !engine.next_event(-1s) &&
         !engine.next_event(1ms));
  engine.register_stream("s", {changeover::input_spec(0, "a").hot(), changeover::input_spec(1, "b").hot()},
                         changeover::config().packet_timeout(100ms));
  std::thread host;
  std::atomic<bool> primary_lives{true};
  std::vector<std::thread> ingests;
  bool failed_over = false;
  while (!failed_over) {
    EXPECT(poll(&ready, 1, 10000) == 1);
    while (auto event = engine.next_event(0ns)) {
      if (event->kind() == event_kind::start && event->session() <= 2) {
        ingests.emplace_back([&,
                              input = engine.open_input(event->stream(), event->priority(), event->session()),
                              first = event->priority() == 0]() mutable {
          for (int i = 0; i < 200 && (!first || primary_lives); i++) {
            (void)input.record(1316);
            std::this_thread::sleep_for(5ms);
          }
        });
      } else if (event->kind() == event_kind::active) {
        primary_lives = false;
        failed_over = event->priority() == 1;
      } else if (event->kind() == event_kind::degraded && event->priority() == 0) {
        EXPECT(event->reason() == changeover::reason::timeout && event->limit() == 100ms);
        EXPECT(event->measured() >= 100ms && !event->detail().empty());
      }
    }
  }
  for (std::thread& ingest : ingests)
    ingest.join();
  // A wait without limit ends when there is something.
  std::thread later([&] { engine.unregister("s"); });
  changeover::event event;
  do {
    EXPECT(engine.next_event(event, changeover::forever));
  } while (event.kind() != event_kind::unregistered);
  later.join();
}

// --- callbacks

struct counts {
  std::atomic<int> starts{0}, stops{0}, probes{0}, notices{0}, destroyed{0};
};

void callbacks_are_called_and_destroyed_once() {
  counts c;
  std::atomic<std::uint64_t> session{0};
  {
    changeover::callbacks host(
        [&, w = witness(c.destroyed)](const changeover::event_view& event) {
          EXPECT(event.kind() == event_kind::start && event.url() == "one" && event.stream() == "s");
          EXPECT(session != event.session());
          session = event.session();
          return ++c.starts > 0;
        },
        [&, w = witness(c.destroyed)](const changeover::event_view& event) {
          EXPECT(event.session() == session);
          ++c.stops;
        });
    host.on_notify([&, w = witness(c.destroyed)](const changeover::event_view&) { ++c.notices; });
    host.on_probe([&, w = witness(c.destroyed)](const changeover::event_view&) {
      ++c.probes;
      return changeover::probe_outcome::ok;
    });
    changeover::engine engine(std::move(host), changeover::config().probe_cooldown(1ms).connect_timeout(1h));
    EXPECT(code_of([&] { engine.event_fd(); }) == CHANGEOVER_ERR_WRONG_MODE);
    engine.register_stream("s", one_input());
    EXPECT(engine.sync(10s));
    EXPECT(c.starts == 1 && c.stops == 0 && c.notices >= 1 && c.destroyed == 0);
    engine.report_input_error("s", 0, "broken");
    await_true([&] { return c.probes > 0 || c.starts > 2; });
  }
  EXPECT(c.destroyed == 4 && c.starts == c.stops);
}

void a_failed_engine_destroys_its_callbacks() {
  std::atomic<int> destroyed{0};
  changeover::callbacks host([w = witness(destroyed)](auto&) { return true; },
                             [w = witness(destroyed)](auto&) {});
  EXPECT(code_of([&] {
           changeover::engine engine(std::move(host), changeover::config().packet_timeout(0ns));
         }) == CHANGEOVER_ERR_CONFIG);
  EXPECT(destroyed == 2);
}

void empty_callbacks_are_refused() {
  changeover::callbacks host([](auto&) { return true; }, [](auto&) {});
  changeover::callbacks taken(std::move(host));
  EXPECT(code_of([&] { changeover::engine engine(std::move(host)); }) == CHANGEOVER_ERR_NULL);
  EXPECT(code_of([] { changeover::engine engine(changeover::callbacks({}, {})); }) == CHANGEOVER_ERR_NULL);
  changeover::engine engine(std::move(taken));
}

void stream_and_log_callbacks_are_destroyed_once() {
  std::atomic<int> destroyed{0}, exhausted{0}, restored{0}, lines{0};
  {
    changeover::engine polling;
    EXPECT(code_of([&] { polling.set_exhausted_callback([w = witness(destroyed)](auto) {}); }) ==
           CHANGEOVER_ERR_WRONG_MODE);
    EXPECT(destroyed == 1);
    changeover::engine none(std::move(polling));
    EXPECT(code_of([&] {
             polling.set_log_callback(changeover::log_level::info, [w = witness(destroyed)](auto, auto) {});
           }) == CHANGEOVER_ERR_NULL);
    EXPECT(destroyed == 2);
  }
  {
    changeover::engine engine(changeover::callbacks{[](auto&) { return true; }, [](auto&) {}});
    engine.set_exhausted_callback([w = witness(destroyed)](std::string_view) {});
    // In place of the one before.
    engine.set_exhausted_callback([&, w = witness(destroyed)](std::string_view stream) {
      receive();
      if (stream == "s") ++exhausted;
    });
    engine.set_restored_callback([&, w = witness(destroyed)](std::string_view stream) {
      receive();
      if (stream == "s") ++restored;
    });
    engine.set_log_callback(changeover::log_level::debug,
                            [&, w = witness(destroyed)](changeover::log_level level, std::string_view line) {
                              EXPECT(level >= changeover::log_level::error && !line.empty());
                              ++lines;
                            });
    hand_over();
    engine.register_stream("s", one_input());
    engine.report_input_error("s", 0, "broken");
    auto input = engine.open_input("s", 0);
    EXPECT(engine.sync(10s));
    EXPECT(exhausted == 1);
    (void)input.record(1);
    await_true([&] { return restored == 1; });
    await_true([&] { return lines > 0; });
    engine.set_restored_callback(nullptr);
    engine.set_log_callback(nullptr);
    await_true([&] { return destroyed >= 5; });
  }
  EXPECT(destroyed == 6);
}

void no_exception_crosses() {
  std::atomic<int> stops{0}, notices{0}, exhausted{0}, lines{0}, probes{0};
  changeover::callbacks host(
      [](const changeover::event_view& event) {
        if (event.priority() == 0) throw std::runtime_error("start");
        return event.priority() != 1;
      },
      [&](const changeover::event_view&) {
        ++stops;
        throw 1;
      });
  host.on_notify([&](const changeover::event_view&) {
    ++notices;
    throw std::string("notify");
  });
  host.on_probe([&](const changeover::event_view&) -> changeover::probe_outcome {
    ++probes;
    throw std::bad_alloc();
  });
  changeover::engine engine(std::move(host),
                            changeover::config().probe_cooldown(1ms).failback(changeover::failback::manual));
  engine.set_exhausted_callback([&](std::string_view) {
    ++exhausted;
    throw 2;
  });
  engine.set_log_callback(changeover::log_level::debug, [&](auto, auto) {
    ++lines;
    throw 3;
  });
  // The first throws, the second says no: the third it is.
  engine.register_stream(
      "s", {changeover::input_spec(0, "a"), changeover::input_spec(1, "b"), changeover::input_spec(2, "c")});
  await_true([&] { return engine.runtime_status("s").stream().active() == 2; });
  const auto status = engine.runtime_status("s");
  EXPECT(status.switches().back().reason == CHANGEOVER_REASON_START_FAILED);
  await_true([&] { return probes > 0; });
  engine.report_input_error("s", 2, "broken");
  await_true([&] { return exhausted >= 1 && notices >= 2 && lines >= 2; });
  engine.unregister("s");
  EXPECT(stops >= 3);
}

void callbacks_may_call_the_engine() {
  std::atomic<int> inside{0};
  std::unique_ptr<changeover::engine> engine;
  std::atomic<bool> ready{false};
  changeover::callbacks host(
      [&](const changeover::event_view& event) {
        await_true([&] { return ready.load(); });
        auto input = engine->open_input(event.stream(), event.priority(), event.session());
        EXPECT(input.record(1));
        EXPECT(code_of([&] { engine->sync(); }) == CHANGEOVER_ERR_IN_CALLBACK);
        ++inside;
        return true;
      },
      [](auto&) {});
  engine = std::make_unique<changeover::engine>(std::move(host));
  ready = true;
  engine->register_stream("s", one_input());
  EXPECT(engine->sync(10s) && inside == 1);
}

}  // namespace

// Every allocation by C++ (the library's own do not come this way; ffi-tests has those).
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

int main() {
#define TEST(name) test(#name, name)
  TEST(engines_end_and_move);
  TEST(inputs_close_and_move);
  TEST(inputs_outlive_their_engine);
  TEST(events_are_forgotten_and_move);
  TEST(statuses_outlive_their_engine);
  TEST(errors_are_exceptions);
  TEST(the_operations_do_what_they_say);
  TEST(by_id_and_in_batches);
  TEST(the_packet_path_does_not_allocate);
  TEST(an_event_loop);
  TEST(callbacks_are_called_and_destroyed_once);
  TEST(a_failed_engine_destroys_its_callbacks);
  TEST(empty_callbacks_are_refused);
  TEST(stream_and_log_callbacks_are_destroyed_once);
  TEST(no_exception_crosses);
  TEST(callbacks_may_call_the_engine);
  std::printf("hpp: %d of %d tests\n", passed, passed + failed);
  return failed == 0 ? 0 : 1;
}
