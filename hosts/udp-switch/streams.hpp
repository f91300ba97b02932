// The streams that are carried: what the table says, registered with the engine, and changed with it.

#pragma once

#include "relay.hpp"
#include "table.hpp"

#include <changeover.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>

class streams {
 public:
  struct stream {
    stream_line line;
    output out;
  };

  streams(changeover::engine& engine, relay& relay) : engine_(engine), relay_(relay) {}

  // Makes it what the table says. What did not change is not touched. Throws std::runtime_error: what the engine or a
  // socket says of a stream, which it names; what came before that is done.
  void apply(const table& wanted);

  // The engine is done with it: no event of it comes any more.
  void unregistered(std::string_view id);

  // nullptr: there is none.
  stream* find(std::string_view id);
  const std::map<std::string, std::unique_ptr<stream>, std::less<>>& all() const { return streams_; }

 private:
  void add(const stream_line& line);
  void set(output& to, const stream_line& from);
  void change(stream& from, const stream_line& to);
  static changeover::input_spec spec(std::size_t priority, const std::string& address);

  changeover::engine& engine_;
  relay& relay_;
  settings defaults_;
  std::map<std::string, std::unique_ptr<stream>, std::less<>> streams_;
};
