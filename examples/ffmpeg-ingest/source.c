/* source.c: opening a URL, choosing its tracks, reading packets. */
#include "source.h"

#include <stdio.h>
#include <string.h>

void error_text(int error, char *text, size_t size) {
  if (av_strerror(error, text, size) < 0) snprintf(text, size, "error %d", error);
}

static void leave_out(struct source *source, const char *format, const char *what) {
  const size_t used = strlen(source->left_out);
  const size_t left = sizeof source->left_out - used;
  const int length = snprintf(source->left_out + used, left, "%s", used ? "; " : "");
  if (length > 0 && (size_t)length < left)
    snprintf(source->left_out + used + length, left - (size_t)length, format, what);
}

/* Live sources must be ready soon: no long look at them unless the user's options say otherwise. */
static void set_default(AVDictionary **options, const char *key, const char *value) {
  av_dict_set(options, key, value, AV_DICT_DONT_OVERWRITE);
}

static int open_format(struct source *source, const char *url, const AVDictionary *given,
                       AVIOInterruptCB interrupt) {
  const AVInputFormat *demuxer = NULL;
  const AVDictionaryEntry *name = av_dict_get(given, "format", NULL, AV_DICT_MATCH_CASE);
  if (name && !(demuxer = av_find_input_format(name->value))) return AVERROR_DEMUXER_NOT_FOUND;
  source->format = avformat_alloc_context();
  if (!source->format) return AVERROR(ENOMEM);
  source->format->interrupt_callback = interrupt;
  playlist_watch(&source->playlist, source->format);
  AVDictionary *options = NULL;
  av_dict_copy(&options, given, 0);
  av_dict_set(&options, "format", NULL, 0);
  set_default(&options, "analyzeduration", "2000000");
  set_default(&options, "fpsprobesize", "0");
  if (!strncmp(url, "rtsp:", 5)) set_default(&options, "rtsp_transport", "tcp");
  const int error = avformat_open_input(&source->format, url, demuxer, &options);
  const AVDictionaryEntry *unknown = av_dict_get(options, "", NULL, AV_DICT_IGNORE_SUFFIX);
  while (error >= 0 && unknown) {
    if (av_dict_get(given, unknown->key, NULL, AV_DICT_MATCH_CASE)) {
      leave_out(source, "option %s: libavformat does not know it here", unknown->key);
    }
    unknown = av_dict_get(options, "", unknown, AV_DICT_IGNORE_SUFFIX);
  }
  av_dict_free(&options);
  return error;
}

static int add_track(struct source *source, int index) {
  const AVStream *stream = source->format->streams[index];
  struct tracks *tracks = source->tracks;
  if (!mpegts_carries(stream->codecpar->codec_id)) {
    leave_out(source, "a %s track: MPEG-TS does not carry it", avcodec_get_name(stream->codecpar->codec_id));
    return 0;
  }
  AVCodecParameters *codec = avcodec_parameters_alloc();
  if (!codec) return AVERROR(ENOMEM);
  const int at = tracks->count;
  int error = avcodec_parameters_copy(codec, stream->codecpar);
  if (error >= 0) error = selfcontained_init(&source->whole[at], codec, stream->time_base);
  if (error >= 0) {
    if (tracks_add(tracks, codec, stream->time_base))
      source->stream_of[at] = index;
    else
      selfcontained_free(&source->whole[at]);
  }
  avcodec_parameters_free(&codec);
  return error;
}

static bool in_program(const AVProgram *program, int index) {
  if (!program) return true;
  for (unsigned i = 0; i < program->nb_stream_indexes; i++) {
    if (program->stream_index[i] == (unsigned)index) return true;
  }
  return false;
}

/* The best picture, and every sound that belongs to it. The rest is told to the demuxer as unwanted, so that of several
 * renditions only one is fetched. */
static int choose_tracks(struct source *source) {
  AVFormatContext *format = source->format;
  if (!(source->tracks = tracks_new())) return AVERROR(ENOMEM);
  const int video = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
  const int audio = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, video, NULL, 0);
  const bool picture = video >= 0 && !(format->streams[video]->disposition & AV_DISPOSITION_ATTACHED_PIC);
  const AVProgram *program = av_find_program_from_stream(format, NULL, picture ? video : audio);
  int error = 0;
  if (picture) error = add_track(source, video);
  for (int i = 0; i < (int)format->nb_streams && error >= 0; i++) {
    if (format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && in_program(program, i))
      error = add_track(source, i);
  }
  for (int i = 0; i < (int)format->nb_streams; i++)
    format->streams[i]->discard = AVDISCARD_ALL;
  for (int i = 0; i < source->tracks->count; i++)
    format->streams[source->stream_of[i]]->discard = AVDISCARD_DEFAULT;
  if (error >= 0 && !source->tracks->count) return AVERROR_STREAM_NOT_FOUND;
  return error;
}

static bool is_segmented(const AVInputFormat *demuxer) {
  return !strcmp(demuxer->name, "hls") || !strcmp(demuxer->name, "dash");
}

int source_open(struct source *source, const char *url, const AVDictionary *options,
                AVIOInterruptCB interrupt, char *why, size_t why_size) {
  *source = (struct source){.has_end = false};
  const char *step = "cannot open";
  int error = open_format(source, url, options, interrupt);
  if (error >= 0) {
    step = "cannot read";
    error = avformat_find_stream_info(source->format, NULL);
  }
  if (error >= 0) {
    step = "cannot use";
    error = choose_tracks(source);
  }
  if (error >= 0) {
    const AVIOContext *io = source->format->pb;
    source->segmented = is_segmented(source->format->iformat);
    source->has_end = source->format->duration > 0;
    source->io_tells =
        io && !io->eof_reached; /* a playlist is read to its end before anything of it is played */
    return 0;
  }
  char text[AV_ERROR_MAX_STRING_SIZE];
  error_text(error, text, sizeof text);
  if (error == AVERROR_STREAM_NOT_FOUND)
    snprintf(why, why_size, "no picture and no sound in it %s", source->left_out);
  else
    snprintf(why, why_size, "%s: %s", step, text);
  source_close(source);
  return error;
}

/* The source changed its parameters under way (a publisher that reconnected). */
static void take_new_extradata(struct source *source, int track, AVPacket *packet) {
  size_t size = 0;
  const uint8_t *data = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
  if (!data || !size) return;
  AVCodecParameters *codec = avcodec_parameters_alloc();
  struct selfcontained changed;
  const AVStream *stream = source->format->streams[source->stream_of[track]];
  if (codec && avcodec_parameters_copy(codec, stream->codecpar) >= 0) {
    av_freep(&codec->extradata);
    codec->extradata = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
    codec->extradata_size = codec->extradata ? (int)size : 0;
    if (codec->extradata) memcpy(codec->extradata, data, size);
    if (codec->extradata && selfcontained_init(&changed, codec, stream->time_base) >= 0) {
      selfcontained_free(&source->whole[track]);
      source->whole[track] = changed;
    }
  }
  avcodec_parameters_free(&codec);
}

int source_read(struct source *source, AVPacket *packet) {
  for (;;) {
    const int error = av_read_frame(source->format, packet);
    if (error < 0) return error;
    int track = 0;
    while (track < source->tracks->count && source->stream_of[track] != packet->stream_index)
      track++;
    if (track < source->tracks->count && packet->size > 0) {
      const struct track *known = &source->tracks->track[track];
      if (source->format->streams[packet->stream_index]->codecpar->codec_id != known->codec->codec_id) {
        av_packet_unref(packet);
        return AVERROR_INPUT_CHANGED;
      }
      take_new_extradata(source, track, packet);
      if (selfcontained_packet(&source->whole[track], packet) >= 0) {
        packet->stream_index = track;
        return 0;
      }
    }
    av_packet_unref(packet);
  }
}

bool source_at_end(const struct source *source) {
  const AVIOContext *io = source->format->pb;
  return source->io_tells && (io->eof_reached || io->error);
}

void source_close(struct source *source) {
  for (int i = 0; source->tracks && i < source->tracks->count; i++)
    selfcontained_free(&source->whole[i]);
  tracks_release(source->tracks);
  source->tracks = NULL;
  avformat_close_input(&source->format);
}
