// changeover.hpp: callbacks are destroyed exactly once, let no exception out, and may call the engine.

#include "hpp_harness.hpp"

#include <memory>

namespace {

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
    receive();
    ++exhausted;
    throw 2;
  });
  engine.set_log_callback(changeover::log_level::debug, [&](auto, auto) {
    receive();
    ++lines;
    throw 3;
  });
  hand_over();
  // The first throws, the second says no: the third it is.
  engine.register_stream(
      "s", {changeover::input_spec(0, "a"), changeover::input_spec(1, "b"), changeover::input_spec(2, "c")});
  await_true([&] { return engine.runtime_status("s").stream().active() == 2; });
  const auto status = engine.runtime_status("s");
  EXPECT(status.switches().back().reason() == changeover::reason::start_failed);
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

void a_callback_that_does_not_return_holds_up_nobody() {
  std::atomic<bool> entered{false}, go{false};
  changeover::callbacks host(
      [&](auto&) {
        entered = true;
        await_true([&] { return go.load(); });
        return true;
      },
      [](auto&) {});
  changeover::config settings;
  settings.connect_timeout(changeover::never);
  changeover::engine engine(std::move(host), settings, 0, 1 << 20);
  engine.register_stream("s", one_input());
  await_true([&] { return entered.load(); });
  engine.set_call_timeout(20ms);
  EXPECT(code_of([&] { engine.unregister("s"); }) == CHANGEOVER_ERR_TIMEOUT);
  EXPECT(!engine.is_registered("s"));
  go = true;
  engine.set_call_timeout(changeover::forever);
}

}  // namespace

int main() {
  TEST(callbacks_are_called_and_destroyed_once);
  TEST(a_failed_engine_destroys_its_callbacks);
  TEST(empty_callbacks_are_refused);
  TEST(stream_and_log_callbacks_are_destroyed_once);
  TEST(no_exception_crosses);
  TEST(callbacks_may_call_the_engine);
  TEST(a_callback_that_does_not_return_holds_up_nobody);
  return finish("hpp_callbacks");
}
