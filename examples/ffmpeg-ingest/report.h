/* report.h: what people and programs get to see: a readable line on stderr for every event, the same as JSON in a file, the
 * status as JSON on stdout. Main loop only. */
#ifndef REPORT_H
#define REPORT_H

#include <changeover.h>
#include <stdio.h>

#include "notes.h"

struct report {
  FILE *json; /* NULL: none wanted */
  int inputs;
  struct {
    char failure[512]; /* the last one told, so that a source that stays away is not told every second */
    uint64_t told_at;
  } * of_input;
};

/* A negative errno if the file cannot be written. */
int report_open(struct report *report, const char *json_path, int inputs);
void report_close(struct report *report);

void report_event(struct report *report, const changeover_event *event);
void report_note(struct report *report, const struct note *note);
void report_line(const char *word, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_status(changeover_engine *engine, const char *stream, FILE *to);

#endif
