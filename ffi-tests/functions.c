#include "functions.h"
#include <stdio.h>

static struct counter destroyed = COUNTER;
static int64_t destroyed_before;

static void on_destroy(void *data) {
  (void)data; /* NULL in some tests */
  counter_add(&destroyed, 1);
}

static void on_stream(void *data, const char *stream, size_t len) { (void)data, (void)stream, (void)len; }

static void on_line(void *data, int32_t level, const char *message, size_t len) {
  (void)data, (void)level, (void)message, (void)len;
}

static int32_t on_start(void *data, const changeover_event *event) {
  (void)data, (void)event;
  return 0;
}

static void on_stop(void *data, const changeover_event *event) { (void)data, (void)event; }

/* --- how to call them */

#define CODE(name, ...) \
  static int32_t call_##name(const struct arguments *a) { return (int32_t)changeover_##name(__VA_ARGS__); }
#define VOID(name, ...)                                   \
  static int32_t call_##name(const struct arguments *a) { \
    changeover_##name(__VA_ARGS__);                       \
    return 0;                                             \
  }
#define STATIC_STRING(name, ...)                          \
  static int32_t call_##name(const struct arguments *a) { \
    (void)a;                                              \
    return changeover_##name(__VA_ARGS__) == NULL;        \
  }
#define INIT(name)                                                                                 \
  static int32_t init_##name(void *at, size_t size) { return changeover_##name##_init(at, size); } \
  static int32_t call_##name##_init(const struct arguments *a) { return init_##name(a->out, a->size); }

#define ID_OF(a) a->engine, a->stream, a->stream_len
CODE(new, a->options, a->out)
CODE(free, a->engine)
CODE(alive, a->engine, a->out)
CODE(set_call_timeout, a->engine, UINT64_MAX)
CODE(config_check, a->config, 0, a->out, a->out_why)
CODE(inputs_check, a->specs, a->specs_len, a->out_len, a->out, a->out_why)
CODE(set_exhausted_callback, a->engine, (changeover_stream_fn)a->callback, a->user_data, a->destroy)
CODE(set_restored_callback, a->engine, (changeover_stream_fn)a->callback, a->user_data, a->destroy)
CODE(set_log_callback, a->engine, a->number, (changeover_log_fn)a->callback, a->user_data, a->destroy)
CODE(set_log_full_urls, a->engine, a->number)
CODE(trace_to, a->engine, a->path, a->path_len, a->trace)
CODE(end_trace, a->engine)
CODE(shadow, ID_OF(a), a->config)
CODE(end_shadow, a->engine)
CODE(register, ID_OF(a), a->text, a->text_len, a->specs, a->specs_len, a->config, a->out)
CODE(register_from, ID_OF(a), a->text, a->text_len, a->specs, a->specs_len, a->config, 7, a->out)
CODE(unregister, ID_OF(a))
CODE(unregister_all, a->engine)
CODE(is_registered, ID_OF(a), a->out)
CODE(registered_streams, a->engine, a->out)
CODE(stream_list_get, a->list, 0, a->out, a->out_len)
VOID(stream_list_free, a->list)
CODE(set_config, ID_OF(a), a->config)
CODE(switch_input, ID_OF(a), a->priority)
CODE(force_input, ID_OF(a), a->priority)
CODE(clear_override, ID_OF(a))
CODE(switch_input_for, ID_OF(a), a->priority, CHANGEOVER_MINUTE)
CODE(fail_back, ID_OF(a))
CODE(set_input_enabled, ID_OF(a), a->priority, 1)
CODE(update_inputs, ID_OF(a), a->specs, a->specs_len, a->removed, a->removed_len, a->updated, a->updated_len)
CODE(update_buffer_write_id, ID_OF(a), a->text, a->text_len)
CODE(report_input_error, ID_OF(a), a->priority, a->text, a->text_len)
CODE(report_soft_error, ID_OF(a), a->priority, a->text, a->text_len)
CODE(set_condition, ID_OF(a), a->priority, 0, CHANGEOVER_CONDITION_HOST, 0, a->text, a->text_len)
CODE(start_result, ID_OF(a), a->session, a->number, a->text, a->text_len)
CODE(probe_result, ID_OF(a), a->session, a->number, a->text, a->text_len)
CODE(sync, a->engine, DEADLINE)
CODE(now, a->engine, a->out)
CODE(record_packet, ID_OF(a), a->priority, 1, 0, a->out)
CODE(open_input, ID_OF(a), a->priority, a->session, a->out)
CODE(close_input, a->input)
CODE(record, a->input, 1, 0)
CODE(record_batch, a->input, a->packets, a->packets_len)
CODE(record_batch_from, a->input, a->packets, a->packets_len, a->out_len)
CODE(record_lost, a->input, 1)
CODE(rtp_lost, a->out, a->bytes, a->bytes_len, a->out_len)
CODE(ts_lost, a->out, a->bytes, a->bytes_len, a->out_len)
CODE(input_report_error, a->input, a->text, a->text_len)
CODE(input_start_failed, a->input, a->text, a->text_len)
CODE(next_event, a->engine, 0, a->event)
CODE(event_clear, a->event)
CODE(event_fd, a->engine, a->out)
CODE(event_text, a->event, a->out, a->size, a->out_len)
CODE(event_json, a->event, a->out, a->size, a->out_len)
CODE(tap_open, a->engine, 0, UINT64_MAX, a->out)
CODE(tap_next, a->tap, 0, a->event)
CODE(tap_fd, a->tap, a->out)
CODE(serve, a->engine, a->text, a->text_len, a->serving, a->out)
CODE(server_address, a->server, a->out, a->out_len)
VOID(server_free, a->server)
CODE(site_new, a->engine, a->serving, a->out)
VOID(site_free, a->site)
CODE(site_answer, a->site, a->request, a->out)
CODE(response_get, a->response, a->out)
CODE(response_next, a->response, 0, a->out, a->out_len)
VOID(response_free, a->response)
VOID(tap_close, a->tap)
CODE(metrics, a->engine, CHANGEOVER_METRICS_STREAMS | CHANGEOVER_METRICS_INPUTS, a->out)
CODE(statuses_json, a->engine, a->text, a->text_len, 10, a->out)
CODE(text_get, a->metrics, a->out, a->out_len)
VOID(text_free, a->metrics)
CODE(printable, a->text, a->text_len, a->out, a->size, a->out_len)
CODE(printable_url, a->text, a->text_len, a->out, a->size, a->out_len)
CODE(runtime_status, ID_OF(a), a->out)
CODE(status_stream, a->status, a->out)
CODE(status_input, a->status, 0, a->out)
CODE(status_error, a->status, 2, 0, a->out)
CODE(status_attempt, a->status, 2, 0, a->out)
CODE(status_condition, a->status, 2, 0, a->out)
CODE(status_view_all, a->status, a->number, a->out)
CODE(status_switch, a->status, 0, a->out)
CODE(status_json, a->status, a->out, a->out_len)
VOID(status_free, a->status)
STATIC_STRING(error_name, a->number)
STATIC_STRING(error_message, a->number)
STATIC_STRING(reason_name, a->number)
STATIC_STRING(event_name, a->number)
STATIC_STRING(status_name, a->number)
STATIC_STRING(version)
INIT(callbacks)
INIT(config)
INIT(error_entry)
INIT(event)
INIT(input_spec)
INIT(input_status)
INIT(options)
INIT(rtp_loss)
INIT(stream_status)
INIT(trace_options)
INIT(condition_entry)
INIT(status_view)
INIT(switch_entry)
INIT(ts_loss)
INIT(serve_options)
INIT(request)
INIT(response_view)

static int32_t call_stream_list_len(const struct arguments *a) {
  return changeover_stream_list_len(a->list) > 0;
}

static int32_t call_version_number(const struct arguments *a) {
  (void)a;
  return changeover_version_number() != CHANGEOVER_VERSION_NUMBER;
}

/* --- what they take and answer */

#define P(kind, pointer) \
  { kind, offsetof(struct arguments, pointer), 0 }
#define L(kind, pointer) \
  { kind, offsetof(struct arguments, pointer), offsetof(struct arguments, pointer##_len) }
#define ROW(name, properties, good, inside, child, ...) \
  { "changeover_" #name, call_##name, properties, good, inside, child, {__VA_ARGS__}, NULL, 0 }
/* Fills a struct of that type. */
#define FILLS_FROM(handle, good, name, type)                                                        \
  {                                                                                                 \
    "changeover_" #name, call_##name, 0, good, good, FORKED, {handle, P(FILLED, out)}, init_##type, \
        sizeof(changeover_##type)                                                                   \
  }
#define FILLS(name, type) FILLS_FROM(P(STATUS, status), FINE, name, type)
/* The same, and there is none. */
#define FILLS_NOT(name, type) FILLS_FROM(P(STATUS, status), NONE, name, type)
/* Goes on with a struct of that type. */
#define COUNTS(name, type)                                                                              \
  {                                                                                                     \
    "changeover_" #name, call_##name, 0, FINE, FINE, FINE,                                              \
        {P(FILLED, out), L(NUMBERS, bytes), P(OUTPUT, out_len)}, init_##type, sizeof(changeover_##type) \
  }
#define PREPARES(type)                  \
  ROW(type##_init, 0, FINE, FINE, FINE, \
      {ROOM, offsetof(struct arguments, out), offsetof(struct arguments, size)})
/* Takes no pointer. */
#define PLAIN(name, properties) ROW(name, properties, FINE, FINE, FINE, {0})

enum {
  FINE = CHANGEOVER_OK,
  FORKED = CHANGEOVER_ERR_FORKED,
  INSIDE = CHANGEOVER_ERR_IN_CALLBACK,
  MODE = CHANGEOVER_ERR_WRONG_MODE,
  STALE = CHANGEOVER_ERR_STALE_SESSION,
  LATE = CHANGEOVER_ERR_TIMEOUT,
  NONE = CHANGEOVER_ERR_INDEX,
  BEST = CHANGEOVER_ERR_NO_BETTER_INPUT
};

#define CALLBACKS P(CALLBACK, callback), P(CALLBACK, user_data), P(CALLBACK, destroy)
#define PRINTED \
  {BUFFER, offsetof(struct arguments, out), offsetof(struct arguments, size)}, P(OPTIONAL, out_len)
const struct function functions[] = {
    PREPARES(callbacks),
    PREPARES(config),
    PREPARES(error_entry),
    PREPARES(event),
    PREPARES(input_spec),
    PREPARES(input_status),
    PREPARES(options),
    PREPARES(rtp_loss),
    PREPARES(stream_status),
    PREPARES(trace_options),
    PREPARES(condition_entry),
    PREPARES(status_view),
    PREPARES(switch_entry),
    PREPARES(ts_loss),
    PREPARES(serve_options),
    PREPARES(request),
    PREPARES(response_view),
    ROW(new, 0, FINE, FINE, FINE, P(SETTINGS, options), P(OUTPUT, out)),
    ROW(free, ENDS, FINE, INSIDE, FORKED, P(ENGINE, engine)),
    ROW(alive, 0, FINE, FINE, FORKED, P(ENGINE, engine), P(OUTPUT, out)),
    ROW(set_call_timeout, 0, FINE, FINE, FORKED, P(ENGINE, engine)),
    ROW(set_exhausted_callback, 0, MODE, FINE, FORKED, P(ENGINE, engine), CALLBACKS),
    ROW(set_restored_callback, 0, MODE, FINE, FORKED, P(ENGINE, engine), CALLBACKS),
    ROW(set_log_callback, 0, FINE, FINE, FORKED, P(ENGINE, engine), CALLBACKS),
    ROW(config_check, 0, FINE, FINE, FINE, P(CONFIG, config), P(OUTPUT, out), P(OPTIONAL, out_why)),
    ROW(inputs_check, 0, FINE, FINE, FINE, L(SPECS, specs), P(OPTIONAL, out_len), P(OUTPUT, out),
        P(OPTIONAL, out_why)),
    ROW(set_log_full_urls, 0, FINE, FINE, FORKED, P(ENGINE, engine)),
    ROW(trace_to, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(TEXT_IN, path), P(SETTINGS, trace)),
    ROW(end_trace, 0, FINE, FINE, FORKED, P(ENGINE, engine)),
    ROW(shadow, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), P(CONFIG, config)),
    ROW(end_shadow, 0, FINE, FINE, FORKED, P(ENGINE, engine)),
    ROW(register, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text), L(SPECS, specs),
        P(SETTINGS, config), P(OPTIONAL, out)),
    ROW(register_from, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text),
        L(SPECS, specs), P(SETTINGS, config), P(OPTIONAL, out)),
    ROW(unregister, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream)),
    ROW(unregister_all, 0, FINE, FINE, FORKED, P(ENGINE, engine)),
    ROW(is_registered, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), P(OUTPUT, out)),
    ROW(registered_streams, 0, FINE, FINE, FORKED, P(ENGINE, engine), P(OUTPUT, out)),
    ROW(stream_list_len, NO_CODE, 1, 1, 0, P(LIST, list)),
    ROW(stream_list_get, 0, FINE, FINE, FORKED, P(LIST, list), P(OUTPUT, out), P(OPTIONAL, out_len)),
    ROW(stream_list_free, NO_CODE | ENDS, FINE, FINE, FINE, P(LIST, list)),
    ROW(set_config, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), P(CONFIG, config)),
    ROW(switch_input, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream)),
    ROW(force_input, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream)),
    ROW(clear_override, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream)),
    ROW(switch_input_for, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream)),
    /* The best input is on air: maintenance.c has something to return to. */
    ROW(fail_back, 0, BEST, BEST, FORKED, P(ENGINE, engine), L(ID, stream)),
    ROW(set_input_enabled, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream)),
    ROW(update_inputs, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), L(SPECS, specs),
        L(NUMBERS, removed), L(SPECS, updated)),
    ROW(update_buffer_write_id, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text)),
    ROW(report_input_error, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text)),
    ROW(report_soft_error, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text)),
    ROW(set_condition, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text)),
    /* Of a session and a probe that never were: callbacks.c and events.c have real ones. */
    ROW(start_result, 0, STALE, STALE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text)),
    ROW(probe_result, 0, STALE, STALE, FORKED, P(ENGINE, engine), L(ID, stream), L(TEXT_IN, text)),
    ROW(sync, 0, FINE, INSIDE, FORKED, P(ENGINE, engine)),
    ROW(now, 0, FINE, FINE, FORKED, P(ENGINE, engine), P(OUTPUT, out)),
    ROW(record_packet, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), P(OPTIONAL, out)),
    ROW(open_input, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), P(OUTPUT, out)),
    ROW(close_input, ENDS, FINE, FINE, FORKED, P(INPUT, input)),
    /* Without a system call there is no way to know that this is a child. Nobody reads what it counts. */
    ROW(record, NO_CODE | UNGUARDED, 1, 1, 1, P(INPUT, input)),
    ROW(record_batch, NO_CODE | UNGUARDED, 1, 1, 1, P(INPUT, input), L(NUMBERS, packets)),
    ROW(record_batch_from, NO_CODE | UNGUARDED, 1, 1, 1, P(INPUT, input), L(NUMBERS, packets),
        P(OPTIONAL, out_len)),
    ROW(record_lost, 0, FINE, FINE, FINE, P(INPUT, input)),
    COUNTS(rtp_lost, rtp_loss),
    COUNTS(ts_lost, ts_loss),
    ROW(input_report_error, 0, FINE, FINE, FORKED, P(INPUT, input), L(TEXT_IN, text)),
    ROW(input_start_failed, 0, FINE, FINE, FORKED, P(INPUT, input), L(TEXT_IN, text)),
    ROW(next_event, 0, LATE, MODE, FORKED, P(ENGINE, engine), P(EVENT, event)),
    ROW(event_clear, ENDS, FINE, FINE, FORKED, P(EVENT, event)),
    ROW(event_fd, 0, FINE, MODE, FORKED, P(ENGINE, engine), P(OUTPUT, out)),
    ROW(event_text, 0, FINE, FINE, FORKED, P(EVENT, event), PRINTED),
    ROW(event_json, 0, FINE, FINE, FORKED, P(EVENT, event), PRINTED),
    ROW(tap_open, 0, FINE, FINE, FORKED, P(ENGINE, engine), P(OUTPUT, out)),
    ROW(tap_next, 0, LATE, LATE, FORKED, P(TAP, tap), P(EVENT, event)),
    ROW(serve, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(TEXT_IN, text), P(SETTINGS, serving),
        P(OUTPUT, out)),
    ROW(server_address, 0, FINE, FINE, FORKED, P(SERVER, server), P(OUTPUT, out), P(OPTIONAL, out_len)),
    ROW(server_free, NO_CODE | ENDS, FINE, FINE, FINE, P(SERVER, server)),
    ROW(site_new, 0, FINE, FINE, FORKED, P(ENGINE, engine), P(SETTINGS, serving), P(OUTPUT, out)),
    ROW(site_free, NO_CODE | ENDS, FINE, FINE, FINE, P(SITE, site)),
    ROW(site_answer, 0, FINE, FINE, FORKED, P(SITE, site), P(CONFIG, request), P(OUTPUT, out)),
    FILLS_FROM(P(RESPONSE, response), FINE, response_get, response_view),
    ROW(response_next, 0, LATE, LATE, FORKED, P(RESPONSE, response), P(OUTPUT, out), P(OUTPUT, out_len)),
    ROW(response_free, NO_CODE | ENDS, FINE, FINE, FINE, P(RESPONSE, response)),
    ROW(tap_fd, 0, FINE, FINE, FORKED, P(TAP, tap), P(OUTPUT, out)),
    ROW(tap_close, NO_CODE | ENDS, FINE, FINE, FINE, P(TAP, tap)),
    ROW(metrics, 0, FINE, FINE, FORKED, P(ENGINE, engine), P(OUTPUT, out)),
    ROW(statuses_json, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(TEXT_IN, text), P(OUTPUT, out)),
    ROW(text_get, 0, FINE, FINE, FORKED, P(METRICS, metrics), P(OUTPUT, out), P(OPTIONAL, out_len)),
    ROW(text_free, NO_CODE | ENDS, FINE, FINE, FINE, P(METRICS, metrics)),
    ROW(printable, 0, FINE, FINE, FINE, L(RAW, text), PRINTED),
    ROW(printable_url, 0, FINE, FINE, FINE, L(RAW, text), PRINTED),
    ROW(runtime_status, 0, FINE, FINE, FORKED, P(ENGINE, engine), L(ID, stream), P(OUTPUT, out)),
    FILLS(status_stream, stream_status),
    FILLS(status_input, input_status),
    FILLS(status_error, error_entry),
    FILLS_NOT(status_attempt, error_entry),
    FILLS_NOT(status_condition, condition_entry),
    FILLS(status_view_all, status_view),
    FILLS(status_switch, switch_entry),
    ROW(status_json, 0, FINE, FINE, FORKED, P(STATUS, status), P(OUTPUT, out), P(OPTIONAL, out_len)),
    ROW(status_free, NO_CODE | ENDS, FINE, FINE, FINE, P(STATUS, status)),
    PLAIN(error_name, NO_CODE),
    PLAIN(error_message, NO_CODE),
    PLAIN(reason_name, NO_CODE),
    PLAIN(event_name, NO_CODE),
    PLAIN(status_name, NO_CODE),
    PLAIN(version, NO_CODE | UNGUARDED),
    PLAIN(version_number, NO_CODE | UNGUARDED),
};
const size_t functions_len = LENGTH(functions);

bool registers(const struct function *function) {
  return function->call == call_register || function->call == call_register_from;
}

const struct function *function_named(const char *name) {
  for (size_t i = 0; i < functions_len; i++)
    if (strcmp(functions[i].name + strlen("changeover_"), name) == 0) return &functions[i];
  check(false, __FILE__, __LINE__, "there is no function %s", name);
  return NULL;
}

const struct parameter *parameter_of(const struct function *function, enum kind kind) {
  for (size_t i = 0; i < LENGTH(function->parameters); i++)
    if (function->parameters[i].kind == kind) return &function->parameters[i];
  return NULL;
}

bool takes_handle(const struct function *function) {
  for (enum kind kind = ENGINE; kind <= EVENT; kind++)
    if (parameter_of(function, kind)) return true;
  return false;
}

int32_t refusal(const struct function *function, int32_t code) {
  return function->properties & NO_CODE ? 0 : code;
}

void print_cell(const struct function *function, const char *misuse, int times) {
  printf("cell %s %s %d\n", function->name, misuse, times);
  fflush(stdout); /* a line of its own, whatever else the log has */
}

/* --- arguments */

void fill(struct arguments *a, const struct function *function, struct objects *objects, union output *out) {
  memset(a, 0, sizeof *a);
  a->engine = objects->engine;
  a->status = objects->status;
  a->list = objects->list;
  a->tap = objects->tap;
  a->server = objects->server;
  a->site = objects->site;
  a->response = objects->response;
  a->metrics = objects->metrics;
  a->input = &objects->input;
  a->event = &objects->event;
  a->stream = registers(function) ? "new" : "s";
  a->stream_len = strlen(a->stream);
  a->priority = 1;
  a->text = "text";
  a->text_len = 4;
  a->spec[0] = input_spec(0, "test://0");
  a->spec[1] = input_spec(1, "test://1");
  a->option[0] = (changeover_option){"key", 3, "value", 5};
  a->spec[1].options = a->option;
  a->spec[1].options_len = 1;
  a->stream_config = patient_config();
  OK(changeover_config_init(&a->spec_config, sizeof a->spec_config));
  a->spec[1].config = &a->spec_config;
  a->specs = a->spec;
  a->specs_len = 2;
  a->priorities[0] = 0;
  a->priorities[1] = 1;
  a->packet[0].bytes = 1;
  a->packets = a->packet;
  a->packets_len = 2;
  const bool is_rtp = function->call == call_rtp_lost;
  a->byte[0] = is_rtp ? 0x80 : 0x47;
  a->bytes = a->byte;
  a->bytes_len = is_rtp ? 12 : sizeof a->byte;
  a->config = &a->stream_config;
  OK(changeover_options_init(&a->engine_options, sizeof a->engine_options));
  OK(changeover_callbacks_init(&a->engine_callbacks, sizeof a->engine_callbacks));
  a->engine_callbacks.user_data = &destroyed;
  a->engine_callbacks.destroy = on_destroy;
  a->engine_callbacks.start = on_start;
  a->engine_callbacks.stop = on_stop;
  a->engine_options.callbacks = &a->engine_callbacks;
  a->options = &a->engine_options;
  OK(changeover_trace_options_init(&a->trace_options, sizeof a->trace_options));
  a->trace = &a->trace_options;
  a->path = "/dev/null";
  a->path_len = strlen(a->path);
  OK(changeover_serve_options_init(&a->server_options, sizeof a->server_options));
  a->serving = &a->server_options;
  a->page_request = request_for("/healthz");
  a->request = &a->page_request;
  if (function->call == call_serve) {
    a->text = "127.0.0.1:0";
    a->text_len = strlen(a->text);
  }
  a->session = 0;
  if (function->call == call_update_inputs) {
    a->spec[0].priority = 10;
    a->spec[1].priority = 11;
    a->removed = &a->priorities[1];
    a->removed_len = 1;
    a->update[0] = input_spec(0, "test://other");
    a->updated = a->update;
    a->updated_len = 1;
  } else if (function->call == call_start_result || function->call == call_probe_result) {
    a->session = UINT64_MAX;
  } else if (function->call == call_record_packet) {
    a->priority = 0;
  }
  a->number = function->call == call_set_log_callback ? CHANGEOVER_LOG_ERROR : 0;
  a->callback = function->call == call_set_log_callback ? (void (*)(void))on_line : (void (*)(void))on_stream;
  a->user_data = &destroyed;
  a->destroy = on_destroy;
  a->size = sizeof out->bytes;
  memset(out, 0xa5, sizeof *out);
  a->out = out;
  a->out_len = &out->bytes[8320];
  a->out_why = &out->bytes[8330];
  if (function->init) OK(function->init(out, function->size));
}

void settle(const struct function *function, const struct arguments *a, int32_t result) {
  if (result != CHANGEOVER_OK) return;
  union output *out = a->out;
  if (function->call == call_new)
    free_elsewhere(out->engine);
  else if (function->call == call_registered_streams)
    changeover_stream_list_free(out->list);
  else if (function->call == call_runtime_status)
    changeover_status_free(out->status);
  else if (function->call == call_tap_open)
    changeover_tap_close(out->tap);
  else if (function->call == call_serve)
    changeover_server_free(out->server);
  else if (function->call == call_site_new)
    changeover_site_free(out->site);
  else if (function->call == call_site_answer)
    changeover_response_free(out->response);
  else if (function->call == call_metrics || function->call == call_statuses_json)
    changeover_text_free(out->metrics);
  else if (function->call == call_open_input)
    OK(changeover_close_input(&out->input));
  else if (registers(function))
    changeover_unregister(a->engine, S("new"));
}

int64_t take_destroyed(void) {
  const int64_t all = counter_get(&destroyed), since = all - destroyed_before;
  destroyed_before = all;
  return since;
}

int64_t destroys(const struct function *function, const struct arguments *a) {
  /* Options without a size can't be read, so nothing in them is taken over. */
  const bool takes = function->call == call_new
                         ? a->options && a->options->struct_size >= sizeof(changeover_options) &&
                               a->options->struct_size <= 4096
                         : parameter_of(function, CALLBACK) != NULL;
  return takes && a->destroy ? 1 : 0;
}

void expect_answer(const struct function *function, const struct arguments *a, int32_t wanted,
                   const char *what) {
  union output before, *out = a->out;
  if (out) before = *out;
  take_destroyed();
  const int32_t result = function->call(a);
  check(result == wanted, __FILE__, __LINE__, "%s with %s is %s, not %s", function->name, what,
        changeover_error_name(result), changeover_error_name(wanted));
  /* A verdict is a success. */
  if (out && wanted <= 0)
    check(memcmp(out, &before, sizeof before) == 0, __FILE__, __LINE__, "%s with %s wrote an output",
          function->name, what);
  const int64_t times = take_destroyed();
  check(times == destroys(function, a), __FILE__, __LINE__, "%s with %s destroyed user_data %d times",
        function->name, what, (int)times);
}
