// The state of the streams, as text for programs.

#pragma once

#include "streams.hpp"

#include <changeover.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

using sessions = std::unordered_map<std::uint64_t, std::unique_ptr<session>>;

// A line for each stream: its name, a tab, a JSON object; what the engine says, and under "output" and "sessions"
// what this program does. Then a line without a name, of the totals. `unprinted`: texts that were dropped.
std::string status_of(const streams& streams, const sessions& sessions, const changeover::engine& engine,
                      const relay& relay, std::uint64_t unprinted);
