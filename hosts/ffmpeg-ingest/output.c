/* output.c: the output's thread: started, fed, ended. */
#include "output.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "target.h"
#include "writer.h"

/* How long an interrupted write may take to notice. */
#define ABORT_PATIENCE NS_PER_S

struct output {
  char *url;
  pthread_t thread;
  atomic_bool abort;
  struct queue queue;
  /* The thread's own. */
  struct target target;
  struct writer writer;
};

bool output_push(struct output *output, const struct origin *origin, struct tracks *tracks,
                 const struct preroll *preroll, const AVPacket *packet) {
  return queue_push(&output->queue, origin, tracks, preroll, packet);
}

bool output_complete(struct output *output, const struct origin *origin, struct tracks *tracks,
                     const AVPacket *packet) {
  return queue_complete(&output->queue, origin, tracks, packet);
}

static void *output_main(void *argument) {
  struct output *output = argument;
  struct target *target = &output->target;
  bool over = false;
  while (!over) {
    target_open(target);
    struct item *item = queue_take(&output->queue, target_is_open(target) ? 0 : target->retry_at, &over);
    if (!item) continue;
    writer_take(&output->writer, item);
    item_free(item);
  }
  target_close(target);
  writer_free(&output->writer);
  queue_finished(&output->queue);
  return NULL;
}

void output_free(struct output *output) {
  queue_free(&output->queue);
  free(output->url);
  free(output);
}

struct output *output_start(const struct output_config *config) {
  struct output *output = calloc(1, sizeof *output);
  if (!output) return NULL;
  output->url = strdup(config->url);
  output->target = (struct target){.notes = config->notes, .url = output->url, .abort = &output->abort};
  output->writer = (struct writer){.notes = config->notes,
                                   .key_wait = config->key_wait,
                                   .catch_up = config->catch_up,
                                   .tells_number = config->tells_number,
                                   .target = &output->target};
  queue_init(&output->queue, config->notes);
  if (output->url && !pthread_create(&output->thread, NULL, output_main, output)) return output;
  output_free(output);
  return NULL;
}

bool output_finish(struct output *output, uint64_t patience) {
  bool finished = queue_finish(&output->queue, monotonic_now() + patience);
  atomic_store(&output->abort, true);
  if (!finished) finished = queue_finish(&output->queue, monotonic_now() + ABORT_PATIENCE);
  if (finished) pthread_join(output->thread, NULL);
  return finished;
}
