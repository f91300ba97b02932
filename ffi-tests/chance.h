/* Random arguments for C calls: mostly good ones, now and then hostile ones. */
#ifndef CHANCE_H
#define CHANCE_H

#include <changeover.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Each thread has random numbers of its own, and seeds them. */
void seed_chance(uint64_t seed);
uint32_t below(uint32_t limit);
bool one_in(uint32_t times);

const char *any_stream(void);
int32_t any_number(void);
uint64_t any_duration(void);
const char *any_text(void);
changeover_config any_config(bool of_input);

/* What a call may answer, whatever it is called with: no bug. */
#define CALL(call) answers((call), __FILE__, __LINE__)
int32_t answers(int32_t result, const char *file, int line);
extern atomic_ulong calls_done, calls_refused;

#endif
