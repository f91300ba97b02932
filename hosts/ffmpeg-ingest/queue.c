/* queue.c: a bounded queue under one lock. */
#include "queue.h"

#include <stdlib.h>

#include "clock.h"

/* What may wait for a slow output before packets are thrown away. */
#define QUEUE_BYTES (32u << 20)
#define QUEUE_PACKETS 20000u

void queue_init(struct queue *queue, struct notes *notes) {
  *queue = (struct queue){.notes = notes, .on_air = -1};
  queue->last = &queue->first;
  pthread_mutex_init(&queue->lock, NULL);
  monotonic_cond_init(&queue->changed);
}

void queue_free(struct queue *queue) {
  while (queue->first) {
    struct item *next = queue->first->next;
    item_free(queue->first);
    queue->first = next;
  }
  pthread_cond_destroy(&queue->changed);
  pthread_mutex_destroy(&queue->lock);
}

void item_free(struct item *item) {
  av_packet_free(&item->packet);
  tracks_release(item->tracks);
  free(item);
}

static struct item *item_new(const struct origin *origin, struct tracks *tracks, AVPacket *packet) {
  struct item *item = calloc(1, sizeof *item);
  if (!item) return NULL;
  item->packet = av_packet_alloc();
  if (!item->packet) {
    free(item);
    return NULL;
  }
  av_packet_move_ref(item->packet, packet);
  item->origin = *origin;
  item->tracks = tracks_share(tracks);
  return item;
}

/* The first packet of a switch: the moment the failover is over for those who watch. Under the lock. */
static void tell_forwarded(struct queue *queue, const struct origin *origin) {
  struct note *note = note_new(NOTE_FORWARDED, origin->priority);
  if (!note) return;
  note_backdate(note, origin->arrived);
  note->session = origin->session;
  note->switch_number = origin->switch_number;
  note->from = queue->on_air;
  if (queue->on_air >= 0) {
    note->took = origin->arrived > queue->forwarded ? origin->arrived - queue->forwarded : 0;
    note->stalled = origin->stalled > queue->stalled ? origin->stalled - queue->stalled : 0;
  }
  notes_post(queue->notes, note);
}

/* Under the lock. */
static void enqueue(struct queue *queue, const struct origin *origin, uint64_t arrived, struct tracks *tracks,
                    AVPacket *packet) {
  const bool full = queue->bytes > QUEUE_BYTES || queue->packets >= QUEUE_PACKETS;
  struct item *item = full ? NULL : item_new(origin, tracks, packet);
  if (item) {
    item->origin.arrived = arrived;
    item->released = origin->arrived;
    item->after_loss = queue->lost > 0;
    queue->lost = 0;
    queue->bytes += (size_t)item->packet->size;
    queue->packets++;
    *queue->last = item;
    queue->last = &item->next;
  } else if (queue->lost++ == 0) {
    struct note *note = note_new(NOTE_OUTPUT_WARNING, -1);
    note_text(note, "too slow: packets are thrown away until it has caught up");
    notes_post(queue->notes, note);
  }
}

void queue_push(struct queue *queue, const struct origin *origin, struct tracks *tracks,
                struct preroll *preroll, AVPacket *packet) {
  pthread_mutex_lock(&queue->lock);
  if (origin->switch_number >= queue->switch_number && !queue->finish) {
    if (origin->switch_number > queue->switch_number) {
      tell_forwarded(queue, origin);
      const bool in_pause = preroll->count && preroll->packets[0].arrived > queue->forwarded;
      for (size_t i = 0; in_pause && i < preroll->count; i++) {
        enqueue(queue, origin, preroll->packets[i].arrived, tracks, preroll->packets[i].packet);
      }
    }
    queue->switch_number = origin->switch_number;
    queue->on_air = origin->priority;
    queue->forwarded = origin->arrived;
    queue->stalled = origin->stalled;
    enqueue(queue, origin, origin->arrived, tracks, packet);
    pthread_cond_broadcast(&queue->changed);
  }
  pthread_mutex_unlock(&queue->lock);
}

struct item *queue_take(struct queue *queue, uint64_t until, bool *over) {
  const struct timespec deadline = as_timespec(until);
  pthread_mutex_lock(&queue->lock);
  while (!queue->first && !queue->finish) {
    if (!until) {
      pthread_cond_wait(&queue->changed, &queue->lock);
    } else if (pthread_cond_timedwait(&queue->changed, &queue->lock, &deadline)) {
      break;
    }
  }
  struct item *item = queue->first;
  if (item) {
    queue->first = item->next;
    if (!queue->first) queue->last = &queue->first;
    queue->bytes -= (size_t)item->packet->size;
    queue->packets--;
  }
  *over = !item && queue->finish;
  pthread_mutex_unlock(&queue->lock);
  return item;
}

void queue_finished(struct queue *queue) {
  pthread_mutex_lock(&queue->lock);
  queue->finished = true;
  pthread_cond_broadcast(&queue->changed);
  pthread_mutex_unlock(&queue->lock);
}

bool queue_finish(struct queue *queue, uint64_t until) {
  const struct timespec deadline = as_timespec(until);
  pthread_mutex_lock(&queue->lock);
  queue->finish = true;
  pthread_cond_broadcast(&queue->changed);
  while (!queue->finished && !pthread_cond_timedwait(&queue->changed, &queue->lock, &deadline))
    continue;
  const bool finished = queue->finished;
  pthread_mutex_unlock(&queue->lock);
  return finished;
}
