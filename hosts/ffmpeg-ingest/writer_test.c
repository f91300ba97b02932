/* writer_test.c: made-up packets on their way from the verdict to the file: what is kept, queued and written, of sources that take
 * turns in every way. Exit 0: all as it should be. */
#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "output_reader.h"
#include "queue.h"
#include "times.h"

#define MS NS_PER_MS
#define S NS_PER_S
#define FRAME (TICKS_PER_S / 25)
#define SOURCES 3

/* ---- sources ---- */

static struct tracks *picture_sound_and_data(void) {
  struct tracks *tracks = tracks_new();
  static const enum AVMediaType types[] = {AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_DATA};
  static const enum AVCodecID codecs[] = {AV_CODEC_ID_HEVC, AV_CODEC_ID_MP2, AV_CODEC_ID_SMPTE_KLV};
  for (int i = 0; i < 3; i++) {
    struct track track = {.codec = avcodec_parameters_alloc(), .time_base = {1, (int)TICKS_PER_S}};
    if (!tracks || !track.codec) abort();
    track.codec->codec_type = types[i];
    track.codec->codec_id = codecs[i];
    track.codec->width = track.codec->height = i ? 0 : 64;
    track.codec->sample_rate = i == 1 ? 48000 : 0;
    if (i == 1) av_channel_layout_default(&track.codec->ch_layout, 2);
    if (!tracks_add(tracks, &track)) abort();
    avcodec_parameters_free(&track.codec);
  }
  return tracks;
}

/* A session: what session.c does with a packet and the engine's verdict on it. */
struct source {
  int number, group, b_frames;
  bool open;     /* the two pictures after each key frame are shown before it, and need the one before it */
  int64_t clock; /* of its next picture to be decoded, */
  int64_t pictures; /* which is this one, */
  int64_t begins;   /* and which the first one: before it there was none */
  int sound_size;
  struct times_wrap wrap;
  uint64_t opening;
  struct preroll preroll;
  bool was_on_air;
};

/* From the verdict to the file. */
struct rig {
  struct notes notes;
  struct queue queue;
  atomic_bool abort;
  struct target target;
  struct writer writer;
  struct tracks *tracks;
  struct source source[SOURCES];
  int on_air, offered; /* the latter takes over with its next key frame; -1: none */
  uint64_t number;
  uint64_t now;
  char path[64];
};

static void rig_init(struct rig *rig, uint64_t catch_up, size_t bytes) {
  *rig = (struct rig){.offered = -1, .number = 1};
  strcpy(rig->path, "/tmp/writer_test.XXXXXX");
  const int file = mkstemp(rig->path);
  if (file < 0 || notes_init(&rig->notes)) abort();
  close(file);
  queue_init(&rig->queue, &rig->notes);
  rig->target = (struct target){.notes = &rig->notes, .url = rig->path, .abort = &rig->abort};
  rig->writer =
      (struct writer){.notes = &rig->notes, .key_wait = 10 * S, .catch_up = catch_up, .target = &rig->target};
  rig->tracks = picture_sound_and_data();
  /* What waits for a moment has waited for it, whenever it is asked for. */
  rig->now = monotonic_now() - 1000 * 3600 * S;
  for (int i = 0; i < SOURCES; i++)
    rig->source[i] = (struct source){
        .number = i, .group = 25, .sound_size = 100, .clock = 1000000 * i, .preroll.bytes_max = bytes};
  target_open(&rig->target);
}

static void drain(struct rig *rig) {
  bool over;
  for (struct item *item; (item = queue_take(&rig->queue, 1, &over));) {
    writer_take(&rig->writer, item);
    item_free(item);
  }
}

/* Ends it, reads what was written; what `unit` gets is in the order of the file. */
static void rig_end(struct rig *rig, struct reader *reader) {
  drain(rig);
  target_close(&rig->target);
  writer_free(&rig->writer);
  queue_free(&rig->queue);
  notes_free(&rig->notes);
  tracks_release(rig->tracks);
  for (int i = 0; i < SOURCES; i++)
    preroll_free(&rig->source[i].preroll);
  CHECK(read_output(reader, rig->path));
  unlink(rig->path);
}

static void deliver(struct rig *rig, struct source *source, AVPacket *packet) {
  times_unwrap(&source->wrap, packet, rig->tracks->track[packet->stream_index].time_base, 33, true);
  const bool picture = packet->stream_index == 0, key = picture && packet->flags & AV_PKT_FLAG_KEY;
  const enum track_kind kind = track_kind(&rig->tracks->track[packet->stream_index]);
  if (rig->offered == source->number && key) {
    rig->on_air = source->number;
    rig->offered = -1;
    rig->number++;
  }
  const uint64_t verdict = rig->on_air == source->number ? rig->number : 0;
  const struct origin origin = {.switch_number = verdict,
                                .session = (uint64_t)source->number + 1,
                                .opening = source->opening,
                                .priority = source->number,
                                .arrived = rig->now};
  if (verdict && queue_push(&rig->queue, &origin, rig->tracks, &source->preroll, packet)) {
    source->was_on_air = true;
    preroll_forwarded(&source->preroll);
    preroll_keep_sent(&source->preroll, packet, kind, key, rig->now);
    return;
  }
  if (picture && source->was_on_air) {
    source->was_on_air = queue_complete(&rig->queue, &origin, rig->tracks, packet);
    if (source->was_on_air) preroll_keep_sent(&source->preroll, packet, kind, key, rig->now);
    if (source->was_on_air) return;
  }
  preroll_keep(&source->preroll, packet, kind, key, rig->now);
}

static bool is_open(const struct source *source) {
  return source->open && source->pictures - source->begins >= source->group;
}

static AVPacket *packet_of(const struct source *source, int stream, int64_t pts, bool key, int size) {
  AVPacket *packet = av_packet_alloc();
  if (!packet || av_new_packet(packet, size) < 0) abort();
  memset(packet->data, 'x', (size_t)size);
  if (stream)
    memcpy(packet->data, "\xff\xfd\xa4\0", 4);
  else
    memcpy(packet->data, key ? "\0\0\1\x26\1" : "\0\0\1\2\1", 5);
  const bool leads = is_open(source) && source->pictures % source->group <= 2;
  char *name = (char *)packet->data + 5;
  const int length = snprintf(name, 24, "<%d %d %c>", source->number, (int)source->pictures,
                              stream == 1   ? 's'
                              : stream == 2 ? 'd'
                              : key         ? 'k'
                              : leads       ? 'l'
                                            : 'p');
  name[length] = 'x';
  packet->stream_index = stream;
  packet->dts = source->clock;
  packet->pts = pts;
  packet->duration = FRAME;
  if (key) packet->flags |= AV_PKT_FLAG_KEY;
  return packet;
}

/* A picture and the sound beside it, now. */
static void send(struct rig *rig, struct source *source) {
  const int64_t in_group = source->pictures % source->group;
  const int64_t run = source->b_frames + 1, first = (in_group - 1) / run * run + 1;
  /* Its place in the order of display: the first of a run is shown last, unless the group ends within it. */
  const int64_t last = first + run - 1 < source->group ? first + run - 1 : source->group - 1;
  const int64_t place = in_group == 0 ? 0 : in_group == first ? last : in_group - 1;
  const int64_t pts = source->clock + (place - in_group + source->b_frames) * FRAME;
  AVPacket *picture = packet_of(source, 0, pts, in_group == 0, in_group == 0 ? 3000 : 300 + rand() % 400);
  if (is_open(source) && in_group <= 2) picture->pts = source->clock + (in_group == 0 ? 2 : -1) * FRAME;
  deliver(rig, source, picture);
  av_packet_free(&picture);
  AVPacket *sound = packet_of(source, 1, source->clock, false, source->sound_size);
  deliver(rig, source, sound);
  av_packet_free(&sound);
  source->clock += FRAME;
  source->pictures++;
}

/* ---- every picture can be decoded ---- */

struct decoder {
  int source, number; /* of the last picture */
  bool key, entered;  /* it was a key frame; and did not follow */
  int64_t dts;
  int pictures, missing, back;
  unsigned video;
};

static void decode(void *context, const struct read_unit *unit) {
  struct decoder *decoder = context;
  int source, number;
  char kind;
  if (sscanf(unit->name, "%d %d %c", &source, &number, &kind) != 3 || kind == 's' || kind == 'd') return;
  if (decoder->pictures++ && unit->dts <= decoder->dts) decoder->back++;
  const bool left_out = decoder->key && kind == 'p' && number == decoder->number + 3;
  const bool follows = source == decoder->source && (number == decoder->number + 1 || left_out);
  if (kind != 'k' && (!follows || (kind == 'l' && decoder->entered))) decoder->missing++;
  decoder->key = kind == 'k';
  decoder->entered = decoder->key && !follows;
  decoder->dts = unit->dts;
  decoder->source = source;
  decoder->number = number;
}

/* Sources that come and go, start again, fall silent; verdicts at any moment, or with a key frame; an output that is read late;
 * little or much that may be kept and caught up. */
static void whatever_happens_every_picture_can_be_decoded(void) {
  for (unsigned seed = 1; seed <= 300; seed++) {
    srand(seed);
    static const size_t bytes[] = {4000, 20000, 1000000};
    struct rig rig;
    rig_init(&rig, (uint64_t)(1 + rand() % 5000) * MS, bytes[rand() % 3]);
    rig.writer.key_wait = 0; /* each has sent a key frame */
    for (int i = 0; i < SOURCES; i++) {
      rig.source[i].group = rand() % 2 ? 100 : 5 + rand() % 30;
      rig.source[i].open = rand() % 3 == 0;
      rig.source[i].b_frames = rig.source[i].open ? 0 : rand() % 4;
    }
    uint64_t silent_until[SOURCES] = {0};
    for (int step = 0; step < 1500; step++) {
      rig.now += 40 * MS;
      for (int i = 0; i < SOURCES; i++) {
        struct source *source = &rig.source[i];
        if (rand() % 200 == 0) silent_until[i] = rig.now + (uint64_t)(rand() % 3000) * MS;
        if (rand() % 400 == 0) { /* another encoder, in the same session or in a new one */
          source->pictures += 2 * source->group - source->pictures % source->group;
          source->begins = source->pictures;
          source->clock = rand() % 1000 * FRAME;
          if (rand() % 2) {
            source->opening++;
            preroll_clear(&source->preroll);
            source->was_on_air = false;
          }
        }
        if (rig.now >= silent_until[i]) send(&rig, source);
      }
      if (rand() % 60 == 0) { /* often back to where it was, with a number of its own */
        rig.on_air = rand() % SOURCES;
        rig.number++;
      }
      if (rand() % 60 == 0) rig.offered = rand() % SOURCES;
      if (rand() % 10 == 0) drain(&rig);
    }
    struct decoder decoder = {.source = -1};
    struct reader reader = {.unit = decode, .context = &decoder};
    rig_end(&rig, &reader);
    CHECK(decoder.pictures > 300);
    CHECK(!decoder.missing);
    CHECK(!decoder.back);
    if (decoder.missing || decoder.back)
      fprintf(stderr, "  seed %u: %d, %d\n", seed, decoder.missing, decoder.back);
  }
}

/* ---- nothing is lost, and times go on ---- */

/* All of it, in the order of the file. */
struct seen {
  struct read_unit unit[8000];
  int source[8000], number[8000];
  bool sound[8000];
  int count;
};

static void collect(void *context, const struct read_unit *unit) {
  struct seen *seen = context;
  char kind;
  if (seen->count == 8000) abort();
  if (sscanf(unit->name, "%d %d %c", &seen->source[seen->count], &seen->number[seen->count], &kind) != 3)
    return;
  if (kind == 'd') return;
  seen->sound[seen->count] = kind == 's';
  seen->unit[seen->count++] = *unit;
}

static void play(struct rig *rig, int pictures) {
  for (int i = 0; i < pictures; i++) {
    rig->now += 40 * MS;
    for (int k = 0; k < SOURCES; k++)
      if (rig->source[k].group) send(rig, &rig->source[k]);
  }
}

/* The presentation times of a source's pictures from its place in the file on, in order; where they end. */
static int times_from(const struct seen *seen, int from, int64_t *times, int *count) {
  int to = from;
  *count = 0;
  for (; to < seen->count && seen->source[to] == seen->source[from]; to++) {
    if (seen->sound[to]) continue;
    int k = (*count)++;
    for (; k > 0 && times[k - 1] > seen->unit[to].pts; k--)
      times[k] = times[k - 1];
    times[k] = seen->unit[to].pts;
  }
  return to;
}

/* Whichever picture of the leaving source is the last before the key frame, all that are shown before it are there. */
static void a_planned_switch_loses_no_picture(void) {
  struct seen *seen = malloc(sizeof *seen);
  for (int b_frames = 0; b_frames < 4; b_frames++) {
    for (int phase = 0; phase < 8; phase++) {
      struct rig rig;
      rig_init(&rig, S, 1000000);
      rig.source[2].group = 0;
      rig.source[0].b_frames = rig.source[1].b_frames = b_frames;
      rig.source[0].group = rig.source[1].group = 48; /* all runs of pictures are whole */
      rig.source[1].pictures = 48 - 24 + phase;
      play(&rig, 10);
      for (int i = 0; i < 3; i++) {
        rig.offered = (i + 1) % 2;
        play(&rig, 60);
        drain(&rig);
      }
      seen->count = 0;
      struct reader reader = {.unit = collect, .context = seen};
      rig_end(&rig, &reader);
      int64_t times[8000];
      int switches = 0, count;
      for (int from = 0, to; (to = times_from(seen, from, times, &count)) < seen->count;
           from = to, switches++)
        for (int i = count - 6; i < count; i++)
          CHECK(times[i] - times[i - 1] == FRAME);
      CHECK(switches == 3);
    }
  }
  free(seen);
}

/* Pictures follow each other, picture and sound stay together, nothing is decoded before it comes, the clock rises. `begin`: what
 * is before it has pauses. */
static void check_times(const struct seen *seen, const struct reader *reader, int64_t begin) {
  int64_t picture = 0, sound = 0;
  int last = -1, settled = 0; /* the first pictures after a switch are caught up */
  for (int i = 0; i < seen->count; i++) {
    const struct read_unit *unit = &seen->unit[i];
    CHECK(unit->pts >= unit->dts);
    CHECK(unit->clock == INT64_MIN ||
          (unit->dts >= unit->clock && unit->dts - unit->clock < 3 * TICKS_PER_S));
    if (unit->dts < begin) continue;
    int64_t *before = seen->sound[i] ? &sound : &picture;
    if (*before) CHECK(unit->dts > *before && unit->dts - *before <= 2 * FRAME + 4);
    *before = unit->dts;
    if (!seen->sound[i]) {
      settled = last >= 0 && seen->source[i] == seen->source[last] ? settled + 1 : 0;
      last = i;
    } else if (settled > 3 && seen->source[i] == seen->source[last] &&
               seen->number[i] == seen->number[last]) {
      CHECK(unit->dts == picture); /* they were sent together */
    }
  }
  CHECK(!reader->clock_goes_back && !reader->counter_faults);
}

/* Left without a reason and chosen again soon, before or after the other one has sent something, however its pictures are sent, and
 * however many of them may be kept: it begins with the key frame of the group that it is in, and there is no hole in the sound. */
static void back_within_the_group_it_begins_with_its_key_frame(void) {
  struct seen *seen = malloc(sizeof *seen);
  for (unsigned run = 0; run < 5 * 3 * 6 * 6; run++) {
    const int kind = (int)(run % 5), size = (int)(run / 5 % 3), left = (int)(run / 15 % 6),
              away = (int)(run / 90);
    static const size_t bytes[] = {4000, 20000, 1000000};
    struct rig rig;
    rig_init(&rig, 10 * S, bytes[size]);
    rig.writer.key_wait = 2 * S;
    rig.source[2].group = 0;
    for (int i = 0; i < 2; i++) {
      rig.source[i].group = 150;
      rig.source[i].open = kind == 4;
      rig.source[i].b_frames = kind == 4 ? 0 : kind;
      rig.source[i].sound_size = 3000; /* a frame in each unit */
    }
    rig.source[1].pictures = 75;
    play(&rig, 152 + left * (left + 1)); /* of the second group 2 to 32 */
    rig.on_air = 1, rig.number++;
    play(&rig, away * away);
    const int began = (int)rig.source[0].pictures;
    rig.on_air = 0, rig.number++;
    play(&rig, 200);
    seen->count = 0;
    struct reader reader = {.unit = collect, .context = seen};
    rig_end(&rig, &reader);
    const int failed = failures;
    int64_t sound = 0;
    int sounds = 0, other = -1, back = -1;
    for (int i = 0; i < seen->count; i++) {
      if (seen->sound[i]) {
        if (sound) CHECK(seen->unit[i].dts > sound && seen->unit[i].dts - sound <= 2 * FRAME + 4);
        sound = seen->unit[i].dts;
        sounds++;
      } else if (seen->source[i] == 1) {
        other = i;
      } else if (other >= 0 && back < 0) {
        back = i;
      }
    }
    CHECK(sounds >= (int)rig.source[0].pictures - 2);
    if (away > 0) CHECK(other > 0 && back > other && seen->number[back] == 150);
    if (away == 0) CHECK(other < 0);
    struct decoder decoder = {.source = -1};
    for (int i = 0; i < seen->count; i++)
      decode(&decoder, &seen->unit[i]);
    CHECK(!decoder.missing && !decoder.back);
    if (failures > failed)
      fprintf(stderr, "  kind %d, %zu bytes, left %d, away %d, back at %d with %d: %d, %d\n", kind,
              bytes[size], left, away, began, back < 0 ? -1 : seen->number[back], decoder.missing,
              decoder.back);
  }
  free(seen);
}

/* Data can be the first of it that comes: with that alone nothing begins, but with what was kept. */
static void data_that_comes_first_begins_with_the_key_frame(void) {
  struct rig rig;
  rig_init(&rig, 10 * S, 1000000);
  rig.writer.key_wait = 0;
  rig.source[1].pictures = 5;
  rig.source[1].begins = 5;
  play(&rig, 35);
  rig.on_air = 1, rig.number++;
  AVPacket *data = packet_of(&rig.source[1], 2, rig.source[1].clock, false, 100);
  deliver(&rig, &rig.source[1], data);
  av_packet_free(&data);
  play(&rig, 30);
  struct decoder decoder = {.source = -1};
  struct reader reader = {.unit = decode, .context = &decoder};
  rig_end(&rig, &reader);
  CHECK(decoder.source == 1 && decoder.pictures == 35 + 45);
  CHECK(!decoder.missing && !decoder.back);
}

/* The output's clock wraps just before, in or just after a switch; so do those of the sources, as libavformat tells it: their
 * times fall by 2^33. One of them starts again at 0 besides. */
static void clocks_that_wrap(void) {
  struct seen *seen = malloc(sizeof *seen);
  for (int until = -30; until <= 60; until += 3) {
    struct rig rig;
    rig_init(&rig, S, 1000000);
    rig.source[2].group = 0;
    for (int i = 0; i < 2; i++)
      rig.source[i].b_frames = 2, rig.source[i].sound_size = 3000; /* a frame in each unit */
    rig.source[0].group = rig.source[1].group = 24;
    play(&rig, 5);
    /* A pause lasts as long as it did: after these the output is so many pictures before its wrap. The muxer adds 1.4 s. */
    const int64_t left = (until + 50) * FRAME + TICKS_PER_S * 14 / 10;
    const int64_t ticks = READ_WRAP - left - TICKS_PER_S - 3 * 5 * FRAME;
    for (int pause = 0; pause < 3; pause++) {
      rig.now += (uint64_t)(ticks / 27) * 100000;
      for (int i = 0; i < 2; i++) {
        rig.source[i].clock = READ_WRAP - (until / 2 + 40 + 10 * i) * FRAME;
        rig.source[i].pictures = 48;
        rig.source[i].opening++;
        rig.source[i].wrap.known = false;
        preroll_clear(&rig.source[i].preroll);
      }
      if (pause < 2) play(&rig, 5);
    }
    for (int i = 0; i < 150; i++) {
      if (i == 40 || i == 80) rig.offered = rig.on_air ^ 1;
      if (i == 110) { /* the one that is not on air */
        rig.source[rig.on_air ^ 1].clock = 0;
        rig.source[rig.on_air ^ 1].pictures = 240;
      }
      if (i == 120) rig.offered = rig.on_air ^ 1;
      for (int k = 0; k < 2; k++)
        rig.source[k].clock %= READ_WRAP;
      play(&rig, 1);
      drain(&rig);
    }
    seen->count = 0;
    struct reader reader = {.unit = collect, .context = seen};
    rig_end(&rig, &reader);
    CHECK(seen->count > 280);
    check_times(seen, &reader, READ_WRAP - 200 * FRAME);
    CHECK(seen->unit[seen->count - 1].pts > READ_WRAP);
  }
  free(seen);
}

int main(void) {
  av_log_set_level(AV_LOG_ERROR);
  whatever_happens_every_picture_can_be_decoded();
  a_planned_switch_loses_no_picture();
  back_within_the_group_it_begins_with_its_key_frame();
  data_that_comes_first_begins_with_the_key_frame();
  clocks_that_wrap();
  return failures ? 1 : 0;
}
