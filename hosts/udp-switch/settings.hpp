// What can be set: NAME=VALUE, on the command line for all, in the table for all or for one stream.

#pragma once

#include "splice/keep.hpp"

#include <changeover.hpp>

#include <cstdint>
#include <map>
#include <string>

class settings {
 public:
  // Throws std::runtime_error, saying what is wrong with the word.
  void set(const std::string& word);

  // Engine and splicer, as far as they are set here.
  changeover::config config() const;
  ts::keep_limits keep(const ts::keep_limits& otherwise) const;
  // A number that is neither's.
  std::uint64_t number(const char* name, std::uint64_t otherwise) const;

  bool operator==(const settings& other) const { return values_ == other.values_; }

  // A list of the names, for people.
  static std::string names();

 private:
  std::map<std::string, std::string> values_;
};
