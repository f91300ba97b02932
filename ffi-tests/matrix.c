/* Each exported function × each misuse: NULL, handles that are stale or another kind's, closing twice,
 * lengths no buffer has, bad UTF-8, in a callback, while the engine is freed, and with a panic inside.
 * (fork.c has: in a forked child.) Prints a line for each cell, for check-matrix.py, which compares
 * them with what changeover.h says that a function takes. */
#include "functions.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Only in a library that is built with --cfg changeover_panic_hook. */
extern void changeover_test_panic_next(void) __attribute__((weak));
extern int32_t changeover_test_panic_pending(void) __attribute__((weak));

static int combinations, in_cell;

static void begin_cell(void) { in_cell = 0; }

static void end_cell(const struct function *function, const char *misuse) {
  print_cell(function, misuse, in_cell);
  combinations += in_cell;
}

static void refused(const struct function *function, const struct arguments *a, int32_t code,
                    const char *what) {
  in_cell++;
  expect_answer(function, a, refusal(function, code), what);
}

/* An engine and what belongs to it, for the calls of one function. */
struct subject {
  changeover_engine *engine;
  struct objects objects;
  struct arguments arguments;
  union output output;
};

static void make_subject(struct subject *subject, const struct function *function) {
  subject->engine = patient_engine();
  register_s(subject->engine);
  subject->objects = objects_of(subject->engine);
  drain(subject->engine);
  fill(&subject->arguments, function, &subject->objects, &subject->output);
}

static void end_subject(struct subject *subject) {
  end_objects(&subject->objects);
  const int32_t freed = changeover_free(subject->engine);
  CHECK(freed == CHANGEOVER_OK || freed == CHANGEOVER_ERR_HANDLE);
  take_destroyed();
}

static void **pointer_at(struct arguments *a, const struct parameter *parameter) {
  return (void **)(void *)((char *)a + parameter->pointer);
}

static size_t *length_at(struct arguments *a, const struct parameter *parameter) {
  return (size_t *)(void *)((char *)a + parameter->len);
}

/* --- NULL */

static void null_is_refused(const struct function *function, struct subject *subject) {
  begin_cell();
  for (size_t i = 0; i < LENGTH(function->parameters); i++) {
    const struct parameter *parameter = &function->parameters[i];
    struct arguments a;
    fill(&a, function, &subject->objects, &subject->output);
    switch (parameter->kind) {
      case ENGINE:
      case STATUS:
      case LIST:
      case TAP:
      case METRICS:
      case SERVER:
      case SITE:
      case RESPONSE:
      case INPUT:
      case EVENT:
        *pointer_at(&a, parameter) = NULL;
        refused(function, &a, function->properties & ENDS ? CHANGEOVER_OK : CHANGEOVER_ERR_NULL,
                "a handle that is NULL");
        break;
      case ID:
      case TEXT_IN:
      case RAW:
      case SPECS:
      case NUMBERS:
        *pointer_at(&a, parameter) = NULL;
        refused(function, &a, CHANGEOVER_ERR_NULL, "NULL and a length");
        break;
      case CONFIG:
      case FILLED:
      case ROOM:
      case BUFFER:
      case OUTPUT:
        *pointer_at(&a, parameter) = NULL;
        refused(function, &a, CHANGEOVER_ERR_NULL, "a struct or output that is NULL");
        break;
      default: break; /* these need not be there, see below */
    }
  }
}

static void null_is_accepted_where_nothing_need_be(const struct function *function) {
  for (size_t i = 0; i < LENGTH(function->parameters); i++) {
    const struct parameter *parameter = &function->parameters[i];
    if (parameter->kind != SETTINGS && parameter->kind != OPTIONAL && parameter->kind != CALLBACK) continue;
    struct subject subject;
    make_subject(&subject, function);
    *pointer_at(&subject.arguments, parameter) = NULL;
    in_cell++;
    take_destroyed();
    const int32_t result = function->call(&subject.arguments);
    check_code(function->good, result, __FILE__, __LINE__, function->name);
    settle(function, &subject.arguments, result);
    end_objects(&subject.objects);
    OK(changeover_free(subject.engine));
    EQUAL(destroys(function, &subject.arguments), take_destroyed());
  }
}

/* Or else it would be refused for something else than what is wrong in all other tests. */
static void good_arguments_are_good(const struct function *function) {
  struct subject subject;
  make_subject(&subject, function);
  const int32_t result = function->call(&subject.arguments);
  check_code(function->good, result, __FILE__, __LINE__, function->name);
  settle(function, &subject.arguments, result);
  end_subject(&subject);
}

/* --- handles */

/* Calls with each handle the function takes replaced: by the number, or by a struct that has it. */
static void with_handle(const struct function *function, struct subject *subject, uintptr_t number,
                        const char *what) {
  for (size_t i = 0; i < LENGTH(function->parameters); i++) {
    const struct parameter *parameter = &function->parameters[i];
    struct arguments a;
    fill(&a, function, &subject->objects, &subject->output);
    changeover_input input;
    memset(&input, 0, sizeof input);
    input.id = number;
    changeover_event event = no_event();
    event.owner = number;
    if (parameter->kind >= ENGINE && parameter->kind <= RESPONSE)
      *pointer_at(&a, parameter) = (void *)number;
    else if (parameter->kind == INPUT)
      a.input = &input;
    else if (parameter->kind == EVENT)
      a.event = &event;
    else
      continue;
    const changeover_input input_before = input;
    const changeover_event event_before = event;
    refused(function, &a, CHANGEOVER_ERR_HANDLE, what);
    CHECK(memcmp(&input, &input_before, sizeof input) == 0);
    CHECK(memcmp(&event, &event_before, sizeof event) == 0);
  }
}

/* Handles that were live once, and their structs, as copies that nobody told. */
static void stale_handles_are_refused(const struct function *function, struct subject *subject) {
  begin_cell();
  struct subject gone;
  make_subject(&gone, function);
  struct objects stale = gone.objects;
  end_subject(&gone);
  for (size_t i = 0; i < LENGTH(function->parameters); i++) {
    const struct parameter *parameter = &function->parameters[i];
    struct arguments a;
    fill(&a, function, &subject->objects, &subject->output);
    switch (parameter->kind) {
      case ENGINE: a.engine = stale.engine; break;
      case STATUS: a.status = stale.status; break;
      case LIST: a.list = stale.list; break;
      case TAP: a.tap = stale.tap; break;
      case METRICS: a.metrics = stale.metrics; break;
      case SERVER: a.server = stale.server; break;
      case SITE: a.site = stale.site; break;
      case RESPONSE: a.response = stale.response; break;
      case INPUT: a.input = &stale.input; break;
      case EVENT: a.event = &stale.event; break;
      default: continue;
    }
    const struct objects before = stale;
    refused(function, &a, CHANGEOVER_ERR_HANDLE, "a stale handle");
    CHECK(memcmp(&stale, &before, sizeof stale) == 0);
  }
}

static void foreign_handles_are_refused(const struct function *function, struct subject *subject) {
  begin_cell();
  const struct objects *objects = &subject->objects;
  const bool takes[] = {parameter_of(function, ENGINE) != NULL,  parameter_of(function, STATUS) != NULL,
                        parameter_of(function, LIST) != NULL,    parameter_of(function, EVENT) != NULL,
                        parameter_of(function, INPUT) != NULL,   parameter_of(function, TAP) != NULL,
                        parameter_of(function, METRICS) != NULL, parameter_of(function, SERVER) != NULL,
                        parameter_of(function, SITE) != NULL,    parameter_of(function, RESPONSE) != NULL};
  const uintptr_t live[] = {(uintptr_t)objects->engine,   (uintptr_t)objects->status,
                            (uintptr_t)objects->list,     (uintptr_t)objects->event.owner,
                            (uintptr_t)objects->input.id, (uintptr_t)objects->tap,
                            (uintptr_t)objects->metrics,  (uintptr_t)objects->server,
                            (uintptr_t)objects->site,     (uintptr_t)objects->response};
  for (size_t i = 0; i < LENGTH(live); i++)
    if (!takes[i]) with_handle(function, subject, live[i], "a handle of another kind");
  /* From here on recording knows the engine by its number alone, which other kinds may have as well. */
  uint64_t verdict;
  changeover_record_packet(objects->engine, S("unknown"), 0, 1, 0, &verdict);
  static uint64_t memory[8];
  const uintptr_t numbers[] = {
      live[0] + 2, live[0] + 4, (uintptr_t)memory, (uintptr_t) "text",     (uintptr_t)function->call,      1,
      8,           4096,        UINTPTR_MAX,       live[0] + 16 * 1000000, live[0] ^ (UINTPTR_MAX / 2 + 1)};
  for (size_t i = 0; i < LENGTH(numbers); i++)
    with_handle(function, subject, numbers[i], "a number that is no handle");
  uint64_t random = 88172645463325252u;
  for (int i = 0; i < 100; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    with_handle(function, subject, (uintptr_t)(i % 2 ? random : random | 1), "a number of no meaning");
  }
}

static void closing_twice_closes_once(const struct function *function) {
  begin_cell();
  if (function->properties & ENDS) {
    struct subject subject;
    make_subject(&subject, function);
    struct objects copy = subject.objects;
    struct arguments *a = &subject.arguments;
    EQUAL(CHANGEOVER_OK, function->call(a));
    /* The struct is zeroed, so there is nothing to close; a handle is gone. */
    const bool is_struct = parameter_of(function, INPUT) || parameter_of(function, EVENT);
    refused(function, a, is_struct ? CHANGEOVER_OK : CHANGEOVER_ERR_HANDLE, "what it has ended");
    a->input = &copy.input;
    a->event = &copy.event;
    refused(function, a, CHANGEOVER_ERR_HANDLE, "a copy of what it has ended");
    end_subject(&subject);
  }
}

/* --- lengths and texts */

static void bad_lengths_are_refused(const struct function *function, struct subject *subject) {
  begin_cell();
  static const size_t lengths[] = {SIZE_MAX, SIZE_MAX / 2 + 1};
  static const size_t sizes[] = {0, 8, 16385, SIZE_MAX};
  for (size_t i = 0; i < LENGTH(function->parameters); i++) {
    const struct parameter *parameter = &function->parameters[i];
    struct arguments a;
    fill(&a, function, &subject->objects, &subject->output);
    void *pointer = *pointer_at(&a, parameter);
    changeover_event event = no_event();
    if (parameter->kind == EVENT) pointer = a.event = &event;
    switch (parameter->kind) {
      case ID:
      case TEXT_IN:
      case RAW:
      case SPECS:
      case NUMBERS:
      case BUFFER:
        for (size_t j = 0; j < LENGTH(lengths); j++) {
          *length_at(&a, parameter) = lengths[j];
          refused(function, &a, CHANGEOVER_ERR_LENGTH, "a length that no buffer has");
        }
        if (parameter->kind == ID) {
          *length_at(&a, parameter) = 0;
          refused(function, &a, CHANGEOVER_ERR_STREAM_ID, "an empty id");
        }
        break;
      case EVENT:
      case CONFIG:
      case SETTINGS:
      case FILLED:
        for (size_t j = 0; j < LENGTH(sizes); j++) {
          memcpy(pointer, &sizes[j], sizeof sizes[j]);
          refused(function, &a, CHANGEOVER_ERR_STRUCT_SIZE, "a struct_size that no struct has");
        }
        break;
      case ROOM:
        for (size_t j = 0; j < LENGTH(sizes); j++) {
          a.size = sizes[j];
          refused(function, &a, CHANGEOVER_ERR_STRUCT_SIZE, "a size that no struct has");
        }
        break;
      default: break;
    }
  }
}

static void bad_utf8_is_refused_or_taken(const struct function *function, struct subject *subject) {
  begin_cell();
  static const char *const texts[] = {"\xff", "ok\xc3", "\xed\xa0\x80"};
  for (size_t i = 0; i < LENGTH(function->parameters); i++)
    for (size_t j = 0; j < LENGTH(texts); j++) {
      const struct parameter *parameter = &function->parameters[i];
      struct arguments a;
      fill(&a, function, &subject->objects, &subject->output);
      if (parameter->kind == ID || parameter->kind == TEXT_IN) {
        memcpy(pointer_at(&a, parameter), &texts[j], sizeof texts[j]);
        *length_at(&a, parameter) = strlen(texts[j]);
      } else if (parameter->kind == RAW) {
        a.text = texts[j];
        a.text_len = strlen(texts[j]);
        in_cell++;
        check_code(CHANGEOVER_OK, function->call(&a), __FILE__, __LINE__, function->name);
        continue;
      } else if (parameter->kind == SPECS) {
        changeover_input_spec *specs = *pointer_at(&a, parameter);
        specs[0].url = texts[j];
        specs[0].url_len = strlen(texts[j]);
      } else {
        continue;
      }
      refused(function, &a, CHANGEOVER_ERR_UTF8, "bad UTF-8");
    }
}

/* --- in a callback */

struct host {
  _Atomic(changeover_engine *) engine;
  const struct function *function;
  struct counter done;
};

static int32_t call_inside(void *data, const changeover_event *event) {
  struct host *host = data;
  if (strcmp(event->stream, "trigger") != 0) return 0;
  struct objects objects = objects_of(host->engine);
  union output output;
  struct arguments a;
  fill(&a, host->function, &objects, &output);
  const int32_t result = host->function->call(&a);
  check(result == host->function->inside, __FILE__, __LINE__, "%s in a callback is %s, not %s",
        host->function->name, changeover_error_name(result), changeover_error_name(host->function->inside));
  settle(host->function, &a, result);
  end_objects(&objects);
  counter_add(&host->done, 1);
  return 0;
}

static void stop_nothing(void *data, const changeover_event *event) { (void)data, (void)event; }

static void callbacks_may_call_it(const struct function *function) {
  begin_cell();
  struct host host = {NULL, function, COUNTER};
  const changeover_config config = patient_config();
  changeover_callbacks callbacks;
  OK(changeover_callbacks_init(&callbacks, sizeof callbacks));
  callbacks.user_data = &host;
  callbacks.start = call_inside;
  callbacks.stop = stop_nothing;
  host.engine = new_engine(&config, &callbacks);
  register_s(host.engine);
  sync_engine(host.engine);
  take_destroyed();
  register_stream(host.engine, "trigger", 1);
  WAIT_FOR(&host.done, 1);
  in_cell++;
  OK(changeover_free(host.engine));
  struct arguments taken = {.options = NULL};
  struct objects none;
  memset(&none, 0, sizeof none);
  union output output;
  fill(&taken, function, &none, &output);
  EQUAL(destroys(function, &taken), take_destroyed());
}

/* --- while the engine is freed */

struct race {
  const struct function *function;
  struct subject subject;
  struct counter ready;
  atomic_bool freed;
  int64_t calls;
};

/* All that a call may find while its engine goes. */
static bool may_be(const struct function *function, int32_t result) {
  switch (result) {
    case CHANGEOVER_OK:
    case CHANGEOVER_ERR_HANDLE:
    case CHANGEOVER_ERR_SHUT_DOWN:
    case CHANGEOVER_ERR_UNKNOWN_STREAM: return true;
    /* What its own call before has made, which repeats. */
    case CHANGEOVER_ERR_UNKNOWN_INPUT:
    case CHANGEOVER_ERR_DUPLICATE_PRIORITY:
    case CHANGEOVER_ERR_STREAM_EXISTS:
      return function == function_named("update_inputs") || registers(function);
    default: return result == function->good;
  }
}

static void *call_until_freed(void *data) {
  struct race *race = data;
  struct arguments *a = &race->subject.arguments;
  bool last = false;
  while (!last) {
    last = atomic_load(&race->freed); /* once more after that */
    if (race->function->init) OK(race->function->init(a->out, race->function->size));
    const int32_t result = race->function->call(a);
    race->calls++;
    check(may_be(race->function, result), __FILE__, __LINE__, "%s while the engine is freed: %s",
          race->function->name, changeover_error_name(result));
    settle(race->function, a, result);
    if (race->calls == 2) counter_add(&race->ready, 1);
    sched_yield();
  }
  return NULL;
}

static void it_may_race_with_free(const struct function *function) {
  begin_cell();
  for (int round = 0; round < scaled(10); round++) {
    struct race race = {.function = function, .ready = COUNTER, .freed = false, .calls = 0};
    make_subject(&race.subject, function);
    take_destroyed();
    pthread_t thread;
    pthread_create(&thread, NULL, call_until_freed, &race);
    WAIT_FOR(&race.ready, 1);
    const int32_t freed = changeover_free(race.subject.engine);
    CHECK(freed == CHANGEOVER_OK ||
          (function == function_named("free") && freed != CHANGEOVER_ERR_IN_CALLBACK));
    atomic_store(&race.freed, true);
    pthread_join(thread, NULL);
    in_cell++;
    EQUAL(race.calls * destroys(function, &race.subject.arguments), take_destroyed());
    end_objects(&race.subject.objects);
  }
}

/* --- with a panic inside */

static void panics_stay_inside(const struct function *function) {
  begin_cell();
  if (changeover_test_panic_next) {
    struct subject subject;
    make_subject(&subject, function);
    changeover_test_panic_next();
    if (function->properties & UNGUARDED) {
      EQUAL(function->good, function->call(&subject.arguments));
      in_cell++;
      EQUAL(1, changeover_test_panic_pending());
      changeover_now(subject.engine, NULL); /* takes it */
    } else {
      refused(function, &subject.arguments, CHANGEOVER_ERR_PANIC, "a panic inside");
    }
    EQUAL(0, changeover_test_panic_pending());
    end_subject(&subject);
  }
}

/* --- all of it */

static const struct function *current;

static void one_function(void) {
  const struct function *function = current;
  good_arguments_are_good(function);
  struct subject subject;
  make_subject(&subject, function);
  char *before = state_of_s(subject.engine);
  null_is_refused(function, &subject);
  null_is_accepted_where_nothing_need_be(function);
  end_cell(function, "null");
  stale_handles_are_refused(function, &subject);
  end_cell(function, "stale");
  foreign_handles_are_refused(function, &subject);
  end_cell(function, "foreign");
  closing_twice_closes_once(function);
  end_cell(function, "double_close");
  bad_lengths_are_refused(function, &subject);
  end_cell(function, "length");
  bad_utf8_is_refused_or_taken(function, &subject);
  end_cell(function, "utf8");
  char *after = state_of_s(subject.engine);
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
  end_subject(&subject);
  callbacks_may_call_it(function);
  end_cell(function, "callback");
  it_may_race_with_free(function);
  end_cell(function, "shutdown");
  panics_stay_inside(function);
  end_cell(function, "panic");
}

int main(void) {
  for (size_t i = 0; i < functions_len; i++) {
    current = &functions[i];
    run_test(current->name, one_function);
  }
  note("%d combinations", combinations);
  return finish();
}
