/* The log callback: levels, replacing it, and its independence of the events. */
#include "callback_host.h"
#include <sched.h>

static void unregister_when_replaced(void *data, int32_t level, const char *message, size_t len) {
  struct host *host = data;
  (void)level, (void)len;
  if (!strstr(message, "trigger: start")) return;
  counter_add(&host->lines, 1);
  /* The event thread replaces this callback now, and later this waits for the event thread. */
  WAIT_FOR(&host->done, 1);
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_sync(host->engine, DEADLINE));
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_free(host->engine));
  OK(changeover_unregister(host->engine, S("bystander")));
  counter_add(&host->lines, 1);
}

static void replace_the_log(struct host *host) {
  WAIT_FOR(&host->lines, 1);
  OK(changeover_set_log_callback(host->engine, CHANGEOVER_LOG_OFF, NULL, NULL, NULL));
  counter_add(&host->done, 1);
}

static void events_and_log_never_wait_for_each_other(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  register_stream(host.engine, "bystander", 0);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_DEBUG, unregister_when_replaced, &host, NULL));
  set_inside(&host, CHANGEOVER_EVENT_START, replace_the_log);
  register_stream(host.engine, "trigger", 1);
  WAIT_FOR(&host.lines, 2);
  int32_t registered = 1;
  OK(changeover_is_registered(host.engine, S("bystander"), &registered));
  EQUAL(0, registered);
  free_engine(&host);
}

static void linger(void *data, int32_t level, const char *message, size_t len) {
  struct host *host = data;
  (void)level, (void)message, (void)len;
  if (counter_get(&host->lines) > 0) return;
  counter_add(&host->lines, 1);
  WAIT_FOR(&host->done, 1);
  /* Long enough for a free that does not wait to return first. */
  const uint64_t until = clock_now() + 20 * MILLISECOND;
  while (clock_now() < until)
    sched_yield();
  counter_add(&host->lines, 1);
}

static void freeing_waits_for_a_log_that_was_replaced_before(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_DEBUG, linger, &host, on_destroy));
  set_inside(&host, CHANGEOVER_EVENT_START, replace_the_log);
  register_stream(host.engine, "s", 1);
  WAIT_FOR(&host.done, 1);
  OK(changeover_free(host.engine));
  see_the_end(&host);
  EQUAL(2, counter_get(&host.lines));
  EQUAL(2, counter_get(&host.destroyed));
}

static void the_log_has_levels(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_ERROR, on_line, &host, on_destroy));
  register_stream(host.engine, "quiet", 1);
  OK(changeover_unregister(host.engine, S("quiet")));
  /* Replacing waits for what was logged before. */
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_DEBUG, on_line, &host, on_destroy));
  EQUAL(0, counter_get(&host.lines));
  EQUAL(1, counter_get(&host.destroyed));
  register_stream(host.engine, "loud", 1);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_OFF, on_line, &host, on_destroy));
  EQUAL(2, counter_get(&host.lines));     /* start, switched */
  EQUAL(3, counter_get(&host.destroyed)); /* the last one at once */
  CHECK(strstr(host.last_line, "loud: switched") != NULL);
  register_stream(host.engine, "off", 1);
  OK(changeover_free(host.engine));
  see_the_end(&host);
  EQUAL(2, counter_get(&host.lines));
  EQUAL(4, counter_get(&host.destroyed));
}

static void a_polled_engine_can_log_too(void) {
  struct host host = host_init();
  host.engine = patient_engine();
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_INFO, on_line, &host, on_destroy));
  register_stream(host.engine, "s", 1);
  WAIT_FOR(&host.lines, 1);
  EXPECT(CHANGEOVER_ERR_WRONG_MODE,
         changeover_set_exhausted_callback(host.engine, on_exhausted, &host, NULL));
  EXPECT(CHANGEOVER_ERR_WRONG_MODE, changeover_set_restored_callback(host.engine, on_restored, &host, NULL));
  OK(changeover_free(host.engine));
  see_the_end(&host);
  EQUAL(1, counter_get(&host.destroyed));
}

int main(void) {
  RUN(the_log_has_levels);
  RUN(a_polled_engine_can_log_too);
  RUN(events_and_log_never_wait_for_each_other);
  RUN(freeing_waits_for_a_log_that_was_replaced_before);
  return finish();
}
