/* target.c: a target that may fail. */
#include "target.h"

#include <string.h>

#include "clock.h"
#include "source.h"

#define RETRY_AFTER NS_PER_S

static int must_abort(void *argument) { return atomic_load(((struct target *)argument)->abort); }

static void tell_error(struct target *target, enum note_kind kind, int error) {
  char text[AV_ERROR_MAX_STRING_SIZE];
  error_text(error, text, sizeof text);
  struct note *note = note_new(kind, -1);
  if (kind == NOTE_OUTPUT_FATAL)
    note_text(note, "%s cannot be opened: %s", target->url, text);
  else
    note_text(note, "%s", text);
  notes_post(target->notes, note);
}

/* Told once for every time it goes down, however often it is tried. */
void target_lost(struct target *target, int error) {
  if (!target->told_down) tell_error(target, NOTE_OUTPUT_FAILED, error);
  target->told_down = true;
  if (!target->down_since) target->down_since = monotonic_now();
  mux_close(&target->mux, false);
  target->retry_at = monotonic_now() + RETRY_AFTER;
}

/* Mistakes in the command line: no use in trying again. */
static bool is_hopeless(int error) {
  switch (error) {
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR(ENOENT):
    case AVERROR(ENOTDIR):
    case AVERROR(EISDIR):
    case AVERROR(EACCES):
    case AVERROR(EPERM):
    case AVERROR(EROFS):
    case AVERROR(EINVAL):
    case AVERROR(ENAMETOOLONG): return true;
    default: return false;
  }
}

void target_open(struct target *target) {
  if (target_is_open(target) || target->impossible || monotonic_now() < target->retry_at) return;
  const bool first_time = !target->mux.opened_before;
  const int error =
      mux_open(&target->mux, target->url, (AVIOInterruptCB){.callback = must_abort, .opaque = target});
  if (error >= 0) return;
  if (first_time && is_hopeless(error)) {
    tell_error(target, NOTE_OUTPUT_FATAL, error);
    target->impossible = true;
    target->retry_at = UINT64_MAX / 2;
  } else {
    target_lost(target, error);
  }
}

void target_works(struct target *target) {
  if (target->told_works && !target->down_since) return;
  struct note *note = note_new(NOTE_OUTPUT_OPENED, -1);
  if (note) {
    note->took = target->down_since ? note->at - target->down_since : 0;
    note->lost = target->missed;
  }
  notes_post(target->notes, note);
  target->told_works = true;
  target->down_since = 0;
  target->missed = 0;
  target->told_down = false;
}

bool target_loses_bursts(const struct target *target) {
  return !strncmp(target->url, "udp:", 4) || !strncmp(target->url, "rtp:", 4);
}

void target_close(struct target *target) {
  const int error = mux_close(&target->mux, target_is_open(target));
  if (error < 0 && !target->told_down) tell_error(target, NOTE_OUTPUT_FAILED, error);
  mux_free(&target->mux);
}
