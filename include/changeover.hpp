/* changeover for C++17 and up: the C API (changeover.h) as handles that free themselves,
 * std::string_view, spans and lambdas. Header-only; what a call does, which thread may make it and
 * whether it waits is said once, at the C function of the same name.
 *
 * Errors are exceptions (changeover::error): an operation that fails means a wrong argument or a
 * stream that is gone, constructors can fail, too, and std::expected is not in C++17. The packet path
 * (input::record and its kin, engine::record_packet) is noexcept and does not allocate. Where
 * exceptions are turned off, use changeover.h and changeover_inline.h.
 *
 * Strings handed out are borrowed, as in C: from the event or runtime_status they come from; in a
 * callback until that returns. A moved-from object may be destroyed or assigned to; other calls
 * throw, or, on the packet path, answer drop.
 *
 * Callbacks may be any callable that can be moved. It is destroyed exactly once, after any running
 * call. No exception leaves one: a start or probe that throws has failed; others are swallowed.
 */

#ifndef CHANGEOVER_HPP
#define CHANGEOVER_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "changeover.hpp needs C++17; C programs include changeover.h"
#endif

#include "changeover_inline.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#if __cplusplus >= 202002L
#include <version>
#endif
#ifdef __cpp_lib_span
#include <span>
#endif

namespace changeover {

using duration = std::chrono::nanoseconds;

/** A timeout without limit. */
inline constexpr duration forever = duration::max();

/** A call that failed. Nothing has changed then. */
class error : public std::runtime_error {
 public:
  explicit error(std::int32_t code) : std::runtime_error(changeover_error_message(code)), code_(code) {}

  /** CHANGEOVER_ERR_*. */
  std::int32_t code() const noexcept { return code_; }
  /** E.g. "CHANGEOVER_ERR_UNKNOWN_STREAM". */
  const char* name() const noexcept { return changeover_error_name(code_); }

 private:
  std::int32_t code_;
};

/* A later library may answer numbers that have no name here yet; name() knows them. */
enum class failback : std::int32_t {
  inherit = CHANGEOVER_INHERIT_CHOICE,
  automatic = CHANGEOVER_FAILBACK_AUTO,
  manual = CHANGEOVER_FAILBACK_MANUAL,
};
enum class standby : std::int32_t {
  inherit = CHANGEOVER_INHERIT_CHOICE,
  cold = CHANGEOVER_STANDBY_COLD,
  hot = CHANGEOVER_STANDBY_HOT,
};
enum class overlap : std::int32_t {
  inherit = CHANGEOVER_INHERIT_CHOICE,
  on = CHANGEOVER_OVERLAP_ON,
  off = CHANGEOVER_OVERLAP_OFF,
};
enum class status : std::int32_t {
  idle = CHANGEOVER_STATUS_IDLE,
  active = CHANGEOVER_STATUS_ACTIVE,
  degraded = CHANGEOVER_STATUS_DEGRADED,
  stopped = CHANGEOVER_STATUS_STOPPED,
};
enum class reason : std::int32_t {
  none = CHANGEOVER_REASON_NONE,
  initial = CHANGEOVER_REASON_INITIAL,
  error = CHANGEOVER_REASON_ERROR,
  timeout = CHANGEOVER_REASON_TIMEOUT,
  start_failed = CHANGEOVER_REASON_START_FAILED,
  manual = CHANGEOVER_REASON_MANUAL,
  failback = CHANGEOVER_REASON_FAILBACK,
  recovery = CHANGEOVER_REASON_RECOVERY,
  input_added = CHANGEOVER_REASON_INPUT_ADDED,
  input_removed = CHANGEOVER_REASON_INPUT_REMOVED,
  low_bitrate = CHANGEOVER_REASON_LOW_BITRATE,
  low_fps = CHANGEOVER_REASON_LOW_FPS,
  packet_loss = CHANGEOVER_REASON_PACKET_LOSS,
  video_lost = CHANGEOVER_REASON_VIDEO_LOST,
};
enum class event_kind : std::int32_t {
  none = 0,
  start = CHANGEOVER_EVENT_START,
  stop = CHANGEOVER_EVENT_STOP,
  probe = CHANGEOVER_EVENT_PROBE,
  switched = CHANGEOVER_EVENT_SWITCHED,
  active = CHANGEOVER_EVENT_ACTIVE,
  degraded = CHANGEOVER_EVENT_DEGRADED,
  recovered = CHANGEOVER_EVENT_RECOVERED,
  exhausted = CHANGEOVER_EVENT_EXHAUSTED,
  restored = CHANGEOVER_EVENT_RESTORED,
  unregistered = CHANGEOVER_EVENT_UNREGISTERED,
  gap = CHANGEOVER_EVENT_GAP,
};
enum class probe_outcome : std::int32_t {
  ok = CHANGEOVER_PROBE_OK,
  failed = CHANGEOVER_PROBE_FAILED,
  unsupported = CHANGEOVER_PROBE_UNSUPPORTED,
  later = CHANGEOVER_PROBE_LATER,
};
enum class log_level : std::int32_t {
  off = CHANGEOVER_LOG_OFF,
  error = CHANGEOVER_LOG_ERROR,
  warn = CHANGEOVER_LOG_WARN,
  info = CHANGEOVER_LOG_INFO,
  debug = CHANGEOVER_LOG_DEBUG,
};

inline const char* name(reason value) noexcept {
  return changeover_reason_name(static_cast<std::int32_t>(value));
}
inline const char* name(event_kind value) noexcept {
  return changeover_event_name(static_cast<std::int32_t>(value));
}
inline const char* name(status value) noexcept {
  return changeover_status_name(static_cast<std::int32_t>(value));
}

/** What a packet is, or'ed. */
namespace flags {
inline constexpr std::uint32_t none = 0;
inline constexpr std::uint32_t video = CHANGEOVER_VIDEO;
inline constexpr std::uint32_t audio = CHANGEOVER_AUDIO;
inline constexpr std::uint32_t key = CHANGEOVER_KEY;
}  // namespace flags

/** One packet of a batch. */
using packet = changeover_packet;

namespace detail {

inline void check(std::int32_t result) {
  if (result != CHANGEOVER_OK) throw error(result);
}

/** A setting. No negative one is legal, and none must pass for CHANGEOVER_INHERIT. */
inline std::uint64_t setting(duration value) noexcept {
  return value < duration::zero() ? CHANGEOVER_INHERIT - 1 : static_cast<std::uint64_t>(value.count());
}

inline std::uint64_t timeout(duration value) noexcept {
  if (value == forever) return UINT64_MAX;
  return value < duration::zero() ? 0 : static_cast<std::uint64_t>(value.count());
}

inline duration nanoseconds(std::uint64_t value) noexcept {
  return value > static_cast<std::uint64_t>(forever.count()) ? forever
                                                             : duration(static_cast<duration::rep>(value));
}

inline std::chrono::system_clock::time_point wall_clock(std::int64_t since_1970) noexcept {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(duration(since_1970)));
}

inline std::optional<std::int32_t> priority_or_none(std::int32_t value) noexcept {
  return value < 0 ? std::nullopt : std::optional<std::int32_t>(value);
}

/** std::function for callables that can only be moved. */
template <class>
class callable;

template <class R, class... A>
class callable<R(A...)> {
 public:
  callable() = default;

  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, callable>>>
  callable(F&& function)  // NOLINT: meant to convert
      : held_(std::make_unique<held<std::decay_t<F>>>(std::forward<F>(function))) {}

  explicit operator bool() const noexcept { return held_ != nullptr; }
  R operator()(A... arguments) { return held_->call(static_cast<A>(arguments)...); }

 private:
  struct base {
    virtual ~base() = default;
    virtual R call(A...) = 0;
  };
  template <class F>
  struct held final : base {
    template <class G>
    explicit held(G&& from) : function(std::forward<G>(from)) {}
    R call(A... arguments) override { return function(static_cast<A>(arguments)...); }
    F function;
  };
  std::unique_ptr<base> held_;
};

}  // namespace detail

#ifdef __cpp_lib_span
template <class T>
using span = std::span<T>;
#else
/** As much of std::span as is needed here, for C++17. */
template <class T>
class span {
 public:
  constexpr span() noexcept = default;
  constexpr span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}  // NOLINT
  template <class C, class = decltype(static_cast<T*>(std::declval<C&>().data()))>
  constexpr span(C&& list) noexcept : data_(list.data()), size_(list.size()) {}  // NOLINT

  constexpr T* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr T* begin() const noexcept { return data_; }
  constexpr T* end() const noexcept { return data_ + size_; }
  constexpr T& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

/** Settings of an engine, a stream or an input; what is not set is inherited. */
class config {
 public:
  config() noexcept { changeover_config_init(&raw_, sizeof raw_); }

  config& packet_timeout(duration value) noexcept { return set(raw_.packet_timeout, value); }
  config& connect_timeout(duration value) noexcept { return set(raw_.connect_timeout, value); }
  config& probe_cooldown(duration value) noexcept { return set(raw_.probe_cooldown, value); }
  config& probe_timeout(duration value) noexcept { return set(raw_.probe_timeout, value); }
  config& switch_cooldown(duration value) noexcept { return set(raw_.switch_cooldown, value); }
  config& failback_stable(duration value) noexcept { return set(raw_.failback_stable, value); }
  config& failback(changeover::failback value) noexcept { return set(raw_.failback, value); }
  config& standby(changeover::standby value) noexcept { return set(raw_.standby, value); }
  config& overlap(changeover::overlap value) noexcept { return set(raw_.overlap, value); }

  const changeover_config& raw() const noexcept { return raw_; }

 private:
  config& set(std::uint64_t& field, duration value) noexcept {
    field = detail::setting(value);
    return *this;
  }
  template <class E>
  config& set(std::int32_t& field, E value) noexcept {
    field = static_cast<std::int32_t>(value);
    return *this;
  }

  changeover_config raw_;
};

/** What an input is. */
class input_spec {
 public:
  /** priority: 0 and up, unique in the stream, lower is preferred. */
  input_spec(std::int32_t priority, std::string url) : priority_(priority), url_(std::move(url)) {}

  /** Comes back with the input's starts and probes. */
  input_spec& option(std::string key, std::string value) {
    options_.emplace_back(std::move(key), std::move(value));
    return *this;
  }
  input_spec& settings(const config& value) noexcept {
    settings_ = value;
    return *this;
  }
  /** Started at once and kept running. */
  input_spec& hot() noexcept {
    settings_.standby(standby::hot);
    return *this;
  }

 private:
  friend class engine;

  std::int32_t priority_;
  std::string url_;
  std::vector<std::pair<std::string, std::string>> options_;
  config settings_;
};

/** What recording answers: whether to forward the packet. */
class [[nodiscard]] verdict {
 public:
  constexpr verdict() noexcept = default;
  constexpr explicit verdict(std::uint64_t number) noexcept : number_(number) {}

  /** Whether to forward the packet. */
  constexpr bool forward() const noexcept { return number_ != 0; }
  constexpr explicit operator bool() const noexcept { return forward(); }
  /** The stream's switch number, which only rises; 0 is drop. */
  constexpr std::uint64_t number() const noexcept { return number_; }

 private:
  std::uint64_t number_ = 0;
};

/** An open input. One thread at a time. Closed when destroyed. */
class input {
 public:
  input() noexcept = default;
  input(input&& other) noexcept : raw_(std::exchange(other.raw_, changeover_input{})) {}
  input& operator=(input&& other) noexcept {
    if (this != &other) {
      close();
      raw_ = std::exchange(other.raw_, changeover_input{});
    }
    return *this;
  }
  ~input() { close(); }

  /** Counts one packet, without a function call where the compiler can. */
  verdict record(std::uint32_t bytes, std::uint32_t flags = flags::none) noexcept {
    return verdict(changeover_record_inline(&raw_, bytes, flags));
  }
  /** Counts several packets under one verdict. */
  verdict record_batch(span<const packet> packets) noexcept {
    return verdict(changeover_record_batch(&raw_, packets.data(), packets.size()));
  }
  void record_lost(std::uint64_t lost) noexcept { changeover_record_lost(&raw_, lost); }
  void report_error(std::string_view text) {
    detail::check(changeover_input_report_error(&raw_, text.data(), text.size()));
  }
  void close() noexcept { changeover_close_input(&raw_); }
  bool is_open() const noexcept { return raw_.id != 0; }

 private:
  friend class engine;

  changeover_input raw_{};
};

/** What the host is told. Borrowed; see above. */
class event_view {
 public:
  explicit event_view(const changeover_event& raw) noexcept {
    changeover_event_init(&raw_, sizeof raw_);
    // The library's struct may be older, so shorter, or newer, so longer than ours.
    std::size_t known = raw.struct_size < sizeof raw_ ? raw.struct_size : sizeof raw_;
    std::memcpy(static_cast<void*>(&raw_), &raw, known);
    raw_.struct_size = sizeof raw_;
    raw_.owner = 0;
  }

  event_kind kind() const noexcept { return static_cast<event_kind>(raw_.kind); }
  /** The input; -1 where there is none. */
  std::int32_t priority() const noexcept { return raw_.priority; }
  /** switched: the input left; -1: none. */
  std::int32_t from() const noexcept { return raw_.from; }
  changeover::reason reason() const noexcept { return static_cast<changeover::reason>(raw_.reason); }
  std::uint64_t registration() const noexcept { return raw_.registration; }
  std::uint64_t session() const noexcept { return raw_.session; }
  /** probe: to be given back with the answer. */
  std::uint64_t probe() const noexcept { return raw_.probe; }
  std::uint64_t switch_number() const noexcept { return raw_.switch_number; }
  /** gap: how many events were lost. */
  std::uint64_t dropped() const noexcept { return raw_.dropped; }
  /** On the engine's clock. */
  duration at() const noexcept { return detail::nanoseconds(raw_.at); }
  std::chrono::system_clock::time_point wall_clock() const noexcept {
    return detail::wall_clock(raw_.at_unix);
  }
  duration measured() const noexcept { return detail::nanoseconds(raw_.measured); }
  duration limit() const noexcept { return detail::nanoseconds(raw_.limit); }
  std::string_view stream() const noexcept { return {raw_.stream, raw_.stream_len}; }
  std::string_view url() const noexcept { return {raw_.url, raw_.url_len}; }
  std::string_view buffer_write_id() const noexcept {
    return {raw_.buffer_write_id, raw_.buffer_write_id_len};
  }
  /** The evidence, for people. */
  std::string_view detail() const noexcept { return {raw_.detail, raw_.detail_len}; }
  std::vector<std::pair<std::string_view, std::string_view>> options() const {
    std::vector<std::pair<std::string_view, std::string_view>> list;
    list.reserve(raw_.options_len);
    for (std::size_t i = 0; i < raw_.options_len; i++) {
      const changeover_option& o = raw_.options[i];
      list.emplace_back(std::string_view(o.key, o.key_len), std::string_view(o.value, o.value_len));
    }
    return list;
  }

  const changeover_event& raw() const noexcept { return raw_; }

 protected:
  event_view() noexcept { changeover_event_init(&raw_, sizeof raw_); }

  changeover_event raw_;
};

/** An event that was taken; forgotten when destroyed. */
class event : public event_view {
 public:
  event() noexcept = default;
  event(event&& other) noexcept { std::swap(raw_, other.raw_); }
  event& operator=(event&& other) noexcept {
    if (this != &other) {
      changeover_event_clear(&raw_);
      std::swap(raw_, other.raw_);
    }
    return *this;
  }
  ~event() { changeover_event_clear(&raw_); }

 private:
  friend class engine;
};

/** The state of a stream. */
class stream_status {
 public:
  /** Which life of the stream id. */
  std::uint64_t registration() const noexcept { return raw_.registration; }
  /** What a forwarded packet's verdict is at present. */
  std::uint64_t switch_number() const noexcept { return raw_.switch_number; }
  /** The input that is on air, or selected to be. */
  std::optional<std::int32_t> active() const noexcept {
    return detail::priority_or_none(raw_.active_input_priority);
  }
  /** The target of a planned switch that waits for its first packet. */
  std::optional<std::int32_t> pending() const noexcept {
    return detail::priority_or_none(raw_.pending_input_priority);
  }
  /** The manual choice in force. */
  std::optional<std::int32_t> overridden() const noexcept {
    return detail::priority_or_none(raw_.override_input_priority);
  }
  /** No usable input is left. */
  bool exhausted() const noexcept { return raw_.exhausted != 0; }
  std::size_t inputs_len() const noexcept { return raw_.inputs_len; }
  std::size_t switches_len() const noexcept { return raw_.switches_len; }

  const changeover_stream_status& raw() const noexcept { return raw_; }

 private:
  friend class runtime_status;
  stream_status() noexcept { changeover_stream_status_init(&raw_, sizeof raw_); }

  changeover_stream_status raw_;
};

/** The health of an input. */
class input_status {
 public:
  std::int32_t priority() const noexcept { return raw_.priority; }
  changeover::status status() const noexcept { return static_cast<changeover::status>(raw_.status); }
  /** Packets came within the last packet_timeout. */
  bool receiving() const noexcept { return raw_.receiving != 0; }
  /** Its running session; 0: none. */
  std::uint64_t session() const noexcept { return raw_.session; }
  std::uint64_t packets() const noexcept { return raw_.packets; }
  std::uint64_t bytes() const noexcept { return raw_.bytes; }
  std::uint64_t video_packets() const noexcept { return raw_.video_packets; }
  std::uint64_t key_packets() const noexcept { return raw_.key_packets; }
  std::uint64_t lost_packets() const noexcept { return raw_.lost_packets; }
  /** How often it was probed or tried. */
  std::uint64_t probes() const noexcept { return raw_.probes; }
  /** Kilobits (1000 bits) per second. */
  double bitrate_kbps() const noexcept { return raw_.bitrate_kbps; }
  /** Video frames per second. */
  double fps() const noexcept { return raw_.fps; }
  /** Lost packets in percent of those sent. */
  double packet_loss() const noexcept { return raw_.packet_loss; }
  /** Its newest packet; none if there was never one. */
  std::optional<std::chrono::system_clock::time_point> last_packet_at() const noexcept {
    if (raw_.last_packet_at == 0) return std::nullopt;
    return detail::wall_clock(raw_.last_packet_at);
  }
  /** When its status last changed. */
  std::chrono::system_clock::time_point state_since() const noexcept {
    return detail::wall_clock(raw_.state_since);
  }
  std::string_view url() const noexcept { return {raw_.url, raw_.url_len}; }
  std::size_t errors_len() const noexcept { return raw_.errors_len; }

  const changeover_input_status& raw() const noexcept { return raw_; }

 private:
  friend class runtime_status;
  input_status() noexcept { changeover_input_status_init(&raw_, sizeof raw_); }

  changeover_input_status raw_;
};

/** One error of an input. */
class error_entry {
 public:
  std::chrono::system_clock::time_point at() const noexcept { return detail::wall_clock(raw_.at); }
  changeover::reason reason() const noexcept { return static_cast<changeover::reason>(raw_.reason); }
  /** What was measured; 0: nothing. */
  duration measured() const noexcept { return detail::nanoseconds(raw_.measured); }
  /** The limit it was measured against; 0: none. */
  duration limit() const noexcept { return detail::nanoseconds(raw_.limit); }
  /** What happened. */
  std::string_view text() const noexcept { return {raw_.text, raw_.text_len}; }

  const changeover_error_entry& raw() const noexcept { return raw_; }

 private:
  friend class runtime_status;
  error_entry() noexcept { changeover_error_entry_init(&raw_, sizeof raw_); }

  changeover_error_entry raw_;
};

/** One switch of a stream. */
class switch_entry {
 public:
  std::chrono::system_clock::time_point at() const noexcept { return detail::wall_clock(raw_.at); }
  /** The input left; -1: none. */
  std::int32_t from() const noexcept { return raw_.from; }
  /** The input chosen. */
  std::int32_t to() const noexcept { return raw_.to; }
  changeover::reason reason() const noexcept { return static_cast<changeover::reason>(raw_.reason); }
  /** The stream's switch number from here on. */
  std::uint64_t number() const noexcept { return raw_.number; }
  /** The evidence, for people. */
  std::string_view detail() const noexcept { return {raw_.detail, raw_.detail_len}; }

  const changeover_switch_entry& raw() const noexcept { return raw_; }

 private:
  friend class runtime_status;
  switch_entry() noexcept { changeover_switch_entry_init(&raw_, sizeof raw_); }

  changeover_switch_entry raw_;
};

/** All that is known of a stream at one instant. Outlives stream and engine. What has strings must
 * not be asked of a temporary: they would be gone at once. */
class runtime_status {
 public:
  stream_status stream() const {
    stream_status out;
    detail::check(changeover_status_stream(raw_.get(), &out.raw_));
    return out;
  }
  /** Best first. */
  input_status input(std::size_t index) const& {
    input_status out;
    detail::check(changeover_status_input(raw_.get(), index, &out.raw_));
    return out;
  }
  std::vector<input_status> inputs() const& {
    std::vector<input_status> list;
    for (std::size_t i = 0, n = stream().inputs_len(); i < n; i++)
      list.push_back(input(i));
    return list;
  }
  /** Oldest first. */
  std::vector<error_entry> errors(std::size_t input) const& {
    std::vector<error_entry> list;
    for (std::size_t i = 0, n = this->input(input).errors_len(); i < n; i++) {
      error_entry out;
      detail::check(changeover_status_error(raw_.get(), input, i, &out.raw_));
      list.push_back(out);
    }
    return list;
  }
  /** Oldest first. */
  std::vector<switch_entry> switches() const& {
    std::vector<switch_entry> list;
    for (std::size_t i = 0, n = stream().switches_len(); i < n; i++) {
      switch_entry out;
      detail::check(changeover_status_switch(raw_.get(), i, &out.raw_));
      list.push_back(out);
    }
    return list;
  }
  std::string_view json() const& {
    const char* text;
    std::size_t length;
    detail::check(changeover_status_json(raw_.get(), &text, &length));
    return {text, length};
  }

  input_status input(std::size_t) const&& = delete;
  std::vector<input_status> inputs() const&& = delete;
  std::vector<error_entry> errors(std::size_t) const&& = delete;
  std::vector<switch_entry> switches() const&& = delete;
  std::string_view json() const&& = delete;

 private:
  friend class engine;

  struct freer {
    void operator()(changeover_status* status) const noexcept { changeover_status_free(status); }
  };
  explicit runtime_status(changeover_status* raw) noexcept : raw_(raw) {}
  std::unique_ptr<changeover_status, freer> raw_;
};

/** The host's side of an engine that calls back, on its event thread. */
class callbacks {
 public:
  /** start: whether that is under way. */
  using start_function = detail::callable<bool(const event_view&)>;
  using event_function = detail::callable<void(const event_view&)>;
  using probe_function = detail::callable<probe_outcome(const event_view&)>;

  callbacks(start_function start, event_function stop) : start_(std::move(start)), stop_(std::move(stop)) {}

  callbacks& on_probe(probe_function probe) {
    probe_ = std::move(probe);
    return *this;
  }
  /** Everything that is not a command. */
  callbacks& on_notify(event_function notify) {
    notify_ = std::move(notify);
    return *this;
  }

 private:
  friend class engine;

  start_function start_;
  event_function stop_;
  probe_function probe_;
  event_function notify_;
};

/** An engine. Any thread may use it. Destroying it unregisters all streams; not in its callbacks. */
class engine {
 public:
  /** The host polls: next_event, event_fd. event_limit as in changeover_options; 0: the usual. */
  explicit engine(const config& defaults = config(), std::uint64_t event_limit = 0) {
    open(defaults, nullptr, event_limit);
  }

  /** The engine calls back. */
  explicit engine(callbacks host, const config& defaults = config(), std::uint64_t event_limit = 0) {
    auto data = std::make_unique<callbacks>(std::move(host));
    changeover_callbacks raw;
    changeover_callbacks_init(&raw, sizeof raw);
    raw.destroy = destroy<callbacks>;
    // What is empty stays NULL, which the library refuses where it must be there.
    if (data->start_)
      raw.start = [](void* user_data, const changeover_event* event) noexcept -> std::int32_t {
        try {
          return static_cast<callbacks*>(user_data)->start_(event_view(*event)) ? 0 : -1;
        } catch (...) {
          return -1;
        }
      };
    if (data->stop_)
      raw.stop = [](void* user_data, const changeover_event* event) noexcept {
        guard([&] { static_cast<callbacks*>(user_data)->stop_(event_view(*event)); });
      };
    if (data->probe_)
      raw.probe = [](void* user_data, const changeover_event* event) noexcept -> std::int32_t {
        try {
          return static_cast<std::int32_t>(static_cast<callbacks*>(user_data)->probe_(event_view(*event)));
        } catch (...) {
          return CHANGEOVER_PROBE_FAILED;
        }
      };
    if (data->notify_)
      raw.notify = [](void* user_data, const changeover_event* event) noexcept {
        guard([&] { static_cast<callbacks*>(user_data)->notify_(event_view(*event)); });
      };
    // From here on the library destroys it, also when the call fails.
    raw.user_data = data.release();
    open(defaults, &raw, event_limit);
  }

  engine(engine&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  engine& operator=(engine&& other) noexcept {
    if (this != &other) {
      changeover_free(raw_);
      raw_ = std::exchange(other.raw_, nullptr);
    }
    return *this;
  }
  ~engine() { changeover_free(raw_); }

  /** changeover_register; `register` is a word of the language. Returns the registration. */
  std::uint64_t register_stream(std::string_view stream, const std::vector<input_spec>& inputs,
                                const config& settings = config(), std::string_view buffer_write_id = {}) {
    c_inputs list(inputs);
    std::uint64_t registration = 0;
    detail::check(changeover_register(raw_, stream.data(), stream.size(), buffer_write_id.data(),
                                      buffer_write_id.size(), list.data(), list.size(), &settings.raw(),
                                      &registration));
    return registration;
  }
  void unregister(std::string_view stream) {
    detail::check(changeover_unregister(raw_, stream.data(), stream.size()));
  }
  bool is_registered(std::string_view stream) const {
    std::int32_t registered = 0;
    detail::check(changeover_is_registered(raw_, stream.data(), stream.size(), &registered));
    return registered != 0;
  }
  std::vector<std::string> registered_streams() const {
    changeover_stream_list* raw;
    detail::check(changeover_registered_streams(raw_, &raw));
    std::unique_ptr<changeover_stream_list, void (*)(changeover_stream_list*)> list(
        raw, changeover_stream_list_free);
    std::vector<std::string> streams;
    for (std::size_t i = 0, n = changeover_stream_list_len(raw); i < n; i++) {
      const char* stream;
      std::size_t length;
      detail::check(changeover_stream_list_get(raw, i, &stream, &length));
      streams.emplace_back(stream, length);
    }
    return streams;
  }
  void set_config(std::string_view stream, const config& settings) {
    // To the library, no stream means the engine.
    if (stream.empty()) throw error(CHANGEOVER_ERR_STREAM_ID);
    detail::check(changeover_set_config(raw_, stream.data(), stream.size(), &settings.raw()));
  }
  /** changeover_set_config for the engine's own settings. */
  void set_defaults(const config& settings) {
    detail::check(changeover_set_config(raw_, nullptr, 0, &settings.raw()));
  }
  void switch_input(std::string_view stream, std::int32_t priority) {
    detail::check(changeover_switch_input(raw_, stream.data(), stream.size(), priority));
  }
  void clear_override(std::string_view stream) {
    detail::check(changeover_clear_override(raw_, stream.data(), stream.size()));
  }
  void update_inputs(std::string_view stream, const std::vector<input_spec>& added,
                     const std::vector<std::int32_t>& removed = {},
                     const std::vector<input_spec>& updated = {}) {
    c_inputs add(added), update(updated);
    detail::check(changeover_update_inputs(raw_, stream.data(), stream.size(), add.data(), add.size(),
                                           removed.data(), removed.size(), update.data(), update.size()));
  }
  void update_buffer_write_id(std::string_view stream, std::string_view buffer_write_id) {
    detail::check(changeover_update_buffer_write_id(raw_, stream.data(), stream.size(),
                                                    buffer_write_id.data(), buffer_write_id.size()));
  }
  void report_input_error(std::string_view stream, std::int32_t priority, std::string_view text) {
    detail::check(changeover_report_input_error(raw_, stream.data(), stream.size(), priority, text.data(),
                                                text.size()));
  }
  void start_result(std::string_view stream, std::uint64_t session, std::int32_t result,
                    std::string_view text = {}) {
    detail::check(changeover_start_result(raw_, stream.data(), stream.size(), session, result, text.data(),
                                          text.size()));
  }
  void probe_result(std::string_view stream, std::uint64_t probe, probe_outcome outcome,
                    std::string_view text = {}) {
    detail::check(changeover_probe_result(raw_, stream.data(), stream.size(), probe,
                                          static_cast<std::int32_t>(outcome), text.data(), text.size()));
  }
  changeover::runtime_status runtime_status(std::string_view stream) const {
    changeover_status* status;
    detail::check(changeover_runtime_status(raw_, stream.data(), stream.size(), &status));
    return changeover::runtime_status(status);
  }
  /** False: not done within timeout. */
  bool sync(duration timeout = forever) {
    return unless_timeout(changeover_sync(raw_, detail::timeout(timeout)));
  }
  duration now() const {
    std::uint64_t now = 0;
    detail::check(changeover_now(raw_, &now));
    return detail::nanoseconds(now);
  }

  /** session: as given in its start; 0 follows the current one. */
  input open_input(std::string_view stream, std::int32_t priority, std::uint64_t session = 0) {
    input opened;
    detail::check(changeover_open_input(raw_, stream.data(), stream.size(), priority, session, &opened.raw_));
    return opened;
  }
  /** By id. On an error it answers drop; error (may be NULL) receives the code, or 0. */
  verdict record_packet(std::string_view stream, std::int32_t priority, std::uint32_t bytes,
                        std::uint32_t flags = flags::none, std::int32_t* error = nullptr) noexcept {
    std::uint64_t number = 0;
    std::int32_t result =
        changeover_record_packet(raw_, stream.data(), stream.size(), priority, bytes, flags, &number);
    if (error != nullptr) *error = result;
    return verdict(number);
  }

  /** False: none came within timeout; into is empty then. */
  bool next_event(event& into, duration timeout = forever) {
    return unless_timeout(changeover_next_event(raw_, detail::timeout(timeout), &into.raw_));
  }
  std::optional<event> next_event(duration timeout = forever) {
    std::optional<event> taken(std::in_place);
    if (!next_event(*taken, timeout)) taken.reset();
    return taken;
  }
  /** For poll and epoll: readable while next_event would return at once. The engine's. */
  int event_fd() const {
    std::int32_t fd = -1;
    detail::check(changeover_event_fd(raw_, &fd));
    return fd;
  }

  /** callback(std::string_view stream), in place of the one before. */
  template <class F>
  void set_exhausted_callback(F&& callback) {
    set_stream_callback(changeover_set_exhausted_callback, std::forward<F>(callback));
  }
  void set_exhausted_callback(std::nullptr_t) {
    detail::check(changeover_set_exhausted_callback(raw_, nullptr, nullptr, nullptr));
  }
  /** callback(std::string_view stream), in place of the one before. */
  template <class F>
  void set_restored_callback(F&& callback) {
    set_stream_callback(changeover_set_restored_callback, std::forward<F>(callback));
  }
  void set_restored_callback(std::nullptr_t) {
    detail::check(changeover_set_restored_callback(raw_, nullptr, nullptr, nullptr));
  }
  /** callback(log_level, std::string_view line), in place of the one before. */
  template <class F>
  void set_log_callback(log_level level, F&& callback) {
    using function = std::decay_t<F>;
    auto data = std::make_unique<function>(std::forward<F>(callback));
    changeover_log_fn call = [](void* user_data, std::int32_t at, const char* line,
                                std::size_t length) noexcept {
      guard([&] {
        (*static_cast<function*>(user_data))(static_cast<log_level>(at), std::string_view(line, length));
      });
    };
    // From here on the library destroys it, also when the call fails.
    detail::check(changeover_set_log_callback(raw_, static_cast<std::int32_t>(level), call, data.release(),
                                              destroy<function>));
  }
  void set_log_callback(std::nullptr_t) {
    detail::check(changeover_set_log_callback(raw_, CHANGEOVER_LOG_OFF, nullptr, nullptr, nullptr));
  }

  /** For what is only in the C API. The engine's. */
  changeover_engine* raw() const noexcept { return raw_; }

 private:
  /** Inputs as the C API takes them; valid as long as what it was made from. */
  class c_inputs {
   public:
    explicit c_inputs(const std::vector<input_spec>& inputs) {
      std::size_t options = 0;
      for (const input_spec& input : inputs)
        options += input.options_.size();
      // Reserved, so that pointers into it stay good.
      options_.reserve(options);
      specs_.reserve(inputs.size());
      for (const input_spec& input : inputs) {
        changeover_input_spec spec;
        changeover_input_spec_init(&spec, sizeof spec);
        spec.priority = input.priority_;
        spec.url = input.url_.data();
        spec.url_len = input.url_.size();
        spec.options = options_.data() + options_.size();
        spec.options_len = input.options_.size();
        spec.config = &input.settings_.raw();
        for (const auto& [key, value] : input.options_)
          options_.push_back({key.data(), key.size(), value.data(), value.size()});
        specs_.push_back(spec);
      }
    }
    const changeover_input_spec* data() const noexcept { return specs_.data(); }
    std::size_t size() const noexcept { return specs_.size(); }

   private:
    std::vector<changeover_option> options_;
    std::vector<changeover_input_spec> specs_;
  };

  template <class T>
  static void destroy(void* user_data) noexcept {
    delete static_cast<T*>(user_data);
  }

  template <class F>
  static void guard(F&& body) noexcept {
    try {
      body();
    } catch (...) {
      // It must not reach the library, and there is nobody else to tell.
    }
  }

  static bool unless_timeout(std::int32_t result) {
    if (result == CHANGEOVER_ERR_TIMEOUT) return false;
    detail::check(result);
    return true;
  }

  void open(const config& defaults, const changeover_callbacks* host, std::uint64_t event_limit) {
    changeover_options options;
    changeover_options_init(&options, sizeof options);
    options.defaults = &defaults.raw();
    options.callbacks = host;
    options.event_limit = event_limit;
    detail::check(changeover_new(&options, &raw_));
  }

  using set_function = std::int32_t (*)(changeover_engine*, changeover_stream_fn, void*,
                                        changeover_destroy_fn);
  template <class F>
  void set_stream_callback(set_function set, F&& callback) {
    using function = std::decay_t<F>;
    auto data = std::make_unique<function>(std::forward<F>(callback));
    changeover_stream_fn call = [](void* user_data, const char* stream, std::size_t length) noexcept {
      guard([&] { (*static_cast<function*>(user_data))(std::string_view(stream, length)); });
    };
    // From here on the library destroys it, also when the call fails.
    detail::check(set(raw_, call, data.release(), destroy<function>));
  }

  changeover_engine* raw_ = nullptr;
};

/** The library's version, e.g. "0.1.0"; CHANGEOVER_VERSION is the header's. */
inline const char* version() noexcept { return changeover_version(); }
/** The same as one number, as CHANGEOVER_VERSION_NUMBER. */
inline std::uint32_t version_number() noexcept { return changeover_version_number(); }

}  // namespace changeover

#endif  // CHANGEOVER_HPP
