/* number.h: the switch number in an MPEG-TS, where a receiver finds it: as private data in the adaptation field of a packet that
 * has nothing else. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdint.h>

#define NUMBER_PACKET 188

/* `counter` is the continuity counter of the last packet on this PID: one without payload has the same. The private data are a field
 * of the form that ETSI TS 101 154, D.2, gives them: tag 0xdf, length 12, "CHGO", and the number, 8 bytes, the high ones
 * first. */
void number_packet(uint8_t packet[NUMBER_PACKET], int pid, unsigned counter, uint64_t number);

#endif
