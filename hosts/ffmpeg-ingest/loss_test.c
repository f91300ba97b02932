/* loss_test.c: what is missing is counted, however it is cut. Exit 0: all as it should be. */
#include "loss.h"

#include <string.h>

#include "check.h"
#include "clock.h"

#define PACKETS 200

/* Packets of one PID, some left out by whoever asks. */
static size_t make_stream(uint8_t *stream, bool (*is_lost)(int packet)) {
  size_t size = 0;
  for (int i = 0; i < PACKETS; i++) {
    if (is_lost(i)) continue;
    memset(stream + size, 0xff, TS_PACKET);
    const uint8_t head[] = {0x47, 0x01, 0x00, (uint8_t)(0x10 | (i & 15))};
    memcpy(stream + size, head, sizeof head);
    size += TS_PACKET;
  }
  return size;
}

static bool none(int packet) { return packet < 0; }
static bool every_tenth(int packet) { return packet % 10 == 5; }

static void see_in_pieces(struct loss *loss, const uint8_t *data, size_t size, size_t piece) {
  for (size_t at = 0; at < size; at += piece)
    loss_see(loss, data + at, size - at < piece ? size - at : piece);
}

static void packets_are_counted_however_they_are_cut(void) {
  static uint8_t stream[PACKETS * TS_PACKET];
  static struct loss loss;
  const size_t pieces[] = {1, 7, TS_PACKET - 1, TS_PACKET, TS_PACKET + 1, 7 * TS_PACKET, 4096, sizeof stream};
  const size_t whole = make_stream(stream, none);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    loss_init(&loss);
    see_in_pieces(&loss, stream, whole, pieces[i]);
    CHECK(loss.transported == PACKETS && loss.lost == 0);
  }
  const size_t holed = make_stream(stream, every_tenth);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    loss_init(&loss);
    see_in_pieces(&loss, stream, holed, pieces[i]);
    CHECK(loss.transported == PACKETS * 9 / 10 && loss.lost == PACKETS / 10);
  }
}

static void it_finds_its_step_again(void) {
  static uint8_t stream[50 + PACKETS * TS_PACKET];
  static struct loss loss;
  memset(stream, 0x47, 50); /* they look like beginnings */
  const size_t size = 50 + make_stream(stream + 50, none);
  loss_init(&loss);
  loss.in_step = false;
  loss_see(&loss, stream, size);
  CHECK(loss.transported >= PACKETS - 1 && loss.lost == 0);
}

static void what_is_no_mpegts_loses_nothing(void) {
  static uint8_t text[10000];
  static struct loss loss;
  memset(text, 'G', sizeof text); /* 'G' is 0x47 */
  for (size_t i = 0; i < sizeof text; i += 100)
    text[i] = 'x';
  loss_init(&loss);
  loss_see(&loss, text, sizeof text);
  CHECK(loss.transported == 0 || loss.lost == 0);
  CHECK(loss_beside(&loss, 100) == 0);
}

/* Twenty packets of MPEG-TS make a picture; one of ten is lost, so one picture in ten counts as lost. */
static void losses_are_told_in_packets_of_the_demuxer(void) {
  static struct loss loss;
  loss_init(&loss);
  loss.read = (int (*)(void *, uint8_t *, int))1; /* as if it were read here */
  uint64_t lost = 0;
  for (int picture = 0; picture < 5000; picture++) {
    loss.transported += 18;
    loss.lost += 2;
    lost += loss_beside(&loss, 18 * TS_PACKET);
  }
  CHECK(lost >= 5000 / 9 - 3 && lost <= 5000 / 9 + 3); /* of lost and delivered together a tenth */
}

static void hear(const char *format, ...) {
  va_list args;
  va_start(args, format);
  loss_hear(format, args);
  va_end(args);
}

static void rtp_is_told_by_libavformat(void) {
  static struct loss loss;
  loss_init(&loss);
  hear("RTP: missed %d packets\n", 3); /* of nobody's */
  loss_reading(&loss);
  hear("RTP: missed %d packets\n", 3);
  hear("something else %d\n", 3);
  loss_reading(NULL);
  CHECK(loss.lost == 3);
  CHECK(loss_beside(&loss, 3 * 1316) == 1); /* a packet of the demuxer's is three of RTP */
}

static void numbers_that_begin_anew_are_noticed(void) {
  static struct loss loss;
  loss_init(&loss);
  loss_reading(&loss);
  for (int i = 0; i < 49; i++)
    hear("RTP: dropping old packet received too late\n");
  const uint64_t soon = monotonic_now(), later = soon + 2 * NS_PER_S;
  CHECK(!loss_by_old_numbers(later)); /* a few are late */
  hear("RTP: dropping old packet received too late\n");
  CHECK(!loss_by_old_numbers(soon)); /* many at once */
  CHECK(loss_by_old_numbers(later));
  loss_beside(&loss, 1316);
  CHECK(!loss_by_old_numbers(later)); /* others were not */
  loss_reading(NULL);
  CHECK(!loss_by_old_numbers(later));
}

int main(void) {
  numbers_that_begin_anew_are_noticed();
  packets_are_counted_however_they_are_cut();
  it_finds_its_step_again();
  what_is_no_mpegts_loses_nothing();
  losses_are_told_in_packets_of_the_demuxer();
  rtp_is_told_by_libavformat();
  return failures ? 1 : 0;
}
