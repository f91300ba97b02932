/* Versions and names. */
#include "harness.h"
#include <stdio.h>

static void the_library_is_the_headers_version(void) {
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", CHANGEOVER_VERSION_MAJOR, CHANGEOVER_VERSION_MINOR,
           CHANGEOVER_VERSION_PATCH);
  STRING(text, changeover_version());
  STRING(text, CHANGEOVER_VERSION);
  EQUAL(CHANGEOVER_VERSION_NUMBER, changeover_version_number());
  EQUAL(CHANGEOVER_VERSION_MAJOR * 10000 + CHANGEOVER_VERSION_MINOR * 100 + CHANGEOVER_VERSION_PATCH,
        CHANGEOVER_VERSION_NUMBER);
}

static void names(void) {
  STRING("CHANGEOVER_OK", changeover_error_name(CHANGEOVER_OK));
  STRING("CHANGEOVER_ERR_PANIC", changeover_error_name(CHANGEOVER_ERR_PANIC));
  STRING("a required pointer is NULL", changeover_error_message(CHANGEOVER_ERR_NULL));
  STRING("none", changeover_reason_name(CHANGEOVER_REASON_NONE));
  STRING("input_removed", changeover_reason_name(CHANGEOVER_REASON_INPUT_REMOVED));
  STRING("start", changeover_event_name(CHANGEOVER_EVENT_START));
  STRING("gap", changeover_event_name(CHANGEOVER_EVENT_GAP));
  STRING("degraded", changeover_status_name(CHANGEOVER_STATUS_DEGRADED));
}

static void other_numbers_are_unknown(void) {
  static const int32_t numbers[] = {1, 2, 100, -100, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < LENGTH(numbers); i++) {
    STRING("unknown", changeover_error_name(numbers[i]));
    STRING("unknown", changeover_error_message(numbers[i]));
  }
  for (size_t i = 2; i < LENGTH(numbers); i++) {
    STRING("unknown", changeover_reason_name(numbers[i]));
    STRING("unknown", changeover_event_name(numbers[i]));
    STRING("unknown", changeover_status_name(numbers[i]));
  }
}

int main(void) {
  RUN(the_library_is_the_headers_version);
  RUN(names);
  RUN(other_numbers_are_unknown);
  return finish();
}
