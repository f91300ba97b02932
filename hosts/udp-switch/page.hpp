// The page, over HTTP.

#pragma once

#include <changeover.hpp>

#include <string>

// Where it is served, and who may change things there: empty is nowhere, and nobody.
struct page_options {
  std::string address, token_file;
};

// Serves page, API and metrics of an engine. Throws std::runtime_error, saying what is not possible.
changeover::server serve_page(changeover::engine& engine, const page_options& options);
