/* program_test.c: which program and which picture is taken. Exit 0: as it should be. */
#include "program.h"

#include "check.h"

struct found {
  int pid, program, width, channels, disposition;
};

static const struct found *of_pid(const struct found *all, int count, int pid) {
  for (int i = 0; i < count; i++) {
    if (all[i].pid == pid) return &all[i];
  }
  return NULL;
}

static AVFormatContext *source(const struct found *all, int count, unsigned order) {
  AVFormatContext *format = avformat_alloc_context();
  for (int i = 0; i < count; i++) {
    const struct found *next = &all[(order & 1 ? count - 1 - i : i + (int)(order >> 1)) % count];
    AVStream *stream = avformat_new_stream(format, NULL);
    stream->id = next->pid;
    stream->disposition = next->disposition;
    stream->codecpar->codec_type = next->width ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO;
    stream->codecpar->width = next->width;
    stream->codecpar->height = next->width * 9 / 16;
    stream->codecpar->sample_rate = 48000;
    stream->codecpar->ch_layout.nb_channels = next->channels;
    av_new_program(format, next->program);
    av_program_add_stream_index(format, next->program, (unsigned)i);
  }
  return format;
}

static int best_pid(AVFormatContext *format) {
  int best = -1;
  for (int i = 0; i < (int)format->nb_streams; i++) {
    if (stream_is_picture(format->streams[i]) && stream_is_better(format, i, best)) best = i;
  }
  return best < 0 ? -1 : format->streams[best]->id;
}

/* In whatever order libavformat finds them. */
static void expect(const struct found *all, int count, int pid) {
  for (unsigned order = 0; order < 2 * (unsigned)count; order++) {
    AVFormatContext *format = source(all, count, order);
    const AVProgram *program = program_of_best(format);
    const struct found *best = of_pid(all, count, pid);
    CHECK(program && program->id == best->program);
    CHECK(best_pid(format) == (best->width ? pid : -1));
    avformat_free_context(format);
  }
}

static void the_larger_picture(void) {
  static const struct found all[] = {
      {0x100, 1, 320, 0, 0}, {0x101, 1, 1280, 0, 0}, {0x102, 1, 640, 0, 0}, {0x103, 1, 0, 2, 0}};
  expect(all, 4, 0x101);
}

static void of_equal_ones_the_first_number(void) {
  static const struct found all[] = {
      {0x300, 3, 640, 0, 0}, {0x200, 2, 640, 0, 0}, {0x201, 2, 640, 0, 0}, {0x400, 4, 640, 0, 0}};
  expect(all, 4, 0x200);
}

static void what_is_marked_before_what_is_large(void) {
  static const struct found all[] = {{0x100, 1, 1280, 0, 0}, {0x101, 1, 320, 0, AV_DISPOSITION_DEFAULT}};
  expect(all, 2, 0x101);
}

static void no_cover_of_a_record(void) {
  static const struct found all[] = {
      {0x100, 1, 1280, 0, AV_DISPOSITION_ATTACHED_PIC}, {0x101, 2, 0, 2, 0}, {0x102, 3, 0, 6, 0}};
  expect(all, 3, 0x102);
}

int main(void) {
  the_larger_picture();
  of_equal_ones_the_first_number();
  what_is_marked_before_what_is_large();
  no_cover_of_a_record();
  return failures ? 1 : 0;
}
