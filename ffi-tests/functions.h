/* Every exported function as a row: how to call it, what it takes, what it answers. matrix.c, fork.c
 * and bad_input.c go through them; check-matrix.py compares them with changeover.h. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "harness.h"

/* What handles and structs that hold something a function may be given. */
struct objects {
  changeover_engine *engine; /* has the stream "s": input 0 selected, 1 idle, 2 degraded */
  changeover_status *status; /* of "s" */
  changeover_stream_list *list;
  changeover_tap *tap; /* with nothing to take */
  changeover_text *metrics;
  changeover_server *server;
  changeover_site *site;
  changeover_response *response; /* events of no stream */
  changeover_input input;        /* 0 of "s" */
  changeover_event event;        /* of another engine, so that callbacks may have one too */
};

/* Made ready for an engine of either kind; may be called in a callback. */
struct objects objects_of(changeover_engine *engine);
/* All but the engine; what is gone already does no harm. */
void end_objects(struct objects *objects);
/* In a callback no engine can be freed. This one is polled, so there are no callbacks to wait for. */
void free_elsewhere(changeover_engine *engine);
/* Of a client on this machine. */
changeover_request request_for(const char *target);
/* Registers and fills the stream "s". */
void register_s(changeover_engine *engine);

/* The state of "s", to be freed; and checks that nothing else is registered or queued. Without the times,
 * which are moved when the machine stalls. */
char *state_of_s(changeover_engine *engine);

/* The arguments of any function, and what they point to. */
struct arguments {
  changeover_engine *engine;
  changeover_status *status;
  changeover_stream_list *list;
  changeover_tap *tap;
  changeover_text *metrics;
  changeover_server *server;
  changeover_site *site;
  changeover_response *response;
  changeover_serve_options *serving;
  changeover_request *request;
  changeover_input *input;
  changeover_event *event;
  const char *stream;
  size_t stream_len;
  const char *text; /* buffer_write_id or an error's text */
  size_t text_len;
  changeover_input_spec *specs; /* of register, or added */
  size_t specs_len;
  const int32_t *removed;
  size_t removed_len;
  changeover_input_spec *updated;
  size_t updated_len;
  const changeover_packet *packets;
  size_t packets_len;
  const uint8_t *bytes; /* of a packet */
  size_t bytes_len;
  changeover_config *config;
  changeover_options *options;
  const char *path;
  size_t path_len;
  changeover_trace_options *trace;
  int32_t priority, number; /* number: a result, outcome, level or code */
  uint64_t session;         /* or a probe */
  void *out, *out_len, *out_why;
  size_t size; /* of the struct to be prepared, or of the buffer, at out */
  void (*callback)(void);
  void *user_data;
  changeover_destroy_fn destroy;

  changeover_input_spec spec[2], update[1];
  changeover_option option[1];
  changeover_config spec_config, stream_config;
  changeover_options engine_options;
  changeover_serve_options server_options;
  changeover_request page_request;
  changeover_callbacks engine_callbacks;
  changeover_trace_options trace_options;
  changeover_packet packet[2];
  uint8_t byte[188];
  int32_t priorities[2];
};

/* What every output is filled with before a call, and must be after one that fails. */
union output {
  unsigned char bytes[8448]; /* a changeover_ts_loss, and more */
  uint64_t align;
  changeover_engine *engine;
  changeover_status *status;
  changeover_stream_list *list;
  changeover_tap *tap;
  changeover_text *metrics;
  changeover_server *server;
  changeover_site *site;
  changeover_response *response;
  changeover_input input;
};

enum kind {
  ENGINE = 1,
  STATUS,
  LIST,
  TAP,
  METRICS, /* a text of the library's */
  SERVER,
  SITE,
  RESPONSE,
  INPUT,    /* an open one */
  EVENT,    /* a prepared one, that may hold an event */
  ID,       /* a stream's */
  TEXT_IN,  /* any other text */
  RAW,      /* one that need not be UTF-8 */
  SPECS,    /* a list of inputs */
  NUMBERS,  /* a list of what has no text */
  CONFIG,   /* a struct with struct_size that must be there */
  SETTINGS, /* one that need not be */
  FILLED,   /* one that is an output */
  ROOM,     /* one that is to be prepared */
  BUFFER,   /* room for a text */
  OUTPUT,
  OPTIONAL, /* an output that need not be there */
  CALLBACK  /* a function or its data; need not be there */
};

/* Where an argument is in struct arguments: a pointer, and the length that goes with it. */
struct parameter {
  enum kind kind;
  size_t pointer, len;
};

/* Properties of a function. */
enum {
  NO_CODE = 1,  /* answers 0 where others have an error */
  ENDS = 2,     /* ends what it is given; NULL is fine */
  UNGUARDED = 4 /* can't panic */
};

struct function {
  const char *name;
  int32_t (*call)(const struct arguments *arguments);
  int properties;
  /* With good arguments, for an engine that is polled; in a callback, for the one that calls; in a
   * forked child, for what its parent made. */
  int32_t good, inside, child;
  struct parameter parameters[9];
  /* Prepares the struct that is FILLED. */
  int32_t (*init)(void *at, size_t size);
  size_t size;
};

extern const struct function functions[];
extern const size_t functions_len;

/* The row of a function; the name without changeover_. */
const struct function *function_named(const char *name);
/* Is it one of those that register a stream? */
bool registers(const struct function *function);

/* The parameter of that kind; NULL if there is none. */
const struct parameter *parameter_of(const struct function *function, enum kind kind);

/* Whether it takes a handle, or a struct that has one. */
bool takes_handle(const struct function *function);

/* What the function answers instead of this error. */
int32_t refusal(const struct function *function, int32_t code);

/* A cell of the matrix, for check-matrix.py. */
void print_cell(const struct function *function, const char *misuse, int times);

/* Good arguments; outputs go to `out`, which is made ready. `destroy` is called with each user_data. */
void fill(struct arguments *arguments, const struct function *function, struct objects *objects,
          union output *out);

/* Undoes what a call has made that answered like this. */
void settle(const struct function *function, const struct arguments *arguments, int32_t result);

/* How often user_data was destroyed since the last call of this. */
int64_t take_destroyed(void);
/* How often it must have been by one call. */
int64_t destroys(const struct function *function, const struct arguments *arguments);

/* Calls with arguments of which one is bad, and expects this answer, user_data destroyed once, and an
 * output that nothing was written to. */
void expect_answer(const struct function *function, const struct arguments *arguments, int32_t wanted,
                   const char *what);

#endif
