/* json.h: an event of the engine, or a note of one of our threads, as a JSON object on one line, without its end. */
#ifndef JSON_H
#define JSON_H

#include <changeover.h>
#include <stdio.h>

#include "notes.h"

void json_event(FILE *file, const changeover_event *event);
void json_note(FILE *file, const struct note *note);

#endif
