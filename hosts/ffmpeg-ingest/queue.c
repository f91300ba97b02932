/* queue.c: a bounded queue under one lock. */
#include "queue.h"

#include <stdlib.h>

#include "clock.h"

/* What may wait for a slow output before packets are thrown away. */
#define QUEUE_BYTES (32u << 20)
#define QUEUE_PACKETS 20000u
/* How many pictures a source that was left may send to complete what it has shown. */
#define TAIL_PICTURES 4

void queue_init(struct queue *queue, struct notes *notes) {
  *queue = (struct queue){.notes = notes, .last.priority = -1};
  queue->last_next = &queue->first;
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
  preroll_free(&item->kept);
  tracks_release(item->tracks);
  free(item);
}

static size_t item_bytes(const struct item *item) {
  return (size_t)item->packet->size + preroll_bytes(&item->kept);
}

static struct item *item_new(const struct origin *origin, struct tracks *tracks, const AVPacket *packet) {
  struct item *item = calloc(1, sizeof *item);
  if (!item) return NULL;
  item->packet = av_packet_clone(packet);
  if (!item->packet) {
    free(item);
    return NULL;
  }
  item->origin = *origin;
  item->tracks = tracks_share(tracks);
  return item;
}

/* The first packet of a switch: the moment the failover is over for those who watch. Under the lock. */
static void tell_forwarded(struct queue *queue, const struct origin *origin) {
  const struct origin *last = &queue->last;
  struct note *note = note_new(NOTE_FORWARDED, origin->priority);
  if (!note) return;
  note_backdate(note, origin->arrived);
  note->session = origin->session;
  note->switch_number = origin->switch_number;
  note->from = last->priority;
  if (last->priority >= 0) {
    note->took = origin->arrived > last->arrived ? origin->arrived - last->arrived : 0;
    note->stalled = origin->stalled > last->stalled ? origin->stalled - last->stalled : 0;
  }
  notes_post(queue->notes, note);
}

/* Nothing of its source is missing between the last packet and this one, or it was kept. Switch numbers do not tell: an input
 * that recovers gets a new one, without ever having been cut off, or before another had anything to send. */
static bool goes_on(const struct queue *queue, const struct origin *origin, const struct preroll *preroll) {
  const struct origin *last = &queue->last;
  const bool is_whole = !preroll->cut || preroll->follows;
  return last->session == origin->session && last->opening == origin->opening && is_whole && !queue->lost;
}

static int64_t in_ns(const struct tracks *tracks, const AVPacket *packet, int64_t time) {
  const AVRational ns = {1, (int)NS_PER_S};
  return av_rescale_q(time, tracks->track[packet->stream_index].time_base, ns);
}

static bool is_picture(const struct tracks *tracks, const AVPacket *packet) {
  return track_is_video(&tracks->track[packet->stream_index]) && packet->pts != AV_NOPTS_VALUE;
}

static void see(struct order *order, const struct tracks *tracks, const AVPacket *packet) {
  order_see(order, in_ns(tracks, packet, packet->pts), in_ns(tracks, packet, packet->duration));
}

static bool same_source(const struct origin *a, uint64_t session, uint64_t opening) {
  return a->session == session && a->opening == opening;
}

/* Another source comes: the one before may complete what it has shown, if it has not fallen silent. */
static void change_source(struct queue *queue, const struct origin *origin) {
  const struct origin *last = &queue->last;
  if (same_source(origin, last->session, last->opening)) return;
  queue->tail = (struct tail){.open = !order_is_complete(&queue->order) &&
                                      origin->arrived < queue->picture_at + order_patience(&queue->order),
                              .session = last->session,
                              .opening = last->opening,
                              .order = queue->order,
                              .at = queue->last_next,
                              .since = origin->arrived,
                              .picture_at = queue->picture_at};
  queue->order = (struct order){.known = false};
}

/* Until when what is behind the tail is held back; 0: it is not. */
static uint64_t tail_until(const struct queue *queue) {
  const struct tail *tail = &queue->tail;
  if (!tail->open || tail->at != &queue->first || !queue->first) return 0;
  const uint64_t patience = order_patience(&tail->order);
  const uint64_t next = tail->picture_at + patience, most = tail->since + TAIL_PICTURES * patience;
  return next < most ? next : most;
}

static bool push_tail(struct queue *queue, const struct origin *origin, struct tracks *tracks,
                      const AVPacket *packet) {
  struct tail *tail = &queue->tail;
  if (!tail->open || !same_source(origin, tail->session, tail->opening)) return false;
  const bool wanted = order_lacks(&tail->order, in_ns(tracks, packet, packet->pts));
  if (wanted) see(&tail->order, tracks, packet);
  struct item *item = wanted ? item_new(origin, tracks, packet) : NULL;
  if (item) {
    queue->bytes += item_bytes(item);
    queue->packets++;
    item->next = *tail->at;
    *tail->at = item;
    if (!item->next) queue->last_next = &item->next;
    tail->at = &item->next;
    tail->picture_at = origin->arrived;
  }
  tail->open = item && !order_is_complete(&tail->order);
  pthread_cond_broadcast(&queue->changed);
  return item;
}

/* Under the lock. */
static void enqueue(struct queue *queue, const struct origin *origin, struct tracks *tracks,
                    const struct preroll *preroll, const AVPacket *packet) {
  const bool full = queue->bytes > QUEUE_BYTES || queue->packets >= QUEUE_PACKETS;
  struct item *item = full ? NULL : item_new(origin, tracks, packet);
  if (item) {
    item->begins = !goes_on(queue, origin, preroll);
    if (!queue->lost) item->kept = preroll_share(preroll, item->begins);
    queue->lost = 0;
    queue->bytes += item_bytes(item);
    queue->packets++;
    *queue->last_next = item;
    queue->last_next = &item->next;
  } else if (queue->lost++ == 0) {
    struct note *note = note_new(NOTE_OUTPUT_WARNING, -1);
    note_text(note, "too slow: packets are thrown away until it has caught up");
    notes_post(queue->notes, note);
  }
}

bool queue_push(struct queue *queue, const struct origin *origin, struct tracks *tracks,
                const struct preroll *preroll, const AVPacket *packet) {
  pthread_mutex_lock(&queue->lock);
  const bool is_over = origin->switch_number < queue->last.switch_number;
  if (!is_over && !queue->finish) {
    if (origin->switch_number > queue->last.switch_number) tell_forwarded(queue, origin);
    change_source(queue, origin);
    if (is_picture(tracks, packet)) {
      see(&queue->order, tracks, packet);
      queue->picture_at = origin->arrived;
    }
    enqueue(queue, origin, tracks, preroll, packet);
    queue->last = *origin;
    pthread_cond_broadcast(&queue->changed);
  }
  pthread_mutex_unlock(&queue->lock);
  return !is_over;
}

bool queue_complete(struct queue *queue, const struct origin *origin, struct tracks *tracks,
                    const AVPacket *packet) {
  if (!is_picture(tracks, packet)) return false;
  pthread_mutex_lock(&queue->lock);
  bool taken = false;
  if (!queue->finish && same_source(origin, queue->last.session, queue->last.opening)) {
    taken =
        order_lacks(&queue->order, in_ns(tracks, packet, packet->pts)); /* nobody has come in its place yet */
    if (taken) {
      const struct preroll nothing = {.count = 0};
      see(&queue->order, tracks, packet);
      queue->picture_at = origin->arrived;
      enqueue(queue, &queue->last, tracks, &nothing, packet);
      pthread_cond_broadcast(&queue->changed);
    }
  } else if (!queue->finish) {
    taken = push_tail(queue, origin, tracks, packet);
  }
  pthread_mutex_unlock(&queue->lock);
  return taken;
}

/* Waits for what may be taken; CLOCK_MONOTONIC `until`, 0: no end. Under the lock. */
static bool await(struct queue *queue, uint64_t until) {
  for (;;) {
    uint64_t wake = tail_until(queue);
    if (queue->finish || (queue->first && !wake)) return queue->first;
    if (wake && wake <= monotonic_now()) {
      queue->tail.open = false;
      continue;
    }
    if (until && until <= monotonic_now()) return false;
    if (!wake || (until && until < wake)) wake = until;
    const struct timespec deadline = as_timespec(wake);
    if (wake)
      pthread_cond_timedwait(&queue->changed, &queue->lock, &deadline);
    else
      pthread_cond_wait(&queue->changed, &queue->lock);
  }
}

struct item *queue_take(struct queue *queue, uint64_t until, bool *over) {
  pthread_mutex_lock(&queue->lock);
  struct item *item = await(queue, until) ? queue->first : NULL;
  if (item) {
    if (queue->tail.at == &item->next) queue->tail.at = &queue->first;
    queue->first = item->next;
    if (!queue->first) queue->last_next = &queue->first;
    queue->bytes -= item_bytes(item);
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
