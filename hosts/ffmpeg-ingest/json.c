/* json.c: names and values of what is told to programs. */
#include "json.h"

#include <string.h>

static void json_string(FILE *file, const char *text, size_t length) {
  fputc('"', file);
  for (size_t i = 0; i < length; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\')
      fprintf(file, "\\%c", c);
    else if (c < 0x20)
      fprintf(file, "\\u%04x", c);
    else
      fputc(c, file);
  }
  fputc('"', file);
}

/* As it is printed for people: without what turns a terminal, and without the secrets of URLs. */
static void json_text(FILE *file, const char *key, const char *text, size_t length) {
  char printed[2048];
  if (!length || changeover_printable(text, length, printed, sizeof printed, NULL)) return;
  fprintf(file, ",\"%s\":", key);
  json_string(file, printed, strlen(printed));
}

static void json_number(FILE *file, const char *key, uint64_t number) {
  if (number) fprintf(file, ",\"%s\":%llu", key, (unsigned long long)number);
}

/* 0 is a time, too. */
static void json_time(FILE *file, const char *key, uint64_t time) {
  if (time != CHANGEOVER_UNKNOWN) fprintf(file, ",\"%s\":%llu", key, (unsigned long long)time);
}

static void json_input(FILE *file, const char *key, int32_t priority) {
  if (priority >= 0) fprintf(file, ",\"%s\":%d", key, priority);
}

void json_event(FILE *file, const changeover_event *event) {
  fprintf(file, "{\"event\":\"%s\",\"unix_ns\":%lld,\"engine_ns\":%llu", changeover_event_name(event->kind),
          (long long)event->at_unix, (unsigned long long)event->at);
  json_text(file, "stream", event->stream, event->stream_len);
  json_input(file, "priority", event->priority);
  if (event->kind == CHANGEOVER_EVENT_SWITCHED) fprintf(file, ",\"from\":%d", event->from);
  if (event->reason) fprintf(file, ",\"reason\":\"%s\"", changeover_reason_name(event->reason));
  json_text(file, "detail", event->detail, event->detail_len);
  json_number(file, "session", event->session);
  json_number(file, "probe", event->probe);
  json_number(file, "switch_number", event->switch_number);
  json_number(file, "measured_ns", event->measured);
  json_number(file, "limit_ns", event->limit);
  json_number(file, "window_ns", event->window);
  json_time(file, "detection_ns", event->detection);
  json_time(file, "decision_ns", event->decision);
  json_time(file, "commit_ns", event->commit);
  json_text(file, "passed_over", event->passed_over_text, event->passed_over_text_len);
  json_number(file, "dropped", event->dropped);
  json_text(file, "url", event->url, event->url_len);
  fputc('}', file);
}

void json_note(FILE *file, const struct note *note) {
  static const char *const names[] = {
      [NOTE_SOURCE_OPENED] = "source_opened",
      [NOTE_SOURCE_FAILED] = "source_failed",
      [NOTE_SOURCE_TRACKS] = "source_tracks",
      [NOTE_SOURCE_WARNING] = "source_warning",
      [NOTE_DETECTOR] = "detector",
      [NOTE_FORWARDED] = "forwarded",
      [NOTE_PICTURE] = "picture",
      [NOTE_CAUGHT_UP] = "caught_up",
      [NOTE_OUTPUT_OPENED] = "output_opened",
      [NOTE_OUTPUT_FAILED] = "output_failed",
      [NOTE_OUTPUT_FATAL] = "output_fatal",
      [NOTE_OUTPUT_WARNING] = "output_warning",
      [NOTE_ENGINE] = "engine",
  };
  fprintf(file, "{\"event\":\"%s\",\"unix_ns\":%llu", names[note->kind], (unsigned long long)note->unix_at);
  json_input(file, "priority", note->priority);
  json_number(file, "session", note->session);
  json_number(file, "switch_number", note->switch_number);
  if (note->kind == NOTE_FORWARDED) {
    fprintf(file, ",\"from\":%d,\"gap_ns\":%llu", note->from, (unsigned long long)note->took);
  } else {
    json_number(file, "took_ns", note->took);
  }
  if (note->kind == NOTE_PICTURE) {
    fprintf(file, ",\"freeze_ns\":%llu,\"key\":%s", (unsigned long long)note->freeze,
            note->key ? "true" : "false");
    if (note->media_before >= 0) fprintf(file, ",\"media_before_s\":%.6f", note->media_before);
    if (note->media_after >= 0) fprintf(file, ",\"media_after_s\":%.6f", note->media_after);
  }
  if (note->kind == NOTE_CAUGHT_UP) fprintf(file, ",\"key_alone\":%s", note->key_alone ? "true" : "false");
  json_number(file, "pictures", note->pictures);
  json_number(file, "bytes", note->bytes);
  json_number(file, "segment_ns", note->segment);
  json_number(file, "stalled_ns", note->stalled);
  json_number(file, "lost", note->lost);
  json_text(file, "text", note->text, strlen(note->text));
  fputc('}', file);
}
