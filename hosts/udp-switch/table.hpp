// The table of streams: a file with a line for each.

#pragma once

#include <string>
#include <vector>

struct stream_line {
  std::string id;
  std::string output;
  // Best first.
  std::vector<std::string> inputs;
};

// Throws std::runtime_error with the line's number.
std::vector<stream_line> read_table(const std::string& path);
