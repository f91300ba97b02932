/* settings.h: the options that are settings of changeover, for all inputs. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <changeover.h>
#include <stddef.h>

size_t settings_count(void);
/* "packet-timeout" */
const char *settings_name(size_t setting);
/* Takes the value; exits with a message if it makes no sense. */
void settings_take(changeover_config *config, size_t setting, const char *text);
/* What the engine would refuse: exits with a message. */
void settings_check(const changeover_config *config);

#endif
