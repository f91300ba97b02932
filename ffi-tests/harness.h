/* A tiny test harness, and what most tests need. A failed check is printed and counted, and the
 * test goes on. Checks may be made on any thread. */
#ifndef HARNESS_H
#define HARNESS_H

#include "changeover.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MILLISECOND UINT64_C(1000000)
#define SECOND (1000 * MILLISECOND)
/* How long anything that must happen may take. Generous: under valgrind all is slow. */
#define DEADLINE (20 * SECOND)
#define FOR_EVER (3600 * SECOND)

/* How long these structs were in 0.1: no shorter one is taken. */
enum { CONFIG_IN_0_1 = 72, INPUT_SPEC_IN_0_1 = 56 };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
/* A string as pointer and length. */
#define S(text) (text), strlen(text)

#define CHECK(condition) check((condition), __FILE__, __LINE__, "%s", #condition)
/* The result of a call, by name. */
#define EXPECT(code, call) check_code((code), (call), __FILE__, __LINE__, #call)
#define OK(call) EXPECT(CHANGEOVER_OK, call)
#define EQUAL(expected, actual) \
  check_equal((int64_t)(expected), (int64_t)(actual), __FILE__, __LINE__, #actual)
/* A string with its length, and the NUL behind it. */
#define TEXT(expected, text, len) check_text((expected), (text), (len), __FILE__, __LINE__, #text)

/* The same for a plain C string. */
#define STRING(expected, text) TEXT(expected, text, strlen(text))

bool check(bool ok, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool check_code(int32_t expected, int32_t actual, const char *file, int line, const char *call);
bool check_equal(int64_t expected, int64_t actual, const char *file, int line, const char *what);
bool check_text(const char *expected, const char *text, size_t len, const char *file, int line,
                const char *what);

void run_test(const char *name, void (*test)(void));
#define RUN(test) run_test(#test, test)
/* Prints the suite's line; main returns this. */
int finish(void);
/* Counts besides the checks, shown in the suite's line. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fewer repetitions where everything is slow: divides by what TEST_SCALE says. */
int scaled(int repetitions);

/* The system's monotonic clock, ns. */
uint64_t clock_now(void);
/* How many threads this process has. */
int thread_count(void);

/* A value to be waited for across threads. */
struct counter {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int64_t value;
};
#define COUNTER \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }
void counter_add(struct counter *counter, int64_t by);
int64_t counter_get(struct counter *counter);
/* Waits until it is at least that; a failed check if it takes longer than DEADLINE. */
#define WAIT_FOR(counter, value) \
  check(counter_wait((counter), (value)), __FILE__, __LINE__, "%s >= %s", #counter, #value)
bool counter_wait(struct counter *counter, int64_t value);

/* Engines, streams, events. */

/* All timeouts an hour: nothing happens by itself. */
changeover_config patient_config(void);
changeover_engine *new_engine(const changeover_config *defaults, const changeover_callbacks *callbacks);
/* Polled and patient. */
changeover_engine *patient_engine(void);
changeover_input_spec input_spec(int32_t priority, const char *url);
/* Inputs 0, 1, … with urls test://0, test://1, … */
void register_stream(changeover_engine *engine, const char *stream, int32_t inputs);
changeover_event no_event(void);
/* Takes events until one of this kind; a failed check if none comes within DEADLINE. */
bool take(changeover_engine *engine, int32_t kind, changeover_event *event);
/* Takes all events there are. Returns how many. */
int drain(changeover_engine *engine);
/* The session of the start event that comes next. */
uint64_t take_start(changeover_engine *engine, int32_t priority);
changeover_input open_input(changeover_engine *engine, const char *stream, int32_t priority,
                            uint64_t session);
/* A stream's status as JSON, to be freed. */
char *status_json(changeover_engine *engine, const char *stream);
changeover_stream_status stream_status(changeover_engine *engine, const char *stream);
/* Its url is not kept. */
changeover_input_status input_status(changeover_engine *engine, const char *stream, size_t index);
void sync_engine(changeover_engine *engine);

#endif
