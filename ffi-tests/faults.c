/* Faults on purpose, one a run, that the tool which watches has to report: so that no test passes
 * because nobody was watching. Usage: faults FAULT */
#include "harness.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static char *volatile memory;
static volatile int number = INT_MAX;

static void overflow(void) {
  memory = malloc(8);
  printf("%d\n", memory[8]);
}

static void leak(void) {
  memory = malloc(8);
  memory = NULL;
}

static void undefined(void) { number = number + 1; }

static void *add(void *data) {
  (void)data;
  for (int i = 0; i < 1000; i++)
    number = number ^ 1;
  return NULL;
}

static void race(void) {
  pthread_t threads[2];
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_create(&threads[i], NULL, add, NULL);
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_join(threads[i], NULL);
}

/* The library's own code, not a function of the C library's, reads beyond the memory it is given, for
 * it is told a size that is not there. */
static void short_struct(void) {
  changeover_engine *engine = patient_engine();
  changeover_config *config = malloc(sizeof *config);
  *config = patient_config();
  config->struct_size += 8;
  changeover_set_config(engine, NULL, 0, config);
  free(config);
  changeover_free(engine);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*commit)(void);
  } faults[] = {{"overflow", overflow},
                {"leak", leak},
                {"undefined", undefined},
                {"race", race},
                {"short_struct", short_struct}};
  for (size_t i = 0; i < LENGTH(faults); i++)
    if (argc == 2 && strcmp(argv[1], faults[i].name) == 0) faults[i].commit();
  return 0;
}
