/* detect.c: the ring, the thread, and what it tells. */
#include "detect.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "clock.h"

#define RING 128u
#define TELL_EVERY (60 * NS_PER_S)
/* The picture is the first track, the first sound the next. */
#define JUDGES 2
/* Behind all that matters more. */
#define NICENESS 10

struct seen {
  struct tracks *tracks;
  AVPacket *packet;
  uint64_t arrived;
};

struct detector {
  struct detector_config config;
  pthread_t thread;
  sem_t waiting;
  atomic_bool stop;
  /* One thread pushes, one takes: `pushed` and `taken` only grow, and each is written by one of them. */
  struct seen ring[RING];
  atomic_uint pushed, taken;
  atomic_ullong dropped;
  bool torn; /* the session's: a picture was dropped, the next ones belong to it */
  /* The thread's own. */
  struct tracks *tracks; /* of these judges */
  struct judge *judges[JUDGES];
  conditions told, told_not; /* to the engine */
  uint64_t began, told_cost;
  unsigned long long pictures, sounds;
};

/* ---- the session's side ---- */

static int first_sound(const struct tracks *tracks) { return tracks_have_video(tracks) ? 1 : 0; }

static bool is_wanted(struct detector *detector, const struct tracks *tracks, const AVPacket *packet,
                      uint32_t flags) {
  const conditions wanted = detector->config.judge.wanted;
  if (flags & CHANGEOVER_VIDEO) {
    if (flags & CHANGEOVER_KEY) detector->torn = false;
    return wanted & CONDITIONS_OF_PICTURES &&
           (detector->config.judge.every ? !detector->torn : (flags & CHANGEOVER_KEY) != 0);
  }
  return wanted & CONDITION(SILENT) && flags & CHANGEOVER_AUDIO &&
         packet->stream_index == first_sound(tracks);
}

void detector_see(struct detector *detector, struct tracks *tracks, const AVPacket *packet, uint32_t flags,
                  uint64_t arrived) {
  if (!is_wanted(detector, tracks, packet, flags)) return;
  const unsigned pushed = atomic_load_explicit(&detector->pushed, memory_order_relaxed);
  const bool full = pushed - atomic_load_explicit(&detector->taken, memory_order_acquire) == RING;
  AVPacket *copy = full ? NULL : av_packet_clone(packet);
  if (!copy) {
    atomic_fetch_add_explicit(&detector->dropped, 1, memory_order_relaxed);
    detector->torn |= (flags & CHANGEOVER_VIDEO) != 0;
    return;
  }
  detector->ring[pushed % RING] = (struct seen){tracks_share(tracks), copy, arrived};
  atomic_store_explicit(&detector->pushed, pushed + 1, memory_order_release);
  sem_post(&detector->waiting);
}

/* ---- the detector's side ---- */

static bool take(struct detector *detector, struct seen *seen) {
  const unsigned taken = atomic_load_explicit(&detector->taken, memory_order_relaxed);
  if (taken == atomic_load_explicit(&detector->pushed, memory_order_acquire)) return false;
  *seen = detector->ring[taken % RING];
  atomic_store_explicit(&detector->taken, taken + 1, memory_order_release);
  return true;
}

static void seen_free(struct seen *seen) {
  tracks_release(seen->tracks);
  av_packet_free(&seen->packet);
}

static void dismiss_judges(struct detector *detector) {
  for (int i = 0; i < JUDGES; i++) {
    judge_free(detector->judges[i]);
    detector->judges[i] = NULL;
  }
  tracks_release(detector->tracks);
  detector->tracks = NULL;
}

static void call_judges(struct detector *detector, struct tracks *tracks) {
  if (detector->tracks == tracks) return;
  dismiss_judges(detector);
  detector->tracks = tracks_share(tracks);
  for (int i = 0; i <= first_sound(tracks) && i < tracks->count; i++)
    detector->judges[i] = judge_new(&detector->config.judge, &tracks->track[i]);
}

static const char *words(int condition) {
  switch (condition) {
    case CHANGEOVER_CONDITION_BLACK: return "nothing but black";
    case CHANGEOVER_CONDITION_FROZEN: return "always the same picture";
    default: return "nothing to be heard";
  }
}

static void tell(struct detector *detector, int condition, bool holds) {
  const struct detector_config *config = &detector->config;
  char text[100] = "";
  if (holds)
    snprintf(text, sizeof text, "%s for %.1f s", words(condition), (double)config->judge.after / 1e9);
  changeover_set_condition(config->engine, config->stream, strlen(config->stream), config->priority,
                           config->session, condition, holds, text, strlen(text));
}

/* What is known by now and was not told: also that all is well, once in each session. */
static void tell_news(struct detector *detector) {
  conditions holding = 0, not_holding = 0;
  for (int i = 0; i < JUDGES; i++) {
    if (!detector->judges[i]) continue;
    holding |= judge_holding(detector->judges[i]);
    not_holding |= judge_not_holding(detector->judges[i]);
  }
  for (int condition = 0; condition < CONDITIONS_MAX; condition++) {
    const conditions one = 1u << condition;
    if (holding & one & ~detector->told) {
      tell(detector, condition, true);
      detector->told |= one;
      detector->told_not &= ~one;
    } else if (not_holding & one & ~detector->told_not) {
      tell(detector, condition, false);
      detector->told_not |= one;
      detector->told &= ~one;
    }
  }
}

static void tell_cost(struct detector *detector) {
  struct timespec spent;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  const uint64_t cpu = (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
  struct note *note = note_new(NOTE_DETECTOR, detector->config.priority);
  if (!note) return;
  note->session = detector->config.session;
  note->took = cpu;
  note->lost = atomic_load_explicit(&detector->dropped, memory_order_relaxed);
  const uint64_t lived = note->at - detector->began;
  note_text(note, "%llu pictures and %llu pieces of sound took %.2f %% of a core", detector->pictures,
            detector->sounds, lived ? 100.0 * (double)cpu / (double)lived : 0.0);
  notes_post(detector->config.notes, note);
  detector->told_cost = monotonic_now();
}

static void look(struct detector *detector, const struct seen *seen) {
  call_judges(detector, seen->tracks);
  const int track = seen->packet->stream_index; /* is_wanted: one of the two */
  if (!detector->judges[track]) return;
  const int frames = judge_look(detector->judges[track], seen->packet, seen->arrived);
  if (track_is_video(&seen->tracks->track[track]))
    detector->pictures += (unsigned)frames;
  else
    detector->sounds += (unsigned)frames;
  tell_news(detector);
  if (monotonic_now() - detector->told_cost >= TELL_EVERY) tell_cost(detector);
}

static void *detector_main(void *argument) {
  struct detector *detector = argument;
  struct seen seen;
  setpriority(PRIO_PROCESS, 0, NICENESS); /* of this thread alone, on Linux */
  for (;;) {
    sem_wait(&detector->waiting); /* a signal is no reason to end */
    if (atomic_load(&detector->stop)) break;
    if (!take(detector, &seen)) continue;
    look(detector, &seen);
    seen_free(&seen);
  }
  tell_cost(detector);
  dismiss_judges(detector);
  while (take(detector, &seen))
    seen_free(&seen);
  return NULL;
}

struct detector *detector_start(const struct detector_config *config) {
  struct detector *detector = config->judge.wanted ? calloc(1, sizeof *detector) : NULL;
  if (!detector) return NULL;
  detector->config = *config;
  detector->began = detector->told_cost = monotonic_now();
  sem_init(&detector->waiting, 0, 0);
  if (!pthread_create(&detector->thread, NULL, detector_main, detector)) return detector;
  sem_destroy(&detector->waiting);
  free(detector);
  return NULL;
}

void detector_stop(struct detector *detector) {
  if (!detector) return;
  atomic_store(&detector->stop, true);
  sem_post(&detector->waiting);
  pthread_join(detector->thread, NULL);
  sem_destroy(&detector->waiting);
  free(detector);
}
