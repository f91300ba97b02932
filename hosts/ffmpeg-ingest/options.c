/* options.c: reading the command line, and the text of --help. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"

static const char help[] =
    "usage: ffmpeg-ingest [OPTIONS] -i URL [-i URL]... -o URL\n"
    "\n"
    "Reads live inputs, keeps the best healthy one on air and writes one continuous MPEG-TS.\n"
    "The first -i is preferred; each further one is the next choice.\n"
    "\n"
    "  -i, --input URL             anything libavformat opens: udp, srt, rtmp, rtsp, hls, http, a file\n"
    "  -O, --input-option KEY=VAL  for the next -i: an option of libavformat (rtsp_transport=udp, "
    "headers=...);\n"
    "                              format=NAME names the demuxer; repeat=1 plays a file again and again\n"
    "                              without a seam, as the last -i does; repeat=0: its end is an error\n"
    "      --program N             of an MPEG-TS with several programs: the next -i's service id\n"
    "  -o, --output URL            udp://..., srt://..., tcp://..., a file\n"
    "  -y, --overwrite             the output file may exist\n"
    "\n"
    "Failover (durations: 500ms, 2s, 1.5m; a number alone is seconds):\n"
    "      --packet-timeout D      an input is dead after so long without a packet\n"
    "                              [2s; files 10s; HLS and DASH two segments and 2s]\n"
    "      --connect-timeout D     the same for its first packet           [5s; HLS and DASH 15s]\n"
    "      --failback auto|manual  go back to a better input by itself, or on request   [auto]\n"
    "      --failback-stable D     a better input must have been healthy for so long    [3s]\n"
    "      --switch-cooldown D     and the last switch must be so long ago              [12s]\n"
    "      --cold                  start inputs when they are needed; default is hot: all run from the "
    "beginning\n"
    "      --probe-cooldown D      look at a degraded input again after so long         [8s]\n"
    "      --probe-timeout D       and give it so long to answer                        [3s]\n"
    "\n"
    "Reading and writing:\n"
    "      --read-timeout D        reconnect an input that delivers nothing for so long\n"
    "                              [10s, or twice the longest of the timeouts above;\n"
    "                              where others connect twice the packet timeout]\n"
    "      --key-wait D            after a switch, wait so long for a key frame         [2s]\n"
    "\n"
    "What you see:\n"
    "      --stream NAME           the stream's id in the engine                        [live]\n"
    "      --status-every D        print the status as JSON on stdout; so does SIGUSR1\n"
    "      --events-json FILE      write every event as one JSON object a line\n"
    "  -v, --verbose               the messages of libavformat and of the engine too\n"
    "  -h, --help                  this text\n"
    "      --version               the version of changeover\n"
    "\n"
    "On its standard input it takes:  switch N   auto   status   quit\n"
    "(N counts the inputs from 0; auto ends a manual choice.)\n"
    "SIGINT and SIGTERM end it cleanly; a second one at once.\n"
    "\n"
    "Exit status: 0 ended as asked, 1 the output or the engine is impossible, 2 wrong options.\n";

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void wrong(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("ffmpeg-ingest: ", stderr);
  vfprintf(stderr, format, args);
  fputs("\nTry: ffmpeg-ingest --help\n", stderr);
  va_end(args);
  exit(2);
}

static uint64_t duration(const char *option, const char *text) {
  static const struct {
    const char *name;
    double ns;
  } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
  char *unit;
  errno = 0;
  const double number = strtod(text, &unit);
  if (unit != text && !errno && number >= 0) {
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
      const double ns = number * units[i].ns;
      if (!strcmp(unit, units[i].name) && ns <= 365.0 * 24 * 3600e9) return (uint64_t)(ns + 0.5);
    }
  }
  wrong("--%s: \"%s\" is no duration; write 500ms, 2s, 1.5m", option, text);
}

static uint64_t positive(const char *option, const char *text) {
  const uint64_t ns = duration(option, text);
  if (!ns) wrong("--%s: must be more than zero", option);
  return ns;
}

static void add_input_option(struct input_arguments *input, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text) wrong("--input-option: \"%s\" is not KEY=VALUE", text);
  if (input->options_len == INPUT_OPTIONS_MAX) wrong("more than %d options for one input", INPUT_OPTIONS_MAX);
  input->options[input->options_len++] = (changeover_option){
      .key = text, .key_len = (size_t)(equals - text), .value = equals + 1, .value_len = strlen(equals + 1)};
}

/* The last resort, if it is a file, has no other to make room for. */
static void repeat_the_last(struct input_arguments *input) {
  for (size_t i = 0; i < input->options_len; i++) {
    if (input->options[i].key_len == 6 && !strncmp(input->options[i].key, "repeat", 6)) return;
  }
  input->options[input->options_len++] =
      (changeover_option){.key = "repeat", .key_len = 6, .value = "1", .value_len = 1};
}

static void add_program(struct input_arguments *input, const char *number) {
  char *end;
  const long program = strtol(number, &end, 10);
  if (*end || end == number || program < 0 || program > 65535)
    wrong("--program: \"%s\" is no service id", number);
  if (input->options_len == INPUT_OPTIONS_MAX) wrong("more than %d options for one input", INPUT_OPTIONS_MAX);
  input->options[input->options_len++] = (changeover_option){
      .key = "program", .key_len = strlen("program"), .value = number, .value_len = strlen(number)};
}

static int32_t failback(const char *text) {
  if (!strcmp(text, "auto")) return CHANGEOVER_FAILBACK_AUTO;
  if (!strcmp(text, "manual")) return CHANGEOVER_FAILBACK_MANUAL;
  wrong("--failback: \"%s\" is neither auto nor manual", text);
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
  PACKET_TIMEOUT = 256,
  CONNECT_TIMEOUT,
  FAILBACK,
  FAILBACK_STABLE,
  SWITCH_COOLDOWN,
  COLD,
  PROBE_COOLDOWN,
  PROBE_TIMEOUT,
  READ_TIMEOUT,
  KEY_WAIT,
  STREAM,
  STATUS_EVERY,
  EVENTS_JSON,
  PROGRAM,
  VERSION
};

static const struct option names[] = {{"input", required_argument, NULL, 'i'},
                                      {"input-option", required_argument, NULL, 'O'},
                                      {"output", required_argument, NULL, 'o'},
                                      {"overwrite", no_argument, NULL, 'y'},
                                      {"packet-timeout", required_argument, NULL, PACKET_TIMEOUT},
                                      {"connect-timeout", required_argument, NULL, CONNECT_TIMEOUT},
                                      {"failback", required_argument, NULL, FAILBACK},
                                      {"failback-stable", required_argument, NULL, FAILBACK_STABLE},
                                      {"switch-cooldown", required_argument, NULL, SWITCH_COOLDOWN},
                                      {"cold", no_argument, NULL, COLD},
                                      {"probe-cooldown", required_argument, NULL, PROBE_COOLDOWN},
                                      {"probe-timeout", required_argument, NULL, PROBE_TIMEOUT},
                                      {"read-timeout", required_argument, NULL, READ_TIMEOUT},
                                      {"key-wait", required_argument, NULL, KEY_WAIT},
                                      {"stream", required_argument, NULL, STREAM},
                                      {"status-every", required_argument, NULL, STATUS_EVERY},
                                      {"events-json", required_argument, NULL, EVENTS_JSON},
                                      {"program", required_argument, NULL, PROGRAM},
                                      {"verbose", no_argument, NULL, 'v'},
                                      {"help", no_argument, NULL, 'h'},
                                      {"version", no_argument, NULL, VERSION},
                                      {NULL, 0, NULL, 0}};

static void take(struct options *options, int code, const char *name) {
  changeover_config *config = &options->config;
  struct input_arguments *next = &options->inputs[options->inputs_len];
  switch (code) {
    case 'i':
      next->url = optarg;
      if (!*optarg) wrong("-i: empty URL");
      if (++options->inputs_len == INPUTS_MAX) wrong("more than %d inputs", INPUTS_MAX - 1);
      break;
    case 'O': add_input_option(next, optarg); break;
    case PROGRAM: add_program(next, optarg); break;
    case 'o':
      if (options->output) wrong("only one -o");
      options->output = optarg;
      break;
    case 'y': options->overwrite = true; break;
    case 'v': options->verbose = true; break;
    case PACKET_TIMEOUT: config->packet_timeout = positive(name, optarg); break;
    case CONNECT_TIMEOUT: config->connect_timeout = positive(name, optarg); break;
    case FAILBACK: config->failback = failback(optarg); break;
    case FAILBACK_STABLE: config->failback_stable = duration(name, optarg); break;
    case SWITCH_COOLDOWN: config->switch_cooldown = duration(name, optarg); break;
    case COLD: config->standby = CHANGEOVER_STANDBY_COLD; break;
    case PROBE_COOLDOWN: config->probe_cooldown = positive(name, optarg); break;
    case PROBE_TIMEOUT: config->probe_timeout = positive(name, optarg); break;
    case READ_TIMEOUT: options->read_timeout = positive(name, optarg); break;
    case KEY_WAIT: options->key_wait = duration(name, optarg); break;
    case STREAM: options->stream = optarg; break;
    case STATUS_EVERY: options->status_every = positive(name, optarg); break;
    case EVENTS_JSON: options->events_json = optarg; break;
    case 'h': fputs(help, stdout); exit(0);
    case VERSION: printf("ffmpeg-ingest of changeover %s\n", changeover_version()); exit(0);
    default: break; /* told by options_parse */
  }
}

void options_parse(struct options *options, int argc, char **argv) {
  *options = (struct options){.stream = "live", .key_wait = 2 * NS_PER_S};
  changeover_config_init(&options->config, sizeof options->config);
  options->config.standby = CHANGEOVER_STANDBY_HOT;
  int code, index = 0;
  opterr = 0; /* our own words */
  while ((code = getopt_long(argc, argv, ":i:O:o:yvh", names, &index)) != -1) {
    if (code == ':') wrong("%s needs a value", argv[optind - 1]);
    if (code == '?') wrong("there is no option %s", argv[optind - 1]);
    take(options, code, names[index].name);
  }
  if (optind < argc) wrong("what is \"%s\"? Inputs are given with -i, the output with -o", argv[optind]);
  if (!options->inputs_len) wrong("no input: give at least one -i URL");
  if (options->inputs[options->inputs_len].options_len)
    wrong("--input-option and --program belong before the -i they are meant for");
  repeat_the_last(&options->inputs[options->inputs_len - 1]);
  if (!options->output || !*options->output) wrong("no output: give -o URL");
  if (!*options->stream || strlen(options->stream) > 255) wrong("--stream: 1 to 255 bytes");
  default_timeouts(options);
  protect_files(options);
}
