/* source.c: opening a URL, choosing its tracks and following their changes, reading packets. */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "program.h"
#include "times.h"

void error_text(int error, char *text, size_t size) {
  if (av_strerror(error, text, size) < 0) snprintf(text, size, "error %d", error);
}

/* ---- which tracks ---- */

static bool is_ready(const struct source *source, int index) {
  return source->streams.stream[index].state == STREAM_READY;
}

/* The program that is read; another one when it has come to its end. */
static const AVProgram *choose_program(struct source *source) {
  const AVProgram *program = source->program >= 0 ? program_numbered(source->format, source->program) : NULL;
  if (source->program_wanted >= 0) {
    source->program = source->program_wanted;
    return program_numbered(source->format, source->program_wanted);
  }
  if (!program || !program->nb_stream_indexes) program = program_of_best(source->format);
  source->program = program ? program->id : -1;
  return program;
}

/* The one that is read as long as the program has it, else the best: a picture that moved. */
static int choose_picture(const struct source *source, const AVProgram *program) {
  AVFormatContext *format = source->format;
  const int current = source->tracks && tracks_have_video(source->tracks) ? source->stream_of[0] : -1;
  int best = -1;
  for (int i = 0; i < (int)source->streams.count; i++) {
    if (!program_has(program, i) || !stream_is_picture(format->streams[i]) || !is_ready(source, i)) continue;
    if (i == current) return i;
    if (stream_is_better(format, i, best)) best = i;
  }
  return best;
}

static bool is_mpegts(const struct source *source) {
  return !strcmp(source->format->iformat->name, "mpegts");
}

static struct service service_of(const AVProgram *program) {
  struct service service = {.number = program->id, .pmt_pid = program->pmt_pid};
  const AVDictionaryEntry *name = av_dict_get(program->metadata, "service_name", NULL, 0);
  const AVDictionaryEntry *provider = av_dict_get(program->metadata, "service_provider", NULL, 0);
  if (name) snprintf(service.name, sizeof service.name, "%s", name->value);
  if (provider) snprintf(service.provider, sizeof service.provider, "%s", provider->value);
  return service;
}

static bool add_track(const struct source *source, struct tracks *tracks, int *stream_of, int index) {
  const AVStream *stream = source->format->streams[index];
  const AVDictionaryEntry *language = av_dict_get(stream->metadata, "language", NULL, 0);
  struct track track = {.codec = source->streams.stream[index].codec,
                        .time_base = stream->time_base,
                        .disposition = stream->disposition,
                        .pid = is_mpegts(source) ? stream->id : 0};
  if (language && strcmp(language->value, "und") != 0)
    snprintf(track.language, sizeof track.language, "%s", language->value);
  if (!tracks_add(tracks, &track)) return false;
  stream_of[tracks->count - 1] = index;
  return true;
}

static bool has_track_of(const struct source *source, int index) {
  for (int i = 0; source->tracks && i < source->tracks->count; i++) {
    if (source->stream_of[i] == index) return true;
  }
  return false;
}

/* What is not wanted the demuxer need not deliver: of several renditions only one is fetched. What is not known yet may still
 * be wanted. */
static void discard_others(struct source *source, const AVProgram *program) {
  for (int i = 0; i < (int)source->streams.count; i++) {
    const bool unknown = program_has(program, i) && source->streams.stream[i].state == STREAM_UNKNOWN;
    source->format->streams[i]->discard =
        unknown || has_track_of(source, i) ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
}

static void doubt_streams(struct source *source, const AVProgram *program) {
  if (!program || !is_mpegts(source) || program->pmt_version == source->table_version) return;
  for (int i = 0; source->table_version >= 0 && i < (int)source->streams.count; i++) {
    if (program_has(program, i)) streams_doubt(&source->streams, i);
  }
  source->table_version = program->pmt_version;
}

/* The picture, every sound that belongs to it, and what else MPEG-TS carries beside them. Keeps the tracks as they are where nothing has changed. */
static int choose_tracks(struct source *source) {
  AVFormatContext *format = source->format;
  const AVProgram *program = choose_program(source);
  source->fingerprint = program_fingerprint(format, program);
  doubt_streams(source, program);
  if (!program && source->program_wanted >= 0) return source->tracks ? 0 : AVERROR_STREAM_NOT_FOUND;
  struct tracks *tracks = tracks_new();
  if (!tracks) return AVERROR(ENOMEM);
  if (program && is_mpegts(source)) tracks->service = service_of(program);
  int stream_of[TRACKS_MAX] = {0};
  const int picture = choose_picture(source, program);
  if (picture >= 0) add_track(source, tracks, stream_of, picture);
  bool media = picture >= 0;
  for (int sound = 1; sound >= 0; sound--) {
    for (int i = 0; i < (int)source->streams.count; i++) {
      const enum AVMediaType type = format->streams[i]->codecpar->codec_type;
      if (type == AVMEDIA_TYPE_VIDEO || (type == AVMEDIA_TYPE_AUDIO) != sound) continue;
      if (!sound && !media) continue; /* alone, data has no clock to go by */
      if (program_has(program, i) && is_ready(source, i) && add_track(source, tracks, stream_of, i))
        media = true;
    }
  }
  memcpy(source->stream_of, stream_of, sizeof stream_of);
  if (source->tracks && tracks_equal(tracks, source->tracks)) {
    tracks_release(tracks);
  } else {
    tracks_release(source->tracks);
    source->tracks = tracks;
    memset(source->lap.track, 0, sizeof source->lap.track); /* their numbers are others */
  }
  discard_others(source, program);
  return 0;
}

/* Is there, or may there come, anything to carry? */
static bool is_hopeless(const struct source *source) {
  const AVProgram *program = source->program >= 0 ? program_numbered(source->format, source->program) : NULL;
  for (int i = 0; i < (int)source->streams.count; i++) {
    const enum AVMediaType type = source->format->streams[i]->codecpar->codec_type;
    if (program_has(program, i) && (type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO) &&
        source->streams.stream[i].state != STREAM_REFUSED)
      return false;
  }
  return true;
}

void source_left_out(const struct source *source, char *text, size_t size) {
  const AVFormatContext *format = source->format;
  const AVProgram *program = source->program >= 0 ? program_numbered(format, source->program) : NULL;
  size_t used = (size_t)snprintf(text, size, "%s", source->unknown_options);
  for (int i = 0; i < (int)source->streams.count && used < size; i++) {
    const struct stream *stream = &source->streams.stream[i];
    const enum AVMediaType type = format->streams[i]->codecpar->codec_type;
    if (!program_has(program, i) || has_track_of(source, i)) continue;
    const char *why = stream->state == STREAM_REFUSED   ? stream->why
                      : stream->state == STREAM_UNKNOWN ? "nothing is known of it yet"
                      : type == AVMEDIA_TYPE_VIDEO      ? "one picture is enough"
                      : !source->tracks->count          ? "alone it has no clock"
                                                        : "too many tracks";
    const char *kind = av_get_media_type_string(type);
    used +=
        (size_t)snprintf(text + used, size - used, "%sa %s track (%s): %s", used ? "; " : "",
                         avcodec_get_name(format->streams[i]->codecpar->codec_id), kind ? kind : "data", why);
  }
}

/* ---- opening ---- */

/* Live sources must be ready soon: no long look at them unless the user's options say otherwise. */
static void set_default(AVDictionary **options, const char *key, const char *value) {
  av_dict_set(options, key, value, AV_DICT_DONT_OVERWRITE);
}

static void tell_unknown_options(struct source *source, const AVDictionary *left, const AVDictionary *given) {
  size_t used = 0;
  const AVDictionaryEntry *option = NULL;
  while ((option = av_dict_get(left, "", option, AV_DICT_IGNORE_SUFFIX))) {
    if (!av_dict_get(given, option->key, NULL, AV_DICT_MATCH_CASE) || used >= sizeof source->unknown_options)
      continue;
    used += (size_t)snprintf(source->unknown_options + used, sizeof source->unknown_options - used,
                             "%soption %s: libavformat does not know it here", used ? "; " : "", option->key);
  }
}

/* What can be read twice is no network. */
static void watch_for_loss(struct source *source) {
  AVIOContext *io = source->format->pb;
  if (io && !(io->seekable & AVIO_SEEKABLE_NORMAL)) loss_watch(&source->loss, io);
}

static int open_format(struct source *source, const char *url, const AVDictionary *given,
                       AVIOInterruptCB interrupt) {
  const AVInputFormat *demuxer = NULL;
  const AVDictionaryEntry *name = av_dict_get(given, "format", NULL, AV_DICT_MATCH_CASE);
  const AVDictionaryEntry *program = av_dict_get(given, "program", NULL, AV_DICT_MATCH_CASE);
  const AVDictionaryEntry *repeat = av_dict_get(given, "repeat", NULL, AV_DICT_MATCH_CASE);
  source->program_wanted = program ? atoi(program->value) : -1;
  source->repeat = repeat && atoi(repeat->value);
  if (name && !(demuxer = av_find_input_format(name->value))) return AVERROR_DEMUXER_NOT_FOUND;
  source->format = avformat_alloc_context();
  if (!source->format) return AVERROR(ENOMEM);
  source->format->interrupt_callback = interrupt;
  playlist_watch(&source->playlist, source->format);
  AVDictionary *options = NULL;
  av_dict_copy(&options, given, 0);
  av_dict_set(&options, "format", NULL, 0);
  av_dict_set(&options, "program", NULL, 0);
  av_dict_set(&options, "repeat", NULL, 0);
  set_default(&options, "analyzeduration", "2000000");
  set_default(&options, "fpsprobesize", "0");
  if (!strncmp(url, "rtsp:", 5)) set_default(&options, "rtsp_transport", "tcp");
  const int error = avformat_open_input(&source->format, url, demuxer, &options);
  if (error >= 0) watch_for_loss(source);
  if (error >= 0) tell_unknown_options(source, options, given);
  av_dict_free(&options);
  return error;
}

static bool is_segmented(const AVInputFormat *demuxer) {
  return !strcmp(demuxer->name, "hls") || !strcmp(demuxer->name, "dash");
}

static void explain(struct source *source, int error, const char *step, char *why, size_t why_size) {
  char text[AV_ERROR_MAX_STRING_SIZE], there[256] = "";
  error_text(error, text, sizeof text);
  if (error != AVERROR_STREAM_NOT_FOUND) {
    snprintf(why, why_size, "%s: %s", step, text);
  } else if (source->program_wanted >= 0 && !program_numbered(source->format, source->program_wanted)) {
    programs_describe(source->format, there, sizeof there);
    snprintf(why, why_size, "no program %d in it; there are: %s", source->program_wanted, there);
  } else {
    source_left_out(source, there, sizeof there);
    snprintf(why, why_size, "no picture and no sound in it that MPEG-TS carries: %s", there);
  }
}

int source_open(struct source *source, const char *url, const AVDictionary *options,
                AVIOInterruptCB interrupt, char *why, size_t why_size) {
  *source = (struct source){.program = -1, .table_version = -1};
  prompt_init(&source->prompt);
  loss_init(&source->loss);
  loss_reading(&source->loss);
  const char *step = "cannot open";
  int error = open_format(source, url, options, interrupt);
  if (error >= 0) {
    step = "cannot read";
    error = avformat_find_stream_info(source->format, NULL);
  }
  if (error >= 0) {
    step = "cannot use";
    streams_follow(&source->streams, source->format);
    error = choose_tracks(source);
    if (error >= 0 && is_hopeless(source)) error = AVERROR_STREAM_NOT_FOUND;
  }
  if (error >= 0) {
    const AVIOContext *io = source->format->pb;
    source->segmented = is_segmented(source->format->iformat);
    interleave_init(&source->interleave, silence_of_segments(source->playlist.segment));
    source->has_end = source->format->duration > 0;
    source->io_tells =
        io && !io->eof_reached; /* a playlist is read to its end before anything of it is played */
    return 0;
  }
  explain(source, error, step, why, why_size);
  source_close(source);
  return error;
}

/* ---- reading ---- */

/* A packet was read: does it, or what was read with it, change which tracks there are? */
static int follow_changes(struct source *source, const AVPacket *packet) {
  const bool new_streams = streams_follow(&source->streams, source->format);
  const int known = streams_see(&source->streams, source->format, packet);
  if (known < 0) return known;
  const AVProgram *program = source->program >= 0 ? program_numbered(source->format, source->program) : NULL;
  const bool moved = program_fingerprint(source->format, program) != source->fingerprint;
  return new_streams || known || moved ? choose_tracks(source) : 0;
}

static int track_of(const struct source *source, int stream) {
  for (int i = 0; i < source->tracks->count; i++) {
    if (source->stream_of[i] == stream) return i;
  }
  return -1;
}

/* Of a track that joined late, libavformat's parser knows neither the rate nor, so, how long its frames are. */
static void complete_duration(const struct track *track, AVPacket *packet) {
  if (packet->duration > 0 || track_kind(track) != TRACK_AUDIO) return;
  const int samples = av_get_audio_frame_duration2(track->codec, packet->size);
  packet->duration = av_rescale_q(samples, (AVRational){1, track->codec->sample_rate}, track->time_base);
}

static void check_times(struct source *source, const struct track *track, AVPacket *packet) {
  const int bits = source->format->streams[packet->stream_index]->pts_wrap_bits;
  times_check(packet, track->time_base);
  times_unwrap(&source->wrap, packet, track->time_base, bits, track_kind(track) != TRACK_OTHER);
}

static bool begin_again(struct source *source) {
  if (!lap_again(&source->lap, source->tracks, source->format)) return false;
  streams_flush(&source->streams);
  source->wrap = (struct times_wrap){.known = false};
  return true;
}

static int read_next(struct source *source, AVPacket *packet) {
  if (source->segmented) return interleave_read(&source->interleave, source->format, av_read_frame, packet);
  return prompt_take(&source->prompt, packet) ? 0 : av_read_frame(source->format, packet);
}

int source_read(struct source *source, AVPacket *packet) {
  for (;;) {
    int error = read_next(source, packet);
    if (error == AVERROR_EOF && source->repeat && source->has_end && begin_again(source)) continue;
    if (error < 0) return error;
    if (!source_must_be_paced(source)) prompt_look(&source->prompt, source->format, packet);
    error = follow_changes(source, packet);
    const int track = error < 0 || packet->size <= 0 ? -1 : track_of(source, packet->stream_index);
    if (track >= 0) {
      check_times(source, &source->tracks->track[track], packet);
      complete_duration(&source->tracks->track[track], packet);
      if (streams_complete(&source->streams, packet) >= 0) {
        packet->stream_index = track;
        lap_move(&source->lap, source->tracks, packet);
        return 0;
      }
    }
    av_packet_unref(packet);
    if (error < 0) return error;
  }
}

bool source_at_end(const struct source *source) {
  const AVIOContext *io = source->format->pb;
  return source->io_tells && (io->eof_reached || io->error);
}

void source_close(struct source *source) {
  prompt_free(&source->prompt);
  interleave_free(&source->interleave);
  streams_free(&source->streams);
  tracks_release(source->tracks);
  source->tracks = NULL;
  avformat_close_input(&source->format);
  loss_reading(NULL);
}
