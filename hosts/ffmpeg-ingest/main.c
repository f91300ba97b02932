/* main.c: the event loop. It takes the engine's commands and events, signals, what is typed, and the notes of the other
 * threads; it starts and stops those threads and never waits for one of them while the stream is on air. */
#include <changeover.h>
#include <errno.h>
#include <fcntl.h>
#include <libavformat/avformat.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "limits.h"
#include "listen.h"
#include "notes.h"
#include "options.h"
#include "output.h"
#include "page.h"
#include "probe.h"
#include "report.h"
#include "session.h"
#include "worker.h"

/* How long the end may take: the inputs first, then the output. */
#define INPUT_PATIENCE (5 * NS_PER_S)
#define OUTPUT_PATIENCE (3 * NS_PER_S)
/* What nobody reads by then is not waited for. */
#define REPORT_PATIENCE (1 * NS_PER_S)
/* A second signal means "at once", unless it is the same request twice: some send it to the group as well. */
#define ASKED_TWICE_AFTER (300 * NS_PER_MS)

struct app {
  struct options options;
  struct limits limits;
  changeover_engine *engine;
  changeover_server *page;
  struct notes notes;
  struct crew crew;
  struct output *output;
  struct report report;
  changeover_event event;
  struct pollfd poll[4];
  char typed[256];
  size_t typed_len;
  uint64_t status_at, quit_asked_at; /* CLOCK_MONOTONIC; 0: never */
  bool quit, unregistered;
  int exit_status;
};

enum { POLL_EVENTS, POLL_NOTES, POLL_SIGNALS, POLL_TYPED };

static const char *stream_of(const struct app *app) { return app->options.stream; }

static void die(const char *what, const char *why) {
  fprintf(stderr, "ffmpeg-ingest: %s: %s\n", what, why);
  exit(1);
}

static void check(const char *what, int32_t result) {
  if (result != CHANGEOVER_OK) die(what, changeover_error_message(result));
}

/* ---- the engine's commands and events ---- */

static void start(struct app *app, const changeover_event *event) {
  worker_stop_probes_of(&app->crew, event->priority); /* the session is the better look */
  const int error = worker_start(&app->crew, event, session_run);
  if (!error) return;
  const char *why = strerror(-error);
  changeover_start_result(app->engine, event->stream, event->stream_len, event->session, error, why,
                          strlen(why));
}

static void probe(struct app *app, const changeover_event *event) {
  const int error = worker_start(&app->crew, event, probe_run);
  if (!error) return;
  const char *why = strerror(-error);
  changeover_probe_result(app->engine, event->stream, event->stream_len, event->probe,
                          CHANGEOVER_PROBE_FAILED, why, strlen(why));
}

static void handle_event(struct app *app, const changeover_event *event) {
  report_event(&app->report, event);
  switch (event->kind) {
    case CHANGEOVER_EVENT_START: start(app, event); break;
    case CHANGEOVER_EVENT_STOP: worker_stop(&app->crew, event->session); break;
    case CHANGEOVER_EVENT_PROBE: probe(app, event); break;
    case CHANGEOVER_EVENT_UNREGISTERED: app->unregistered = true; break;
    default: break; /* the others are for people */
  }
}

static void take_events(struct app *app) {
  int32_t result;
  while ((result = changeover_next_event(app->engine, 0, &app->event)) == CHANGEOVER_OK)
    handle_event(app, &app->event);
  if (result != CHANGEOVER_ERR_TIMEOUT) check("next event", result);
}

static void fill_spec(struct app *app, size_t input, changeover_input_spec *spec) {
  const struct input_arguments *arguments = &app->options.inputs[input];
  check("input", changeover_input_spec_init(spec, sizeof *spec));
  spec->priority = (int32_t)input;
  spec->url = arguments->url;
  spec->url_len = strlen(arguments->url);
  spec->options = arguments->options;
  spec->options_len = arguments->options_len;
  spec->config = &app->limits.input[input];
}

/* A source was opened that comes in segments: only now is it known how long it may be silent. */
static void fit_limits(struct app *app, size_t input, uint64_t segment) {
  changeover_engine *engine = app->engine;
  const char *stream = stream_of(app);
  const enum limits_change change = limits_learn(&app->limits, input, segment);
  const uint64_t limit = limits_packet_timeout(&app->limits, input), wanted = silence_of_segments(segment);
  if (limit < wanted) {
    report_line("limits",
                "input %zu: segments of %.1f s want a packet timeout of %.1f s; %.1f s was asked for", input,
                (double)segment / 1e9, (double)wanted / 1e9, (double)limit / 1e9);
  }
  if (change == LIMITS_SAME) return;
  report_line("limits", "input %zu: segments of %.1f s, so its packet timeout is %.1f s now", input,
              (double)segment / 1e9, (double)limit / 1e9);
  changeover_set_config(engine, stream, strlen(stream), &app->limits.stream);
  if (change != LIMITS_INPUT) return;
  changeover_input_spec spec;
  fill_spec(app, input, &spec);
  changeover_update_inputs(engine, stream, strlen(stream), NULL, 0, NULL, 0, &spec, 1);
}

static void take_notes(struct app *app) {
  struct note *note = notes_take(&app->notes);
  while (note) {
    struct note *next = note->next;
    report_note(&app->report, note);
    if (note->kind == NOTE_OUTPUT_FATAL) {
      app->quit = true;
      app->exit_status = 1;
    }
    if (note->kind == NOTE_SOURCE_OPENED && note->segmented)
      fit_limits(app, (size_t)note->priority, note->segment);
    free(note);
    note = next;
  }
}

/* ---- people ---- */

static void print_status(struct app *app) { report_status(&app->report, app->engine, stream_of(app)); }

static void told_result(const char *command, int32_t result) {
  if (result != CHANGEOVER_OK) report_line("typed", "%s: %s", command, changeover_error_message(result));
}

/* The commands that name an input. False: this is none of them. */
static bool obey_of_input(struct app *app, const char *line) {
  char word[16];
  int priority, end = 0;
  if (sscanf(line, "%15s %d%n", word, &priority, &end) != 2 || line[end]) return false;
  changeover_engine *engine = app->engine;
  const char *stream = stream_of(app);
  const size_t length = strlen(stream);
  if (!strcmp(word, "switch"))
    told_result(line, changeover_switch_input(engine, stream, length, priority));
  else if (!strcmp(word, "force"))
    told_result(line, changeover_force_input(engine, stream, length, priority));
  else if (!strcmp(word, "disable"))
    told_result(line, changeover_set_input_enabled(engine, stream, length, priority, 0));
  else if (!strcmp(word, "enable"))
    told_result(line, changeover_set_input_enabled(engine, stream, length, priority, 1));
  else
    return false;
  return true;
}

static void obey(struct app *app, const char *line) {
  const char *stream = stream_of(app);
  if (!*line || obey_of_input(app, line)) return;
  if (!strcmp(line, "auto")) {
    told_result(line, changeover_clear_override(app->engine, stream, strlen(stream)));
  } else if (!strcmp(line, "back")) {
    told_result(line, changeover_fail_back(app->engine, stream, strlen(stream)));
  } else if (!strcmp(line, "status")) {
    print_status(app);
  } else if (!strcmp(line, "quit")) {
    app->quit = true;
  } else {
    report_line("typed",
                "\"%s\"? There are: switch N, force N, auto, back, disable N, enable N, status, quit", line);
  }
}

static void take_typed(struct app *app) {
  const ssize_t got = read(STDIN_FILENO, app->typed + app->typed_len, sizeof app->typed - app->typed_len - 1);
  if (got <= 0) {
    app->poll[POLL_TYPED].fd = -1; /* nobody types there */
    return;
  }
  app->typed_len += (size_t)got;
  app->typed[app->typed_len] = 0;
  char *line = app->typed;
  for (char *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    obey(app, line);
  }
  app->typed_len = strlen(line);
  if (app->typed_len == sizeof app->typed - 1) app->typed_len = 0; /* no command is that long */
  memmove(app->typed, line, app->typed_len);
}

static void take_signal(struct app *app) {
  struct signalfd_siginfo info;
  if (read(app->poll[POLL_SIGNALS].fd, &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGUSR1) {
    print_status(app);
    return;
  }
  if (app->quit_asked_at) {
    if (monotonic_now() - app->quit_asked_at > ASKED_TWICE_AFTER) _exit(128 + (int)info.ssi_signo);
    return;
  }
  app->quit_asked_at = monotonic_now();
  report_line("end", "on %s", info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
  app->quit = true;
}

/* ---- the loop ---- */

static void wait_for_something(struct app *app, uint64_t until) {
  const uint64_t now = monotonic_now();
  const int timeout = !until ? -1 : until <= now ? 0 : (int)((until - now) / NS_PER_MS) + 1;
  if (poll(app->poll, sizeof app->poll / sizeof app->poll[0], timeout) < 0 && errno != EINTR)
    die("poll", strerror(errno));
  if (app->poll[POLL_EVENTS].revents) take_events(app);
  if (app->poll[POLL_NOTES].revents) {
    take_events(app); /* what a note speaks of was decided before */
    take_notes(app);
    worker_reap(&app->crew);
  }
  if (app->poll[POLL_SIGNALS].revents) take_signal(app);
  if (app->poll[POLL_TYPED].revents) take_typed(app);
}

static void run(struct app *app) {
  while (!app->quit) {
    wait_for_something(app, app->status_at);
    if (app->status_at && monotonic_now() >= app->status_at) {
      print_status(app);
      app->status_at = monotonic_now() + app->options.status_every;
    }
  }
}

/* Stops everything in order: no more input, then the end of the output. */
static void shut_down(struct app *app) {
  const uint64_t deadline = monotonic_now() + INPUT_PATIENCE;
  app->poll[POLL_TYPED].fd = -1;
  changeover_unregister(app->engine, stream_of(app), strlen(stream_of(app)));
  while (!app->unregistered && monotonic_now() < deadline)
    wait_for_something(app, deadline);
  worker_stop_all(&app->crew);
  while (worker_reap(&app->crew) && monotonic_now() < deadline)
    wait_for_something(app, deadline);
  const size_t stuck = worker_reap(&app->crew);
  const bool finished = output_finish(app->output, OUTPUT_PATIENCE);
  take_notes(app);
  report_line("end", finished ? "of the output" : "the output does not let go; leaving it behind");
  if (!stuck && finished) return;
  if (stuck) report_line("end", "%zu input(s) do not let go; leaving them behind", stuck);
  report_close(&app->report, REPORT_PATIENCE);
  _exit(app->exit_status);
}

/* ---- beginning and end ---- */

/* Where a standard stream is closed, the next file that is opened would get its number, and with it all that is printed. Now it
 * gets nothing, and using it stays an error. */
static void keep_standard_streams(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) die("/dev/null", strerror(errno));
  }
}

static int signal_descriptor(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread: all inherit it */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTTIN, SIG_IGN); /* in the background nobody types */
  signal(SIGTTOU, SIG_IGN); /* and printing is no reason to stop */
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Media are no commands. */
static bool reads_stdin(const struct options *options) {
  static const char *const names[] = {"pipe:", "pipe:0", "/dev/stdin", "file:/dev/stdin"};
  for (size_t i = 0; i < options->inputs_len; i++) {
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
      if (!strcmp(options->inputs[i].url, names[k])) return true;
    }
  }
  return false;
}

/* Does it wait for others to connect? */
static bool is_pushed(const struct input_arguments *input) {
  AVDictionary *options = NULL;
  for (size_t i = 0; i < input->options_len; i++) {
    const changeover_option *option = &input->options[i];
    char *key = strndup(option->key, option->key_len), *value = strndup(option->value, option->value_len);
    if (key && value) av_dict_set(&options, key, value, 0);
    free(key);
    free(value);
  }
  const bool pushed = input_listens(input->url, options) == LISTENS;
  av_dict_free(&options);
  return pushed;
}

static void register_stream(struct app *app) {
  const struct options *options = &app->options;
  changeover_input_spec specs[INPUTS_MAX];
  limits_init(&app->limits, &options->config, options->silence_only);
  for (size_t i = 0; i < options->inputs_len; i++) {
    const struct input_arguments *input = &options->inputs[i];
    const unsigned nature = (is_pushed(input) ? INPUT_PUSHED : 0) | (input->fill ? INPUT_FILL : 0);
    limits_add(&app->limits, i, input->url, nature);
    fill_spec(app, i, &specs[i]);
  }
  check("register",
        changeover_register_from(app->engine, options->stream, strlen(options->stream), NULL, 0, specs,
                                 options->inputs_len, &app->limits.stream, options->first_switch, NULL));
}

/* Called on a thread of the engine. */
static void take_log(void *user_data, int32_t level, const char *message, size_t message_len) {
  (void)level;
  struct note *note = note_new(NOTE_ENGINE, -1);
  note_text(note, "%.*s", (int)message_len, message);
  notes_post(user_data, note);
}

static void set_up(struct app *app) {
  const struct options *options = &app->options;
  const int signals = signal_descriptor();
  if (signals < 0 || notes_init(&app->notes)) die("descriptors", strerror(errno));
  const bool stdout_taken = !strcmp(options->output, "-") || !strncmp(options->output, "pipe:", 5);
  const int error = report_open(&app->report, options->events_json, (int)options->inputs_len,
                                options->verbose, stdout_taken);
  if (error) die(options->events_json ? options->events_json : "report", strerror(-error));
  avformat_network_init();
  check("engine", changeover_new(NULL, &app->engine));
  const int32_t level =
      options->verbose ? CHANGEOVER_LOG_DEBUG : CHANGEOVER_LOG_OFF; /* what matters comes as an event */
  check("log", changeover_set_log_callback(app->engine, level, take_log, &app->notes, NULL));
  if (options->trace)
    check(options->trace, changeover_trace_to(app->engine, options->trace, strlen(options->trace), NULL));
  if (options->page.address && !(app->page = page_serve(app->engine, &options->page))) exit(1);
  check("event", changeover_event_init(&app->event, sizeof app->event));
  const struct output_config output = {.notes = &app->notes,
                                       .url = options->output,
                                       .key_wait = options->key_wait,
                                       .catch_up = options->catch_up,
                                       .tells_number = options->tells_number};
  app->output = output_start(&output);
  if (!app->output) die("output", "no memory or no thread");
  app->crew = (struct crew){.engine = app->engine,
                            .notes = &app->notes,
                            .output = app->output,
                            .read_timeout = options->read_timeout,
                            .listener_timeout = options->listener_timeout,
                            .catch_up_bytes = options->catch_up_bytes,
                            .segments_may_wait = !options->read_timeout_given,
                            .detect = options->detect,
                            .fill = options->fill.url ? (int32_t)options->inputs_len - 1 : -1};
  if (crew_init(&app->crew)) die("threads", "cannot be prepared");
  int32_t events;
  check("event descriptor", changeover_event_fd(app->engine, &events));
  app->poll[POLL_EVENTS] = (struct pollfd){.fd = events, .events = POLLIN};
  app->poll[POLL_NOTES] = (struct pollfd){.fd = app->notes.fd, .events = POLLIN};
  app->poll[POLL_SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
  const int typed = reads_stdin(options) ? -1 : STDIN_FILENO;
  app->poll[POLL_TYPED] = (struct pollfd){.fd = typed, .events = POLLIN};
  if (options->status_every) app->status_at = monotonic_now() + options->status_every;
}

static void tear_down(struct app *app) {
  changeover_event_clear(&app->event);
  output_free(app->output);
  changeover_server_free(app->page);
  changeover_free(app->engine);
  crew_free(&app->crew);
  notes_free(&app->notes);
  close(app->poll[POLL_SIGNALS].fd);
  avformat_network_deinit();
  report_close(&app->report, REPORT_PATIENCE);
}

int main(int argc, char **argv) {
  static struct app app;
  keep_standard_streams();
  options_parse(&app.options, argc, argv);
  set_up(&app);
  register_stream(&app);
  run(&app);
  shut_down(&app);
  tear_down(&app);
  return app.exit_status;
}
