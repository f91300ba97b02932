/* options.c: reading the command line. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "help.h"
#include "settings.h"
#include "values.h"

static changeover_option *new_option(struct input_arguments *input) {
  if (input->options_len == INPUT_OPTIONS_MAX) wrong("more than %d options for one input", INPUT_OPTIONS_MAX);
  return &input->options[input->options_len++];
}

static void add_option(struct input_arguments *input, const char *key, const char *value) {
  *new_option(input) =
      (changeover_option){.key = key, .key_len = strlen(key), .value = value, .value_len = strlen(value)};
}

static void add_input_option(struct input_arguments *input, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text) wrong("--input-option: \"%s\" is not KEY=VALUE", text);
  *new_option(input) = (changeover_option){
      .key = text, .key_len = (size_t)(equals - text), .value = equals + 1, .value_len = strlen(equals + 1)};
}

static void repeat_the_last(struct input_arguments *input) {
  for (size_t i = 0; i < input->options_len; i++) {
    if (input->options[i].key_len == 6 && !strncmp(input->options[i].key, "repeat", 6)) return;
  }
  input->options[input->options_len++] =
      (changeover_option){.key = "repeat", .key_len = 6, .value = "1", .value_len = 1};
}

static void add_program(struct input_arguments *input, const char *number) {
  number_value("program", number, 65535);
  add_option(input, "program", number);
}

static const char *plain_path(const char *url) { return !strncmp(url, "file:", 5) ? url + 5 : url; }

static void protect_files(const struct options *options) {
  const char *path = plain_path(options->output);
  struct stat output;
  if (stat(path, &output) || !S_ISREG(output.st_mode)) return;
  for (size_t i = 0; i < options->inputs_len; i++) {
    struct stat input;
    if (!stat(plain_path(options->inputs[i].url), &input) && input.st_dev == output.st_dev &&
        input.st_ino == output.st_ino) {
      wrong("%s is input and output at once", path);
    }
  }
  if (!options->overwrite && output.st_size > 0) wrong("%s exists; -y overwrites it", path);
}

/* Reconnecting must not come before the engine's own verdict: it would be taken for an error. Where others connect, it
 * should not come much later: one that is gone without a word keeps its successor out. */
static void default_timeouts(struct options *options) {
  const changeover_config *config = &options->config;
  const uint64_t packet =
      config->packet_timeout == CHANGEOVER_INHERIT ? 2 * NS_PER_S : config->packet_timeout;
  options->read_timeout_given = options->read_timeout > 0;
  options->listener_timeout = options->read_timeout_given ? options->read_timeout : 2 * packet;
  if (options->read_timeout_given) return;
  options->read_timeout = 10 * NS_PER_S;
  if (options->read_timeout < 2 * packet) options->read_timeout = 2 * packet;
  if (config->connect_timeout != CHANGEOVER_INHERIT && options->read_timeout < 2 * config->connect_timeout)
    options->read_timeout = 2 * config->connect_timeout;
}

enum {
  FILL = 256,
  COLD,
  SILENCE_ONLY,
  DETECT,
  DETECT_AFTER,
  DETECT_EVERY,
  READ_TIMEOUT,
  KEY_WAIT,
  CATCH_UP,
  CATCH_UP_BYTES,
  FIRST_SWITCH,
  TS_SWITCH,
  STREAM,
  STATUS_EVERY,
  EVENTS_JSON,
  TRACE,
  HTTP,
  HTTP_TOKEN_FILE,
  HTTP_NAME,
  HTTP_TOTALS,
  PROGRAM,
  VERSION
};
/* Beyond them: settings of changeover, by their number. */
#define FIRST_SETTING 512

static const struct option own_names[] = {{"input", required_argument, NULL, 'i'},
                                          {"input-option", required_argument, NULL, 'O'},
                                          {"output", required_argument, NULL, 'o'},
                                          {"overwrite", no_argument, NULL, 'y'},
                                          {"fill", required_argument, NULL, FILL},
                                          {"cold", no_argument, NULL, COLD},
                                          {"silence-only", no_argument, NULL, SILENCE_ONLY},
                                          {"detect", required_argument, NULL, DETECT},
                                          {"detect-after", required_argument, NULL, DETECT_AFTER},
                                          {"detect-every", no_argument, NULL, DETECT_EVERY},
                                          {"read-timeout", required_argument, NULL, READ_TIMEOUT},
                                          {"key-wait", required_argument, NULL, KEY_WAIT},
                                          {"catch-up", required_argument, NULL, CATCH_UP},
                                          {"catch-up-bytes", required_argument, NULL, CATCH_UP_BYTES},
                                          {"first-switch", required_argument, NULL, FIRST_SWITCH},
                                          {"ts-switch", no_argument, NULL, TS_SWITCH},
                                          {"stream", required_argument, NULL, STREAM},
                                          {"status-every", required_argument, NULL, STATUS_EVERY},
                                          {"events-json", required_argument, NULL, EVENTS_JSON},
                                          {"trace", required_argument, NULL, TRACE},
                                          {"http", required_argument, NULL, HTTP},
                                          {"http-token-file", required_argument, NULL, HTTP_TOKEN_FILE},
                                          {"http-name", required_argument, NULL, HTTP_NAME},
                                          {"http-totals", no_argument, NULL, HTTP_TOTALS},
                                          {"program", required_argument, NULL, PROGRAM},
                                          {"verbose", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, VERSION}};
#define OWN_NAMES (sizeof own_names / sizeof own_names[0])

/* All names there are, for getopt_long; to be freed. */
static struct option *all_names(void) {
  struct option *names = calloc(OWN_NAMES + settings_count() + 1, sizeof *names);
  if (!names) abort();
  memcpy(names, own_names, sizeof own_names);
  for (size_t i = 0; i < settings_count(); i++) {
    names[OWN_NAMES + i] = (struct option){settings_name(i), required_argument, NULL, FIRST_SETTING + (int)i};
  }
  return names;
}

/* "black,frozen,silent", or some of them. */
static conditions conditions_value(const char *list) {
  static const struct {
    const char *name;
    conditions condition;
  } words[] = {{"black", CONDITION(BLACK)}, {"frozen", CONDITION(FROZEN)}, {"silent", CONDITION(SILENT)}};
  conditions wanted = 0;
  for (const char *at = list;; at++) {
    const size_t length = strcspn(at, ",");
    conditions found = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
      if (strlen(words[i].name) == length && !strncmp(at, words[i].name, length)) found = words[i].condition;
    }
    if (!found) wrong("--detect: there are black, frozen and silent, not \"%.*s\"", (int)length, at);
    wanted |= found;
    at += length;
    if (!*at) break;
  }
  const char *missing = judge_lacks(wanted);
  if (missing) wrong("--detect: this libavfilter has no %s", missing);
  return wanted;
}

static void add_input(struct options *options, const char *url) {
  if (!*url) wrong("-i: empty URL");
  options->inputs[options->inputs_len++].url = url;
  if (options->inputs_len == INPUTS_MAX) wrong("more than %d inputs", INPUTS_MAX - 1);
}

/* Takes the options that were given for it, too. */
static void set_fill(struct options *options, const char *url) {
  if (!*url) wrong("--fill: empty URL");
  if (options->fill.url) wrong("only one --fill");
  struct input_arguments *next = &options->inputs[options->inputs_len];
  options->fill = *next;
  options->fill.url = url;
  options->fill.fill = true;
  *next = (struct input_arguments){.url = NULL};
}

/* The fill is the last choice. What is last, if it is a file, has no other to make room for: it is repeated. */
static void finish_inputs(struct options *options) {
  if (!options->inputs_len) wrong("no input: give at least one -i URL");
  if (options->inputs[options->inputs_len].options_len)
    wrong("--input-option and --program belong before the -i they are meant for");
  if (options->fill.url) options->inputs[options->inputs_len++] = options->fill;
  repeat_the_last(&options->inputs[options->inputs_len - 1]);
}

static void take(struct options *options, int code) {
  changeover_config *config = &options->config;
  struct input_arguments *next = &options->inputs[options->inputs_len];
  switch (code) {
    case 'i': add_input(options, optarg); break;
    case FILL: set_fill(options, optarg); break;
    case 'O': add_input_option(next, optarg); break;
    case PROGRAM: add_program(next, optarg); break;
    case 'o':
      if (options->output) wrong("only one -o");
      options->output = optarg;
      break;
    case 'y': options->overwrite = true; break;
    case 'v': options->verbose = true; break;
    case COLD: config->standby = CHANGEOVER_STANDBY_COLD; break;
    case DETECT: options->detect.wanted = conditions_value(optarg); break;
    case DETECT_AFTER: options->detect.after = positive_value("detect-after", optarg); break;
    case DETECT_EVERY: options->detect.every = true; break;
    case SILENCE_ONLY: options->silence_only = true; break;
    case READ_TIMEOUT: options->read_timeout = positive_value("read-timeout", optarg); break;
    case KEY_WAIT: options->key_wait = duration_value("key-wait", optarg); break;
    case CATCH_UP: options->catch_up = duration_value("catch-up", optarg); break;
    case CATCH_UP_BYTES: options->catch_up_bytes = number_value("catch-up-bytes", optarg, 1u << 30); break;
    case FIRST_SWITCH:
      options->first_switch = number_value("first-switch", optarg, CHANGEOVER_FIRST_SWITCH_MAX);
      break;
    case TS_SWITCH: options->tells_number = true; break;
    case STREAM: options->stream = optarg; break;
    case STATUS_EVERY: options->status_every = positive_value("status-every", optarg); break;
    case EVENTS_JSON: options->events_json = optarg; break;
    case TRACE: options->trace = optarg; break;
    case HTTP: options->page.address = optarg; break;
    case HTTP_TOKEN_FILE: options->page.token_file = optarg; break;
    case HTTP_NAME: options->page.names = optarg; break;
    case HTTP_TOTALS: options->page.only_totals = true; break;
    case 'h': help_print(); exit(0);
    case VERSION: printf("ffmpeg-ingest of changeover %s\n", changeover_version()); exit(0);
    default: settings_take(config, (size_t)(code - FIRST_SETTING), optarg);
  }
}

void options_parse(struct options *options, int argc, char **argv) {
  *options = (struct options){.stream = "live",
                              .key_wait = 2 * NS_PER_S,
                              .catch_up = NS_PER_S,
                              .catch_up_bytes = 8000000,
                              .detect.after = 5 * NS_PER_S};
  changeover_config_init(&options->config, sizeof options->config);
  options->config.standby = CHANGEOVER_STANDBY_HOT;
  struct option *names = all_names();
  int code;
  opterr = 0; /* our own words */
  while ((code = getopt_long(argc, argv, ":i:O:o:yvh", names, NULL)) != -1) {
    if (code == ':') wrong("%s needs a value", argv[optind - 1]);
    if (code == '?') wrong("there is no option %s", argv[optind - 1]);
    take(options, code);
  }
  free(names);
  if (optind < argc) wrong("what is \"%s\"? Inputs are given with -i, the output with -o", argv[optind]);
  finish_inputs(options);
  if (!options->output || !*options->output) wrong("no output: give -o URL");
  if (!*options->stream || strlen(options->stream) > 255) wrong("--stream: 1 to 255 bytes");
  const struct page_options *page = &options->page;
  if (page->token_file && !page->address) wrong("--http-token-file without --http");
  if ((page->names || page->only_totals) && !page->address)
    wrong("--http-name and --http-totals need --http");
  if (page->names && !page->token_file) wrong("--http-name needs --http-token-file");
  settings_check(&options->config);
  default_timeouts(options);
  protect_files(options);
}
