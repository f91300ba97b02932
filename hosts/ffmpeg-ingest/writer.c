/* writer.c: the choice of what is written. */
#include "writer.h"

#include <changeover.h>
#include <stdlib.h>

#include "clock.h"
#include "source.h"

/* How fast a burst goes to a target that loses what comes too fast: 25 bytes a microsecond, 200 Mbit/s. */
#define BURST_BYTES_PER_MS 25000
/* Sound that was kept is never further from the picture beside it, */
#define KEPT_APART (2 * TICKS_PER_S)
/* and does not come so much earlier or later than its time says, or its clock has stepped. */
#define KEPT_STEP (TICKS_PER_S / 2)

/* A packet, and what is to be known of it. */
struct piece {
  const struct item *item; /* with which it came */
  AVPacket *packet;
  uint64_t arrived;
};

static struct track *track_of(const struct piece *piece) {
  return &piece->item->tracks->track[piece->packet->stream_index];
}

static bool starts(const struct piece *piece) {
  return track_flags(track_of(piece), piece->packet) & CHANGEOVER_KEY;
}

/* Times of the packet in 90 kHz, with those that are missing filled in. False: there is nothing to go by. */
static bool source_times(struct writer *writer, const struct piece *piece, struct rebase_times *times) {
  const AVPacket *packet = piece->packet;
  const struct track *track = track_of(piece);
  const AVRational from = track->time_base;
  const AVRational to = {1, (int)TICKS_PER_S};
  int64_t *next = &writer->next[packet->stream_index];
  times->length = av_rescale_q(packet->duration, from, to);
  if (packet->dts != AV_NOPTS_VALUE)
    times->dts = av_rescale_q(packet->dts, from, to);
  else if (*next != AV_NOPTS_VALUE)
    times->dts = *next;
  else if (packet->pts != AV_NOPTS_VALUE)
    times->dts = av_rescale_q(packet->pts, from, to);
  else if (track_kind(track) == TRACK_OTHER && !writer->waiting)
    times->dts = rebase_source_now(&writer->rebase);
  else
    return false;
  times->pts = packet->pts != AV_NOPTS_VALUE ? av_rescale_q(packet->pts, from, to) : times->dts;
  *next = times->dts + times->length;
  return true;
}

static void tell_other_tracks(struct writer *writer, const struct tracks *tracks) {
  char text[400];
  tracks_describe(tracks, text, sizeof text);
  struct note *note = note_new(NOTE_OUTPUT_WARNING, -1);
  note_text(note, "other tracks than before: a new program table announces %s", text);
  notes_post(writer->notes, note);
}

static void forget_times(struct writer *writer) {
  for (int i = 0; i < TRACKS_MAX; i++)
    writer->next[i] = AV_NOPTS_VALUE;
}

/* A program that has a place for these tracks. */
static int prepare_program(struct writer *writer, struct tracks *tracks) {
  struct mux *mux = &writer->target->mux;
  int error = 0;
  if (!mux_fits(mux, tracks, writer->to)) {
    if (mux->format) tell_other_tracks(writer, tracks);
    error = mux_announce(mux, tracks);
    if (error >= 0 && !mux_fits(mux, tracks, writer->to)) error = AVERROR_BUG;
  }
  if (error < 0) return error;
  tracks_release(writer->tracks);
  writer->tracks = tracks_share(tracks);
  forget_times(writer);
  return 0;
}

/* What the muxer refuses is the fault of what it was given: the output goes on without it. */
static int refused(struct writer *writer, const struct piece *piece, int error) {
  if (mux_lost(&writer->target->mux)) return error;
  if (writer->told_refused) return 0;
  writer->told_refused = true;
  char text[AV_ERROR_MAX_STRING_SIZE];
  error_text(error, text, sizeof text);
  struct note *note = note_new(NOTE_SOURCE_WARNING, piece->item->origin.priority);
  note_text(note, "a packet of its %s track cannot be written: %s",
            avcodec_get_name(track_of(piece)->codec->codec_id), text);
  notes_post(writer->notes, note);
  return 0;
}

static void tell_picture(struct writer *writer, const struct piece *beginning, int64_t pts) {
  const struct origin *origin = &beginning->item->origin;
  struct note *note = note_new(NOTE_PICTURE, origin->priority);
  if (note) {
    note_backdate(note, origin->arrived);
    note->session = origin->session;
    note->switch_number = origin->switch_number;
    note->took = origin->arrived - writer->began;
    note->media_after = 0;
    if (writer->silent_since) {
      note->freeze = origin->arrived > writer->silent_since ? origin->arrived - writer->silent_since : 0;
      note->media_before = (double)(writer->media_end - writer->media_begin) / TICKS_PER_S;
      note->media_after = (double)(pts - writer->media_begin) / TICKS_PER_S;
    }
    note->key = beginning->packet->flags & AV_PKT_FLAG_KEY || !tracks_have_video(beginning->item->tracks);
  }
  notes_post(writer->notes, note);
}

static void written(struct writer *writer, const struct piece *piece, const struct rebase_times *times) {
  target_works(writer->target);
  if (!writer->written_at) writer->media_begin = times->pts;
  if (piece->packet == writer->beginning) {
    tell_picture(writer, piece, times->pts);
    writer->beginning = NULL;
    writer->waiting = false;
  }
  writer->written_at = piece->item->origin.arrived;
  if ((track_is_video(track_of(piece)) || !tracks_have_video(piece->item->tracks)) &&
      times->pts > writer->media_end)
    writer->media_end = times->pts;
}

/* Does it need what came before the key frame that the picture went on with? Pictures of open groups do that follow the key frame
 * and are shown before it. */
static bool leads(struct writer *writer, const struct piece *piece) {
  const AVPacket *packet = piece->packet;
  if (!track_is_video(track_of(piece)) || packet->pts == AV_NOPTS_VALUE) return false;
  if (packet == writer->beginning) writer->key_pts = packet->pts;
  const bool is_it = starts(piece) && packet->pts == writer->key_pts;
  if (writer->key_pts != AV_NOPTS_VALUE && packet->pts < writer->key_pts && !starts(piece)) return true;
  if (!is_it) writer->key_pts = AV_NOPTS_VALUE;
  return false;
}

/* Before the first packet of a switch, and each second: the stream of the output in which that is written. */
static int tell_number(struct writer *writer, const struct origin *origin, int stream) {
  if (!writer->tells_number) return 0;
  const bool rises = origin->switch_number > writer->number;
  if (rises) writer->number = origin->switch_number;
  if (!rises && writer->number_at && origin->arrived < writer->number_at + NS_PER_S) return 0;
  writer->number_at = origin->arrived;
  return mux_write_number(&writer->target->mux, stream, writer->number);
}

/* A negative AVERROR: the target is lost. */
static int write_piece(struct writer *writer, const struct piece *piece) {
  if (leads(writer, piece)) return 0;
  struct tracks *tracks = piece->item->tracks;
  struct mux *mux = &writer->target->mux;
  if (tracks != writer->tracks) {
    const int error = prepare_program(writer, tracks);
    if (error < 0) return refused(writer, piece, error);
  }
  AVPacket *packet = piece->packet;
  const struct track *track = track_of(piece);
  const int number = packet->stream_index, to = writer->to[number];
  struct rebase_times times;
  if (!source_times(writer, piece, &times)) return 0;
  if (!rebase_packet(&writer->rebase, to, track_kind(track), piece->arrived, &times)) return 0;
  packet->stream_index = to;
  packet->dts = times.dts;
  packet->pts = times.pts;
  packet->duration = times.length;
  packet->pos = -1;
  packet->time_base = (AVRational){1, (int)TICKS_PER_S};
  const bool cue = track->codec->codec_id == AV_CODEC_ID_SCTE_35;
  int error = tell_number(writer, &piece->item->origin, to);
  if (error >= 0) error = cue ? mux_write_cue(mux, packet, times.moved) : mux_write(mux, packet);
  packet->stream_index = number;
  if (error < 0) return refused(writer, piece, error);
  written(writer, piece, &times);
  return 0;
}

/* ---- where a source begins ---- */

static struct piece kept_piece(const struct item *item, size_t i) {
  const struct preroll_packet *kept = &item->kept.packets[i];
  return (struct piece){.item = item, .packet = kept->packet, .arrived = kept->arrived};
}

/* With what the new source begins, so that it can be decoded from there: the packet itself, or the key frame that was kept.
 * False: with nothing that has come yet. */
static bool find_beginning(const struct writer *writer, const struct piece *live, struct piece *beginning) {
  const bool is_data = track_kind(track_of(live)) == TRACK_OTHER;
  *beginning = *live;
  if (!tracks_have_video(live->item->tracks)) return !is_data;
  if (starts(live)) return true;
  for (size_t i = 0; i < live->item->kept.count; i++) {
    if (!live->item->kept.packets[i].starts) continue;
    *beginning = kept_piece(live->item, i);
    return true;
  }
  return !is_data && live->arrived - writer->began > writer->key_wait;
}

/* Its place on the output's timeline, and how much of what was kept goes out. False: it has none, or no program. */
static int begin(struct writer *writer, const struct piece *live, const struct piece *beginning) {
  int error = prepare_program(writer, live->item->tracks);
  if (error >= 0) error = mux_flush(&writer->target->mux);
  if (error < 0) return refused(writer, live, error);
  struct rebase_times first;
  const bool known = source_times(writer, beginning, &first);
  forget_times(writer);
  if (!known) return 0;
  const int64_t behind = rebase_behind(&writer->rebase, &first, beginning->arrived);
  const int64_t limit = av_rescale((int64_t)writer->catch_up, TICKS_PER_S, (int64_t)NS_PER_S);
  const bool was_kept = beginning->packet != live->packet;
  /* Two sources are never quite in step: to be early by less than a picture is no reason to come late for good. */
  rebase_begin(&writer->rebase, &first, beginning->arrived,
               was_kept || behind <= limit || behind <= first.length);
  writer->picture_waits = was_kept && (behind > limit || live->item->kept.key_alone);
  writer->beginning = beginning->packet;
  return 1;
}

/* Not faster than such a target can be read. */
static void pace(const struct writer *writer, uint64_t began, uint64_t bytes) {
  if (!target_loses_bursts(writer->target)) return;
  const uint64_t due = began + bytes * NS_PER_MS / BURST_BYTES_PER_MS;
  const struct timespec until = as_timespec(due);
  if (due > monotonic_now()) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void tell_caught_up(struct writer *writer, const struct item *item, uint64_t began, uint64_t bytes,
                           uint64_t pictures) {
  struct note *note = note_new(NOTE_CAUGHT_UP, item->origin.priority);
  if (note) {
    note->switch_number = item->origin.switch_number;
    note->took = monotonic_now() - began;
    note->bytes = bytes;
    note->pictures = pictures;
    note->key_alone = writer->picture_waits;
  }
  notes_post(writer->notes, note);
}

/* By how much the time from one packet to another is not the one that passed between their arrivals; ticks. */
static int64_t strays(const struct piece *from, const struct piece *to) {
  if (from->packet->dts == AV_NOPTS_VALUE || to->packet->dts == AV_NOPTS_VALUE) return 0;
  const AVRational ticks = {1, (int)TICKS_PER_S}, ns = {1, (int)NS_PER_S};
  const int64_t told = av_rescale_q(to->packet->dts, track_of(to)->time_base, ticks) -
                       av_rescale_q(from->packet->dts, track_of(from)->time_base, ticks);
  const int64_t passed = av_rescale_q((int64_t)(to->arrived - from->arrived), ns, ticks);
  return told > passed ? told - passed : passed - told;
}

/* Where the sound of each track that was kept is of one clock with the picture: a source that begins anew has another one. */
static void find_sound(const struct piece *beginning, size_t from[TRACKS_MAX]) {
  const struct preroll *kept = &beginning->item->kept;
  size_t last[TRACKS_MAX];
  for (int i = 0; i < TRACKS_MAX; i++)
    from[i] = last[i] = kept->count;
  for (size_t i = 0; i < kept->count; i++) {
    if (kept->packets[i].kind != TRACK_AUDIO) continue;
    const struct piece piece = kept_piece(beginning->item, i);
    const int track = piece.packet->stream_index;
    const struct piece before = kept_piece(beginning->item, last[track] < i ? last[track] : i);
    if (strays(beginning, &piece) > KEPT_APART)
      from[track] = kept->count;
    else if (from[track] > i || strays(&before, &piece) > KEPT_STEP)
      from[track] = i;
    last[track] = i;
  }
}

/* The sound that was kept, as far as it follows what went out, and the picture from its key frame on. */
static int write_kept(struct writer *writer, const struct piece *beginning) {
  const struct item *item = beginning->item;
  const uint64_t began = monotonic_now();
  uint64_t bytes = 0, pictures = 0;
  bool has_begun = false;
  size_t from[TRACKS_MAX];
  find_sound(beginning, from);
  for (size_t i = 0; i < item->kept.count; i++) {
    const struct piece piece = kept_piece(item, i);
    const enum track_kind kind = item->kept.packets[i].kind;
    has_begun |= piece.packet == beginning->packet;
    if (kind == TRACK_AUDIO && i < from[piece.packet->stream_index]) continue;
    const bool wanted = kind == TRACK_AUDIO || (has_begun && (kind != TRACK_VIDEO || !writer->picture_waits));
    if (!wanted && piece.packet != writer->beginning) continue;
    const int error = write_piece(writer, &piece);
    if (error < 0) return error;
    bytes += (uint64_t)piece.packet->size;
    pictures += kind == TRACK_VIDEO;
    pace(writer, began, bytes);
  }
  if (has_begun) tell_caught_up(writer, item, began, bytes, pictures);
  return 0;
}

/* What came while its source was off the air for a moment, in which no other was on it. */
static int write_missed(struct writer *writer, const struct item *item) {
  const uint64_t began = monotonic_now();
  uint64_t bytes = 0;
  for (size_t i = 0; i < item->kept.count; i++) {
    const struct piece piece = kept_piece(item, i);
    if (writer->picture_waits && item->kept.packets[i].kind == TRACK_VIDEO) continue;
    const int error = write_piece(writer, &piece);
    if (error < 0) return error;
    bytes += (uint64_t)piece.packet->size;
    pace(writer, began, bytes);
  }
  return 0;
}

/* The first packet of a source, or one of those after it, until there is something to begin with. */
static int begin_with(struct writer *writer, const struct piece *live) {
  struct piece beginning;
  if (!find_beginning(writer, live, &beginning)) return 0;
  const int begun = begin(writer, live, &beginning);
  return begun > 0 ? write_kept(writer, &beginning) : begun;
}

static int take(struct writer *writer, struct item *item) {
  const struct piece live = {.item = item, .packet = item->packet, .arrived = item->origin.arrived};
  const bool waits = writer->waiting;
  const int error = waits ? begin_with(writer, &live) : write_missed(writer, item);
  if (error < 0) return error;
  if (waits && writer->waiting && writer->beginning != live.packet) return 0;
  if (starts(&live) && writer->picture_waits) {
    writer->picture_waits = false;
    writer->key_pts = live.packet->pts;
  }
  if (writer->picture_waits && track_is_video(track_of(&live))) return 0;
  return write_piece(writer, &live);
}

void writer_take(struct writer *writer, struct item *item) {
  if (!target_is_open(writer->target)) {
    writer->begins_anew = true;
    writer->target->missed++;
    return;
  }
  if (item->begins || writer->begins_anew) {
    writer->begins_anew = writer->told_refused = writer->picture_waits = false;
    writer->waiting = true;
    writer->beginning = NULL;
    writer->key_pts = AV_NOPTS_VALUE;
    writer->silent_since = writer->written_at;
    writer->began = item->origin.arrived;
    forget_times(writer);
  }
  const int error = take(writer, item);
  writer->beginning = NULL; /* its packet goes with the item */
  if (error >= 0) return;
  target_lost(writer->target, error);
  tracks_release(writer->tracks);
  writer->tracks = NULL;
  writer->begins_anew = true;
  writer->number_at = 0;
  writer->target->missed++;
}

void writer_free(struct writer *writer) { tracks_release(writer->tracks); }
