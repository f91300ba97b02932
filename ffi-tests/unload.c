/* dlopen and dlclose, again and again, with engines and threads that are still alive: the library
 * stays where it is. Run with the path of the shared library. */
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

#define CHECK(condition)                                                      \
  do {                                                                        \
    checks++;                                                                 \
    if (!(condition)) {                                                       \
      failures++;                                                             \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                         \
  } while (0)

/* No header: a plugin host that knows the ABI alone. */
typedef int32_t new_fn(const void *options, void **engine);
typedef int32_t free_fn(void *engine);
typedef int32_t register_fn(void *, const char *, size_t, const char *, size_t, const void *, size_t,
                            const void *, uint64_t *);
typedef int32_t record_fn(void *, const char *, size_t, int32_t, uint32_t, uint32_t, uint64_t *);
typedef uint32_t version_fn(void);

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  CHECK(found != NULL);
  return found;
}

struct thread {
  record_fn *record;
  void *engine;
  pthread_barrier_t recorded, closed;
};

/* Has thread-local data in the library while that is closed, and ends after it. */
static void *record(void *data) {
  struct thread *thread = data;
  uint64_t verdict = 0;
  CHECK(thread->record(thread->engine, "s", 1, 0, 1, 0, &verdict) == -12); /* no such input */
  pthread_barrier_wait(&thread->recorded);
  pthread_barrier_wait(&thread->closed);
  CHECK(thread->record(thread->engine, "s", 1, 0, 1, 0, &verdict) == -12);
  return NULL;
}

/* On a thread that ends, and with it all that could hold the library. */
static void *make_and_free(void *library) {
  new_fn *new_engine;
  free_fn *free_engine;
  *(void **)&new_engine = symbol(library, "changeover_new");
  *(void **)&free_engine = symbol(library, "changeover_free");
  void *engine = NULL;
  CHECK(new_engine(NULL, &engine) == 0);
  CHECK(free_engine(engine) == 0);
  return NULL;
}

static void it_stays_when_nothing_holds_it(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(library != NULL);
  if (!library) return;
  pthread_t thread;
  pthread_create(&thread, NULL, make_and_free, library);
  pthread_join(thread, NULL);
  CHECK(dlclose(library) == 0);
  library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  CHECK(library != NULL);
  if (library) CHECK(dlclose(library) == 0);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  it_stays_when_nothing_holds_it(argv[1]);
  version_fn *first = NULL;
  for (int i = 0; i < 100; i++) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    version_fn *version;
    *(void **)&version = symbol(library, "changeover_version_number");
    CHECK(version() > 0);
    first = first ? first : version;
    CHECK(first == version); /* it never left */
    new_fn *new_engine;
    free_fn *free_engine;
    register_fn *register_stream;
    *(void **)&new_engine = symbol(library, "changeover_new");
    *(void **)&free_engine = symbol(library, "changeover_free");
    *(void **)&register_stream = symbol(library, "changeover_register");
    struct thread thread;
    *(void **)&thread.record = symbol(library, "changeover_record_packet");
    CHECK(new_engine(NULL, &thread.engine) == 0);
    CHECK(register_stream(thread.engine, "s", 1, NULL, 0, NULL, 0, NULL, NULL) == 0);
    pthread_barrier_init(&thread.recorded, NULL, 2);
    pthread_barrier_init(&thread.closed, NULL, 2);
    pthread_t id;
    pthread_create(&id, NULL, record, &thread);
    pthread_barrier_wait(&thread.recorded);
    CHECK(dlclose(library) == 0);
    /* With the engine's threads running and that thread's data waiting to be destroyed. */
    pthread_barrier_wait(&thread.closed);
    pthread_join(id, NULL);
    CHECK(free_engine(thread.engine) == 0);
    pthread_barrier_destroy(&thread.recorded);
    pthread_barrier_destroy(&thread.closed);
  }
  printf("%d of 1 tests ok, %d checks\n", failures == 0, checks);
  return failures ? 1 : 0;
}
