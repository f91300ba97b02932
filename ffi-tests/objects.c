/* objects.c: what functions are given: an engine with the stream "s", and an object of each kind. */
#include "functions.h"

void register_s(changeover_engine *engine) {
  register_stream(engine, "s", 3);
  OK(changeover_report_input_error(engine, S("s"), 2, S("down")));
}

static void *free_engine_on_thread(void *engine) {
  OK(changeover_free(engine));
  return NULL;
}

void free_elsewhere(changeover_engine *engine) {
  pthread_t thread;
  pthread_create(&thread, NULL, free_engine_on_thread, engine);
  pthread_join(thread, NULL);
}

changeover_request request_for(const char *target) {
  changeover_request request;
  OK(changeover_request_init(&request, sizeof request));
  request.method = "GET";
  request.method_len = 3;
  request.target = target;
  request.target_len = strlen(target);
  request.host = "localhost";
  request.host_len = strlen(request.host);
  return request;
}

/* Its first piece is taken: there is no other. */
static changeover_response *events_of_no_stream(changeover_site *site) {
  const changeover_request request = request_for("/api/events?stream=none");
  changeover_response *response = NULL;
  const uint8_t *piece;
  size_t piece_len;
  OK(changeover_site_answer(site, &request, &response));
  OK(changeover_response_next(response, 0, &piece, &piece_len));
  return response;
}

struct objects objects_of(changeover_engine *engine) {
  struct objects objects;
  memset(&objects, 0, sizeof objects);
  objects.engine = engine;
  OK(changeover_runtime_status(engine, S("s"), &objects.status));
  OK(changeover_registered_streams(engine, &objects.list));
  objects.input = open_input(engine, "s", 0, 0);
  OK(changeover_tap_open(engine, 0, UINT64_MAX, &objects.tap));
  OK(changeover_serve(engine, S("127.0.0.1:0"), NULL, &objects.server));
  OK(changeover_site_new(engine, NULL, &objects.site));
  objects.response = events_of_no_stream(objects.site);
  OK(changeover_metrics(engine, 0, &objects.metrics));
  changeover_engine *other = patient_engine();
  register_stream(other, "other", 1);
  objects.event = no_event();
  OK(changeover_next_event(other, DEADLINE, &objects.event));
  free_elsewhere(other);
  return objects;
}

void end_objects(struct objects *objects) {
  changeover_status_free(objects->status);
  changeover_stream_list_free(objects->list);
  changeover_tap_close(objects->tap);
  changeover_server_free(objects->server);
  changeover_response_free(objects->response);
  changeover_site_free(objects->site);
  changeover_text_free(objects->metrics);
  changeover_close_input(&objects->input);
  changeover_event_clear(&objects->event);
}

char *state_of_s(changeover_engine *engine) {
  char *json = status_json(engine, "s");
  for (char *time = json; (time = strstr(time, ":\"20")) != NULL; time++)
    memset(time + 2, '#', strlen("2000-01-01T00:00:00.000Z"));
  char *uptime = strstr(json, "\"uptime_ms\":");
  CHECK(uptime != NULL);
  uptime += strlen("\"uptime_ms\":");
  char *behind = strchr(uptime, ',');
  memmove(uptime, behind, strlen(behind) + 1);
  changeover_stream_list *list = NULL;
  OK(changeover_registered_streams(engine, &list));
  EQUAL(1, changeover_stream_list_len(list));
  changeover_stream_list_free(list);
  EQUAL(0, drain(engine));
  return json;
}
