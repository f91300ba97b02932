/* The trace: it is written, ended, and refused. What is in it is tested in Rust. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t length_of(const char *path) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  const long length = ftell(file);
  fclose(file);
  return (size_t)length;
}

static void a_trace_is_written_and_ended(void) {
  char directory[] = "/tmp/changeover-trace-XXXXXX", path[64], before[64], nowhere[64];
  CHECK(mkdtemp(directory) != NULL);
  snprintf(path, sizeof path, "%s/trace", directory);
  snprintf(before, sizeof before, "%s/trace.1", directory);
  snprintf(nowhere, sizeof nowhere, "%s/nowhere/trace", directory);

  changeover_engine *engine = new_engine(NULL, NULL);
  changeover_trace_options options;
  OK(changeover_trace_options_init(&options, sizeof options));
  OK(changeover_trace_to(engine, path, strlen(path), &options));
  changeover_input_spec spec = input_spec(0, "test://a");
  OK(changeover_register(engine, S("news"), NULL, 0, &spec, 1, NULL, NULL));
  OK(changeover_trace_to(engine, path, strlen(path), NULL));
  OK(changeover_end_trace(engine));
  OK(changeover_end_trace(engine));
  CHECK(length_of(path) > 100 && length_of(before) > 100);

  EXPECT(CHANGEOVER_ERR_SYSTEM, changeover_trace_to(engine, nowhere, strlen(nowhere), NULL));
  options.urls = 2;
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_trace_to(engine, path, strlen(path), &options));
  OK(changeover_free(engine));

  unlink(path);
  unlink(before);
  rmdir(directory);
}

int main(void) {
  RUN(a_trace_is_written_and_ended);
  return finish();
}
