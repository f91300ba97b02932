/* loss.c: counting what is missing, in packets as the demuxer makes them. */
#include "loss.h"

#include <string.h>

#include "clock.h"

#define SYNC 0x47
/* What an RTP packet carries, more or less: its size is not told. */
#define RTP_PAYLOAD 1316
/* So many delivered packets are remembered, half of them for as long again. */
#define LATELY 1000
/* Nothing but old packets, so many and for so long: it is no network that doubles them or delays some. */
#define OLD_MAX 50
#define OLD_FOR NS_PER_S

static _Thread_local struct loss *reading;

void loss_init(struct loss *loss) {
  *loss = (struct loss){.in_step = true};
  changeover_ts_loss_init(&loss->counters, sizeof loss->counters);
}

static int read_and_look(void *opaque, uint8_t *data, int size) {
  const int got = reading->read(opaque, data, size);
  if (got > 0) loss_see(reading, data, (size_t)got);
  return got;
}

void loss_watch(struct loss *loss, AVIOContext *io) {
  if (!io->read_packet || loss->read) return;
  loss->read = io->read_packet;
  io->read_packet = read_and_look;
}

void loss_reading(struct loss *loss) { reading = loss; }

void loss_hear(const char *format, va_list args) {
  if (!reading || strncmp(format, "RTP: ", 5) != 0) return;
  if (!strcmp(format, "RTP: dropping old packet received too late\n") && !reading->old++)
    reading->old_since = monotonic_now();
  if (strcmp(format, "RTP: missed %d packets\n") != 0) return;
  va_list copy;
  va_copy(copy, args);
  const int missed = va_arg(copy, int);
  va_end(copy);
  if (missed > 0) reading->lost += (uint64_t)missed;
}

bool loss_by_old_numbers(uint64_t now) {
  return reading && reading->old >= OLD_MAX && now > reading->old_since + OLD_FOR;
}

/* ---- MPEG-TS ---- */

static void count(struct loss *loss, const uint8_t *packets, size_t size) {
  uint64_t lost = 0;
  if (changeover_ts_lost(&loss->counters, packets, size, &lost) != CHANGEOVER_OK) return;
  loss->transported += size / TS_PACKET;
  loss->lost += lost;
}

/* Bytes of whole packets from here on. */
static size_t whole_packets(const uint8_t *data, size_t size) {
  size_t whole = 0;
  while (size - whole >= TS_PACKET && data[whole] == SYNC)
    whole += TS_PACKET;
  return whole;
}

/* Bytes to where a packet begins: another one follows it. */
static size_t to_next_packet(const uint8_t *data, size_t size) {
  size_t at = 1;
  while (at < size && !(data[at] == SYNC && at + TS_PACKET < size && data[at + TS_PACKET] == SYNC))
    at++;
  return at;
}

void loss_see(struct loss *loss, const uint8_t *data, size_t size) {
  if (loss->torn_size) {
    const size_t missing = TS_PACKET - loss->torn_size, more = size < missing ? size : missing;
    memcpy(loss->torn + loss->torn_size, data, more);
    loss->torn_size += more;
    data += more;
    size -= more;
    if (loss->torn_size < TS_PACKET) return;
    count(loss, loss->torn, TS_PACKET);
    loss->torn_size = 0;
  }
  while (size) {
    const size_t whole = whole_packets(data, size);
    if (whole) count(loss, data, whole);
    loss->in_step |= whole > 0;
    data += whole;
    size -= whole;
    if (!size) return;
    if (loss->in_step && *data == SYNC) { /* its end comes with the next piece */
      memcpy(loss->torn, data, size);
      loss->torn_size = size;
      return;
    }
    loss->in_step = false;
    const size_t skipped = to_next_packet(data, size);
    data += skipped;
    size -= skipped;
  }
}

/* ---- in packets of the demuxer ---- */

uint64_t loss_beside(struct loss *loss, int size) {
  loss->delivered++;
  loss->old = 0;
  if (!loss->read) loss->transported += (uint64_t)(size + RTP_PAYLOAD - 1) / RTP_PAYLOAD;
  if (loss->lost && loss->transported) {
    loss->owed += loss->lost * loss->delivered * 1000 / loss->transported;
    loss->lost = 0;
  }
  if (loss->delivered >= LATELY) {
    loss->delivered /= 2;
    loss->transported /= 2;
  }
  const uint64_t lost = loss->owed / 1000;
  loss->owed %= 1000;
  return lost;
}
