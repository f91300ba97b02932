// A stream in virtual time: sources, the verdicts on what they send, a splicer, and who looks at its output.

#pragma once

#include "../splicer.hpp"
#include "checker.hpp"
#include "maker.hpp"

#include <changeover.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace ts::test {

inline int passed = 0, failed = 0;

inline void expect(bool condition, const std::string& what) {
  (condition ? passed : failed)++;
  if (!condition) std::printf("failed: %s\n", what.c_str());
}

inline std::string list(const std::map<std::string, int>& errors) {
  std::string text;
  for (const auto& [what, count] : errors)
    text += " " + what + ": " + std::to_string(count);
  return text;
}

class rig : sink {
 public:
  explicit rig(const std::vector<shape>& shapes, ticks begin = 0, const keep_limits& limits = {})
      : now(begin) {
    for (const shape& what : shapes)
      inputs.push_back(std::make_unique<input>(what, begin, limits));
  }

  // Everything that comes up to then.
  void until(ticks then) {
    for (;;) {
      input* next = nullptr;
      for (auto& each : inputs)
        if (each->alive && (next == nullptr || each->made.next().at < next->made.next().at))
          next = each.get();
      const ticks at = next == nullptr ? then : std::min(then, next->made.next().at);
      // Who is silent has sent nothing meanwhile.
      while (splice.catching_up() && now + millisecond < at) {
        now += millisecond;
        splice.catch_up(now, *this);
        flush();
      }
      now = std::max(now, at);
      if (next == nullptr || next->made.next().at > then) return;
      receive(*next);
    }
  }
  void run(ticks time) { until(now + time); }

  // The source sends no more, or again; what it would have sent meanwhile is lost.
  void kill(int i) { inputs[static_cast<std::size_t>(i)]->alive = false; }
  void revive(int i) {
    input& back = *inputs[static_cast<std::size_t>(i)];
    while (back.made.next().at < now)
      back.made.take();
    back.alive = true;
  }
  // A decision that commits at once; or with the source's next key picture.
  void admit(int i) {
    admitted = i;
    offered = -1;
    number++;
  }
  void offer(int i) { offered = i; }

  struct input {
    input(const shape& what, ticks begin, const keep_limits& limits) : made(what, begin), known(limits) {}
    maker made;
    source known;
    bool alive = true;
  };
  std::vector<std::unique_ptr<input>> inputs;
  splicer splice;
  checker output;
  ticks now;
  int admitted = 0, offered = -1;
  std::uint64_t number = 1;
  // Of datagrams on air that came while nothing was to be caught up: those that did not go out at once.
  int delayed = 0;
  // TS packets in a datagram, after each other; empty: as they were made.
  std::vector<std::size_t> sizes;
  // Everything that went out, if it is to be kept.
  bool record = false;
  bytes recorded, sent;

 private:
  void receive(input& from) {
    const bytes whole = from.made.next().data;
    from.made.take();
    for (std::size_t at = 0; at < whole.size();) {
      const std::size_t most = sizes.empty() ? whole.size() : sizes[turn_++ % sizes.size()] * packet_size;
      const std::size_t size = std::min(whole.size() - at, most);
      const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(at);
      receive(from, bytes(begin, begin + static_cast<std::ptrdiff_t>(size)));
      at += size;
    }
  }
  void receive(input& from, bytes data) {
    const int i = static_cast<int>(&from - inputs[0].get() == 0 ? 0 : index(from));
    const findings found = from.known.take(data.data(), data.size(), now);
    if (i == offered && (found.flags & changeover::flags::key) != 0) admit(i);
    const bool steady = i == admitted && !splice.catching_up();
    const int before = output.packets;
    if (record && i == admitted) sent.insert(sent.end(), data.begin(), data.end());
    splice.take(from.known, i == admitted ? number : 0, data.data(), data.size(), now, *this);
    flush();
    if (steady && output.packets == before) delayed++;
  }
  int index(const input& of) const {
    for (std::size_t i = 0; i < inputs.size(); i++)
      if (inputs[i].get() == &of) return static_cast<int>(i);
    return -1;
  }
  void pass(std::uint8_t* data, std::size_t size) override {
    flush();
    output.take(data, size, now);
    if (record) recorded.insert(recorded.end(), data, data + size);
  }
  void add(const std::uint8_t* packet) override {
    waiting_.insert(waiting_.end(), packet, packet + packet_size);
  }
  void flush() {
    if (!waiting_.empty()) output.take(waiting_.data(), waiting_.size(), now);
    if (record) recorded.insert(recorded.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
  }
  bytes waiting_;
  std::size_t turn_ = 0;
};

}  // namespace ts::test
