/* program.c: reading libavformat's list of programs, which changes while a source is read. */
#include "program.h"

#include <stdio.h>

const AVProgram *program_numbered(const AVFormatContext *format, int number) {
  for (unsigned i = 0; i < format->nb_programs; i++) {
    if (format->programs[i]->id == number) return format->programs[i];
  }
  return NULL;
}

const AVProgram *program_of_best(AVFormatContext *format) {
  const int video = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
  const int best = video >= 0 ? video : av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
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
