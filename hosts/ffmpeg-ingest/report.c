/* report.c: the lines on stderr and the JSON beside them. */
#include "report.h"

#include <dlfcn.h>
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
#include "json.h"
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

/* ---- libsrt, which comes with libavformat or not at all, prints by itself: a reader that stalls would hold up its threads ---- */

typedef void srt_line(void *opaque, int level, const char *file, int line, const char *area,
                      const char *message);

static void take_srt_line(void *opaque, int level, const char *file, int line, const char *area,
                          const char *message) {
  (void)opaque, (void)level, (void)file, (void)line, (void)area;
  message += strspn(message, ": ");
  report_line("srt", "%.*s", (int)strcspn(message, "\r\n"), message);
}

/* NULL: as it would by itself. */
static void set_srt_handler(srt_line *handler) {
  /* Nothing but a word is added to the message: SRT_LOGF_DISABLE_TIME, _THREADNAME, _SEVERITY and _EOL. */
  const int flags = handler ? 15 : 0;
  void (*set_handler)(void *, srt_line *), (*set_flags)(int);
  *(void **)&set_handler = dlsym(RTLD_DEFAULT, "srt_setloghandler");
  *(void **)&set_flags = dlsym(RTLD_DEFAULT, "srt_setlogflags");
  if (set_flags) set_flags(flags);
  if (set_handler) set_handler(NULL, handler);
}

int report_open(struct report *report, const char *json_path, int inputs, bool verbose, bool stdout_taken) {
  *report = (struct report){.inputs = inputs, .json_fd = -1, .status_on_stderr = stdout_taken};
  report->of_input = calloc((size_t)inputs, sizeof *report->of_input);
  people = sink_open(STDERR_FILENO, "(%llu lines are missing here: nobody read them in time)", NULL);
  report->status = sink_open(STDOUT_FILENO, "{\"lost\":%llu}", NULL);
  if (!report->of_input || !people || !report->status) return -ENOMEM;
  av_log_set_level(verbose ? AV_LOG_INFO : AV_LOG_QUIET);
  av_log_set_callback(libav_line);
  set_srt_handler(take_srt_line);
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
  set_srt_handler(NULL);
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

static const char *start_word(int32_t reason) {
  static const char *const words[] = {
      [CHANGEOVER_START_INITIAL] = "first choice", [CHANGEOVER_START_FAILOVER] = "failover",
      [CHANGEOVER_START_PLANNED] = "planned",      [CHANGEOVER_START_HOT] = "hot standby",
      [CHANGEOVER_START_TRIAL] = "trial",          [CHANGEOVER_START_RESTART] = "restart",
      [CHANGEOVER_START_FORCED] = "forced"};
  const bool known = reason > 0 && (size_t)reason < sizeof words / sizeof words[0];
  return known ? words[reason] : "unknown";
}

static const char *switch_word(int32_t reason) {
  switch (reason) {
    case CHANGEOVER_REASON_INITIAL:
    case CHANGEOVER_REASON_MANUAL:
    case CHANGEOVER_REASON_INPUT_ADDED:
    case CHANGEOVER_REASON_START_GRACE: return "switch";
    case CHANGEOVER_REASON_FAILBACK: return "FAILBACK";
    case CHANGEOVER_REASON_RECOVERY: return "RECOVERY";
    case CHANGEOVER_REASON_ERROR:
    case CHANGEOVER_REASON_TIMEOUT:
    case CHANGEOVER_REASON_START_FAILED:
    case CHANGEOVER_REASON_INPUT_REMOVED: return "FAILOVER";
    default: return "SWITCH"; /* for a condition, or because it was disabled */
  }
}

/* ", noticed after 1003 ms": what is known of the times from the fault to the switch. */
static struct long_text times(const changeover_event *event) {
  const struct {
    const char *what;
    uint64_t time;
  } steps[] = {{"noticed", event->window ? event->detection : 0}, /* a silence says it already */
               {"decided", event->decision},
               {"committed", event->commit}};
  struct long_text text = {""};
  size_t used = 0;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    if (steps[i].time == CHANGEOVER_UNKNOWN || steps[i].time < NS_PER_MS) continue;
    used += (size_t)snprintf(text.s + used, sizeof text.s - used, ", %s after %s", steps[i].what,
                             span(steps[i].time).s);
  }
  return text;
}

static void switched_line(const changeover_event *event) {
  char from[32] = "";
  if (event->from >= 0) snprintf(from, sizeof from, "input %d -> ", event->from);
  char to[32] = "nothing";
  if (event->priority >= 0) snprintf(to, sizeof to, "input %d", event->priority);
  const char *comma = event->detail_len ? ": " : "";
  const size_t passed_over = event->passed_over_text_len;
  event_line(event, switch_word(event->reason), "%s%s (%s%s%.*s)%s%s%s%.*s", from, to,
             changeover_reason_name(event->reason), comma, (int)event->detail_len,
             event->detail_len ? event->detail : "", evidence(event).s, times(event).s,
             passed_over ? "; passed over: " : "", (int)passed_over,
             passed_over ? event->passed_over_text : "");
}

static void people_event(const changeover_event *event) {
  const char *detail = event->detail_len ? event->detail : "";
  const int32_t input = event->priority;
  switch (event->kind) {
    case CHANGEOVER_EVENT_START:
      event_line(event, "start", "input %d, session %llu (%s): %s", input, (unsigned long long)event->session,
                 start_word(event->start_reason), event->url);
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
      event_line(event, "degraded", "input %d (%s%s%s)%s%s", input, changeover_reason_name(event->reason),
                 *detail ? ": " : "", detail, evidence(event).s, times(event).s);
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
