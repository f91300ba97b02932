/* output.c: the choice of what is written, and the output's thread. */
#include "output.h"

#include <changeover.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mux.h"
#include "rebase.h"
#include "source.h"

#define RETRY_AFTER NS_PER_S
/* How long an interrupted write may take to notice. */
#define ABORT_PATIENCE NS_PER_S

struct output {
  struct output_config config;
  char *url;
  pthread_t thread;
  atomic_bool abort; /* interrupts a blocking output */
  struct queue queue;

  /* The thread's own. */
  struct mux mux;
  struct rebase rebase;
  uint64_t retry_at;   /* CLOCK_MONOTONIC, while there is no target */
  uint64_t down_since; /* CLOCK_MONOTONIC; 0: not down */
  uint64_t missed;     /* packets since then */
  bool told_down, impossible;
  struct origin current; /* the source being written or waited for */
  bool waiting;          /* for its first key frame */
  bool told_refused;     /* that the muxer refused a packet of it */
  struct tracks *tracks; /* of it, as the program table was last made to fit; NULL: none */
  int to[TRACKS_MAX];    /* their places in the program */
  uint64_t first_arrived, first_released;
  int64_t source_next[TRACKS_MAX]; /* decoding time to assume where a packet has none */
  uint64_t last_written;           /* when the last written packet was pushed; 0: none yet */
  int64_t media_begin, media_end;  /* presentation times of what is written, 90 kHz */
};

void output_push(struct output *output, const struct origin *origin, struct tracks *tracks,
                 struct preroll *preroll, AVPacket *packet) {
  queue_push(&output->queue, origin, tracks, preroll, packet);
}

/* ---- the target: opened, lost, opened again ---- */

static int must_abort(void *argument) { return atomic_load(&((struct output *)argument)->abort); }

static void post_text(struct output *output, enum note_kind kind, const char *text) {
  struct note *note = note_new(kind, -1);
  note_text(note, "%s", text);
  notes_post(output->config.notes, note);
}

/* Told once for every time it goes down, however often it is tried. */
static void target_lost(struct output *output, int error) {
  char text[AV_ERROR_MAX_STRING_SIZE];
  error_text(error, text, sizeof text);
  if (!output->told_down) post_text(output, NOTE_OUTPUT_FAILED, text);
  output->told_down = true;
  if (!output->down_since) output->down_since = monotonic_now();
  mux_close(&output->mux, false);
  tracks_release(output->tracks);
  output->tracks = NULL;
  output->current.session = 0; /* whatever comes next is a new source, and begins with a key frame */
  output->retry_at = monotonic_now() + RETRY_AFTER;
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

static void open_target(struct output *output) {
  const bool first_time = !output->mux.opened_before;
  const int error =
      mux_open(&output->mux, output->url, (AVIOInterruptCB){.callback = must_abort, .opaque = output});
  if (error >= 0) return;
  if (first_time && is_hopeless(error)) {
    char text[AV_ERROR_MAX_STRING_SIZE];
    error_text(error, text, sizeof text);
    struct note *note = note_new(NOTE_OUTPUT_FATAL, -1);
    note_text(note, "%s cannot be opened: %s", output->url, text);
    notes_post(output->config.notes, note);
    output->impossible = true;
    output->retry_at = UINT64_MAX / 2;
  } else {
    target_lost(output, error);
  }
}

/* The first packet since it was opened is through: only now is it known to work. */
static void tell_works(struct output *output) {
  if (!output->down_since && output->last_written) return;
  struct note *note = note_new(NOTE_OUTPUT_OPENED, -1);
  if (note) {
    note->took = output->down_since ? note->at - output->down_since : 0;
    note->lost = output->missed;
  }
  notes_post(output->config.notes, note);
  output->down_since = 0;
  output->missed = 0;
  output->told_down = false;
}

/* ---- what is written ---- */

/* Does `next` go on where `last` was, with nothing missing between them? An input that recovers on air gets a new switch
 * number without ever having been cut off; two numbers further, another one was on air in between. */
static bool goes_on(const struct origin *last, const struct origin *next) {
  return last->session == next->session && last->opening == next->opening &&
         next->switch_number - last->switch_number <= 1;
}

/* After a switch nothing is written before a picture that can be decoded alone; the sound waits with it, for a while. */
static bool may_begin(const struct output *output, const struct item *item) {
  const struct track *track = &item->tracks->track[item->packet->stream_index];
  if (track_kind(track) == TRACK_OTHER) return false;
  if (!tracks_have_video(item->tracks)) return true;
  if (track_flags(track, item->packet) & CHANGEOVER_KEY) return true;
  return item->origin.arrived - output->first_arrived > output->config.key_wait;
}

/* Times of the packet in 90 kHz, with those that are missing filled in. False: there is nothing to go by. */
static bool source_times(struct output *output, const struct item *item, struct rebase_times *times) {
  const AVPacket *packet = item->packet;
  const AVRational from = item->tracks->track[packet->stream_index].time_base;
  const AVRational to = {1, (int)TICKS_PER_S};
  int64_t *next = &output->source_next[packet->stream_index];
  times->length = av_rescale_q(packet->duration, from, to);
  if (packet->dts != AV_NOPTS_VALUE)
    times->dts = av_rescale_q(packet->dts, from, to);
  else if (*next != AV_NOPTS_VALUE)
    times->dts = *next;
  else if (packet->pts != AV_NOPTS_VALUE)
    times->dts = av_rescale_q(packet->pts, from, to);
  else if (track_kind(&item->tracks->track[packet->stream_index]) == TRACK_OTHER && !output->waiting)
    times->dts = rebase_source_now(&output->rebase);
  else
    return false;
  times->pts = packet->pts != AV_NOPTS_VALUE ? av_rescale_q(packet->pts, from, to) : times->dts;
  *next = times->dts + times->length;
  return true;
}

static void tell_picture(struct output *output, const struct item *item, int64_t pts) {
  struct note *note = note_new(NOTE_PICTURE, item->origin.priority);
  if (note) {
    note_backdate(note, item->released);
    note->session = item->origin.session;
    note->switch_number = item->origin.switch_number;
    note->took = item->released - output->first_released;
    if (output->last_written) {
      note->freeze = item->released > output->last_written ? item->released - output->last_written : 0;
      note->media_before = (double)(output->media_end - output->media_begin) / TICKS_PER_S;
      note->media_after = (double)(pts - output->media_begin) / TICKS_PER_S;
    } else {
      note->media_after = 0;
    }
    note->key = item->packet->flags & AV_PKT_FLAG_KEY || !tracks_have_video(item->tracks);
  }
  notes_post(output->config.notes, note);
}

static void tell_other_tracks(struct output *output, const struct tracks *tracks) {
  char text[400];
  tracks_describe(tracks, text, sizeof text);
  struct note *note = note_new(NOTE_OUTPUT_WARNING, -1);
  note_text(note, "other tracks than before: a new program table announces %s", text);
  notes_post(output->config.notes, note);
}

/* A program that has a place for these tracks. */
static int prepare_program(struct output *output, struct tracks *tracks) {
  int error = 0;
  if (!mux_fits(&output->mux, tracks, output->to)) {
    if (output->mux.format) tell_other_tracks(output, tracks);
    error = mux_announce(&output->mux, tracks);
    if (error >= 0 && !mux_fits(&output->mux, tracks, output->to)) error = AVERROR_BUG;
  }
  if (error < 0) return error;
  tracks_release(output->tracks);
  output->tracks = tracks_share(tracks);
  for (int i = 0; i < TRACKS_MAX; i++)
    output->source_next[i] = AV_NOPTS_VALUE;
  return 0;
}

/* What the muxer refuses is the fault of what it was given: the output goes on without it. */
static int refused(struct output *output, const struct item *item, int error) {
  if (mux_lost(&output->mux)) return error;
  if (output->told_refused) return 0;
  output->told_refused = true;
  char text[AV_ERROR_MAX_STRING_SIZE];
  error_text(error, text, sizeof text);
  struct note *note = note_new(NOTE_SOURCE_WARNING, item->origin.priority);
  note_text(note, "a packet of its %s track cannot be written: %s",
            avcodec_get_name(item->tracks->track[item->packet->stream_index].codec->codec_id), text);
  notes_post(output->config.notes, note);
  return 0;
}

static void written(struct output *output, const struct item *item, const struct rebase_times *times) {
  const bool begins = output->waiting;
  const struct track *track = &item->tracks->track[item->packet->stream_index];
  tell_works(output);
  if (!output->last_written) output->media_begin = times->pts;
  if (begins) tell_picture(output, item, times->pts);
  output->waiting = false;
  output->last_written = item->released;
  if ((track_is_video(track) || !tracks_have_video(item->tracks)) && times->pts > output->media_end)
    output->media_end = times->pts;
}

static int write_item(struct output *output, struct item *item) {
  if (output->waiting || item->tracks != output->tracks) {
    int error = prepare_program(output, item->tracks);
    if (error >= 0 && output->waiting) error = mux_flush(&output->mux);
    if (error < 0) return refused(output, item, error);
  }
  AVPacket *packet = item->packet;
  const int track = packet->stream_index, to = output->to[track];
  struct rebase_times times;
  if (!source_times(output, item, &times)) return 0;
  if (output->waiting) rebase_begin(&output->rebase, &times, item->origin.arrived);
  const enum track_kind kind = track_kind(&item->tracks->track[track]);
  if (!rebase_packet(&output->rebase, to, kind, item->origin.arrived, &times)) return 0;
  packet->stream_index = to;
  packet->dts = times.dts;
  packet->pts = times.pts;
  packet->duration = times.length;
  packet->pos = -1;
  packet->time_base = (AVRational){1, (int)TICKS_PER_S};
  const bool cue = item->tracks->track[track].codec->codec_id == AV_CODEC_ID_SCTE_35;
  const int error = cue ? mux_write_cue(&output->mux, packet, times.moved) : mux_write(&output->mux, packet);
  packet->stream_index = track;
  if (error < 0) return refused(output, item, error);
  written(output, item, &times);
  return 0;
}

static void handle(struct output *output, struct item *item) {
  const bool new_source = !goes_on(&output->current, &item->origin) || item->after_loss;
  output->current = item->origin;
  if (new_source) {
    output->waiting = true;
    output->first_arrived = item->origin.arrived;
    output->first_released = item->released;
    output->told_refused = false;
    for (int i = 0; i < TRACKS_MAX; i++)
      output->source_next[i] = AV_NOPTS_VALUE;
  }
  if (output->mux.io && output->waiting && !may_begin(output, item)) return;
  const int error = output->mux.io ? write_item(output, item) : 0;
  if (error < 0) target_lost(output, error);
  if (!output->mux.io) output->missed++;
}

static void *output_main(void *argument) {
  struct output *output = argument;
  bool over = false;
  while (!over) {
    if (!output->mux.io && !output->impossible && monotonic_now() >= output->retry_at) open_target(output);
    struct item *item = queue_take(&output->queue, output->mux.io ? 0 : output->retry_at, &over);
    if (!item) continue;
    handle(output, item);
    item_free(item);
  }
  const int error = mux_close(&output->mux, output->mux.io != NULL);
  if (error < 0 && !output->told_down) {
    char text[AV_ERROR_MAX_STRING_SIZE];
    error_text(error, text, sizeof text);
    post_text(output, NOTE_OUTPUT_FAILED, text);
  }
  tracks_release(output->tracks);
  mux_free(&output->mux);
  queue_finished(&output->queue);
  return NULL;
}

/* ---- start and end ---- */

void output_free(struct output *output) {
  queue_free(&output->queue);
  free(output->url);
  free(output);
}

struct output *output_start(const struct output_config *config) {
  struct output *output = calloc(1, sizeof *output);
  if (!output) return NULL;
  output->config = *config;
  output->url = strdup(config->url);
  output->waiting = true;
  queue_init(&output->queue, config->notes);
  if (output->url && !pthread_create(&output->thread, NULL, output_main, output)) return output;
  output_free(output);
  return NULL;
}

bool output_finish(struct output *output, uint64_t patience) {
  bool finished = queue_finish(&output->queue, monotonic_now() + patience);
  atomic_store(&output->abort, true);
  if (!finished) finished = queue_finish(&output->queue, monotonic_now() + ABORT_PATIENCE);
  if (finished) pthread_join(output->thread, NULL);
  return finished;
}
