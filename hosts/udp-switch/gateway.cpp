#include "gateway.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

// What epoll gives back for the descriptors that are no sessions.
char for_events, for_signals;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

// Signals come through a descriptor. Before the engine is made, though it blocks them in its
// threads by itself.
descriptor take_over_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGUSR1, SIGHUP})
    sigaddset(&set, signal);
  checked(sigprocmask(SIG_BLOCK, &set, nullptr), "sigprocmask");
  return descriptor(checked(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd"));
}

}  // namespace

gateway::gateway(std::string table, const settings& defaults, const page_options& page,
                 const std::string& trace, printer& log, printer& output)
    : table_(std::move(table)),
      defaults_(defaults),
      log_(log),
      output_(output),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      signals_(take_over_signals()),
      streams_(engine_, relay_) {
  watch(engine_.event_fd(), &for_events);
  watch(signals_.get(), &for_signals);
  if (!trace.empty()) begin_trace(trace);
  streams_.apply(read_table(table_, defaults_));
  // The sockets of all of them.
  take_events();
  std::size_t inputs = 0;
  for (const auto& [id, stream] : streams_.all())
    inputs += stream->line.inputs.size();
  log_.print("udp-switch: " + std::to_string(streams_.all().size()) + " streams, " + std::to_string(inputs) +
             " inputs, " + std::to_string(sessions_.size()) + " sockets\n");
  if (page.address.empty()) return;
  page_.emplace(serve_page(engine_, page));
  log_.print("udp-switch: http://" + page_->address() + "/\n");
}

// From before the first stream is registered until the engine ends.
void gateway::begin_trace(const std::string& path) {
  // That it can't be written, now or later, and why, is in the log alone; what else there is, events tell.
  engine_.set_log_callback(changeover::log_level::error,
                           [this](changeover::log_level, std::string_view line) {
                             if (line.find("trace can") != std::string_view::npos)
                               log_.print("udp-switch: " + std::string(line) + '\n');
                           });
  try {
    engine_.trace_to(path);
  } catch (const changeover::error&) {
    throw std::runtime_error("--trace " + path + ": not possible");
  }
}

void gateway::run() {
  service_.tell("READY=1");
  while (!ending_)
    turn();
  service_.tell("STOPPING=1");
  shut_down();
}

void gateway::watch(int fd, void* tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = tag;
  checked(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

// For how long nothing has to be done of ourselves, in milliseconds; -1: for ever.
int gateway::wait() const {
  if (relay_.catching_up()) return 1;
  if (service_.watchdog() == 0) return -1;
  const ts::ticks left = fed_at_ + service_.watchdog() - now();
  return static_cast<int>(std::clamp<ts::ticks>(left / ts::millisecond, 0, 1000));
}

// Waits once, and serves what is ready.
void gateway::turn() {
  std::array<epoll_event, 64> ready;
  const int count = epoll_wait(epoll_.get(), ready.data(), ready.size(), wait());
  if (count < 0 && errno != EINTR) checked(count, "epoll_wait");
  bool events = false;
  for (int i = 0; i < count; i++) {
    void* tag = ready[i].data.ptr;
    if (tag == &for_events) {
      events = true;
    } else if (tag == &for_signals) {
      take_signal();
    } else {
      session& from = *static_cast<session*>(tag);
      const char* strange = relay_.receive(from);
      if (strange != nullptr)
        log_.print("udp-switch: " + changeover::printable(from.to->stream) + ": input " +
                   std::to_string(from.priority) + " passes as it is: " + strange + '\n');
    }
  }
  if (relay_.catching_up()) relay_.catch_up();
  // Last, because a stop ends the session that a later entry of `ready` may point to.
  if (events) take_events();
  if (reload_wanted_) reload();
  feed_watchdog();
}

// Until the queue is empty: from then on the descriptor is not readable. Sessions start when all stops are taken,
// because the address of one that starts may be that of one that ends.
void gateway::take_events() {
  std::map<std::uint64_t, changeover::event> starts;
  changeover::event event;
  while (engine_.next_event(event, changeover::duration::zero())) {
    switch (event.kind()) {
      case changeover::event_kind::start: {
        const std::uint64_t session = event.session();
        starts[session] = std::move(event);
        break;
      }
      case changeover::event_kind::stop:
        starts.erase(event.session());
        stop(event);
        break;
      case changeover::event_kind::probe:
        // Hot inputs are not probed; if they ever are: their packets tell.
        engine_.probe_result(event.stream(), event.probe(), changeover::probe_outcome::unsupported);
        break;
      case changeover::event_kind::unregistered:
        print(event);
        streams_.unregistered(event.stream());
        break;
      default: print(event);
    }
  }
  for (const auto& [session, start_event] : starts)
    start(start_event);
}

void gateway::start(const changeover::event& event) {
  streams::stream* stream = streams_.find(event.stream());
  try {
    if (stream == nullptr) throw std::runtime_error("it is in no table");
    auto opened = std::make_unique<session>(stream->out);
    const endpoint from = parse_endpoint(std::string(event.url()));
    opened->number = event.session();
    opened->priority = event.priority();
    opened->rtp = from.rtp;
    opened->input = engine_.open_input(event.stream(), event.priority(), event.session());
    opened->socket = receive_socket(from);
    watch(opened->socket.get(), opened.get());
    sessions_[event.session()] = std::move(opened);
  } catch (const changeover::error&) {
    // Over before it began; its stop is on the way.
  } catch (const std::exception& failure) {
    try {
      engine_.start_result(event.stream(), event.session(), -1, failure.what());
    } catch (const changeover::error&) {
      // As above.
    }
  }
}

// Closing the socket takes it off the epoll.
void gateway::stop(const changeover::event& event) {
  const auto found = sessions_.find(event.session());
  if (found == sessions_.end()) return;
  relay_.forget(*found->second);
  sessions_.erase(found);
}

void gateway::take_signal() {
  signalfd_siginfo signal;
  while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGUSR1)
      print_status();
    else if (signal.ssi_signo == SIGHUP)
      reload_wanted_ = true;
    else
      ending_ = true;
  }
}

// A table with mistakes changes nothing. What the last reload unregistered is gone before the next one may
// register it again.
void gateway::reload() {
  reload_wanted_ = false;
  take_events();
  service_.tell("RELOADING=1");
  try {
    streams_.apply(read_table(table_, defaults_));
    log_.print("udp-switch: " + std::to_string(streams_.all().size()) +
               " streams, the table was read again\n");
  } catch (const std::exception& failure) {
    log_.print("udp-switch: the table was read again, with mistakes:\n" + std::string(failure.what()) + '\n');
  }
  service_.tell("READY=1");
}

// As long as the engine does its duties; this thread does, being here.
void gateway::feed_watchdog() {
  if (service_.watchdog() == 0 || now() - fed_at_ < service_.watchdog()) return;
  fed_at_ = now();
  if (engine_.alive() < std::chrono::seconds(1)) service_.tell("WATCHDOG=1");
}

void gateway::print(const changeover::event& event) { log_.print(event.text() + '\n'); }

void gateway::print_status() {
  if (!output_.print(status_of(streams_, sessions_, engine_, relay_, log_.dropped() + output_.dropped())))
    log_.print("udp-switch: the state was not printed, because nobody reads the last one\n");
}

void gateway::shut_down() {
  for (const auto& [id, stream] : streams_.all())
    if (engine_.is_registered(id)) engine_.unregister(id);
  // Every start that was taken gets its stop.
  take_events();
  if (!sessions_.empty()) throw std::logic_error("sessions are left over");
  log_.print("udp-switch: ended, all sockets closed\n");
}
