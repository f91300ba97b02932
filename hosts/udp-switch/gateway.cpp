#include "gateway.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <system_error>

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
  for (int signal : {SIGINT, SIGTERM, SIGUSR1})
    sigaddset(&set, signal);
  checked(sigprocmask(SIG_BLOCK, &set, nullptr), "sigprocmask");
  return descriptor(checked(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd"));
}

}  // namespace

gateway::gateway(const std::vector<stream_line>& streams, const changeover::config& settings, printer& log,
                 printer& output)
    : log_(log),
      output_(output),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      signals_(take_over_signals()),
      engine_(settings) {
  watch(engine_.event_fd(), &for_events);
  watch(signals_.get(), &for_signals);
  std::size_t count = 0;
  for (const stream_line& stream : streams) {
    outputs_[stream.id] = parse_address(stream.output);
    std::vector<changeover::input_spec> inputs;
    // A source that sends anyway is a hot input: its socket is always open.
    for (const std::string& address : stream.inputs)
      inputs.push_back(changeover::input_spec(static_cast<std::int32_t>(inputs.size()), address).hot());
    engine_.register_stream(stream.id, inputs);
    count += inputs.size();
  }
  // The sockets of all of them.
  take_events();
  log_.print("udp-switch: " + std::to_string(streams.size()) + " streams, " + std::to_string(count) +
             " inputs, " + std::to_string(sessions_.size()) + " sockets\n");
}

void gateway::run() {
  while (!ending_)
    turn();
  shut_down();
}

void gateway::watch(int fd, void* tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = tag;
  checked(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

// Waits once, and serves what is ready.
void gateway::turn() {
  std::array<epoll_event, 64> ready;
  const int count = epoll_wait(epoll_.get(), ready.data(), ready.size(), -1);
  if (count < 0 && errno != EINTR) checked(count, "epoll_wait");
  bool events = false;
  for (int i = 0; i < count; i++) {
    void* tag = ready[i].data.ptr;
    if (tag == &for_events)
      events = true;
    else if (tag == &for_signals)
      take_signal();
    else
      relay_.receive(*static_cast<session*>(tag));
  }
  // Last, because a stop ends the session that a later entry of `ready` may point to.
  if (events) take_events();
}

// Until the queue is empty: from then on the descriptor is not readable.
void gateway::take_events() {
  changeover::event event;
  while (engine_.next_event(event, changeover::duration::zero())) {
    switch (event.kind()) {
      case changeover::event_kind::start: start(event); break;
      case changeover::event_kind::stop: stop(event); break;
      case changeover::event_kind::probe:
        // Hot inputs are not probed; if they ever are: their packets tell.
        engine_.probe_result(event.stream(), event.probe(), changeover::probe_outcome::unsupported);
        break;
      default: print(event);
    }
  }
}

void gateway::start(const changeover::event& event) {
  try {
    auto opened = std::make_unique<session>();
    opened->number = event.session();
    opened->output = outputs_.find(event.stream())->second;
    opened->input = engine_.open_input(event.stream(), event.priority(), event.session());
    opened->socket = receive_socket(std::string(event.url()));
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
void gateway::stop(const changeover::event& event) { sessions_.erase(event.session()); }

void gateway::take_signal() {
  signalfd_siginfo signal;
  while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGUSR1)
      print_status();
    else
      ending_ = true;
  }
}

void gateway::print(const changeover::event& event) { log_.print(event.text() + '\n'); }

// A line for each stream: its name, a tab, a JSON object. Then one without a name, of the totals.
void gateway::print_status() {
  std::ostringstream states;
  for (const auto& [id, output] : outputs_) {
    const changeover::runtime_status status = engine_.runtime_status(id);
    states << changeover::printable(id) << '\t' << status.json() << '\n';
  }
  const totals& t = relay_.counted();
  states << "\t{\"received\":" << t.received << ",\"forwarded\":" << t.forwarded
         << ",\"malformed\":" << t.malformed << ",\"unsent\":" << t.unsent
         << ",\"unprinted\":" << log_.dropped() + output_.dropped() << "}\n";
  if (!output_.print(states.str()))
    log_.print("udp-switch: the state was not printed, because nobody reads the last one\n");
}

void gateway::shut_down() {
  for (const auto& [id, output] : outputs_)
    engine_.unregister(id);
  // Every start that was taken gets its stop.
  take_events();
  if (!sessions_.empty()) throw std::logic_error("sessions are left over");
  log_.print("udp-switch: ended, all sockets closed\n");
}
