/* report.c: the lines on stderr and the JSON beside them. */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/log.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "loss.h"

#define REMIND_AFTER (60 * NS_PER_S)

/* stderr: lines come from any thread, so it is not part of a struct report. */
static _Atomic(struct sink *) people;

static void json_trouble(int error, uint64_t lost) {
  if (error)
    report_line("events", "cannot be written: %s (trying again with each)", strerror(error));
  else
    report_line("events", "are written again; %llu are missing", (unsigned long long)lost);
}

/* libavformat's own messages, on the thread that reads or writes. */
static void libav_line(void *context, int level, const char *format, va_list args) {
  static _Thread_local int prefix = 1;
  char text[512];
  loss_hear(format, args);
  if (level > av_log_get_level()) return;
  av_log_format_line2(context, level, format, args, text, sizeof text, &prefix);
  const size_t length = strcspn(text, "\r\n");
  text[length] = 0;
  if (length) report_line("libav", "%s", text);
}

int report_open(struct report *report, const char *json_path, int inputs, bool verbose, bool stdout_taken) {
  *report = (struct report){.inputs = inputs, .json_fd = -1, .status_on_stderr = stdout_taken};
  report->of_input = calloc((size_t)inputs, sizeof *report->of_input);
  people = sink_open(STDERR_FILENO, "(%llu lines are missing here: nobody read them in time)", NULL);
  report->status = sink_open(STDOUT_FILENO, "{\"lost\":%llu}", NULL);
  if (!report->of_input || !people || !report->status) return -ENOMEM;
  av_log_set_level(verbose ? AV_LOG_INFO : AV_LOG_QUIET);
  av_log_set_callback(libav_line);
  if (!json_path) return 0;
  struct stat file;
  /* A FIFO opened for both does not wait for its reader. */
  const int mode = !stat(json_path, &file) && S_ISFIFO(file.st_mode) ? O_RDWR : O_WRONLY;
  report->json_fd = open(json_path, mode | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (report->json_fd < 0) return -errno;
  report->json = sink_open(report->json_fd, "{\"event\":\"lost\",\"lost\":%llu}", json_trouble);
  return report->json ? 0 : -ENOMEM;
}

void report_close(struct report *report, uint64_t patience) {
  const uint64_t until = monotonic_now() + patience;
  av_log_set_callback(av_log_default_callback);
  av_log_set_level(AV_LOG_QUIET);
  const bool events_done = !report->json || sink_close(report->json, until);
  if (events_done && report->json_fd >= 0) close(report->json_fd);
  sink_close(report->status, until);
  sink_close(atomic_exchange(&people, NULL), until);
  free(report->of_input);
}

/* ---- lines for people ---- */

static void line_at(struct timespec at, const char *word, const char *format, va_list args) {
  struct tm local;
  char time[16];
  localtime_r(&at.tv_sec, &local);
  strftime(time, sizeof time, "%H:%M:%S", &local);
  char raw[1024], text[2 * sizeof raw], line[sizeof text + 40];
  vsnprintf(raw, sizeof raw, format, args);
  /* Whatever others wrote in it stays on this line, without the secrets of URLs. */
  if (changeover_printable(raw, strlen(raw), text, sizeof text, NULL)) return;
  const int length =
      snprintf(line, sizeof line, "%s.%03ld  %-10s  %s", time, at.tv_nsec / 1000000, word, text);
  struct sink *sink = people;
  if (sink)
    sink_line(sink, line, (size_t)length);
  else
    fprintf(stderr, "%s\n", line);
}

void report_line(const char *word, const char *format, ...) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  va_list args;
  va_start(args, format);
  line_at(now, word, format, args);
  va_end(args);
}

static void event_line(const changeover_event *event, const char *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void event_line(const changeover_event *event, const char *word, const char *format, ...) {
  va_list args;
  va_start(args, format);
  line_at(as_timespec((uint64_t)event->at_unix), word, format, args);
  va_end(args);
}

static void note_line(const struct note *note, const char *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void note_line(const struct note *note, const char *word, const char *format, ...) {
  va_list args;
  va_start(args, format);
  line_at(as_timespec(note->unix_at), word, format, args);
  va_end(args);
}

struct text {
  char s[32];
};

struct long_text {
  char s[100];
};

static struct text span(uint64_t ns) {
  struct text text;
  if (ns < 10 * NS_PER_S)
    snprintf(text.s, sizeof text.s, "%.0f ms", (double)ns / 1e6);
  else
    snprintf(text.s, sizeof text.s, "%.1f s", (double)ns / 1e9);
  return text;
}

/* ", measured 1001 ms, limit 1000 ms"; nothing where nothing was measured, or the engine's own words say it. */
static struct long_text evidence(const changeover_event *event) {
  struct long_text text = {""};
  if (event->detail_len) return text;
  if (event->limit) {
    snprintf(text.s, sizeof text.s, ", measured %s, limit %s", span(event->measured).s, span(event->limit).s);
  } else if (event->measured) {
    snprintf(text.s, sizeof text.s, ", measured %s", span(event->measured).s);
  }
  return text;
}

static const char *switch_word(int32_t reason) {
  switch (reason) {
    case CHANGEOVER_REASON_INITIAL:
    case CHANGEOVER_REASON_MANUAL:
    case CHANGEOVER_REASON_INPUT_ADDED:
    case CHANGEOVER_REASON_START_GRACE: return "switch";
    case CHANGEOVER_REASON_FAILBACK: return "FAILBACK";
    case CHANGEOVER_REASON_RECOVERY: return "RECOVERY";
    default: return "FAILOVER";
  }
}

static void switched_line(const changeover_event *event) {
  char from[32] = "";
  if (event->from >= 0) snprintf(from, sizeof from, "input %d -> ", event->from);
  char to[32] = "nothing";
  if (event->priority >= 0) snprintf(to, sizeof to, "input %d", event->priority);
  const char *comma = event->detail_len ? ": " : "";
  event_line(event, switch_word(event->reason), "%s%s (%s%s%.*s)%s", from, to,
             changeover_reason_name(event->reason), comma, (int)event->detail_len,
             event->detail_len ? event->detail : "", evidence(event).s);
}

static void people_event(const changeover_event *event) {
  const char *detail = event->detail_len ? event->detail : "";
  const int32_t input = event->priority;
  switch (event->kind) {
    case CHANGEOVER_EVENT_START:
      event_line(event, "start", "input %d, session %llu: %s", input, (unsigned long long)event->session,
                 event->url);
      break;
    case CHANGEOVER_EVENT_STOP:
      event_line(event, "stop", "input %d, session %llu", input, (unsigned long long)event->session);
      break;
    case CHANGEOVER_EVENT_PROBE:
      event_line(event, "probe", "input %d, within %s", input, span(event->limit).s);
      break;
    case CHANGEOVER_EVENT_SWITCHED: switched_line(event); break;
    case CHANGEOVER_EVENT_ACTIVE:
      event_line(event, "active", "input %d, first packet %s after it was chosen", input,
                 span(event->measured).s);
      break;
    case CHANGEOVER_EVENT_DEGRADED:
      event_line(event, "degraded", "input %d (%s%s%s)%s", input, changeover_reason_name(event->reason),
                 *detail ? ": " : "", detail, evidence(event).s);
      break;
    case CHANGEOVER_EVENT_RECOVERED:
      event_line(event, "recovered", "input %d%s", input, evidence(event).s);
      break;
    case CHANGEOVER_EVENT_EXHAUSTED: event_line(event, "EXHAUSTED", "no usable input is left"); break;
    case CHANGEOVER_EVENT_RESTORED: event_line(event, "restored", "input %d is on air", input); break;
    case CHANGEOVER_EVENT_GAP:
      event_line(event, "gap", "%llu messages of the engine were not fetched in time",
                 (unsigned long long)event->dropped);
      break;
    default: break;
  }
}

/* A source that stays away says the same every time: told when it changes, and once a minute. */
static bool worth_telling(struct report *report, const struct note *note) {
  if (note->priority < 0 || note->priority >= report->inputs) return true;
  const bool opened = note->kind == NOTE_SOURCE_OPENED;
  if (note->kind != NOTE_SOURCE_FAILED && !opened) return true;
  char *last = report->of_input[note->priority].failure;
  uint64_t *told_at = &report->of_input[note->priority].told_at;
  if (opened) {
    last[0] = 0;
    return true;
  }
  if (!strcmp(last, note->text) && note->at - *told_at < REMIND_AFTER) return false;
  snprintf(last, sizeof report->of_input[0].failure, "%s", note->text);
  *told_at = note->at;
  return true;
}

/* "input 1: its first packet, 1014 ms after the last one of input 0" */
static void forwarded_line(const struct note *note) {
  const int32_t input = note->priority;
  char stalled[100] = "";
  if (note->stalled >= NS_PER_MS) {
    snprintf(stalled, sizeof stalled, " (for %s of it the machine did not run the engine)",
             span(note->stalled).s);
  }
  if (note->from < 0) {
    note_line(note, "forwarded", "input %d: its first packet", input);
  } else if (note->from == input) {
    note_line(note, "forwarded", "input %d: again, after %s%s", input, span(note->took).s, stalled);
  } else {
    note_line(note, "forwarded", "input %d: its first packet, %s after the last one of input %d%s", input,
              span(note->took).s, note->from, stalled);
  }
}

static void picture_line(const struct note *note) {
  const char *what = note->key ? "a key frame" : "a packet that is no key frame (none came)";
  if (note->freeze) {
    note_line(note, "picture", "input %d: written from %s on, %s after the last packet written",
              note->priority, what, span(note->freeze).s);
  } else {
    note_line(note, "picture", "input %d: written from %s on", note->priority, what);
  }
}

static void detector_line(const struct note *note) {
  char lost[60] = "";
  if (note->lost)
    snprintf(lost, sizeof lost, "; for %llu packets it was too busy", (unsigned long long)note->lost);
  note_line(note, "detect", "input %d: %s%s", note->priority, note->text, lost);
}

static void caught_up_line(const struct note *note) {
  const unsigned long long kilobytes = (unsigned long long)(note->bytes + 999) / 1000;
  if (note->key_alone) {
    note_line(note, "caught up",
              "input %d: its last key frame alone, the rest is too much; it moves from the next one on",
              note->priority);
  } else {
    note_line(note, "caught up", "input %d: %llu pictures, with the sound %llu kB, within %s", note->priority,
              (unsigned long long)note->pictures, kilobytes, span(note->took).s);
  }
}

static void people_note(const struct note *note) {
  const int32_t input = note->priority;
  const char *text = note->text;
  switch (note->kind) {
    case NOTE_SOURCE_OPENED:
      note_line(note, "opened", "input %d after %s: %s", input, span(note->took).s, text);
      break;
    case NOTE_SOURCE_FAILED: note_line(note, "source", "input %d: %s (trying again)", input, text); break;
    case NOTE_SOURCE_TRACKS: note_line(note, "tracks", "input %d: now %s", input, text); break;
    case NOTE_SOURCE_WARNING: note_line(note, "source", "input %d: %s", input, text); break;
    case NOTE_DETECTOR: detector_line(note); break;
    case NOTE_FORWARDED: forwarded_line(note); break;
    case NOTE_PICTURE: picture_line(note); break;
    case NOTE_CAUGHT_UP: caught_up_line(note); break;
    case NOTE_OUTPUT_OPENED:
      if (note->took)
        note_line(note, "output", "works, after %s without; %llu packets are missing", span(note->took).s,
                  (unsigned long long)note->lost);
      else
        note_line(note, "output", "is being written");
      break;
    case NOTE_OUTPUT_FAILED: note_line(note, "output", "%s (trying again; the inputs go on)", text); break;
    case NOTE_OUTPUT_FATAL:
    case NOTE_OUTPUT_WARNING: note_line(note, "output", "%s", text); break;
    case NOTE_ENGINE: note_line(note, "engine", "%s", text); break;
  }
}

/* ---- JSON for programs ---- */

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

/* As it is printed for people, see line_at. */
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

static void json_event(FILE *file, const changeover_event *event) {
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

static void json_note(FILE *file, const struct note *note) {
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

/* ---- both ---- */

struct json_line {
  FILE *file;
  char *text;
  size_t length;
};

static FILE *json_begin(struct json_line *line) {
  return line->file = open_memstream(&line->text, &line->length);
}

static void json_end(struct json_line *line, struct sink *sink) {
  if (!fclose(line->file)) sink_line(sink, line->text, line->length);
  free(line->text);
}

void report_event(struct report *report, const changeover_event *event) {
  people_event(event);
  struct json_line line;
  if (!report->json || !json_begin(&line)) return;
  json_event(line.file, event);
  json_end(&line, report->json);
}

void report_note(struct report *report, const struct note *note) {
  if (worth_telling(report, note)) people_note(note);
  struct json_line line;
  if (!report->json || !json_begin(&line)) return;
  json_note(line.file, note);
  json_end(&line, report->json);
}

void report_status(struct report *report, changeover_engine *engine, const char *stream) {
  changeover_status *status;
  const char *json;
  size_t length;
  if (changeover_runtime_status(engine, stream, strlen(stream), &status)) return;
  if (!changeover_status_json(status, &json, &length))
    sink_line(report->status_on_stderr ? people : report->status, json, length);
  changeover_status_free(status);
}
