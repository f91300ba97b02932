/* What others wrote, as it is printed: nothing leaves its line, and the secrets of URLs stay out; in the
 * log, in the text of an event and in a status. */
#include "callback_host.h"
#include <stdlib.h>

typedef int32_t print_fn(const char *text, size_t text_len, char *buffer, size_t size, size_t *len);

static void expect_printed(print_fn *print, const char *text, size_t text_len, const char *wanted) {
  char buffer[4096];
  size_t len = 0;
  OK(print(text, text_len, buffer, sizeof buffer, &len));
  TEXT(wanted, buffer, len);
}

static void urls_keep_their_secrets(void) {
  static const char *const table[][2] = {
      {"rtmp://cdn.example/live/secret", "rtmp://cdn.example/live/***"},
      {"srt://h:9000?passphrase=secret&mode=caller", "srt://h:9000?passphrase=***&mode=***"},
      {"srt://u:secret@[2001:db8::1]:9000", "srt://***@[2001:db8::1]:9000"},
      {"rtsp://admin:se/cret@cam/1", "rtsp://***"},
      {"rtsp://admin%3Asecret%40cam/1", "rtsp://***@cam/***"},
      {"https://h/exp=1~hmac=secret/a.m3u8?secret#secret", "https://h/***/***?***#***"},
      {"concat:rtmp://h/a/secret|rtmp://h/b/secret", "concat:rtmp://h/a/***//h/b/***"},
      {"live/secret", "live/***"},
      {"admin:secret@cam/live/1", "***@cam/live/***"},
      {"239.1.1.1:5000", "239.1.1.1:5000"},
      {"file:/media/a\nb", "file:/media/a\\nb"},
      {"rtmp://h/a\x1b/\xff/b", "rtmp://h/***/***/***"},
      {"", ""},
  };
  for (size_t i = 0; i < LENGTH(table); i++)
    expect_printed(changeover_printable_url, S(table[i][0]), table[i][1]);
  const size_t long_len = 1 << 20;
  char *text = malloc(long_len);
  memset(text, 'x', long_len);
  memcpy(text, "rtmp://h/a/", strlen("rtmp://h/a/"));
  expect_printed(changeover_printable_url, text, long_len, "rtmp://h/a/***");
  free(text);
}

static void texts_stay_on_their_line(void) {
  static const char *const table[][2] = {
      {"refused\r\n12:00 news: restored", "refused\\r\\n12:00 news: restored"},
      {"\x1b[2J\x7f", "\\u{1b}[2J\\u{7f}"},
      {"\xc2\x9b"
       "31m\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6",
       "\\u{9b}31m\\u{2028}\\u{202e}\\u{2066}"},
      {"\x9b"
       "31m",
       "\xef\xbf\xbd"
       "31m"},
      {"\\n", "\\n"},
      {"rtmp://u:p@h/live/secret: refused", "rtmp://***@h/live/***: refused"},
  };
  for (size_t i = 0; i < LENGTH(table); i++)
    expect_printed(changeover_printable, S(table[i][0]), table[i][1]);
  expect_printed(changeover_printable, "a\0b", 3, "a\\u{0}b");
}

static void a_buffer_is_filled_as_far_as_it_goes(void) {
  const char text[] = "\xc3\xa9\n\xc3\xa9";
  char buffer[8];
  size_t len = 0;
  OK(changeover_printable(S(text), NULL, 0, &len));
  EQUAL(6, len);
  static const size_t kept[] = {0, 0, 0, 2, 3, 4, 4, 6};
  for (size_t size = 1; size <= sizeof buffer; size++) {
    memset(buffer, '#', sizeof buffer);
    OK(changeover_printable(S(text), buffer, size, &len));
    EQUAL(6, len);
    EQUAL(kept[size < 8 ? size : 7], strlen(buffer));
    for (size_t i = size; i < sizeof buffer; i++)
      EQUAL('#', buffer[i]);
  }
  OK(changeover_printable(S(text), buffer, sizeof buffer, NULL));
}

static const char id[] = "news: exhausted\n";
static const char url[] = "rtmp://user:secret@h/live/secret?token=secret";
static const char told[] = "rtmp://h/live/secret refused\nnews: restored \xe2\x80\xae";

static void collect(void *data, int32_t level, const char *line, size_t len) {
  (void)level;
  char *all = data;
  CHECK(strlen(all) + len + 2 < 8192);
  strncat(all, line, len);
  strcat(all, "\n");
}

/* What is logged, into `all`, and the texts of the same events into `texts`. */
static void play(int32_t full, char *all, char *texts) {
  changeover_engine *engine = patient_engine();
  if (full) OK(changeover_set_log_full_urls(engine, full));
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_DEBUG, collect, all, NULL));
  const changeover_input_spec spec = input_spec(0, url);
  OK(changeover_register(engine, S(id), S("out\n"), &spec, 1, NULL, NULL));
  OK(changeover_report_input_error(engine, S(id), 0, S(told)));
  OK(changeover_update_inputs(engine, S(id), NULL, 0, NULL, 0, &spec, 1));
  OK(changeover_unregister(engine, S(id)));
  changeover_event event = no_event();
  while (changeover_next_event(engine, 0, &event) == CHANGEOVER_OK) {
    char text[1024];
    size_t len;
    OK(changeover_event_text(&event, text, sizeof text, &len));
    CHECK(len < sizeof text);
    strcat(strcat(texts, text), "\n");
    /* What the host carries out is not changed. */
    if (event.kind == CHANGEOVER_EVENT_START) TEXT(url, event.url, event.url_len);
    if (event.kind == CHANGEOVER_EVENT_DEGRADED) TEXT(told, event.detail, event.detail_len);
  }
  OK(changeover_event_clear(&event));
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_event_text(&event, texts, 1, NULL));
  OK(changeover_free(engine));
}

static size_t lines_of(const char *text) {
  size_t lines = 0;
  for (; *text; text++) {
    lines += *text == '\n';
    CHECK(*text == '\n' || (unsigned char)*text >= 0x20);
  }
  return lines;
}

static void the_log_and_the_text_of_events_keep_secrets(void) {
  char all[8192] = "", texts[8192] = "";
  play(0, all, texts);
  CHECK(lines_of(all) >= 5);
  CHECK(strstr(all, "\"news: exhausted\\n\": start input 0 session") != NULL);
  CHECK(strstr(all, " rtmp://***@h/live/***?token=*** -> \"out\\n\"\n") != NULL);
  CHECK(strstr(all, " (rtmp://h/live/*** refused\\nnews: restored \\u{202e})\n") != NULL);
  CHECK(strstr(all, "secret") == NULL && strstr(texts, "secret") == NULL);
  /* Line by line the same, but for what the host never had to take. */
  for (char *line = strtok(texts, "\n"); line; line = strtok(NULL, "\n"))
    check(strstr(all, line) != NULL, __FILE__, __LINE__, "the log has no line %s", line);
}

static void asked_for_the_log_has_urls_in_full(void) {
  char all[8192] = "", texts[8192] = "";
  play(1, all, texts);
  CHECK(lines_of(all) >= 5);
  CHECK(strstr(all, " rtmp://user:secret@h/live/secret?token=secret -> ") != NULL);
  CHECK(strstr(all, "(rtmp://h/live/secret refused\\nnews") != NULL);
  CHECK(strstr(texts, "secret") == NULL);
  changeover_engine *engine = patient_engine();
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_set_log_full_urls(engine, 2));
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_set_log_full_urls(engine, -1));
  OK(changeover_free(engine));
}

static void a_status_says_whose_it_is_and_keeps_secrets(void) {
  changeover_engine *engine = patient_engine();
  const changeover_input_spec specs[] = {input_spec(0, url), input_spec(1, "udp://h:1")};
  uint64_t registration = 0;
  OK(changeover_register(engine, S(id), NULL, 0, specs, 2, NULL, &registration));
  OK(changeover_report_input_error(engine, S(id), 0, S(told)));
  changeover_status *status = NULL;
  OK(changeover_runtime_status(engine, S(id), &status));
  const char *json = NULL;
  OK(changeover_status_json(status, &json, NULL));
  EQUAL(0, lines_of(json));
  CHECK(strstr(json, "secret") == NULL);
  CHECK(strstr(json, "{\"stream\":\"news: exhausted\\n\",\"registration\":1,\"registered_at\":\"20") == json);
  CHECK(strstr(json, "\"uptime_ms\":") && strstr(json, "\"switch_number\":2,"));
  CHECK(strstr(json, "\"url\":\"rtmp://***@h/live/***?token=***\"") &&
        strstr(json, "\"url\":\"udp://h:1\",\"session\":"));
  CHECK(strstr(json, "\"text\":\"rtmp://h/live/*** refused\\nnews: restored \\u202e\"") != NULL);
  CHECK(strstr(json, "\"last_error\":\"rtmp://h/live/*** refused") != NULL);
  CHECK(strstr(json, "\"detail\":\"rtmp://h/live/*** refused") && strstr(json, "\"number\":2,"));
  changeover_stream_status stream;
  OK(changeover_stream_status_init(&stream, sizeof stream));
  OK(changeover_status_stream(status, &stream));
  CHECK(stream.registered_at > INT64_C(1700000000) * (int64_t)SECOND);
  CHECK(stream.uptime < 3600 * SECOND);
  changeover_status_free(status);
  OK(changeover_free(engine));
}

int main(void) {
  RUN(urls_keep_their_secrets);
  RUN(texts_stay_on_their_line);
  RUN(a_buffer_is_filled_as_far_as_it_goes);
  RUN(the_log_and_the_text_of_events_keep_secrets);
  RUN(asked_for_the_log_has_urls_in_full);
  RUN(a_status_says_whose_it_is_and_keeps_secrets);
  return finish();
}
