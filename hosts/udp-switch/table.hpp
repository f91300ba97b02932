// The table of streams: a file with a line for each, and for what is set for all of them.

#pragma once

#include "settings.hpp"

#include <stdexcept>
#include <string>
#include <vector>

struct stream_line {
  std::string id;
  std::string output;
  // Best first.
  std::vector<std::string> inputs;
  settings own;

  bool operator==(const stream_line& other) const {
    return id == other.id && output == other.output && inputs == other.inputs && own == other.own;
  }
};

struct table {
  settings defaults;
  std::vector<stream_line> streams;
};

// What is wrong with a table: a line for each mistake, beginning with FILE:LINE.
class table_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `defaults`: what is set already. Throws table_error.
table read_table(const std::string& path, const settings& defaults);
