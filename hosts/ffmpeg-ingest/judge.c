/* judge.c: a decoder, a filter graph, and what the filters say. Their clock is when packets arrived: that of a source may
 * jump. */
#include "judge.h"

#include <changeover.h>
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define MICROSECONDS ((AVRational){1, 1000000})

/* What a detector calls the beginning and the end, in the metadata of frames. */
struct detector_filter {
  int32_t condition;
  const char *filter, *begins, *ends;
  bool waits; /* until it has lasted: the others tell at once */
};

static const struct detector_filter detectors[] = {
    {CHANGEOVER_CONDITION_BLACK, "blackdetect", "lavfi.black_start", "lavfi.black_end", false},
    {CHANGEOVER_CONDITION_FROZEN, "freezedetect", "lavfi.freezedetect.freeze_start",
     "lavfi.freezedetect.freeze_end", true},
    {CHANGEOVER_CONDITION_SILENT, "silencedetect", "lavfi.silence_start", "lavfi.silence_end", true},
};
#define DETECTORS (sizeof detectors / sizeof detectors[0])

struct judge {
  struct judge_config config; /* of this track only */
  bool pictures;
  AVCodecContext *decoder;
  AVFilterGraph *graph; /* NULL: made for the first frame, and when frames change */
  AVFilterContext *in, *out;
  AVFrame *frame;
  int format, width, height, rate; /* of the graph's frames */
  uint64_t first, last;            /* ns: of the frames this graph has seen; 0: none */
  struct {
    bool shows;
    uint64_t since;
  } sight[CONDITIONS_MAX];
};

const char *judge_lacks(conditions wanted) {
  for (size_t i = 0; i < DETECTORS; i++) {
    if (wanted & 1u << detectors[i].condition && !avfilter_get_by_name(detectors[i].filter))
      return detectors[i].filter;
  }
  return NULL;
}

static bool open_decoder(struct judge *judge, const struct track *track) {
  const AVCodec *codec = avcodec_find_decoder(track->codec->codec_id);
  if (!codec || !(judge->decoder = avcodec_alloc_context3(codec))) return false;
  AVCodecContext *decoder = judge->decoder;
  if (avcodec_parameters_to_context(decoder, track->codec) < 0) return false;
  decoder->thread_count = 1;
  decoder->skip_loop_filter = AVDISCARD_ALL; /* nobody looks that closely */
  if (!judge->config.every) decoder->flags |= AV_CODEC_FLAG_LOW_DELAY | AV_CODEC_FLAG_OUTPUT_CORRUPT;
  return avcodec_open2(decoder, codec, NULL) >= 0;
}

struct judge *judge_new(const struct judge_config *config, const struct track *track) {
  const enum track_kind kind = track_kind(track);
  const conditions wanted = kind == TRACK_VIDEO   ? config->wanted & CONDITIONS_OF_PICTURES
                            : kind == TRACK_AUDIO ? config->wanted & CONDITION(SILENT)
                                                  : 0;
  if (!wanted) return NULL;
  struct judge *judge = calloc(1, sizeof *judge);
  if (!judge) return NULL;
  judge->config = *config;
  judge->config.wanted = wanted;
  judge->pictures = kind == TRACK_VIDEO;
  judge->frame = av_frame_alloc();
  if (judge->frame && open_decoder(judge, track)) return judge;
  judge_free(judge);
  return NULL;
}

void judge_free(struct judge *judge) {
  if (!judge) return;
  avfilter_graph_free(&judge->graph);
  avcodec_free_context(&judge->decoder);
  av_frame_free(&judge->frame);
  free(judge);
}

/* ---- the graph ---- */

static void describe_filters(const struct judge *judge, char *text, size_t size) {
  const double after = (double)judge->config.after / 1e9;
  size_t used = 0;
  if (judge->pictures) /* large ones cost much and show no more */
    used = (size_t)snprintf(text, size, "scale=w='min(640,iw)':h=-2:flags=fast_bilinear,format=yuv420p");
  for (size_t i = 0; i < DETECTORS; i++) {
    if (judge->config.wanted & 1u << detectors[i].condition)
      used += (size_t)snprintf(text + used, size - used, "%s%s=d=%.3f", used ? "," : "", detectors[i].filter,
                               after);
  }
}

static AVFilterContext *make_input(struct judge *judge, const AVFrame *frame) {
  AVFilterContext *in = avfilter_graph_alloc_filter(
      judge->graph, avfilter_get_by_name(judge->pictures ? "buffer" : "abuffer"), "in");
  AVBufferSrcParameters *parameters = av_buffersrc_parameters_alloc();
  bool made = false;
  if (in && parameters) {
    parameters->time_base = MICROSECONDS;
    parameters->format = frame->format;
    parameters->width = frame->width;
    parameters->height = frame->height;
    parameters->sample_rate = frame->sample_rate;
    made = judge->pictures || av_channel_layout_copy(&parameters->ch_layout, &frame->ch_layout) >= 0;
    made = made && av_buffersrc_parameters_set(in, parameters) >= 0 && avfilter_init_str(in, NULL) >= 0;
    av_channel_layout_uninit(&parameters->ch_layout);
  }
  av_free(parameters);
  return made ? in : NULL;
}

static bool make_graph(struct judge *judge, const AVFrame *frame) {
  char filters[256];
  AVFilterInOut *from = avfilter_inout_alloc(), *to = avfilter_inout_alloc();
  bool made = false;
  avfilter_graph_free(&judge->graph);
  judge->graph = avfilter_graph_alloc();
  judge->first = 0;
  memset(judge->sight, 0, sizeof judge->sight);
  if (judge->graph && from && to) {
    judge->graph->nb_threads = 1;
    judge->in = make_input(judge, frame);
    const AVFilter *sink = avfilter_get_by_name(judge->pictures ? "buffersink" : "abuffersink");
    if (judge->in && avfilter_graph_create_filter(&judge->out, sink, "out", NULL, NULL, judge->graph) >= 0) {
      *from = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = judge->in};
      *to = (AVFilterInOut){.name = av_strdup("out"), .filter_ctx = judge->out};
      describe_filters(judge, filters, sizeof filters);
      made = avfilter_graph_parse_ptr(judge->graph, filters, &to, &from, NULL) >= 0 &&
             avfilter_graph_config(judge->graph, NULL) >= 0;
    }
  }
  avfilter_inout_free(&from);
  avfilter_inout_free(&to);
  judge->format = frame->format;
  judge->width = frame->width;
  judge->height = frame->height;
  judge->rate = frame->sample_rate;
  if (!made) avfilter_graph_free(&judge->graph);
  return made;
}

static bool same_channels(const struct judge *judge, const AVFrame *frame) {
  return judge->pictures ||
         av_channel_layout_compare(&judge->in->outputs[0]->ch_layout, &frame->ch_layout) == 0;
}

static bool fits_graph(const struct judge *judge, const AVFrame *frame) {
  return judge->graph && judge->format == frame->format && judge->width == frame->width &&
         judge->height == frame->height && judge->rate == frame->sample_rate && same_channels(judge, frame);
}

/* ---- what is seen ---- */

static void read_signs(struct judge *judge, const AVFrame *frame, uint64_t at) {
  for (size_t i = 0; i < DETECTORS; i++) {
    const struct detector_filter *detector = &detectors[i];
    if (av_dict_get(frame->metadata, detector->begins, NULL, 0)) {
      judge->sight[detector->condition].shows = true;
      judge->sight[detector->condition].since = detector->waits ? at - judge->config.after : at;
    }
    if (av_dict_get(frame->metadata, detector->ends, NULL, 0))
      judge->sight[detector->condition].shows = false;
  }
}

/* Through the filters. */
static void look_at_frame(struct judge *judge, uint64_t arrived) {
  AVFrame *frame = judge->frame;
  if (!fits_graph(judge, frame) && !make_graph(judge, frame)) return;
  judge->last = arrived;
  if (!judge->first) judge->first = arrived;
  frame->pts = (int64_t)(arrived / 1000);
  if (av_buffersrc_add_frame(judge->in, frame) < 0) return;
  while (av_buffersink_get_frame(judge->out, frame) >= 0) {
    read_signs(judge, frame, arrived);
    av_frame_unref(frame);
  }
}

int judge_look(struct judge *judge, const AVPacket *packet, uint64_t arrived) {
  AVCodecContext *decoder = judge->decoder;
  const bool alone = judge->pictures && !judge->config.every; /* no other picture belongs to it */
  int frames = 0;
  avcodec_send_packet(decoder, packet); /* errors are usual: what was lost on the way is missing */
  if (alone) avcodec_send_packet(decoder, NULL);
  while (avcodec_receive_frame(decoder, judge->frame) >= 0) {
    frames++;
    look_at_frame(judge, arrived);
    av_frame_unref(judge->frame);
  }
  if (alone) avcodec_flush_buffers(decoder);
  return frames;
}

static bool has_lasted(const struct judge *judge, uint64_t since) {
  return judge->first && judge->last - since >= judge->config.after;
}

conditions judge_holding(const struct judge *judge) {
  conditions holding = 0;
  for (unsigned i = 0; i < CONDITIONS_MAX; i++) {
    if (judge->sight[i].shows && has_lasted(judge, judge->sight[i].since)) holding |= 1u << i;
  }
  return holding;
}

conditions judge_not_holding(const struct judge *judge) {
  conditions gone = has_lasted(judge, judge->first) ? judge->config.wanted : 0;
  for (unsigned i = 0; i < CONDITIONS_MAX; i++) {
    if (judge->sight[i].shows) gone &= ~(1u << i);
  }
  return gone;
}
