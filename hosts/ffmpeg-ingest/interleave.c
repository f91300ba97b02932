/* interleave.c: reading ahead, so that no track comes late. */
#include "interleave.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Where the clock begins: tracks may begin before the first one that is read. */
#define BEGIN (1000000 * NS_PER_S)
/* No more is read ahead than this. */
#define PACKETS_MAX 8192
#define BYTES_MAX (UINT64_C(64) << 20)

void interleave_init(struct interleave *interleave, uint64_t span) {
  *interleave = (struct interleave){.now = BEGIN, .span = span};
}

/* Data and subtitles come when they please. */
static bool is_waited_for(const AVFormatContext *format, unsigned stream) {
  const enum AVMediaType type = format->streams[stream]->codecpar->codec_type;
  return stream < TRACKS_MAX && format->streams[stream]->discard != AVDISCARD_ALL &&
         (type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO);
}

/* When it is due, by our clock. What a track lacks of it is missing; a step back is another clock. */
static uint64_t due_of(struct interleave *interleave, const AVFormatContext *format, const AVPacket *packet) {
  const unsigned stream = (unsigned)packet->stream_index;
  const int64_t stamp = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
  if (stream >= TRACKS_MAX) return interleave->now;
  struct interleave_track *track = &interleave->track[stream];
  if (stamp != AV_NOPTS_VALUE) {
    const AVRational ns = {1, (int)NS_PER_S}, base = format->streams[stream]->time_base;
    const uint64_t due = pace_due(&interleave->pace, packet->stream_index, av_rescale_q(stamp, base, ns),
                                  av_rescale_q(packet->duration, base, ns), true, interleave->now);
    if (due > track->due) track->due = due;
  }
  return track->due ? track->due : interleave->now;
}

static int keep(struct interleave *interleave, const AVFormatContext *format, AVPacket *packet) {
  if (interleave->count == interleave->room) {
    const size_t room = interleave->room ? 2 * interleave->room : 64;
    struct interleave_packet *longer = realloc(interleave->packets, room * sizeof *longer);
    if (!longer) return AVERROR(ENOMEM);
    interleave->packets = longer;
    interleave->room = room;
  }
  AVPacket *kept = av_packet_alloc();
  if (!kept) return AVERROR(ENOMEM);
  const unsigned stream = (unsigned)packet->stream_index;
  const uint64_t due = due_of(interleave, format, packet);
  interleave->bytes += (uint64_t)packet->size;
  av_packet_move_ref(kept, packet);
  interleave->packets[interleave->count++] = (struct interleave_packet){kept, due};
  if (stream < TRACKS_MAX) {
    interleave->track[stream].waiting++;
    interleave->track[stream].missed = false;
  }
  return 0;
}

static bool lacks_a_track(const struct interleave *interleave, const AVFormatContext *format) {
  for (unsigned i = 0; i < format->nb_streams && i < TRACKS_MAX; i++) {
    const struct interleave_track *track = &interleave->track[i];
    if (!track->missed && !track->waiting && is_waited_for(format, i)) return true;
  }
  return false;
}

static size_t first(const struct interleave *interleave) {
  size_t first = 0;
  for (size_t i = 1; i < interleave->count; i++) {
    if (interleave->packets[i].due < interleave->packets[first].due) first = i;
  }
  return first;
}

/* Is there something to give out, and would it be held up by tracks that do not go on? */
static bool has_waited_enough(const struct interleave *interleave) {
  if (!interleave->count) return false;
  const uint64_t newest = interleave->packets[interleave->count - 1].due,
                 oldest = interleave->packets[first(interleave)].due;
  return newest > oldest + interleave->span || interleave->count >= PACKETS_MAX ||
         interleave->bytes >= BYTES_MAX;
}

/* Until they come again: then where the others are. */
static void give_up_missing_tracks(struct interleave *interleave) {
  for (int i = 0; i < TRACKS_MAX; i++) {
    if (interleave->track[i].waiting) continue;
    interleave->track[i] = (struct interleave_track){.missed = true};
    interleave->pace.track[i].known = false;
  }
}

static void give_out(struct interleave *interleave, AVPacket *packet) {
  const size_t at = first(interleave);
  struct interleave_packet *given = &interleave->packets[at];
  interleave->now = given->due;
  interleave->bytes -= (uint64_t)given->packet->size;
  av_packet_move_ref(packet, given->packet);
  av_packet_free(&given->packet);
  memmove(given, given + 1, (--interleave->count - at) * sizeof *given);
  if (packet->stream_index < TRACKS_MAX) interleave->track[packet->stream_index].waiting--;
}

int interleave_read(struct interleave *interleave, AVFormatContext *format, interleave_reader *read,
                    AVPacket *packet) {
  while (!interleave->error && (!interleave->count || lacks_a_track(interleave, format))) {
    if (has_waited_enough(interleave)) {
      give_up_missing_tracks(interleave);
      break;
    }
    int error = read(format, packet);
    if (error >= 0 && (error = keep(interleave, format, packet)) < 0) av_packet_unref(packet);
    if (error == AVERROR(EAGAIN)) return error;
    interleave->error = error < 0 ? error : 0;
  }
  if (interleave->count) {
    give_out(interleave, packet);
    return 0;
  }
  const int error = interleave->error;
  interleave->error = 0;
  return error;
}

void interleave_free(struct interleave *interleave) {
  for (size_t i = 0; i < interleave->count; i++)
    av_packet_free(&interleave->packets[i].packet);
  free(interleave->packets);
  *interleave = (struct interleave){.packets = NULL};
}
