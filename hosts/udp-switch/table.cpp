#include "table.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

std::vector<stream_line> read_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<stream_line> streams;
  std::string text;
  for (int number = 1; std::getline(file, text); number++) {
    std::istringstream words(text.substr(0, text.find('#')));
    stream_line line;
    if (!(words >> line.id)) continue;
    words >> line.output;
    for (std::string input; words >> input;)
      line.inputs.push_back(input);
    if (line.inputs.empty())
      throw std::runtime_error(path + ":" + std::to_string(number) + ": want STREAM OUTPUT INPUT [INPUT...]");
    streams.push_back(line);
  }
  return streams;
}
