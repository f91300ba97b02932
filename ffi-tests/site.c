/* The site behind a server of the host's own: what it answers, and a body that goes on. */
#include "functions.h"
#include "harness.h"
#include <poll.h>
#include <stdlib.h>

static changeover_site *new_site(changeover_engine *engine, const changeover_serve_options *options) {
  changeover_site *site = NULL;
  OK(changeover_site_new(engine, options, &site));
  return site;
}

static changeover_response *ask(changeover_site *site, const changeover_request *request,
                                changeover_response_view *view) {
  changeover_response *response = NULL;
  OK(changeover_site_answer(site, request, &response));
  OK(changeover_response_view_init(view, sizeof *view));
  OK(changeover_response_get(response, view));
  return response;
}

static const char *field(const changeover_response_view *view, const char *name) {
  for (size_t i = 0; i < view->fields_len; i++)
    if (!strcmp(view->fields[i].name, name)) return view->fields[i].value;
  return "";
}

static void fields_are_strings_of_c(void) {
  changeover_engine *engine = patient_engine();
  changeover_site *site = new_site(engine, NULL);
  const char *targets[] = {"/", "/healthz", "/api/streams", "/nothing", "/api/events"};
  for (size_t i = 0; i < LENGTH(targets); i++) {
    const changeover_request request = request_for(targets[i]);
    changeover_response_view view;
    changeover_response *response = ask(site, &request, &view);
    for (size_t j = 0; j < view.fields_len; j++) {
      EQUAL(view.fields[j].name_len, strlen(view.fields[j].name));
      EQUAL(view.fields[j].value_len, strlen(view.fields[j].value));
    }
    EQUAL(0, strcmp("no-store", field(&view, "cache-control")));
    changeover_response_free(response);
  }
  changeover_site_free(site);
  OK(changeover_free(engine));
}

static void a_body_can_always_be_copied(void) {
  changeover_engine *engine = patient_engine();
  changeover_site *site = new_site(engine, NULL);
  changeover_request head = request_for("/api/events");
  head.method = "HEAD";
  head.method_len = 4;
  changeover_response_view view;
  /* Empty, it has a byte that can be read all the same. */
  changeover_response *response = ask(site, &head, &view);
  EQUAL(200, view.status);
  EQUAL(0, view.body_len);
  EQUAL(0, *view.body);
  EQUAL(-1, view.fd);
  changeover_response_free(response);
  const changeover_request page = request_for("/");
  response = ask(site, &page, &view);
  EQUAL(0, memcmp("<!doctype html>", view.body, 15));
  EQUAL(0, view.goes_on);
  EQUAL(-1, view.fd);
  changeover_response_free(response);
  changeover_site_free(site);
  OK(changeover_free(engine));
}

static bool waits_for_a_piece(int fd, int milliseconds) {
  struct pollfd pollfd = {fd, POLLIN, 0};
  return poll(&pollfd, 1, milliseconds) == 1 && (pollfd.revents & POLLIN);
}

static void a_body_that_goes_on_is_polled_for(void) {
  changeover_engine *engine = patient_engine();
  changeover_site *site = new_site(engine, NULL);
  const changeover_request request = request_for("/api/events?stream=s");
  changeover_response_view view;
  changeover_response *response = ask(site, &request, &view);
  EQUAL(1, view.goes_on);
  const uint8_t *piece;
  size_t len;
  OK(changeover_response_next(response, 0, &piece, &len));
  EQUAL(0, memcmp("retry: ", piece, 7));
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_response_next(response, 0, &piece, &len));
  check(!waits_for_a_piece(view.fd, 0), __FILE__, __LINE__, "there is nothing");
  register_stream(engine, "s", 1);
  check(waits_for_a_piece(view.fd, (int)(DEADLINE / 1000000)), __FILE__, __LINE__, "it is told of a piece");
  OK(changeover_response_next(response, 0, &piece, &len));
  EQUAL(0, memcmp("id: ", piece, 4));
  changeover_response_free(response);
  changeover_site_free(site);
  OK(changeover_free(engine));
}

static void what_goes_by_a_name_is_read_with_the_token(void) {
  changeover_engine *engine = patient_engine();
  changeover_serve_options options;
  OK(changeover_serve_options_init(&options, sizeof options));
  options.hosts = "ops.example";
  options.hosts_len = strlen(options.hosts);
  changeover_site *site = NULL;
  EXPECT(CHANGEOVER_ERR_TOKEN, changeover_site_new(engine, &options, &site));
  for (int open = 0; open <= 1; open++) {
    options.token = "correct-horse-battery";
    options.token_len = strlen(options.token);
    options.open_reads = open;
    site = new_site(engine, &options);
    const changeover_request request = request_for("/api/streams");
    changeover_response_view view;
    changeover_response *response = ask(site, &request, &view);
    EQUAL(open ? 200 : 401, view.status);
    changeover_response_free(response);
    changeover_site_free(site);
  }
  OK(changeover_free(engine));
}

int main(void) {
  RUN(fields_are_strings_of_c);
  RUN(a_body_can_always_be_copied);
  RUN(a_body_that_goes_on_is_polled_for);
  RUN(what_goes_by_a_name_is_read_with_the_token);
  return finish();
}
