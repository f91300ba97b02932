/* queue.h: packets on their way from the ingest threads to the output's thread, and who of the inputs may push. */
#ifndef QUEUE_H
#define QUEUE_H

#include <libavcodec/packet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "notes.h"
#include "order.h"
#include "preroll.h"
#include "tracks.h"

/* Where a packet comes from. */
struct origin {
  uint64_t switch_number; /* the engine's verdict */
  uint64_t session, opening;
  int32_t priority;
  uint64_t arrived; /* CLOCK_MONOTONIC, ns */
  /* How far the engine's clock was behind it: the engine takes out what the machine slept through. */
  uint64_t stalled;
};

struct item {
  struct item *next;
  struct origin origin;
  struct tracks *tracks;
  AVPacket *packet;
  bool begins;         /* it does not follow the item before: another source, or the same after a break */
  struct preroll kept; /* what its source delivered before it */
};

struct queue {
  struct notes *notes;
  pthread_mutex_t lock; /* guards all below; `changed` tells of packets and of the end */
  pthread_cond_t changed;
  struct item *first, **last_next;
  size_t bytes, packets;
  bool finish, finished;
  uint64_t lost;       /* thrown away because the queue was full */
  struct order order;  /* of the pictures of the last source */
  uint64_t picture_at; /* when its last one came */
  struct tail { /* of the source before: pictures that are shown before its last one, and come after it */
    bool open;  /* some are missing: they have a moment to come, and nothing behind `at` is taken */
    uint64_t session, opening;
    struct order order;
    struct item **at; /* where they belong */
    uint64_t since, picture_at;
  } tail;
  struct origin
      last; /* of the last packet pushed; its switch number is the largest seen: smaller ones are over */
};

void queue_init(struct queue *queue, struct notes *notes);
void queue_free(struct queue *queue);

/* Any thread. See output_push. */
bool queue_push(struct queue *queue, const struct origin *origin, struct tracks *tracks,
                const struct preroll *preroll, const AVPacket *packet);

/* Any thread. See output_complete. */
bool queue_complete(struct queue *queue, const struct origin *origin, struct tracks *tracks,
                    const AVPacket *packet);

/* The output's thread: the next item, to be freed with item_free. Waits until there is one or CLOCK_MONOTONIC `until` (0: no
 * end) has come; NULL: it has, or (`*over`) all is written. */
struct item *queue_take(struct queue *queue, uint64_t until, bool *over);
void item_free(struct item *item);
/* The output's thread is done. */
void queue_finished(struct queue *queue);

/* Asks the output's thread to come to an end, and waits for it; false: not by CLOCK_MONOTONIC `until`. */
bool queue_finish(struct queue *queue, uint64_t until);

#endif
