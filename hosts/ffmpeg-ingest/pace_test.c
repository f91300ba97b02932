/* pace_test.c: reading at the speed of the media. Exit 0: as it should be. */
#include "pace.h"

#include "check.h"
#include "clock.h"

#define MS ((int64_t)NS_PER_MS)
#define NOW (100 * NS_PER_S)
#define FRAME (40 * MS)

static uint64_t picture(struct pace *pace, int64_t media) {
  return pace_due(pace, 0, media, FRAME, false, NOW);
}

static void packets_are_due_as_far_apart_as_their_times(void) {
  struct pace pace = {0};
  CHECK(picture(&pace, 5000 * MS) == NOW);
  CHECK(picture(&pace, 5040 * MS) == NOW + 40 * NS_PER_MS);
  CHECK(pace_due(&pace, 1, 4900 * MS, 20 * MS, false, NOW) ==
        NOW - 100 * NS_PER_MS); /* the sound begins earlier */
  CHECK(pace_due(&pace, 1, 4920 * MS, 20 * MS, false, NOW) == NOW - 80 * NS_PER_MS);
  CHECK(picture(&pace, 5080 * MS) == NOW + 80 * NS_PER_MS);
}

static void steps_of_a_clock_are_not_waited_for(void) {
  static const int64_t steps[] = {5000, -5000, 500, -500, 60000, -60000};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    struct pace pace = {0};
    picture(&pace, 100000 * MS);
    pace_due(&pace, 1, 100000 * MS, 20 * MS, false, NOW);
    CHECK(picture(&pace, (100040 + steps[i]) * MS) == NOW + 40 * NS_PER_MS);
    CHECK(pace_due(&pace, 1, 100020 * MS, 20 * MS, false, NOW) ==
          NOW + 20 * NS_PER_MS); /* still on the old clock */
    CHECK(pace_due(&pace, 1, (100040 + steps[i]) * MS, 20 * MS, false, NOW) == NOW + 40 * NS_PER_MS);
    CHECK(picture(&pace, (100080 + steps[i]) * MS) == NOW + 80 * NS_PER_MS);
  }
}

static void gaps_of_a_file_are_meant(void) {
  struct pace pace = {0};
  pace_due(&pace, 0, 0, FRAME, true, NOW);
  CHECK(pace_due(&pace, 0, 5000 * MS, FRAME, true, NOW) == NOW + 5 * NS_PER_S);
  CHECK(pace_due(&pace, 0, 65000 * MS, FRAME, true, NOW) == NOW + 5 * NS_PER_S + 40 * NS_PER_MS);
}

static void few_pictures_are_no_steps(void) {
  struct pace pace = {0};
  for (int64_t i = 0; i < 10; i++)
    CHECK(pace_due(&pace, 0, i * 2000 * MS, 2000 * MS, false, NOW) == NOW + (uint64_t)i * 2 * NS_PER_S);
}

static void a_length_of_hours_is_not_waited_for(void) {
  struct pace pace = {0};
  pace_due(&pace, 0, 0, 3600 * (int64_t)NS_PER_S, false, NOW);
  CHECK(picture(&pace, 3000 * (int64_t)NS_PER_S) <= NOW + 60 * NS_PER_S);
}

static void slides_stand_as_long_as_they_say(void) {
  for (int gaps = 0; gaps < 2; gaps++) {
    struct pace pace = {0};
    for (int64_t i = 0; i < 10; i++)
      CHECK(pace_due(&pace, 0, i * 15000 * MS, 15000 * MS, gaps, NOW) == NOW + (uint64_t)i * 15 * NS_PER_S);
  }
}

int main(void) {
  packets_are_due_as_far_apart_as_their_times();
  steps_of_a_clock_are_not_waited_for();
  gaps_of_a_file_are_meant();
  few_pictures_are_no_steps();
  slides_stand_as_long_as_they_say();
  a_length_of_hours_is_not_waited_for();
  return failures ? 1 : 0;
}
