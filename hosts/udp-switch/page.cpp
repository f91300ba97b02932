#include "page.hpp"

#include <fstream>
#include <stdexcept>

changeover::server serve_page(changeover::engine& engine, const page_options& options) {
  changeover::serve_options serving;
  // Looking on never competes with carrying.
  serving.nice = 10;
  serving.stream_metrics = serving.input_metrics = !options.only_totals;
  serving.hosts = options.names;
  if (!options.token_file.empty()) {
    std::ifstream file(options.token_file);
    if (!std::getline(file, serving.token) || serving.token.empty())
      throw std::runtime_error(options.token_file + ": there is no token in it");
  }
  try {
    return engine.serve(options.address, serving);
  } catch (const changeover::error& failure) {
    throw std::runtime_error("--http " + options.address + ": " + failure.what());
  }
}
