/* report.h: what people and programs get to see: a readable line on stderr for every event, the same as JSON in a file, the
 * status as JSON on stdout. Nothing here waits: sinks write, see sink.h. Main loop only, but for report_line. */
#ifndef REPORT_H
#define REPORT_H

#include <changeover.h>
#include <stdbool.h>
#include <stdint.h>

#include "notes.h"
#include "sink.h"

struct report {
  struct sink *json; /* NULL: none wanted */
  struct sink *status;
  bool status_on_stderr;
  int json_fd; /* -1: none wanted */
  int inputs;
  struct {
    char failure[512]; /* the last one told, so that a source that stays away is not told every second */
    uint64_t told_at;
  } * of_input;
};

/* A negative errno if the file cannot be written. `verbose`: with libavformat's own messages. `stdout_taken`: the status goes
 * to stderr. */
int report_open(struct report *report, const char *json_path, int inputs, bool verbose, bool stdout_taken);
/* Writes what is queued; gives up after `patience` ns. */
void report_close(struct report *report, uint64_t patience);

void report_event(struct report *report, const changeover_event *event);
void report_note(struct report *report, const struct note *note);
/* Any thread, from report_open to report_close; earlier and later lines are written at once. */
void report_line(const char *word, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_status(struct report *report, changeover_engine *engine, const char *stream);

#endif
