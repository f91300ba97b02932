/* What is wrong with settings and inputs: the field, and what it should be. */
#include "harness.h"
#include <stdlib.h>

/* Whose settings they are. */
enum { ENGINE = 0, INPUT = 1, STREAM = 2 };

static void config_is(const changeover_config *config, int32_t of, const char *field, const char *why) {
  const char *got_field = "untouched", *got_why = "untouched";
  OK(changeover_config_check(config, of, &got_field, &got_why));
  CHECK((field == NULL) == (got_field == NULL) && (field == NULL) == (got_why == NULL));
  if (!field || !got_field || !got_why) return;
  TEXT(field, got_field, strlen(got_field));
  CHECK(strstr(got_why, why) != NULL);
}

static changeover_config fresh(void) {
  changeover_config config;
  OK(changeover_config_init(&config, sizeof config));
  return config;
}

static void a_setting_out_of_range_is_named(void) {
  changeover_config config = fresh();
  config_is(&config, ENGINE, NULL, NULL);
  config_is(&config, INPUT, NULL, NULL);
  config.packet_timeout = 500; /* without its unit */
  config_is(&config, ENGINE, "packet_timeout", "from 1 ms to a year (in C in nanoseconds)");
  config.packet_timeout = 500 * CHANGEOVER_MILLISECOND;
  config.connect_timeout = CHANGEOVER_NEVER;
  config.probe_cooldown = 8 * CHANGEOVER_SECOND;
  config_is(&config, INPUT, NULL, NULL);
  config.probe_timeout = CHANGEOVER_NEVER + 1;
  config_is(&config, INPUT, "probe_timeout", "to a year");
  config = fresh();
  config.switch_cooldown = 0;
  config.failback_stable = CHANGEOVER_MINUTE;
  config_is(&config, ENGINE, NULL, NULL);
  config_is(&config, INPUT, "switch_cooldown", "not on an input");
  config.switch_cooldown = 12;
  config_is(&config, ENGINE, "switch_cooldown", "0, or");
  config = fresh();
  config.mass_share = 50;
  config_is(&config, ENGINE, NULL, NULL);
  config_is(&config, STREAM, "mass_share", "on an engine alone");
  config_is(&config, INPUT, "mass_share", "on an engine alone");
}

static void a_number_that_is_no_constant_is_named(void) {
  changeover_config config = fresh();
  config.standby = 2;
  config_is(&config, ENGINE, "standby", "one of its constants");
  config = fresh();
  config.reserved = 1;
  config_is(&config, ENGINE, "reserved", "0");
  const char *field = NULL;
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_config_check(&config, 3, &field, NULL));
  OK(changeover_config_check(&config, 0, &field, NULL));
  CHECK(field != NULL);
}

static void inputs_are(const changeover_input_spec *inputs, size_t len, size_t index, const char *field) {
  size_t got_index = 99;
  const char *got_field = "untouched", *why = NULL;
  OK(changeover_inputs_check(inputs, len, &got_index, &got_field, &why));
  EQUAL((int64_t)index, (int64_t)got_index);
  CHECK((field == NULL) == (got_field == NULL) && (field == NULL) == (why == NULL));
  if (field && got_field) TEXT(field, got_field, strlen(got_field));
}

static void an_input_that_is_wrong_is_found(void) {
  enum { LONG = 65537 };
  changeover_input_spec inputs[257];
  for (int32_t i = 0; i < 257; i++)
    inputs[i] = input_spec(i, "test://input");
  inputs_are(NULL, 0, 0, NULL);
  inputs_are(inputs, 256, 256, NULL);
  inputs_are(inputs, 257, 256, "inputs");
  inputs[2].priority = 0;
  inputs_are(inputs, 3, 2, "priority");
  inputs[1].priority = -1;
  inputs_are(inputs, 3, 1, "priority");
  inputs[1].priority = 1;
  changeover_config config = fresh();
  config.packet_timeout = 500;
  inputs[1].config = &config;
  inputs_are(inputs, 2, 1, "packet_timeout");
  inputs[1].config = NULL;
  char *url = malloc(LONG);
  memset(url, 'u', LONG);
  inputs[0].url = url;
  inputs[0].url_len = LONG;
  inputs_are(inputs, 2, 0, "url");
  inputs[0].url_len = LONG - 1;
  inputs_are(inputs, 2, 2, NULL);
  changeover_option option = {"key", 3, "value", 5};
  inputs[0].options = &option;
  inputs[0].options_len = 1;
  inputs_are(inputs, 2, 0, "options");
  free(url);
}

static void limits_are_refused(void) {
  changeover_engine *engine = patient_engine();
  changeover_input_spec inputs[257];
  for (int32_t i = 0; i < 257; i++)
    inputs[i] = input_spec(i, "test://input");
  EXPECT(CHANGEOVER_ERR_LIMIT, changeover_register(engine, S("s"), NULL, 0, inputs, 257, NULL, NULL));
  OK(changeover_register(engine, S("s"), NULL, 0, inputs, 256, NULL, NULL));
  EXPECT(CHANGEOVER_ERR_LIMIT, changeover_update_inputs(engine, S("s"), &inputs[256], 1, NULL, 0, NULL, 0));
  static char buffer[4097];
  memset(buffer, 'b', sizeof buffer);
  EXPECT(CHANGEOVER_ERR_LIMIT, changeover_update_buffer_write_id(engine, S("s"), buffer, sizeof buffer));
  OK(changeover_update_buffer_write_id(engine, S("s"), buffer, sizeof buffer - 1));
  OK(changeover_free(engine));
}

int main(void) {
  RUN(a_setting_out_of_range_is_named);
  RUN(a_number_that_is_no_constant_is_named);
  RUN(an_input_that_is_wrong_is_found);
  RUN(limits_are_refused);
  return finish();
}
