/* output_reader.h: for tests: what is in an MPEG-TS that the output has written. */
#ifndef OUTPUT_READER_H
#define OUTPUT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define READ_TS 188
#define READ_WRAP (INT64_C(1) << 33)

/* A picture or a frame of sound, as it begins. */
struct read_unit {
  unsigned pid;
  int64_t pts, dts, clock; /* 90 kHz, unwrapped from the first on; the clock's last time before it */
  char name[24];           /* what its payload says between '<' and '>' */
};

struct reader {
  int64_t clock; /* INT64_MIN: none yet */
  bool clock_goes_back;
  int counters[8192], counter_faults;
  void (*unit)(void *context, const struct read_unit *unit);
  void *context;
};

static int64_t read_near(int64_t shows, int64_t near) {
  const int64_t ahead = ((shows - near) % READ_WRAP + READ_WRAP) % READ_WRAP;
  return near + (ahead >= READ_WRAP / 2 ? ahead - READ_WRAP : ahead);
}

static int64_t read_stamp(const uint8_t *at) {
  return (int64_t)(at[0] >> 1 & 7) << 30 | (int64_t)at[1] << 22 | (int64_t)(at[2] >> 1) << 15 | at[3] << 7 |
         at[4] >> 1;
}

static void read_pes(struct reader *reader, unsigned pid, const uint8_t *at, const uint8_t *end) {
  if (end - at < 19 || at[0] || at[1] || at[2] != 1 || !(at[7] & 0x80)) return;
  struct read_unit unit = {.pid = pid, .clock = reader->clock};
  const int64_t near = reader->clock == INT64_MIN ? 0 : reader->clock;
  unit.pts = read_near(read_stamp(at + 9), near);
  unit.dts = at[7] & 0x40 ? read_near(read_stamp(at + 14), near) : unit.pts;
  at += 9 + at[8];
  while (at < end && *at != '<')
    at++;
  for (size_t i = 0; ++at < end && *at != '>' && i + 1 < sizeof unit.name;)
    unit.name[i++] = (char)*at;
  reader->unit(reader->context, &unit);
}

static void read_packet_of(struct reader *reader, const uint8_t *packet) {
  const unsigned pid = (unsigned)(packet[1] & 0x1f) << 8 | packet[2];
  const bool has_payload = packet[3] & 0x10, has_adaptation = packet[3] & 0x20;
  const uint8_t *payload = packet + 4 + (has_adaptation ? 1 + packet[4] : 0);
  if (has_payload && pid != 0x1fff) {
    int *counter = &reader->counters[pid];
    if (*counter && (*counter & 15) != (packet[3] & 15)) reader->counter_faults++;
    *counter = 16 | ((packet[3] + 1) & 15);
  }
  if (has_adaptation && packet[4] >= 7 && packet[5] & 0x10) {
    const int64_t shows =
        (int64_t)packet[6] << 25 | packet[7] << 17 | packet[8] << 9 | packet[9] << 1 | packet[10] >> 7;
    const int64_t clock = reader->clock == INT64_MIN ? shows : read_near(shows, reader->clock);
    reader->clock_goes_back |= reader->clock != INT64_MIN && clock < reader->clock;
    reader->clock = clock;
  }
  if (has_payload && packet[1] & 0x40) read_pes(reader, pid, payload, packet + READ_TS);
}

/* False: it is no whole MPEG-TS. */
static bool read_output(struct reader *reader, const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t packet[READ_TS];
  bool good = file != NULL;
  reader->clock = INT64_MIN;
  for (size_t size; good && (size = fread(packet, 1, READ_TS, file)) > 0;) {
    good = size == READ_TS && packet[0] == 0x47;
    if (good) read_packet_of(reader, packet);
  }
  if (file) fclose(file);
  return good;
}

#endif
