// changeover.hpp: handles end once, moves leave nothing behind, errors are exceptions, and the packet
// path does not allocate.

#include "hpp_harness.hpp"

#include <cstdlib>
#include <new>
#include <type_traits>

namespace {

std::atomic<long> allocations{0};

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

// What the message of the exception says that a call throws; "" if it throws none.
template <class F>
std::string message_of(F call) {
  try {
    call();
    return "";
  } catch (const changeover::error& error) {
    return error.what();
  }
}

void what_was_moved_from_says_so() {
  changeover::engine engine, other(std::move(engine));
  const std::string said = "this engine was moved from";
  EXPECT(message_of([&] { engine.is_registered("s"); }) == said);
  EXPECT(message_of([&] { engine.next_event(); }) == said);
  EXPECT(message_of([&] { engine.event_fd(); }) == said);
  EXPECT(message_of([&] { engine.set_log_callback(changeover::log_level::debug, [](auto, auto) {}); }) ==
         said);
  EXPECT(message_of([&] { engine.set_exhausted_callback([](auto) {}); }) == said);
  EXPECT(!engine.record_packet("s", 0, 1));
  other.register_stream("s", one_input());
  changeover::runtime_status status = other.runtime_status("s"), moved(std::move(status));
  EXPECT(message_of([&] { status.stream(); }) == "this runtime_status was moved from");
  EXPECT(moved.stream().uptime() < std::chrono::hours(1));
  EXPECT(moved.stream().registered_at() > std::chrono::system_clock::now() - std::chrono::hours(1));
}

void texts_are_printed_without_secrets() {
  EXPECT(changeover::printable("a\nb rtmp://h/live/secret: refused") == "a\\nb rtmp://h/live/***: refused");
  EXPECT(changeover::printable_url("srt://u:secret@h:1?passphrase=secret") == "srt://***@h:1?passphrase=***");
  EXPECT(changeover::printable("").empty());
  const std::string long_text(1000, 'x');
  EXPECT(changeover::printable(long_text) == long_text);
  changeover::engine engine;
  engine.set_log_full_urls(false);
  engine.register_stream("a\nb", {changeover::input_spec(0, "rtmp://h/live/secret")});
  changeover::event event;
  EXPECT(code_of([&] { event.text(); }) == CHANGEOVER_ERR_VALUE);
  EXPECT(engine.try_next_event(event) && event.kind() == changeover::event_kind::start && !event.exhausted());
  EXPECT(event.text() == "\"a\\nb\": start input 0 session " + std::to_string(event.session()) +
                             " (initial) rtmp://h/live/*** -> \"a\\nb\"");
  std::optional<changeover::event> next = engine.try_next_event();
  EXPECT(next && next->text() == "\"a\\nb\": switched none -> 0 #1 reason initial");
  EXPECT(!engine.try_next_event() && !engine.try_next_event(event));
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
  EXPECT(status.input(0).packets() == 6);
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
  EXPECT(engine.alive() < 1h);
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
                           changeover::config().packet_timeout(1h).video_timeout(1h), {}, 41);
    auto input = engine.open_input("s", 0), spare = engine.open_input("s", 5);
    EXPECT(input.record(100, changeover::flags::video | changeover::flags::key) && !spare.record(1));
    input.record_lost(3);
    spare.report_error("broken");
    EXPECT(engine.sync(10s));
    await_true([&] {
      const auto looked = engine.runtime_status("s");
      return looked.inputs()[0].last_video_at().has_value();
    });
    kept = engine.runtime_status("s");
  }
  changeover::runtime_status status = std::move(*kept);
  const auto stream = status.stream();
  EXPECT(stream.active() == 0 && !stream.pending() && !stream.overridden() && !stream.exhausted());
  EXPECT(stream.registration() != 0 && stream.switch_number() == 41 && stream.raw().switch_number == 41);
  EXPECT(stream.inputs_len() == 2 && stream.switches_len() == 1);
  const auto inputs = status.inputs();
  EXPECT(inputs.size() == 2 && inputs[0].status() == changeover::status::active && inputs[0].url() == "a");
  EXPECT(inputs[0].key_packets() == 1 && inputs[0].lost_packets() == 3 && inputs[1].priority() == 5);
  EXPECT(inputs[0].packets() == 1 && inputs[0].bytes() == 100 && inputs[0].video_packets() == 1);
  EXPECT(inputs[0].receiving() && inputs[0].session() != 0 && inputs[0].probes() == 0);
  EXPECT(inputs[0].bitrate_kbps() >= 0 && inputs[0].fps() >= 0 && inputs[0].packet_loss() >= 0);
  const auto now = std::chrono::system_clock::now();
  const auto is_recent = [now](auto time) { return now - time < 1h && time - now < 1h; };
  EXPECT(inputs[0].last_packet_at() && is_recent(*inputs[0].last_packet_at()));
  EXPECT(is_recent(*inputs[0].last_video_at()) && !inputs[0].last_audio_at() && !inputs[1].last_video_at());
  EXPECT(inputs[0].key_interval() == 0ns && inputs[0].raw().key_interval == 0);
  EXPECT(is_recent(inputs[0].state_since()) && inputs[0].raw().priority == 0);
  EXPECT(std::string(changeover::name(inputs[1].status())) == "degraded" && inputs[1].errors_len() == 1);
  EXPECT(status.errors(0).empty() && status.errors(1).size() == 1);
  const auto error = status.errors(1)[0];
  EXPECT(error.text() == "broken" && error.reason() == changeover::reason::error && is_recent(error.at()));
  EXPECT(error.measured() == 0ns && error.limit() == 0ns && error.raw().text_len == 6);
  EXPECT(status.switches().size() == 1);
  const auto chosen = status.switches()[0];
  EXPECT(chosen.from() == -1 && chosen.to() == 0 && chosen.reason() == changeover::reason::initial);
  EXPECT(chosen.number() == 41 && is_recent(chosen.at()) &&
         chosen.detail().size() == chosen.raw().detail_len);
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
  const auto from = [&](std::uint64_t number) { engine.register_stream("t", {}, {}, {}, number); };
  EXPECT(code_of([&] { from(changeover::first_switch_max + 1); }) == CHANGEOVER_ERR_FIRST_SWITCH);
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
  for (auto wrong : {-1ns, 0ns, 1ns}) {
    EXPECT(code_of([&] { engine.switch_input_for("s", 0, wrong); }) == CHANGEOVER_ERR_CONFIG);
  }
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
  const auto chosen = engine.runtime_status("s");
  EXPECT(chosen.stream().on_air() == 0 && !chosen.input(0).switch_due_at());
  (void)b.record(1);
  const changeover::event switched = await_event(engine, event_kind::switched, 1);
  EXPECT(switched.from() == 0 && switched.reason() == changeover::reason::manual &&
         switched.switch_number() == 2);
  EXPECT(std::string(changeover::name(switched.reason())) == "manual");
  engine.clear_override("s");
  EXPECT(!engine.runtime_status("s").stream().overridden());
  engine.switch_input_for("s", 1, 1h);
  EXPECT(engine.runtime_status("s").stream().override_left() > 1min);
  engine.fail_back("s");
  engine.trace_to("/dev/null");
  engine.trace_to("/dev/null", {1 << 20, 2, true});
  engine.end_trace();
  engine.shadow(quick);
  engine.shadow("s", quick);
  engine.end_shadow();
  EXPECT(engine.runtime_status("s").stream().override_left() == 0ns);
  engine.set_input_enabled("s", 1, false);
  const auto maintained = engine.runtime_status("s");
  EXPECT(!maintained.input(0).disabled() && maintained.input(1).disabled());
  engine.set_input_enabled("s", 1, true);
  engine.update_inputs("s", {changeover::input_spec(9, "c")}, {0}, {changeover::input_spec(1, "b2").hot()});
  const auto updated = engine.runtime_status("s");
  const auto inputs = updated.inputs();
  EXPECT(inputs.size() == 2 && inputs[0].url() == "b2" && inputs[1].priority() == 9);
  engine.update_buffer_write_id("s", "elsewhere");
  engine.report_input_error("s", 9, "gone");
  const auto reported = engine.runtime_status("s");
  EXPECT(reported.input(1).status() == changeover::status::degraded);
  engine.set_config("s", quick);
  engine.unregister("s");
  await_event(engine, event_kind::unregistered);
  EXPECT(!engine.is_registered("s") && engine.sync(10s));
  engine.unregister_all();
  EXPECT(engine.registered_streams().empty());
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
  EXPECT(status.packets() == 1 + 2 + 3 + 1 && status.bytes() == 10 + 3 + 15 + 1);
}

void losses_are_known_by_numbers() {
  changeover::rtp_loss rtp;
  std::uint8_t packet[12] = {0x80};
  for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{5}}) {
    packet[3] = number;
    EXPECT(rtp.packet(packet) == (number == 5 ? 2 : 0));
  }
  EXPECT(rtp.packet({packet, 11}) == 0);
  changeover::ts_loss ts;
  std::vector<std::uint8_t> packets(2 * 188);
  packets[0] = packets[188] = 0x47;
  packets[3] = 0x10;
  packets[188 + 3] = 0x14;
  EXPECT(ts.packets(packets) == 3 && ts.packets({packets.data(), 187}) == 0);
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

// --- what a start says

// Counts the copies of a value there are.
class counted {
 public:
  counted(std::atomic<int>& count, int which) : number(which), count_(&count) { ++*count_; }
  counted(const counted& other) : number(other.number), count_(other.count_) { ++*count_; }
  counted& operator=(const counted&) = delete;
  ~counted() { --*count_; }
  const int number;

 private:
  std::atomic<int>* count_;
};

void user_data_comes_back_and_ends_once() {
  std::atomic<int> copies{0};
  const auto spec = [&](std::int32_t priority, int number) {
    return changeover::input_spec(priority, "test://").user_data(counted(copies, number));
  };
  const auto number_of = [](const changeover::event& event) {
    const auto* value = std::any_cast<counted>(&event.user_data());
    return value == nullptr ? -1 : value->number;
  };
  {
    changeover::engine engine;
    engine.register_stream("s", {spec(0, 7), changeover::input_spec(1, "none")});
    EXPECT(copies == 1);
    auto start = await_event(engine, event_kind::start);
    EXPECT(number_of(start) == 7);
    engine.update_inputs("s", {}, {}, {spec(0, 8)});
    auto stop = await_event(engine, event_kind::stop);
    EXPECT(number_of(stop) == 7 && number_of(await_event(engine, event_kind::start)) == 8);
    EXPECT(number_of(start) == 7 && copies == 2);
    start = changeover::event();
    stop = changeover::event();
    EXPECT(copies == 1);
    // Refused, and there is nobody to refuse it.
    EXPECT(code_of([&] { engine.register_stream("s", {spec(0, 9)}); }) == CHANGEOVER_ERR_STREAM_EXISTS);
    changeover::engine moved(std::move(engine));
    EXPECT(code_of([&] { engine.register_stream("t", {spec(0, 9)}); }) == CHANGEOVER_ERR_NULL);
    EXPECT(copies == 1);
    moved.report_input_error("s", 0, "down");
    const auto none = await_event(moved, event_kind::start, 1);
    EXPECT(!none.user_data().has_value());
  }
  EXPECT(copies == 0);
}

// --- polling

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
  TEST(engines_end_and_move);
  TEST(what_was_moved_from_says_so);
  TEST(texts_are_printed_without_secrets);
  TEST(inputs_close_and_move);
  TEST(inputs_outlive_their_engine);
  TEST(events_are_forgotten_and_move);
  TEST(statuses_outlive_their_engine);
  TEST(errors_are_exceptions);
  TEST(the_operations_do_what_they_say);
  TEST(by_id_and_in_batches);
  TEST(losses_are_known_by_numbers);
  TEST(the_packet_path_does_not_allocate);
  TEST(user_data_comes_back_and_ends_once);
  return finish("hpp");
}
