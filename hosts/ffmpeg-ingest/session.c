/* session.c: the ingest thread. The lines that matter to a host of changeover are in deliver(). */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "detect.h"
#include "limits.h"
#include "listen.h"
#include "pace.h"
#include "preroll.h"
#include "source.h"

#define BACKOFF_FIRST (250 * NS_PER_MS)
#define BACKOFF_LAST (2 * NS_PER_S)
#define LEFTOVER_AFTER (100 * NS_PER_MS)

struct session {
  struct worker *worker;
  changeover_input input;
  enum listening listens;
  struct source source;
  struct detector *detector; /* NULL: nobody looks */
  struct preroll preroll;
  bool was_on_air;       /* its last packet was, or completed what had been */
  uint64_t opening;      /* numbers the openings of this session */
  uint64_t read_timeout; /* ns without a packet after which it reconnects */
  struct pace pace;
  struct tracks *tracks; /* as last told */
  char left_out[512];    /* the same */
  bool leftovers;        /* what still comes was held inside libavformat */
};

/* How a session tells the engine that its source is lost; `text` reaches the status and the events. */
static void fail(struct session *session, const char *text) {
  struct worker *worker = session->worker;
  if (worker_stopped(worker)) return; /* it was told to go: nobody's failure */
  changeover_input_report_error(&session->input, text, strlen(text));
  struct note *note = note_new(NOTE_SOURCE_FAILED, worker->priority);
  if (note) note->session = worker->id;
  note_text(note, "%s", text);
  notes_post(worker->crew->notes, note);
}

static void tell_left_out(struct session *session) {
  char left_out[sizeof((struct note *)0)->text - 16];
  source_left_out(&session->source, left_out, sizeof left_out);
  if (!strcmp(left_out, session->left_out)) return;
  snprintf(session->left_out, sizeof session->left_out, "%s", left_out);
  struct note *note = note_new(NOTE_SOURCE_WARNING, session->worker->priority);
  note_text(note, left_out[0] ? "left out: %s" : "nothing is left out any more", left_out);
  notes_post(session->worker->crew->notes, note);
}

static void tell_opened(struct session *session, uint64_t started) {
  struct worker *worker = session->worker;
  struct note *note = note_new(NOTE_SOURCE_OPENED, worker->priority);
  if (note) {
    note->session = worker->id;
    note->took = note->at - started;
    note->segmented = session->source.segmented;
    note->segment = session->source.playlist.segment;
    tracks_describe(session->source.tracks, note->text, sizeof note->text);
  }
  notes_post(worker->crew->notes, note);
  session->tracks = tracks_share(session->source.tracks);
  tell_left_out(session);
}

/* Tracks came, went, moved, or are known by now. */
static void follow_tracks(struct session *session) {
  if (session->tracks == session->source.tracks) return;
  tracks_release(session->tracks);
  session->tracks = tracks_share(session->source.tracks);
  preroll_clear(&session->preroll); /* its packets are of the tracks before */
  session->pace = (struct pace){0}; /* the same */
  struct note *note = note_new(NOTE_SOURCE_TRACKS, session->worker->priority);
  if (note) {
    note->session = session->worker->id;
    tracks_describe(session->tracks, note->text, sizeof note->text);
  }
  notes_post(session->worker->crew->notes, note);
  tell_left_out(session);
}

/* Files and segments are read as fast as they are meant to be watched: a segment that was fetched in an instant lasts until
 * the next one is there, and what was fetched in advance bridges a server's hiccup. False: asked to stop. */
static bool pace(struct session *session, const AVPacket *packet) {
  if (!source_must_be_paced(&session->source) || packet->dts == AV_NOPTS_VALUE) return true;
  const struct track *track = &session->source.tracks->track[packet->stream_index];
  if (track_kind(track) == TRACK_OTHER) return true;
  const AVRational nanoseconds = {1, (int)NS_PER_S};
  const uint64_t due =
      pace_due(&session->pace, packet->stream_index, av_rescale_q(packet->dts, track->time_base, nanoseconds),
               av_rescale_q(packet->duration, track->time_base, nanoseconds), !session->source.segmented,
               monotonic_now());
  return worker_sleep_until(session->worker, due);
}

/* It has just been left: what is shown before its last picture still goes out, if that is what comes next. */
static bool completes(struct session *session, const struct origin *origin, const AVPacket *packet) {
  if (!session->was_on_air || !track_is_video(&session->source.tracks->track[packet->stream_index]))
    return false;
  session->was_on_air =
      output_complete(session->worker->crew->output, origin, session->source.tracks, packet);
  return session->was_on_air;
}

/* Every packet is told to the engine; the engine's answer says whether it goes out. All is kept for a moment: if this
 * input comes on air next, the output can begin with its last key frame. */
static void deliver(struct session *session, AVPacket *packet) {
  struct worker *worker = session->worker;
  const struct track *track = &session->source.tracks->track[packet->stream_index];
  const uint32_t flags = track_flags(track, packet);
  const enum track_kind kind = track_kind(track);
  const bool starts = flags & CHANGEOVER_KEY;
  const uint64_t lost = loss_beside(&session->source.loss, packet->size);
  if (lost) changeover_record_lost(&session->input, lost);
  const uint64_t verdict = changeover_record(&session->input, (uint32_t)packet->size, flags);
  const uint64_t now = monotonic_now();
  atomic_fetch_add(&worker->packets, 1);
  if (session->detector) detector_see(session->detector, session->source.tracks, packet, flags, now);
  uint64_t engine_now = now;
  changeover_now(worker->crew->engine, &engine_now);
  const struct origin origin = {.switch_number = verdict,
                                .session = worker->id,
                                .opening = session->opening,
                                .priority = worker->priority,
                                .arrived = now,
                                .stalled = now > engine_now ? now - engine_now : 0};
  /* A verdict may be over: another input was faster, with a later one. */
  if (verdict &&
      output_push(worker->crew->output, &origin, session->source.tracks, &session->preroll, packet)) {
    session->was_on_air = true;
    preroll_forwarded(&session->preroll);
    preroll_keep_sent(&session->preroll, packet, kind, starts, now);
  } else if (completes(session, &origin, packet)) {
    preroll_keep_sent(&session->preroll, packet, kind, starts, now);
  } else {
    preroll_keep(&session->preroll, packet, kind, starts, now);
  }
}

static uint64_t read_timeout(const struct session *session) {
  const struct crew *crew = session->worker->crew;
  return session->listens == LISTENS ? crew->listener_timeout : crew->read_timeout;
}

static void allow_time(struct session *session) {
  atomic_store(&session->worker->read_deadline, monotonic_now() + session->read_timeout);
}

/* Reconnecting must not come before the engine's own verdict. */
static void fit_read_timeout(struct session *session) {
  const struct source *source = &session->source;
  if (!source->segmented || !session->worker->crew->segments_may_wait) return;
  const uint64_t wanted = 2 * silence_of_segments(source->playlist.segment);
  if (session->read_timeout < wanted) session->read_timeout = wanted;
}

/* Reads a packet. When a source ends or is interrupted after a silence, libavformat first hands out what its parsers still
 * held; that came long ago and is no sign of life: such packets are thrown away. */
static int read_packet(struct session *session, AVPacket *packet) {
  struct worker *worker = session->worker;
  for (;;) {
    allow_time(session);
    const uint64_t asked = monotonic_now();
    const int error = source_read(&session->source, packet);
    if (error < 0) return error;
    const bool over = worker_must_interrupt(worker) || source_at_end(&session->source);
    if (over && monotonic_now() - asked > LEFTOVER_AFTER) session->leftovers = true;
    if (!session->leftovers) return 0;
    av_packet_unref(packet);
    if (worker_must_interrupt(worker)) return AVERROR_EXIT;
  }
}

/* Reads until the source is lost (false) or the session is asked to stop (true). */
static bool read_packets(struct session *session, AVPacket *packet) {
  struct worker *worker = session->worker;
  session->pace = (struct pace){0};
  session->leftovers = false;
  while (!worker_stopped(worker)) {
    const int error = read_packet(session, packet);
    if (error == AVERROR(EAGAIN)) {
      worker_sleep_until(worker, monotonic_now() + 5 * NS_PER_MS);
    } else if (error < 0) {
      char text[AV_ERROR_MAX_STRING_SIZE];
      error_text(error, text, sizeof text);
      const char *interrupted = loss_by_old_numbers(monotonic_now())
                                    ? "its sequence numbers begin anew, reconnecting"
                                    : "nothing to read for too long, reconnecting";
      fail(session, error == AVERROR_EXIT ? interrupted : text);
      return false;
    } else {
      follow_tracks(session);
      if (pace(session, packet)) deliver(session, packet);
      av_packet_unref(packet);
    }
  }
  return true;
}

/* One connection: opened, read to its end. */
static void connect_once(struct session *session, AVPacket *packet) {
  struct worker *worker = session->worker;
  const uint64_t started = monotonic_now();
  char why[512];
  session->opening++;
  session->read_timeout = read_timeout(session);
  if (session->listens == CALLS)
    allow_time(session);
  else
    atomic_store(&worker->read_deadline, 0); /* as long as it takes until somebody comes */
  if (source_open(&session->source, worker->url, worker->options, worker_interrupt(worker), why, sizeof why) <
      0) {
    fail(session, why);
    return;
  }
  fit_read_timeout(session);
  tell_opened(session, started);
  read_packets(session, packet);
  preroll_clear(&session->preroll);
  tracks_release(session->tracks);
  session->tracks = NULL;
  source_close(&session->source);
}

/* Who listens has nothing to back off from, unless it is the listening itself that fails, which it does at once. */
static void reconnect_until_stopped(struct session *session, AVPacket *packet) {
  struct worker *worker = session->worker;
  uint64_t backoff = BACKOFF_FIRST, pause;
  do {
    const uint64_t packets = atomic_load(&worker->packets), began = monotonic_now();
    connect_once(session, packet);
    if (atomic_load(&worker->packets) != packets)
      backoff = BACKOFF_FIRST;
    else if (backoff < BACKOFF_LAST)
      backoff *= 2;
    const bool was_there = session->listens != CALLS && monotonic_now() - began > BACKOFF_FIRST;
    pause = was_there ? 0 : backoff;
  } while (worker_sleep_until(worker, monotonic_now() + pause));
}

/* One who has connected may not keep the others out: libavformat's own limit, which begins only then. */
static void drop_who_says_nothing(struct worker *worker) {
  const char *option = strncmp(worker->url, "rtsp", 4) ? "rw_timeout" : "timeout";
  av_dict_set_int(&worker->options, option, (int64_t)(worker->crew->listener_timeout / 1000),
                  AV_DICT_DONT_OVERWRITE);
}

static struct detector *start_detector(const struct worker *worker) {
  const struct crew *crew = worker->crew;
  if (worker->priority == crew->fill) return NULL;
  const struct detector_config config = {.judge = crew->detect,
                                         .engine = crew->engine,
                                         .notes = crew->notes,
                                         .stream = worker->stream,
                                         .priority = worker->priority,
                                         .session = worker->id};
  return detector_start(&config);
}

void session_run(struct worker *worker) {
  if (!worker_take_turn(worker, 0)) return;
  struct session session = {.worker = worker,
                            .listens = input_listens(worker->url, worker->options),
                            .preroll.bytes_max = worker->crew->catch_up_bytes};
  if (session.listens == LISTENS) drop_who_says_nothing(worker);
  const int32_t result = changeover_open_input(worker->crew->engine, worker->stream, strlen(worker->stream),
                                               worker->priority, worker->id, &session.input);
  if (result == CHANGEOVER_OK) { /* otherwise it is over already: its STOP is on the way */
    AVPacket *packet = av_packet_alloc();
    session.detector = start_detector(worker);
    if (packet)
      reconnect_until_stopped(&session, packet);
    else
      fail(&session, "out of memory");
    av_packet_free(&packet);
    detector_stop(session.detector);
    preroll_free(&session.preroll);
    changeover_close_input(&session.input);
  }
  worker_end_turn(worker);
}
