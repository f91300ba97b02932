/* program.h: which streams of a source belong together: the programs of an MPEG-TS, the renditions of a playlist. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

/* The program with this number (service id); NULL: none. */
const AVProgram *program_numbered(const AVFormatContext *format, int number);
/* Is a stream better than another one (-1: none) of its kind? By what they are alone: each time a source is opened it is the same
 * one, whatever came of them first. */
bool stream_is_better(AVFormatContext *format, int stream, int than);
/* A moving picture, and no cover of a record. */
bool stream_is_picture(const AVStream *stream);
/* The program of the best picture, or else of the best sound; NULL: the source has no programs. */
const AVProgram *program_of_best(AVFormatContext *format);
/* Is the stream in it? In a source without programs (NULL) all belong together. */
bool program_has(const AVProgram *program, int stream);
/* Changes when streams join or leave the program, or its table says something new. */
uint64_t program_fingerprint(const AVFormatContext *format, const AVProgram *program);
/* "1 (Das Erste), 2" */
void programs_describe(const AVFormatContext *format, char *text, size_t size);

#endif
