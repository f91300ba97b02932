/* cues.h: SCTE-35 cues in an MPEG-TS, which libavformat reads but does not write, and switch numbers. Between the muxer and its
 * target, the program table is completed, and packets of ours are put between the muxer's. */
#ifndef CUES_H
#define CUES_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUES_MAX 4
#define SECTION_MAX 4096

struct cues {
  AVIOContext *io;     /* for the muxer to write to */
  AVIOContext *target; /* where it goes; not owned */
  int pmt_pid, pids[CUES_MAX], count;
  uint8_t counter[CUES_MAX], pmt_counter; /* continuity: of the last packet on these PIDs */
  uint8_t section[SECTION_MAX];           /* the muxer's program table, as far as it is there */
  size_t have, want;
  /* By PID, of the muxer's packets: 0: none yet, else COUNTER_SEEN and the continuity counter of the last one. */
  uint8_t seen[0x2000];
};

/* Makes cues->io; 0 or a negative AVERROR. */
int cues_open(struct cues *cues, AVIOContext *target);
void cues_close(struct cues *cues);
/* The program from here on: cues on these PIDs. */
void cues_announce(struct cues *cues, int pmt_pid, const int *pids, int count);
/* Writes a splice_info_section that the source meant for its own clock; the output's is `moved` ticks ahead of that. A negative
 * AVERROR: that is no such section, or the target's error. */
int cues_write(struct cues *cues, int pid, const uint8_t *section, size_t size, int64_t moved);

/* Writes the switch number on this PID: see number.h. A negative AVERROR: the target's error. */
int cues_write_number(struct cues *cues, int pid, uint64_t number);

/* For these, and their test. Adds the registration "CUEI" and makes the streams with these PIDs what cues are; returns the
 * new size, 0: that is no program table, or no room. */
size_t pmt_with_cues(const uint8_t *pmt, size_t size, const int *pids, int count, uint8_t out[SECTION_MAX]);
/* Moves the times of a cue, which must be whole. */
bool cue_move(uint8_t *section, size_t size, int64_t moved);

#endif
