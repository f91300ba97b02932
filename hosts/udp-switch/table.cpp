#include "table.hpp"

#include "sockets.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

namespace {

// More the engine does not take.
constexpr std::size_t longest_name = 255, most_inputs = 256;

// What a stream's line says.
stream_line read_line(const std::vector<std::string>& words) {
  stream_line line;
  std::vector<std::string> addresses;
  for (const std::string& word : words) {
    if (word.find('=') != std::string::npos)
      line.own.set(word);
    else if (line.id.empty())
      line.id = word;
    else
      addresses.push_back(parse_endpoint(word).text);
  }
  if (addresses.size() < 2) throw std::runtime_error("want STREAM OUTPUT INPUT [INPUT...]");
  if (line.id.size() > longest_name || addresses.size() - 1 > most_inputs)
    throw std::runtime_error("want a name of 255 bytes at most, and 256 inputs");
  line.output = addresses[0];
  line.inputs.assign(addresses.begin() + 1, addresses.end());
  return line;
}

bool are_settings(const std::vector<std::string>& words) {
  for (const std::string& word : words)
    if (word.find('=') == std::string::npos) return false;
  return true;
}

}  // namespace

table read_table(const std::string& path, const settings& defaults) {
  std::ifstream file(path);
  if (!file) throw table_error(path + ": " + std::strerror(errno));
  table found;
  found.defaults = defaults;
  std::string mistakes, text;
  // Where each was, so that the second one can name the first.
  std::map<std::string, int> streams, outputs;
  int number = 1;
  for (; std::getline(file, text); number++) {
    std::istringstream part(text.substr(0, text.find('#')));
    std::vector<std::string> words;
    for (std::string word; part >> word;)
      words.push_back(word);
    if (words.empty()) continue;
    try {
      if (are_settings(words)) {
        for (const std::string& word : words)
          found.defaults.set(word);
        continue;
      }
      const stream_line line = read_line(words);
      const auto [stream, new_stream] = streams.emplace(line.id, number);
      if (!new_stream)
        throw std::runtime_error(line.id + ": is in line " + std::to_string(stream->second) + " already");
      const auto [output, new_output] = outputs.emplace(line.output, number);
      if (!new_output)
        throw std::runtime_error(line.output + ": is the output of line " + std::to_string(output->second) +
                                 " already");
      found.streams.push_back(line);
    } catch (const std::runtime_error& failure) {
      mistakes +=
          (mistakes.empty() ? "" : "\n") + path + ":" + std::to_string(number) + ": " + failure.what();
    }
  }
  if (file.bad()) throw table_error(path + ": cannot be read");
  if (!mistakes.empty()) throw table_error(mistakes);
  return found;
}
