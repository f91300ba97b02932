#include "chance.h"
#include "harness.h"

/* The streams that there are: the first so many of `any_stream`. */
enum { STREAMS = 3 };

/* Random numbers, of one thread. */
static _Thread_local uint64_t state;

void seed_chance(uint64_t seed) { state = seed; }

uint32_t below(uint32_t limit) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(((state >> 32) * limit) >> 32);
}

bool one_in(uint32_t times) { return below(times) == 0; }

/* Mostly of the streams there are. */
const char *any_stream(void) {
  static const char *const ids[] = {"a", "b", "c", "", "none", "\xff"};
  return ids[one_in(20) ? below(LENGTH(ids)) : below(STREAMS)];
}

int32_t any_number(void) {
  static const int32_t numbers[] = {-1, 7, 256, INT32_MIN, INT32_MAX};
  return one_in(20) ? numbers[below(LENGTH(numbers))] : (int32_t)below(4);
}

uint64_t any_duration(void) {
  static const uint64_t durations[] = {
      0, 1, UINT64_MAX, UINT64_MAX - 1, CHANGEOVER_NEVER, CHANGEOVER_NEVER + 1};
  return one_in(20) ? durations[below(LENGTH(durations))] : (1 + below(30)) * MILLISECOND;
}

const char *any_text(void) {
  static const char *const texts[] = {"", "http://u:p@h/x?key=1", "\xc3", "\x1b[0m\n",
                                      "long long long long long long long long long long long"};
  return texts[below(LENGTH(texts))];
}

changeover_config any_config(bool of_input) {
  changeover_config config;
  OK(changeover_config_init(&config, sizeof config));
  uint64_t *const durations[] = {&config.packet_timeout, &config.connect_timeout,    &config.probe_cooldown,
                                 &config.probe_timeout,  &config.packet_timeout_min, &config.start_grace,
                                 &config.video_timeout,  &config.audio_timeout,      &config.impair_after};
  for (size_t i = 0; i < LENGTH(durations); i++)
    if (one_in(3)) *durations[i] = any_duration();
  uint64_t *const percents[] = {&config.max_loss, &config.min_fps_of_baseline, &config.impair_margin,
                                &config.min_bitrate_of_baseline};
  for (size_t i = 0; i < LENGTH(percents); i++)
    if (one_in(6)) *percents[i] = below(102);
  int32_t *const choices[] = {&config.standby, &config.source, &config.role, &config.silence};
  for (size_t i = 0; i < LENGTH(choices); i++)
    if (one_in(3)) *choices[i] = (int32_t)below(40) % 2;
  if (one_in(3)) config.measure_window = (99 + below(20)) * MILLISECOND;
  if (one_in(5)) config.min_bitrate = below(1000);
  if (of_input && !one_in(60)) return config;
  if (one_in(2)) config.switch_cooldown = any_duration();
  if (one_in(2)) config.failback_stable = any_duration();
  if (one_in(4)) config.damping_period = any_duration();
  if (one_in(4)) config.key_wait = any_duration();
  if (one_in(3)) config.failback = (int32_t)below(2);
  if (one_in(8)) config.overlap = (int32_t)below(2);
  if (one_in(3)) config.commit = (int32_t)below(2);
  return config;
}

atomic_ulong calls_done, calls_refused;

int32_t answers(int32_t result, const char *file, int line) {
  atomic_fetch_add(result == CHANGEOVER_OK ? &calls_done : &calls_refused, 1);
  check(result <= CHANGEOVER_OK && result >= CHANGEOVER_ERR_TOKEN && result != CHANGEOVER_ERR_PANIC &&
            result != CHANGEOVER_ERR_MONITOR_DIED,
        file, line, "%s", changeover_error_name(result));
  return result;
}
