/* prompt.h: pictures as soon as they are whole.
 * A picture of an MPEG-TS has come to its end when the next one begins; libavformat's parser waits for yet another one, since a
 * packet may hold a part of a picture, or two. Where each is seen to hold exactly one, the parser is told so. */
#ifndef PROMPT_H
#define PROMPT_H

#include <libavformat/avformat.h>
#include <stdbool.h>

struct prompt {
  int stream;     /* the picture that is looked at; -1: none */
  int place;      /* in the parser's list of packets, when it gave out its last picture */
  int in_step;    /* pictures in a row for which it took one packet each */
  AVPacket *held; /* the picture that the parser still had when it was told; NULL: none */
};

void prompt_init(struct prompt *prompt);
/* After av_read_frame() gave this packet. */
void prompt_look(struct prompt *prompt, AVFormatContext *format, const AVPacket *packet);
/* True: this is the next packet, in place of av_read_frame(). */
bool prompt_take(struct prompt *prompt, AVPacket *packet);
void prompt_free(struct prompt *prompt);

#endif
