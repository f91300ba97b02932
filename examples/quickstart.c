/* One stream, two sources, one death. Build, after make install (docs/install.md: it takes Rust 1.88 or later):
 * cc quickstart.c $(pkg-config --cflags --libs changeover) */
#include <changeover.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct source {
  changeover_input input;
  int32_t priority;
  pthread_t thread;
};

static atomic_bool primary_lives = true;

/* Here your ingest thread opens its source and reads packets, e.g. with av_read_frame: one is a frame. (Of the
 * datagrams of a frame, only the first would be flagged VIDEO.) */
static void *ingest(void *argument) {
  struct source *source = argument;
  for (int frame = 0; frame < 50; frame++) {
    if (source->priority == 0 && !primary_lives) break;
    uint32_t flags = CHANGEOVER_VIDEO | (frame % 25 == 0 ? CHANGEOVER_KEY : 0);
    if (changeover_record(&source->input, 8000, flags) != 0) {
      /* Here you write the packet to the output. */
    }
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
  }
  changeover_close_input(&source->input);
  return NULL;
}

int main(void) {
  changeover_engine *engine;
  int32_t error = changeover_new(NULL, &engine);
  if (error) {
    fprintf(stderr, "%s\n", changeover_error_message(error));
    return 1;
  }
  changeover_config hot, timeouts;
  changeover_config_init(&hot, sizeof hot);
  hot.standby = CHANGEOVER_STANDBY_HOT;
  changeover_config_init(&timeouts, sizeof timeouts);
  timeouts.packet_timeout = 200 * CHANGEOVER_MILLISECOND;

  changeover_input_spec inputs[2];
  const char *urls[2] = {"udp://primary:5000", "udp://backup:5000"};
  for (int i = 0; i < 2; i++) {
    changeover_input_spec_init(&inputs[i], sizeof inputs[i]);
    inputs[i].priority = i;
    inputs[i].url = urls[i];
    inputs[i].url_len = strlen(urls[i]);
    inputs[i].config = &hot;
  }
  error = changeover_register(engine, "news", 4, NULL, 0, inputs, 2, &timeouts, NULL);
  if (error) {
    fprintf(stderr, "%s\n", changeover_error_message(error));
    return 1;
  }

  /* The event loop: what to start and stop, and what was decided. */
  struct source sources[2] = {{.priority = 0}, {.priority = 1}};
  changeover_event event;
  changeover_event_init(&event, sizeof event);
  const uint64_t second = 1000 * 1000 * 1000;
  int on_air = 0;
  while (!on_air && changeover_next_event(engine, 5 * second, &event) == CHANGEOVER_OK) {
    char line[1024];
    changeover_event_text(&event, line, sizeof line, NULL);
    puts(line);
    if (event.kind == CHANGEOVER_EVENT_START) {
      struct source *source = &sources[event.priority];
      error = changeover_open_input(engine, event.stream, event.stream_len, event.priority, event.session,
                                    &source->input);
      if (error || pthread_create(&source->thread, NULL, ingest, source)) return 1;
    } else if (event.kind == CHANGEOVER_EVENT_ACTIVE) {
      primary_lives = false;
      on_air = event.priority == 1;
    }
  }
  changeover_event_clear(&event);
  for (int i = 0; i < 2; i++)
    pthread_join(sources[i].thread, NULL);
  changeover_free(engine);
  return on_air ? 0 : 1;
}
