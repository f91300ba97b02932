/* What somebody types who has just installed changeover: ten lines. */
#include <changeover.h>
#include <stdio.h>

int main(void) {
  changeover_engine *engine;
  int32_t error = changeover_new(NULL, &engine);
  printf("changeover %s: %s\n", changeover_version(), changeover_error_message(error));
  return error ? 1 : changeover_free(engine);
}
