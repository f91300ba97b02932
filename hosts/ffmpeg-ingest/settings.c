/* settings.c: which settings there are, and what their values look like. The engine knows what is allowed. */
#include "settings.h"

#include <string.h>

#include "values.h"

enum shape { DURATION, NUMBER, PERCENT, CHOICE };

struct choice {
  const char *word;
  int32_t value;
};

struct setting {
  const char *name, *field; /* here, and in changeover_config */
  enum shape shape;
  size_t offset;
  const struct choice *choices; /* two; NULL: no CHOICE */
};

#define SETTING(name, shape, field, choices) \
  { name, #field, shape, offsetof(changeover_config, field), choices }

static const struct choice failback[] = {{"auto", CHANGEOVER_FAILBACK_AUTO},
                                         {"manual", CHANGEOVER_FAILBACK_MANUAL}};
static const struct choice silence[] = {{"adaptive", CHANGEOVER_SILENCE_ADAPTIVE},
                                        {"fixed", CHANGEOVER_SILENCE_FIXED}};
static const struct choice commit[] = {{"key-frame", CHANGEOVER_COMMIT_KEY_FRAME},
                                       {"at-once", CHANGEOVER_COMMIT_AT_ONCE}};

static const struct setting settings[] = {
    SETTING("packet-timeout", DURATION, packet_timeout, NULL),
    SETTING("packet-timeout-min", DURATION, packet_timeout_min, NULL),
    SETTING("connect-timeout", DURATION, connect_timeout, NULL),
    SETTING("start-grace", DURATION, start_grace, NULL),
    SETTING("failback-stable", DURATION, failback_stable, NULL),
    SETTING("switch-cooldown", DURATION, switch_cooldown, NULL),
    SETTING("damping-period", DURATION, damping_period, NULL),
    SETTING("probe-cooldown", DURATION, probe_cooldown, NULL),
    SETTING("probe-timeout", DURATION, probe_timeout, NULL),
    SETTING("commit-wait", DURATION, key_wait, NULL),
    SETTING("min-fps", NUMBER, min_fps, NULL),
    SETTING("min-fps-of-baseline", PERCENT, min_fps_of_baseline, NULL),
    SETTING("min-bitrate", NUMBER, min_bitrate, NULL),
    SETTING("min-bitrate-of-baseline", PERCENT, min_bitrate_of_baseline, NULL),
    SETTING("max-loss", PERCENT, max_loss, NULL),
    SETTING("video-timeout", DURATION, video_timeout, NULL),
    SETTING("audio-timeout", DURATION, audio_timeout, NULL),
    SETTING("impair-after", DURATION, impair_after, NULL),
    SETTING("impair-margin", PERCENT, impair_margin, NULL),
    SETTING("measure-window", DURATION, measure_window, NULL),
    SETTING("failback", CHOICE, failback, failback),
    SETTING("silence", CHOICE, silence, silence),
    SETTING("commit", CHOICE, commit, commit),
};

size_t settings_count(void) { return sizeof settings / sizeof settings[0]; }

const char *settings_name(size_t setting) { return settings[setting].name; }

static int32_t choice(const struct setting *setting, const char *text) {
  for (size_t i = 0; i < 2; i++) {
    if (!strcmp(text, setting->choices[i].word)) return setting->choices[i].value;
  }
  wrong("--%s: \"%s\" is neither %s nor %s", setting->name, text, setting->choices[0].word,
        setting->choices[1].word);
}

void settings_take(changeover_config *config, size_t at, const char *text) {
  const struct setting *setting = &settings[at];
  void *field = (char *)config + setting->offset;
  uint64_t value;
  switch (setting->shape) {
    case DURATION: value = duration_value(setting->name, text); break;
    case NUMBER: value = number_value(setting->name, text, UINT32_MAX); break;
    case PERCENT: value = number_value(setting->name, text, 100); break;
    default: *(int32_t *)field = choice(setting, text); return;
  }
  *(uint64_t *)field = value;
}

void settings_check(const changeover_config *config) {
  const char *field, *why;
  if (changeover_config_check(config, 0, &field, &why) != CHANGEOVER_OK || !field) return;
  const int length = (int)strcspn(why, "("); /* what follows is for those who write C */
  for (size_t i = 0; i < settings_count(); i++) {
    if (!strcmp(settings[i].field, field)) wrong("--%s: must be %.*s", settings[i].name, length, why);
  }
  wrong("%s: must be %.*s", field, length, why);
}
