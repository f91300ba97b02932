/* number.c: a packet of MPEG-TS that carries a switch number. */
#include "number.h"

#include <libavutil/intreadwrite.h>
#include <string.h>

void number_packet(uint8_t packet[NUMBER_PACKET], int pid, unsigned counter, uint64_t number) {
  enum { HEADER = 4, PRIVATE = 0x02, ADAPTATION_ONLY = 0x20, FIELD_TAG = 0xdf };
  static const uint8_t ours[] = {'C', 'H', 'G', 'O'};
  const uint8_t field = sizeof ours + sizeof number;
  memset(packet, 0xff, NUMBER_PACKET);
  packet[0] = 0x47;
  AV_WB16(packet + 1, (unsigned)pid & 0x1fff);
  packet[3] = (uint8_t)(ADAPTATION_ONLY | (counter & 15));
  packet[4] = NUMBER_PACKET - HEADER - 1;
  packet[5] = PRIVATE;
  packet[6] = 2 + field;
  packet[7] = FIELD_TAG;
  packet[8] = field;
  memcpy(packet + 9, ours, sizeof ours);
  AV_WB64(packet + 9 + sizeof ours, number);
}
