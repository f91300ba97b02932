/* program.c: reading libavformat's list of programs, which changes while a source is read. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>

const AVProgram *program_numbered(const AVFormatContext *format, int number) {
  for (unsigned i = 0; i < format->nb_programs; i++) {
    if (format->programs[i]->id == number) return format->programs[i];
  }
  return NULL;
}

bool stream_is_picture(const AVStream *stream) {
  return stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
         !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC);
}

static int64_t bitrate_of(const AVStream *stream) {
  const AVDictionaryEntry *variant = av_dict_get(stream->metadata, "variant_bitrate", NULL, 0);
  return variant ? strtoll(variant->value, NULL, 10) : stream->codecpar->bit_rate;
}

/* What is more comes first; what is equal in all of it, by its numbers. */
static void rank(AVFormatContext *format, int index, int64_t rank[5]) {
  const AVStream *stream = format->streams[index];
  const AVCodecParameters *codec = stream->codecpar;
  const AVProgram *program = av_find_program_from_stream(format, NULL, index);
  const int special = AV_DISPOSITION_HEARING_IMPAIRED | AV_DISPOSITION_VISUAL_IMPAIRED;
  rank[0] = stream->disposition & special ? -1 : !!(stream->disposition & AV_DISPOSITION_DEFAULT);
  rank[1] = codec->codec_type == AVMEDIA_TYPE_VIDEO
                ? (int64_t)codec->width * codec->height
                : (int64_t)codec->ch_layout.nb_channels * codec->sample_rate;
  rank[2] = bitrate_of(stream);
  rank[3] = program ? -program->id : 0;
  rank[4] = -stream->id;
}

bool stream_is_better(AVFormatContext *format, int stream, int than) {
  if (than < 0) return true;
  int64_t its[5], others[5];
  rank(format, stream, its);
  rank(format, than, others);
  for (int i = 0; i < 5; i++) {
    if (its[i] != others[i]) return its[i] > others[i];
  }
  return stream < than;
}

const AVProgram *program_of_best(AVFormatContext *format) {
  int picture = -1, sound = -1;
  for (int i = 0; i < (int)format->nb_streams; i++) {
    const bool is_sound = format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    if (stream_is_picture(format->streams[i]) && stream_is_better(format, i, picture)) picture = i;
    if (is_sound && stream_is_better(format, i, sound)) sound = i;
  }
  const int best = picture >= 0 ? picture : sound;
  const AVProgram *program = best >= 0 ? av_find_program_from_stream(format, NULL, best) : NULL;
  /* The best stream may have left its program. */
  for (unsigned i = 0; !program && i < format->nb_programs; i++) {
    if (format->programs[i]->nb_stream_indexes) program = format->programs[i];
  }
  return program;
}

bool program_has(const AVProgram *program, int stream) {
  if (!program) return true;
  for (unsigned i = 0; i < program->nb_stream_indexes; i++) {
    if (program->stream_index[i] == (unsigned)stream) return true;
  }
  return false;
}

uint64_t program_fingerprint(const AVFormatContext *format, const AVProgram *program) {
  uint64_t print = (uint64_t)format->nb_programs << 32 | format->nb_streams;
  if (!program) return print;
  print = print * 31 + (unsigned)program->pmt_version;
  print = print * 31 + (unsigned)av_dict_count(program->metadata);
  for (unsigned i = 0; i < program->nb_stream_indexes; i++)
    print = print * 31 + program->stream_index[i] + 1;
  return print;
}

void programs_describe(const AVFormatContext *format, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (unsigned i = 0; i < format->nb_programs && used < size; i++) {
    const AVProgram *program = format->programs[i];
    const AVDictionaryEntry *name = av_dict_get(program->metadata, "service_name", NULL, 0);
    used += (size_t)snprintf(text + used, size - used, "%s%d", i ? ", " : "", program->id);
    if (name && used < size) used += (size_t)snprintf(text + used, size - used, " (%s)", name->value);
  }
}
