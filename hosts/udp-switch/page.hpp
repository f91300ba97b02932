// The page, over HTTP.

#pragma once

#include <changeover.hpp>

#include <string>

// Where it is served, who may change things there, and by which names it may be asked, with commas between them: empty is
// nowhere, nobody, and addresses alone.
struct page_options {
  std::string address, token_file, names;
  bool only_totals = false;  // metrics of the engine alone
};

// Serves page, API and metrics of an engine. Throws std::runtime_error, saying what is not possible.
changeover::server serve_page(changeover::engine& engine, const page_options& options);
