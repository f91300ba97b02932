/* The version: the macros of the header, the functions of the library, and Cargo.toml (as EXPECTED)
 * say the same. */
#include <changeover.h>
#include <stdio.h>
#include <string.h>

/* Composites order as versions do, and can be used by the preprocessor. */
#if CHANGEOVER_VERSION_NUMBER < 100
#error "older than 0.1.0"
#endif

int main(void) {
  char parts[64];
  snprintf(parts, sizeof parts, "%d.%d.%d", CHANGEOVER_VERSION_MAJOR, CHANGEOVER_VERSION_MINOR,
           CHANGEOVER_VERSION_PATCH);
  uint32_t number =
      CHANGEOVER_VERSION_MAJOR * 10000 + CHANGEOVER_VERSION_MINOR * 100 + CHANGEOVER_VERSION_PATCH;
  return strcmp(CHANGEOVER_VERSION, EXPECTED) || strcmp(parts, EXPECTED) ||
         strcmp(changeover_version(), EXPECTED) || CHANGEOVER_VERSION_NUMBER != number ||
         changeover_version_number() != number;
}
