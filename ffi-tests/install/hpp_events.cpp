// changeover.hpp: what events say, and how a host waits for them.

#include "hpp_harness.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

void starts_say_why_and_can_fail_by_handle() {
  changeover::engine engine;
  engine.register_stream("s", {changeover::input_spec(0, "a"), changeover::input_spec(1, "b")});
  auto start = await_event(engine, event_kind::start);
  EXPECT(start.start_reason() == changeover::start_reason::initial);
  engine.open_input("s", 0, start.session()).start_failed("no such host");
  const auto degraded = await_event(engine, event_kind::degraded);
  EXPECT(degraded.reason() == changeover::reason::start_failed && degraded.detail() == "no such host");
  start = await_event(engine, event_kind::start, 1);
  EXPECT(start.start_reason() == changeover::start_reason::failover);
  // Nothing else is usable: it is kept. Then, by hand, what has failed.
  EXPECT(code_of([&] { engine.report_soft_error("s", 1, "noisy"); }) == CHANGEOVER_ERR_NO_OTHER_INPUT);
  EXPECT(code_of([&] { engine.switch_input("s", 0); }) == CHANGEOVER_ERR_INPUT_DEGRADED);
  engine.force_input("s", 0);
  start = await_event(engine, event_kind::start, 0);
  EXPECT(start.start_reason() == changeover::start_reason::forced);
  EXPECT(engine.open_input("s", 0, start.session()).record(1));
  engine.report_soft_error("s", 0, "noisy");
  EXPECT(await_event(engine, event_kind::degraded, 0).detail() == "noisy");
}

void a_switch_says_what_it_passed_over_and_how_long_it_took() {
  changeover::engine engine;
  std::vector<changeover::input_spec> inputs;
  for (std::int32_t priority : {0, 1, 2})
    inputs.emplace_back(priority, "a");
  engine.register_stream("s", inputs);
  await_event(engine, event_kind::start, 0);
  engine.report_input_error("s", 1, "404");
  engine.report_input_error("s", 0, "down");
  const auto switched = await_event(engine, event_kind::switched, 2);
  const auto passed_over = switched.passed_over();
  EXPECT(passed_over.size() == 1 && passed_over[0].priority == 1 && switched.passed_over_more() == 0);
  EXPECT(static_cast<changeover::obstacle>(passed_over[0].obstacle) == changeover::obstacle::failed);
  EXPECT(switched.passed_over_text() == "1 failed: error (404)");
  EXPECT(!switched.detection() && switched.decision() == 0ns && switched.commit() == 0ns);
}

// By handle, by id, in a batch, and within one.
void a_switch_commits_on_a_key_frame() {
  constexpr std::uint32_t video = changeover::flags::video, key = video | changeover::flags::key;
  for (int way = 0; way < 4; way++) {
    changeover::engine engine;
    const auto settings = changeover::config().commit(changeover::commit::key_frame).packet_timeout(1h);
    engine.register_stream("s", {changeover::input_spec(0, "a").hot(), changeover::input_spec(1, "b").hot()},
                           settings);
    auto old = engine.open_input("s", 0), target = engine.open_input("s", 1);
    await_event(engine, event_kind::start, 1);
    EXPECT(old.record(1, key) && !target.record(1, key));
    EXPECT(engine.sync(10s));
    engine.switch_input("s", 1);
    std::size_t from = 0;
    const auto record = [&](std::uint32_t flags) {
      const changeover::packet batch[] = {{1, flags}, {1, video}}, within[] = {{1, video}, {1, flags}};
      switch (way) {
        case 0: return target.record(1, flags);
        case 1: return engine.record_packet("s", 1, 1, flags);
        case 2: return target.record_batch(batch);
        default: return target.record_batch_from(within, from);
      }
    };
    EXPECT(!record(video) && !record(changeover::flags::key) && old.record(1, video));
    EXPECT(record(key).number() == 2 && from == (way == 3 ? 1 : 0));
    EXPECT(!old.record(1, key) && target.record(1, video));
  }
}

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

void a_tap_sees_what_the_host_is_told() {
  changeover::engine engine;
  changeover::tap tap = engine.open_tap();
  EXPECT(!tap.next(0ms) && tap.fd() >= 0);
  engine.register_stream("s", {changeover::input_spec(0, "rtmp://h/live/secret")});
  const auto start = tap.next(10s);
  EXPECT(start && start->kind() == event_kind::start && start->seq() == 1 && start->missed() == 0);
  EXPECT(start->json().find("{\"seq\":1,\"event\":\"start\",") == 0);
  EXPECT(start->json().find("secret") == std::string::npos);
  EXPECT(await_event(engine, event_kind::start).seq() == 0);
  auto back = engine.open_tap(1, start->seq());
  changeover::event event;
  EXPECT(back.next(event, 10s) && event.kind() == event_kind::switched && event.seq() == 2);
  const changeover::tap moved = std::move(back);
  EXPECT(code_of([&] { (void)back.next(event, 0ms); }) == CHANGEOVER_ERR_NULL);
  EXPECT(moved.fd() >= 0);
  { changeover::engine ended = std::move(engine); }
  while (tap.next(event, 0ms) && event.kind() != event_kind::unregistered) {
  }
  EXPECT(code_of([&] { (void)tap.next(changeover::forever); }) == CHANGEOVER_ERR_SHUT_DOWN);
}

void metrics_and_all_streams() {
  changeover::engine engine;
  for (const char* id : {"b", "a"})
    engine.register_stream(id, {changeover::input_spec(0, "a")});
  EXPECT(engine.metrics().find("{stream=") == std::string::npos);
  EXPECT(engine.metrics(CHANGEOVER_METRICS_STREAMS).find("active_input{stream=\"a\"} 0\n") !=
         std::string::npos);
  const std::string page = engine.statuses_json({}, 1);
  EXPECT(page.find("{\"streams\":[{\"stream\":\"a\",") == 0);
  EXPECT(page.substr(page.size() - 13) == "],\"next\":\"a\"}");
}

// What a loopback server answers; "" if nobody is there.
std::string get(const std::string& address, const std::string& target) {
  const auto colon = address.find(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  EXPECT(inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) == 1);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT(fd >= 0);
  std::string said;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    const std::string asked = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    EXPECT(write(fd, asked.data(), asked.size()) == static_cast<ssize_t>(asked.size()));
    char piece[4096];
    for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
      said.append(piece, static_cast<std::size_t>(n));
  }
  close(fd);
  return said;
}

void a_server_lives_as_long_as_its_object() {
  changeover::engine engine;
  engine.register_stream("s", {changeover::input_spec(0, "a")});
  EXPECT(code_of([&] { engine.serve("nowhere"); }) == CHANGEOVER_ERR_ADDRESS);
  changeover::serve_options options;
  options.stream_metrics = true;
  std::string address;
  {
    changeover::server made = engine.serve("127.0.0.1:0", options);
    changeover::server server = std::move(made);
    address = server.address();
    EXPECT(get(address, "/").find("<title>changeover</title>") != std::string::npos);
    EXPECT(get(address, "/metrics").find("active_input{stream=\"s\"} 0\n") != std::string::npos);
    EXPECT(code_of([&] { (void)made.address(); }) != 0);
  }
  EXPECT(get(address, "/").empty());
}

void a_site_answers_a_server_of_the_hosts() {
  changeover::engine engine;
  changeover::serve_options options;
  options.token = "short";
  EXPECT(code_of([&] { (void)engine.site(options); }) == CHANGEOVER_ERR_TOKEN);
  options.token = "correct-horse-battery";
  changeover::site site = engine.site(options);
  changeover::request request;
  request.method = "GET";
  request.target = "/";
  request.host = "localhost";
  const changeover::response page = site.answer(request);
  EXPECT(page.status() == 200 && !page.goes_on() && page.body().find("<!doctype html>") == 0);
  EXPECT(page.field("cache-control") == "no-store" && page.field("no-such").empty());
  request.host = "elsewhere.example";
  EXPECT(site.answer(request).status() == 403);
  request.host = "localhost";
  request.target = "/api/events?stream=s";
  changeover::response events = site.answer(request);
  EXPECT(events.goes_on() && events.next(0ms)->find("retry: ") == 0 && !events.next(0ms));
  engine.register_stream("s", {changeover::input_spec(0, "a")});
  pollfd waits{events.fd(), POLLIN, 0};
  EXPECT(poll(&waits, 1, 10000) == 1 && events.next(0ms)->find("id: ") == 0);
  request = {"POST", "/api/streams/s/disable", "localhost", {}, {}, "Bearer correct-horse-battery", {}, {}};
  request.body = "{\"input\":0}";
  EXPECT(site.answer(request).status() == 200);
  changeover::site moved = std::move(site);
  EXPECT(code_of([&] { (void)site.answer(request); }) == CHANGEOVER_ERR_NULL);
}

}  // namespace

int main() {
  TEST(starts_say_why_and_can_fail_by_handle);
  TEST(a_switch_says_what_it_passed_over_and_how_long_it_took);
  TEST(a_switch_commits_on_a_key_frame);
  TEST(an_event_loop);
  TEST(a_tap_sees_what_the_host_is_told);
  TEST(metrics_and_all_streams);
  TEST(a_server_lives_as_long_as_its_object);
  TEST(a_site_answers_a_server_of_the_hosts);
  return finish("hpp_events");
}
