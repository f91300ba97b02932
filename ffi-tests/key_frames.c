/* A planned switch commits on the key frame of its target, on the thread that records it: by handle and by
 * id, alone and within a batch, compiled in and by call. */
#include "harness.h"
#include <changeover_inline.h>

enum { VIDEO = CHANGEOVER_VIDEO, KEY_FRAME = CHANGEOVER_VIDEO | CHANGEOVER_KEY };

/* As large as they may be: they share a word with what makes a packet matter. */
static const uint64_t FIRST = CHANGEOVER_FIRST_SWITCH_MAX, NEXT = CHANGEOVER_FIRST_SWITCH_MAX + 1;

/* "s" with two hot inputs: 0 is on air, and 1 is to take its place. */
struct scene {
  changeover_engine *engine;
  changeover_input old, target;
};

static struct scene scene_init(bool follows) {
  struct scene scene;
  changeover_config config = patient_config();
  config.commit = CHANGEOVER_COMMIT_KEY_FRAME;
  config.key_wait = FOR_EVER;
  scene.engine = new_engine(&config, NULL);
  changeover_config hot;
  OK(changeover_config_init(&hot, sizeof hot));
  hot.standby = CHANGEOVER_STANDBY_HOT;
  changeover_input_spec specs[] = {input_spec(0, "test://0"), input_spec(1, "test://1")};
  specs[0].config = specs[1].config = &hot;
  OK(changeover_register_from(scene.engine, S("s"), NULL, 0, specs, 2, NULL, FIRST, NULL));
  const uint64_t old = take_start(scene.engine, 0), target = take_start(scene.engine, 1);
  scene.old = open_input(scene.engine, "s", 0, follows ? 0 : old);
  scene.target = open_input(scene.engine, "s", 1, follows ? 0 : target);
  EQUAL(FIRST, changeover_record(&scene.old, 1, KEY_FRAME));
  EQUAL(0, changeover_record(&scene.target, 1, KEY_FRAME));
  sync_engine(scene.engine);
  OK(changeover_switch_input(scene.engine, S("s"), 1));
  EQUAL(1, stream_status(scene.engine, "s").pending_input_priority);
  return scene;
}

/* Records a packet of input 1 in one of the ways. */
typedef uint64_t record_fn(struct scene *scene, uint32_t flags);

static uint64_t by_call(struct scene *scene, uint32_t flags) {
  return changeover_record(&scene->target, 1, flags);
}

static uint64_t inlined(struct scene *scene, uint32_t flags) {
  return changeover_record_inline(&scene->target, 1, flags);
}

static uint64_t by_id(struct scene *scene, uint32_t flags) {
  uint64_t verdict = UINT64_MAX;
  OK(changeover_record_packet(scene->engine, S("s"), 1, 1, flags, &verdict));
  return verdict;
}

static uint64_t first_of_a_batch(struct scene *scene, uint32_t flags) {
  const changeover_packet batch[] = {{1, flags}, {1, VIDEO}};
  return changeover_record_batch(&scene->target, batch, LENGTH(batch));
}

static uint64_t within_a_batch(struct scene *scene, uint32_t flags) {
  const changeover_packet batch[] = {{1, VIDEO}, {1, flags}, {1, VIDEO}};
  size_t from = 77;
  const uint64_t verdict = changeover_record_batch_from(&scene->target, batch, LENGTH(batch), &from);
  /* Once it is on air, all of them are let through. */
  EQUAL(verdict == 0 ? 77 : flags == KEY_FRAME ? 1 : 0, from);
  return verdict;
}

static void it_commits(record_fn *record) {
  for (int follows = 0; follows < 2; follows++) {
    struct scene scene = scene_init(follows);
    /* Until then the old one stays, and what the other sends is dropped: pictures, and sound that is
     * flagged as key, as it often is. */
    const uint32_t others[] = {0, VIDEO, CHANGEOVER_AUDIO, CHANGEOVER_KEY, CHANGEOVER_AUDIO | CHANGEOVER_KEY};
    for (int round = 0; round < 3; round++)
      for (size_t i = 0; i < LENGTH(others); i++) {
        EQUAL(0, record(&scene, others[i]));
        EQUAL(FIRST, changeover_record_inline(&scene.old, 1, VIDEO));
      }
    EQUAL(0, stream_status(scene.engine, "s").active_input_priority);
    /* Nobody waits for the monitor. */
    EQUAL(NEXT, record(&scene, KEY_FRAME));
    EQUAL(0, changeover_record_inline(&scene.old, 1, KEY_FRAME));
    EQUAL(NEXT, changeover_record_inline(&scene.target, 1, VIDEO));
    changeover_event event = no_event();
    take(scene.engine, CHANGEOVER_EVENT_SWITCHED, &event);
    EQUAL(1, event.priority);
    EQUAL(NEXT, event.switch_number);
    EQUAL(CHANGEOVER_REASON_MANUAL, event.reason);
    sync_engine(scene.engine);
    EQUAL(1, stream_status(scene.engine, "s").active_input_priority);
    EQUAL(-1, stream_status(scene.engine, "s").pending_input_priority);
    EQUAL(NEXT, record(&scene, VIDEO));
    OK(changeover_event_clear(&event));
    OK(changeover_close_input(&scene.old));
    OK(changeover_close_input(&scene.target));
    OK(changeover_free(scene.engine));
  }
}

static void on_a_packet_by_call(void) { it_commits(by_call); }
static void on_a_packet_compiled_in(void) { it_commits(inlined); }
static void on_a_packet_by_id(void) { it_commits(by_id); }
static void on_the_first_of_a_batch(void) { it_commits(first_of_a_batch); }
static void on_one_within_a_batch(void) { it_commits(within_a_batch); }

static void not_on_a_later_one_of_a_plain_batch(void) {
  struct scene scene = scene_init(false);
  const changeover_packet batch[] = {{1, VIDEO}, {1, KEY_FRAME}};
  EQUAL(0, changeover_record_batch(&scene.target, batch, LENGTH(batch)));
  EQUAL(FIRST, changeover_record(&scene.old, 1, VIDEO));
  EQUAL(NEXT, changeover_record(&scene.target, 1, KEY_FRAME));
  OK(changeover_close_input(&scene.old));
  OK(changeover_close_input(&scene.target));
  OK(changeover_free(scene.engine));
}

int main(void) {
  RUN(on_a_packet_by_call);
  RUN(on_a_packet_compiled_in);
  RUN(on_a_packet_by_id);
  RUN(on_the_first_of_a_batch);
  RUN(on_one_within_a_batch);
  RUN(not_on_a_later_one_of_a_plain_batch);
  return finish();
}
