/* values.c: durations and numbers. */
#include "values.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wrong(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("ffmpeg-ingest: ", stderr);
  vfprintf(stderr, format, args);
  fputs("\nTry: ffmpeg-ingest --help\n", stderr);
  va_end(args);
  exit(2);
}

uint64_t duration_value(const char *option, const char *text) {
  static const struct {
    const char *name;
    double ns;
  } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
  char *unit;
  errno = 0;
  const double number = strtod(text, &unit);
  if (unit != text && !errno && number >= 0) {
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
      const double ns = number * units[i].ns;
      if (!strcmp(unit, units[i].name) && ns <= 365.0 * 24 * 3600e9) return (uint64_t)(ns + 0.5);
    }
  }
  wrong("--%s: \"%s\" is no duration; write 500ms, 2s, 1.5m", option, text);
}

uint64_t positive_value(const char *option, const char *text) {
  const uint64_t ns = duration_value(option, text);
  if (!ns) wrong("--%s: must be more than zero", option);
  return ns;
}

uint64_t number_value(const char *option, const char *text, uint64_t max) {
  char *end;
  errno = 0;
  const unsigned long long number = strtoull(text, &end, 10);
  if (end == text || *end || errno || *text == '-' || number > max)
    wrong("--%s: \"%s\" is no whole number from 0 to %llu", option, text, (unsigned long long)max);
  return number;
}
