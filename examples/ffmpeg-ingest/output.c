/* output.c: the queue between inputs and output, the choice of what is written, and the output's thread. */
#include "output.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mux.h"
#include "rebase.h"
#include "source.h"

/* What may wait for a slow output before packets are thrown away. */
#define QUEUE_BYTES (32u << 20)
#define QUEUE_PACKETS 20000u
#define RETRY_AFTER NS_PER_S

struct item {
  struct item *next;
  struct origin origin;
  struct tracks *tracks;
  AVPacket *packet;
  uint64_t released; /* when it was pushed; it may have come earlier */
  bool after_loss;   /* packets before it were thrown away */
};

struct output {
  struct output_config config;
  char *url;
  pthread_t thread;
  atomic_bool abort; /* interrupts a blocking output */

  /* The queue; all of it under the lock. */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct item *first, **last;
  size_t bytes, packets;
  bool finish, finished;
  uint64_t lost;          /* thrown away because the queue was full */
  uint64_t switch_number; /* the largest seen: smaller ones are over */
  int32_t on_air;         /* priority last forwarded, -1: none yet */
  uint64_t forwarded;     /* when its last packet came */
  uint64_t stalled;       /* the engine's stalls until then */

  /* The thread's own. */
  struct mux mux;
  struct rebase rebase;
  uint64_t retry_at;   /* CLOCK_MONOTONIC, while there is no target */
  uint64_t down_since; /* CLOCK_MONOTONIC; 0: not down */
  uint64_t missed;     /* packets since then */
  bool told_down, impossible;
  struct origin current; /* the source being written or waited for */
  bool waiting;          /* for its first key frame */
  uint64_t first_arrived, first_released;
  int64_t source_next[TRACKS_MAX]; /* decoding time to assume where a packet has none */
  uint64_t last_written;           /* when the last written packet was pushed; 0: none yet */
  int64_t media_begin, media_end;  /* presentation times of what is written, 90 kHz */
};

/* ---- the queue ---- */

static void item_free(struct item *item) {
  av_packet_free(&item->packet);
  tracks_release(item->tracks);
  free(item);
}

static struct item *item_new(const struct origin *origin, struct tracks *tracks, AVPacket *packet) {
  struct item *item = calloc(1, sizeof *item);
  if (!item) return NULL;
  item->packet = av_packet_alloc();
  if (!item->packet) {
    free(item);
    return NULL;
  }
  av_packet_move_ref(item->packet, packet);
  item->origin = *origin;
  item->tracks = tracks_share(tracks);
  return item;
}

/* The first packet of a switch: the moment the failover is over for those who watch. Under the lock. */
static void tell_forwarded(struct output *output, const struct origin *origin) {
  struct note *note = note_new(NOTE_FORWARDED, origin->priority);
  if (!note) return;
  note_backdate(note, origin->arrived);
  note->session = origin->session;
  note->switch_number = origin->switch_number;
  note->from = output->on_air;
  if (output->on_air >= 0) {
    note->took = origin->arrived > output->forwarded ? origin->arrived - output->forwarded : 0;
    note->stalled = origin->stalled > output->stalled ? origin->stalled - output->stalled : 0;
  }
  notes_post(output->config.notes, note);
}

/* Under the lock. */
static void enqueue(struct output *output, const struct origin *origin, uint64_t arrived,
                    struct tracks *tracks, AVPacket *packet) {
  const bool full = output->bytes > QUEUE_BYTES || output->packets >= QUEUE_PACKETS;
  struct item *item = full ? NULL : item_new(origin, tracks, packet);
  if (item) {
    item->origin.arrived = arrived;
    item->released = origin->arrived;
    item->after_loss = output->lost > 0;
    output->lost = 0;
    output->bytes += (size_t)item->packet->size;
    output->packets++;
    *output->last = item;
    output->last = &item->next;
  } else if (output->lost++ == 0) {
    struct note *note = note_new(NOTE_OUTPUT_WARNING, -1);
    note_text(note, "too slow: packets are thrown away until it has caught up");
    notes_post(output->config.notes, note);
  }
}

void output_push(struct output *output, const struct origin *origin, struct tracks *tracks,
                 struct preroll *preroll, AVPacket *packet) {
  pthread_mutex_lock(&output->lock);
  if (origin->switch_number >= output->switch_number && !output->finish) {
    if (origin->switch_number > output->switch_number) {
      tell_forwarded(output, origin);
      const bool in_pause = preroll->count && preroll->packets[0].arrived > output->forwarded;
      for (size_t i = 0; in_pause && i < preroll->count; i++) {
        enqueue(output, origin, preroll->packets[i].arrived, tracks, preroll->packets[i].packet);
      }
    }
    output->switch_number = origin->switch_number;
    output->on_air = origin->priority;
    output->forwarded = origin->arrived;
    output->stalled = origin->stalled;
    enqueue(output, origin, origin->arrived, tracks, packet);
    pthread_cond_broadcast(&output->changed);
  }
  pthread_mutex_unlock(&output->lock);
}

/* The next item; NULL: it is time to try the target again, or (`*over`) all is written. */
static struct item *take(struct output *output, bool *over) {
  pthread_mutex_lock(&output->lock);
  while (!output->first && !output->finish) {
    if (output->mux.io) {
      pthread_cond_wait(&output->changed, &output->lock);
    } else {
      const struct timespec until = as_timespec(output->retry_at);
      if (pthread_cond_timedwait(&output->changed, &output->lock, &until)) break;
    }
  }
  struct item *item = output->first;
  if (item) {
    output->first = item->next;
    if (!output->first) output->last = &output->first;
    output->bytes -= (size_t)item->packet->size;
    output->packets--;
  }
  *over = !item && output->finish;
  pthread_mutex_unlock(&output->lock);
  return item;
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
  if (!tracks_have_video(item->tracks)) return true;
  const bool video = track_is_video(&item->tracks->track[item->packet->stream_index]);
  if (video && item->packet->flags & AV_PKT_FLAG_KEY) return true;
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

/* A program that has a place for these tracks. */
static int prepare_program(struct output *output, struct tracks *tracks) {
  if (mux_fits(&output->mux, tracks)) return mux_flush(&output->mux);
  if (output->mux.format) {
    char text[200];
    tracks_describe(tracks, text, sizeof text);
    struct note *note = note_new(NOTE_OUTPUT_WARNING, -1);
    note_text(note, "other codecs than before: a new program table announces %s", text);
    notes_post(output->config.notes, note);
  }
  return mux_announce(&output->mux, tracks);
}

static int write_item(struct output *output, struct item *item) {
  const bool begins = output->waiting;
  if (begins) {
    const int error = prepare_program(output, item->tracks);
    if (error < 0) return error;
  }
  AVPacket *packet = item->packet;
  const bool video = track_is_video(&item->tracks->track[packet->stream_index]);
  const int to = mux_map(&output->mux, item->tracks, packet->stream_index);
  struct rebase_times times;
  if (to < 0 || !source_times(output, item, &times)) return 0;
  if (begins) rebase_begin(&output->rebase, &times, item->origin.arrived);
  if (!rebase_packet(&output->rebase, to, video, item->origin.arrived, &times)) return 0;
  packet->stream_index = to;
  packet->dts = times.dts;
  packet->pts = times.pts;
  packet->duration = times.length;
  packet->pos = -1;
  packet->time_base = (AVRational){1, (int)TICKS_PER_S};
  const int error = mux_write(&output->mux, packet);
  if (error < 0) return error;
  tell_works(output);
  if (!output->last_written) output->media_begin = times.pts;
  if (begins) tell_picture(output, item, times.pts);
  output->waiting = false;
  output->last_written = item->released;
  if ((video || !tracks_have_video(item->tracks)) && times.pts > output->media_end)
    output->media_end = times.pts;
  return 0;
}

static void handle(struct output *output, struct item *item) {
  const bool new_source = !goes_on(&output->current, &item->origin) || item->after_loss;
  output->current = item->origin;
  if (new_source) {
    output->waiting = true;
    output->first_arrived = item->origin.arrived;
    output->first_released = item->released;
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
    struct item *item = take(output, &over);
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
  pthread_mutex_lock(&output->lock);
  output->finished = true;
  pthread_cond_broadcast(&output->changed);
  pthread_mutex_unlock(&output->lock);
  return NULL;
}

/* ---- start and end ---- */

void output_free(struct output *output) {
  while (output->first) {
    struct item *next = output->first->next;
    item_free(output->first);
    output->first = next;
  }
  pthread_cond_destroy(&output->changed);
  pthread_mutex_destroy(&output->lock);
  free(output->url);
  free(output);
}

struct output *output_start(const struct output_config *config) {
  struct output *output = calloc(1, sizeof *output);
  if (!output) return NULL;
  output->config = *config;
  output->url = strdup(config->url);
  output->last = &output->first;
  output->on_air = -1;
  output->waiting = true;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&output->lock, NULL);
  pthread_cond_init(&output->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (output->url && !pthread_create(&output->thread, NULL, output_main, output)) return output;
  output_free(output);
  return NULL;
}

void output_finish(struct output *output, uint64_t patience) {
  const struct timespec until = as_timespec(monotonic_now() + patience);
  pthread_mutex_lock(&output->lock);
  output->finish = true;
  pthread_cond_broadcast(&output->changed);
  while (!output->finished && !pthread_cond_timedwait(&output->changed, &output->lock, &until))
    continue;
  pthread_mutex_unlock(&output->lock);
  atomic_store(&output->abort, true);
  pthread_join(output->thread, NULL);
}
