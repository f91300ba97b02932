/* options.h: the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <changeover.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge.h"
#include "limits.h"
#include "page.h"

#define INPUTS_MAX LIMITS_INPUTS_MAX
#define INPUT_OPTIONS_MAX 16

struct input_arguments {
  const char *url;
  changeover_option options[INPUT_OPTIONS_MAX + 1]; /* and one of our own */
  size_t options_len;
  bool fill; /* no source, but better than nothing */
};

struct options {
  struct input_arguments inputs[INPUTS_MAX];
  size_t inputs_len;
  struct input_arguments fill; /* of --fill, until it becomes the last of the inputs */
  const char *output, *stream, *events_json, *trace;
  struct page_options page;
  bool overwrite, verbose, read_timeout_given, tells_number;
  bool silence_only;        /* no limits of our own beyond silence */
  changeover_config config; /* what was not given: inherit */
  struct judge_config detect;
  uint64_t read_timeout, listener_timeout, key_wait, catch_up, catch_up_bytes, status_every, first_switch;
};

/* Exits: 0 after --help and --version, 2 with a message when something is wrong. Strings stay borrowed from argv. */
void options_parse(struct options *options, int argc, char **argv);

#endif
