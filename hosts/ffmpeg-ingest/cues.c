/* cues.c: sections, their checksums, and the packets they go out in. */
#include "cues.h"

#include <libavutil/bswap.h>
#include <libavutil/crc.h>
#include <libavutil/intreadwrite.h>
#include <string.h>

#include "number.h"

#define TS_PACKET 188
#define BUFFER (TS_PACKET * 64)
#define PMT_TABLE 0x02
#define CUE_TABLE 0xfc
#define CUE_STREAM_TYPE 0x86
#define COUNTER_SEEN 0x80
#define TIME_MASK ((INT64_C(1) << 33) - 1)

static const uint8_t registration[] = {0x05, 4, 'C', 'U', 'E', 'I'};

static uint32_t checksum(const uint8_t *data, size_t size) {
  return av_crc(av_crc_get_table(AV_CRC_32_IEEE), UINT32_MAX, data, size);
}

static size_t section_size(const uint8_t *section) { return 3 + (AV_RB16(section + 1) & 0xfffu); }

static bool is_section(const uint8_t *section, size_t size, uint8_t table) {
  return size >= 16 && section[0] == table && section_size(section) == size && !checksum(section, size);
}

static void seal(uint8_t *section, size_t size) {
  AV_WB16(section + 1, (AV_RB16(section + 1) & 0xf000) | (unsigned)(size - 3));
  AV_WL32(section + size - 4, checksum(section, size - 4)); /* it comes out in the order of the wire */
}

size_t pmt_with_cues(const uint8_t *pmt, size_t size, const int *pids, int count, uint8_t out[SECTION_MAX]) {
  if (!is_section(pmt, size, PMT_TABLE) || size + sizeof registration > 1024) return 0;
  const size_t head = 12, info = AV_RB16(pmt + 10) & 0xfffu;
  if (head + info + 4 > size) return 0;
  memcpy(out, pmt, head);
  memcpy(out + head, registration, sizeof registration);
  memcpy(out + head + sizeof registration, pmt + head, size - head);
  AV_WB16(out + 10, 0xf000 | (unsigned)(info + sizeof registration));
  size += sizeof registration;
  for (size_t at = head + info + sizeof registration; at + 5 <= size - 4;
       at += 5 + (AV_RB16(out + at + 3) & 0xfffu)) {
    for (int i = 0; i < count; i++) {
      if ((AV_RB16(out + at + 1) & 0x1fff) == pids[i]) out[at] = CUE_STREAM_TYPE;
    }
  }
  seal(out, size);
  return size;
}

bool cue_move(uint8_t *section, size_t size, int64_t moved) {
  if (!is_section(section, size, CUE_TABLE)) return false;
  const int64_t adjustment = (int64_t)(section[4] & 1) << 32 | AV_RB32(section + 5);
  const int64_t new_adjustment = (adjustment + moved) & TIME_MASK;
  section[4] = (uint8_t)((section[4] & 0xfe) | new_adjustment >> 32);
  AV_WB32(section + 5, (uint32_t)new_adjustment);
  seal(section, size);
  return true;
}

static void write_section(AVIOContext *target, int pid, uint8_t *counter, const uint8_t *section,
                          size_t size) {
  bool begins = true;
  while (size > 0) {
    uint8_t packet[TS_PACKET];
    memset(packet, 0xff, sizeof packet);
    *counter = (*counter + 1) & 15;
    packet[0] = 0x47;
    AV_WB16(packet + 1, (begins ? 0x4000 : 0) | pid);
    packet[3] = 0x10 | *counter;
    const size_t head = begins ? 5 : 4;
    if (begins) packet[4] = 0;
    const size_t part = size < TS_PACKET - head ? size : TS_PACKET - head;
    memcpy(packet + head, section, part);
    avio_write(target, packet, TS_PACKET);
    section += part;
    size -= part;
    begins = false;
  }
}

int cues_write(struct cues *cues, int pid, const uint8_t *section, size_t size, int64_t moved) {
  uint8_t copy[SECTION_MAX];
  if (size < 3 || size > sizeof copy) return AVERROR_INVALIDDATA;
  size = section_size(section) < size ? section_size(section) : size; /* stuffing may follow */
  memcpy(copy, section, size);
  if (!cue_move(copy, size, moved)) return AVERROR_INVALIDDATA;
  for (int i = 0; i < cues->count; i++) {
    if (cues->pids[i] == pid) write_section(cues->target, pid, &cues->counter[i], copy, size);
  }
  avio_flush(cues->target);
  return cues->target->error;
}

/* A packet of the muxer's program table; it goes out when the table is whole. */
static void take_table(struct cues *cues, const uint8_t *packet) {
  size_t at = 4;
  if (packet[3] & 0x20) at += 1u + packet[4];
  if (packet[1] & 0x40 && at < TS_PACKET) {
    at += 1u + packet[at];
    cues->have = cues->want = 0;
    if (at + 3 <= TS_PACKET) cues->want = section_size(packet + at);
  }
  if (at >= TS_PACKET || cues->have >= cues->want) return;
  size_t part = TS_PACKET - at;
  if (part > cues->want - cues->have) part = cues->want - cues->have;
  if (cues->have + part > sizeof cues->section) return;
  memcpy(cues->section + cues->have, packet + at, part);
  cues->have += part;
  if (cues->have < cues->want) return;
  uint8_t table[SECTION_MAX];
  const size_t size = pmt_with_cues(cues->section, cues->want, cues->pids, cues->count, table);
  write_section(cues->target, cues->pmt_pid, &cues->pmt_counter, size ? table : cues->section,
                size ? size : cues->want);
}

/* Of the last packet on this PID; 15 before the first one, whose counter is 0. */
static unsigned last_counter(const struct cues *cues, int pid) {
  for (int i = 0; i < cues->count; i++) {
    if (cues->pids[i] == pid) return cues->counter[i];
  }
  return cues->seen[pid] ? cues->seen[pid] & 15 : 15;
}

int cues_write_number(struct cues *cues, int pid, uint64_t number) {
  uint8_t packet[NUMBER_PACKET];
  number_packet(packet, pid, last_counter(cues, pid), number);
  avio_write(cues->target, packet, sizeof packet);
  return cues->target->error;
}

static void take_packet(struct cues *cues, const uint8_t *packet) {
  const int pid = AV_RB16(packet + 1) & 0x1fff;
  const bool table = pid == cues->pmt_pid;
  cues->seen[pid] = COUNTER_SEEN | (packet[3] & 15);
  if (table && cues->count) {
    take_table(cues, packet);
  } else {
    avio_write(cues->target, packet, TS_PACKET);
    if (table) cues->pmt_counter = packet[3] & 15;
  }
}

#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int take(void *opaque, const uint8_t *data, int size) {
#else
static int take(void *opaque, uint8_t *data, int size) {
#endif
  struct cues *cues = opaque;
  for (int at = 0; at + TS_PACKET <= size;
       at += TS_PACKET) /* the muxer writes whole packets, the buffer holds whole ones */
    take_packet(cues, data + at);
  avio_flush(cues->target);
  return cues->target->error < 0 ? cues->target->error : size;
}

int cues_open(struct cues *cues, AVIOContext *target) {
  cues->target = target;
  if (cues->io) {
    cues->io->error = 0;
    return 0;
  }
  uint8_t *buffer = av_malloc(BUFFER);
  cues->io = buffer ? avio_alloc_context(buffer, BUFFER, 1, cues, NULL, take, NULL) : NULL;
  if (cues->io) return 0;
  av_free(buffer);
  return AVERROR(ENOMEM);
}

void cues_close(struct cues *cues) {
  if (cues->io) av_freep(&cues->io->buffer);
  avio_context_free(&cues->io);
}

void cues_announce(struct cues *cues, int pmt_pid, const int *pids, int count) {
  uint8_t counter[CUES_MAX] = {0};
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < cues->count; k++) {
      if (cues->pids[k] == pids[i]) counter[i] = cues->counter[k];
    }
  }
  cues->pmt_pid = pmt_pid;
  cues->count = count;
  memcpy(cues->pids, pids, (size_t)count * sizeof *pids);
  memcpy(cues->counter, counter, sizeof counter);
}
