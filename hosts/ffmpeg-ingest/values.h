/* values.h: what stands behind an option of the command line. What makes no sense ends the program with a message. */
#ifndef VALUES_H
#define VALUES_H

#include <stddef.h>
#include <stdint.h>

/* Exits with 2, after this message. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ns of "500ms", "2s", "1.5m"; a number alone is seconds. `option`: without its dashes, for the message. */
uint64_t duration_value(const char *option, const char *text);
/* The same, more than 0. */
uint64_t positive_value(const char *option, const char *text);
/* A whole number up to `max`. */
uint64_t number_value(const char *option, const char *text, uint64_t max);

#endif
