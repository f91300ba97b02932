/* listen.c: reads an input's URL and options for how it comes to its source. */
#include "listen.h"

#include <string.h>

static bool means_listening(const char *key, size_t key_len, const char *value, size_t value_len) {
  const struct {
    const char *key, *value; /* NULL: any but 0 */
  } words[] = {{"listen", NULL}, {"mode", "listener"}, {"rtsp_flags", "listen"}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strlen(words[i].key) != key_len || memcmp(words[i].key, key, key_len) != 0) continue;
    const char *wanted = words[i].value;
    if (!wanted) return !(value_len == 1 && *value == '0');
    return value_len == strlen(wanted) && !memcmp(value, wanted, value_len);
  }
  return false;
}

enum listening input_listens(const char *url, const AVDictionary *options) {
  if (!strncmp(url, "udp:", 4) || !strncmp(url, "rtp:", 4)) return RECEIVES;
  const AVDictionaryEntry *option = NULL;
  while ((option = av_dict_get(options, "", option, AV_DICT_IGNORE_SUFFIX))) {
    if (means_listening(option->key, strlen(option->key), option->value, strlen(option->value)))
      return LISTENS;
  }
  for (const char *at = strchr(url, '?'); at && *at;) {
    at++;
    const size_t length = strcspn(at, "&"), key = strcspn(at, "=&");
    const char *value = key < length ? at + key + 1 : "";
    if (means_listening(at, key, value, key < length ? length - key - 1 : 0)) return LISTENS;
    at += length;
  }
  return CALLS;
}
