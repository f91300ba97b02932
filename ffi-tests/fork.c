/* After fork: a child's use of its parent's handles is an error and never a hang; it may make
 * engines of its own; the parent notices nothing. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static changeover_engine *engine;
static changeover_status *status;
static changeover_stream_list *list;
static changeover_event event;
static changeover_input input;

static void use_the_parents(void) {
  uint64_t number = 7;
  int32_t value = 7;
  changeover_status *new_status = status;
  changeover_stream_list *new_list = list;
  changeover_event new_event = no_event();
  changeover_input new_input = input;
  const changeover_config config = patient_config();
  const char *text = "untouched";
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_record_packet(engine, S("s"), 0, 1, 0, &number));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_register(engine, S("new"), NULL, 0, NULL, 0, NULL, &number));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_unregister(engine, S("s")));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_is_registered(engine, S("s"), &value));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_registered_streams(engine, &new_list));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_set_config(engine, S("s"), &config));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_switch_input(engine, S("s"), 1));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_clear_override(engine, S("s")));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_update_inputs(engine, S("s"), NULL, 0, NULL, 0, NULL, 0));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_update_buffer_write_id(engine, S("s"), S("x")));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_open_input(engine, S("s"), 0, 0, &new_input));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_report_input_error(engine, S("s"), 0, S("x")));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_start_result(engine, S("s"), 1, 0, NULL, 0));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_probe_result(engine, S("s"), 1, 0, NULL, 0));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_next_event(engine, UINT64_MAX, &new_event));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_event_fd(engine, &value));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_sync(engine, UINT64_MAX));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_now(engine, &number));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_runtime_status(engine, S("s"), &new_status));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_set_exhausted_callback(engine, NULL, NULL, NULL));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_set_restored_callback(engine, NULL, NULL, NULL));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_set_log_callback(engine, 0, NULL, NULL, NULL));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_free(engine));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_status_json(status, &text, NULL));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_stream_list_get(list, 0, &text, NULL));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_event_clear(&event));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_input_report_error(&input, S("x")));
  EXPECT(CHANGEOVER_ERR_FORKED, changeover_close_input(&input));
  EQUAL(0, changeover_stream_list_len(list));
  changeover_status_free(status);
  changeover_stream_list_free(list);
  EQUAL(7, number);
  EQUAL(7, value);
  TEXT("untouched", text, 9);
  CHECK(new_status == status && new_list == list && memcmp(&new_input, &input, sizeof input) == 0);
  /* The packet path of an open input has no way to know; what it counts, nobody reads. */
  changeover_record(&input, 1, 0);
  OK(changeover_record_lost(&input, 1));
}

static void use_its_own(void) {
  changeover_engine *own = patient_engine();
  CHECK(own != engine);
  register_stream(own, "own", 1);
  changeover_input opened = open_input(own, "own", 0, take_start(own, 0));
  EQUAL(1, changeover_record(&opened, 1, 0));
  uint64_t verdict = 0;
  OK(changeover_record_packet(own, S("own"), 0, 1, 0, &verdict));
  EQUAL(1, verdict);
  sync_engine(own);
  EQUAL(2, input_status(own, "own", 0).packets);
  OK(changeover_close_input(&opened));
  OK(changeover_free(own));
}

/* Runs in a child, and takes over whether its checks were ok. */
static void in_child(void (*use)(void)) {
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
    alarm((unsigned)(DEADLINE / SECOND)); /* a hang is a failure */
    use();
    fclose(stdout); /* the parent prints the line */
    _exit(finish());
  }
  int result = -1;
  CHECK(waitpid(child, &result, 0) == child);
  check(WIFEXITED(result) && WEXITSTATUS(result) == 0, __FILE__, __LINE__, "the child ended with %#x", result);
}

static void the_parents_handles_are_errors(void) {
  in_child(use_the_parents);
}

static void a_child_may_have_engines(void) {
  in_child(use_its_own);
}

static void both(void) {
  use_its_own();
  use_the_parents();
  in_child(use_the_parents);
  in_child(use_its_own);
}

static void grandchildren_too(void) {
  in_child(both);
}

/* While other threads hold whatever locks there are. */
static struct counter stop_busy = COUNTER;

static void *be_busy(void *data) {
  (void)data;
  while (counter_get(&stop_busy) == 0) {
    changeover_status *other = NULL;
    OK(changeover_runtime_status(engine, S("s"), &other));
    changeover_status_free(other);
    changeover_input opened = open_input(engine, "s", 0, 0);
    OK(changeover_close_input(&opened));
  }
  return NULL;
}

static void a_fork_amid_other_threads_work(void) {
  pthread_t threads[2];
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_create(&threads[i], NULL, be_busy, NULL);
  for (int i = 0; i < scaled(50); i++)
    in_child(use_the_parents);
  counter_add(&stop_busy, 1);
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_join(threads[i], NULL);
}

static void the_parent_goes_on(void) {
  uint64_t verdict = 0;
  OK(changeover_record_packet(engine, S("s"), 0, 1, 0, &verdict));
  EQUAL(1, verdict);
  EQUAL(1, changeover_record(&input, 1, 0));
  sync_engine(engine);
  EQUAL(4, input_status(engine, "s", 0).packets);
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&input));
  changeover_status_free(status);
  changeover_stream_list_free(list);
  OK(changeover_free(engine));
}

int main(void) {
  engine = patient_engine();
  register_stream(engine, "s", 2);
  event = no_event();
  OK(changeover_next_event(engine, DEADLINE, &event));
  input = open_input(engine, "s", 0, event.session);
  uint64_t verdict = 0;
  OK(changeover_record_packet(engine, S("s"), 0, 1, 0, &verdict)); /* this thread's first */
  EQUAL(1, changeover_record(&input, 1, 0));
  OK(changeover_runtime_status(engine, S("s"), &status));
  OK(changeover_registered_streams(engine, &list));
  RUN(the_parents_handles_are_errors);
  RUN(a_child_may_have_engines);
  RUN(grandchildren_too);
  RUN(a_fork_amid_other_threads_work);
  RUN(the_parent_goes_on);
  return finish();
}
