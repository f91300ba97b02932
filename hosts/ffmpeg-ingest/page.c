/* page.c: the page, over HTTP. */
#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

/* Looking on never competes with carrying. */
#define NICE 10

/* The first line; its length. */
static size_t read_token(const char *path, char *token, size_t size) {
  FILE *file = fopen(path, "re");
  if (!file) {
    fprintf(stderr, "ffmpeg-ingest: %s: %s\n", path, strerror(errno));
    return 0;
  }
  const size_t length = fgets(token, (int)size, file) ? strcspn(token, "\r\n") : 0;
  fclose(file);
  if (!length) fprintf(stderr, "ffmpeg-ingest: %s: there is no token in it\n", path);
  return length;
}

changeover_server *page_serve(changeover_engine *engine, const struct page_options *page) {
  char token[512];
  changeover_serve_options options;
  changeover_serve_options_init(&options, sizeof options);
  options.nice = NICE;
  options.stream_metrics = options.input_metrics = !page->only_totals;
  if (page->names) {
    options.hosts = page->names;
    options.hosts_len = strlen(page->names);
  }
  if (page->token_file) {
    options.token = token;
    options.token_len = read_token(page->token_file, token, sizeof token);
    if (!options.token_len) return NULL;
  }
  changeover_server *server = NULL;
  const int32_t result = changeover_serve(engine, page->address, strlen(page->address), &options, &server);
  if (result != CHANGEOVER_OK) {
    fprintf(stderr, "ffmpeg-ingest: --http %s: %s\n", page->address, changeover_error_message(result));
    return NULL;
  }
  const char *where;
  if (changeover_server_address(server, &where, NULL) == CHANGEOVER_OK)
    report_line("page", "http://%s/", where);
  return server;
}
