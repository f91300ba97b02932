/* Whoever looks at an engine besides its host, at random: servers and those who ask them, sites, taps, traces. */
#ifndef ONLOOKERS_H
#define ONLOOKERS_H

#include <changeover.h>

/* Any thread, also in callbacks. Traces go to this directory. */
void look_on(changeover_engine *engine, const char *directory);

/* A thread's own tap, and what it takes events into. Zeroed, there is none. */
struct follower {
  changeover_tap *tap;
  changeover_event event;
  uint64_t last;
};
void follow(struct follower *follower, changeover_engine *engine);
void stop_following(struct follower *follower);

/* The servers and sites that were left, before the engine is freed or after. */
void end_onlookers(void);

#endif
