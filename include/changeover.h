/* changeover: input failover for live video ingest.
 *
 * Generated from src/ffi and src/vocabulary by tests/generated (make generated): do not edit.
 *
 * Results: an int32_t result is CHANGEOVER_OK (0) or a negative CHANGEOVER_ERR_* code; the numbers
 * never change. After an error nothing has changed and no output is written. Each function lists its
 * errors without the common ones: NULL, HANDLE, STRUCT_SIZE, UTF8, STREAM_ID, LENGTH, VALUE,
 * SHUT_DOWN, FORKED, PANIC, MONITOR_DIED, and for those that wait TIMEOUT, if
 * changeover_set_call_timeout bounds them (then what was asked for may still be done). There is no
 * last error to ask for.
 *
 * Strings: pointer and length in bytes, UTF-8; (NULL, 0) is empty, and so is a list of (NULL, 0).
 * Strings handed out are followed by a NUL byte which the length does not count. What goes in is
 * copied before the call returns, unless said otherwise. What comes out is borrowed from the object
 * it came from, until that is freed or cleared.
 *
 * Handles: changeover_engine, changeover_status, changeover_stream_list, changeover_tap,
 * changeover_text, changeover_server, changeover_site and changeover_response are numbers dressed as
 * pointers. They are never dereferenced and never reused, so a handle that is stale, freed twice or
 * was never ours is CHANGEOVER_ERR_HANDLE. Freeing NULL does nothing.
 *
 * Structs: one that begins with struct_size is prepared by its _init function, given its sizeof,
 * and may grow at the end in later versions. A program compiled for an older version keeps working.
 * One compiled for a newer version works as long as the fields this library does not know are zero,
 * and else gets CHANGEOVER_ERR_STRUCT_SIZE. reserved fields are zero.
 *
 * Threads: "any thread" means from several at once, too. "One at a time" means any thread, but not
 * two at once for the same object. "Owner only": moreover, nobody may use the object any more.
 *
 * Progress: "wait-free" functions end after a bounded number of steps, whatever other threads do, take
 * no lock, allocate nothing and make no system call. Those that "do not wait" may briefly take a lock.
 * Those that "wait for the monitor" return when their decision is made and published, normally in well
 * under a millisecond; they never wait for the host's code. Those that "wait for callbacks" do.
 *
 * Callbacks: user_data comes first. Its destructor, if there is one, is called exactly once, after
 * any running callback, also when the call that was given it fails, and with whatever user_data it was
 * given, NULL too. Callbacks may call every function, of any engine, except changeover_free and
 * changeover_sync, which answer CHANGEOVER_ERR_IN_CALLBACK on every thread that calls an engine's
 * callbacks or destructors; what else waits for callbacks returns at once there. They must return: no
 * longjmp and no C++ exception may leave them. Their threads have 2 MiB of stack, unless
 * changeover_options says otherwise.
 *
 * Times: uint64_t nanoseconds of the engine's monotonic clock (changeover_now), and durations in
 * nanoseconds. Fields that say "since 1970" are wall clock, for people.
 *
 * Processes: after fork, a child that uses a handle of its parent gets CHANGEOVER_ERR_FORKED; it may
 * make engines of its own. Its parent's open inputs are not for it: what recording answers there means
 * nothing. A child made by vfork, _Fork or clone may not call the library at all. The shared library
 * stays loaded after dlclose. No function may be called from a signal handler.
 *
 * Memory: where the system has none left, the process is aborted (SIGABRT), as Rust programs are;
 * recording, which allocates nothing, is never the call that does it.
 *
 * Versions: each function says since which version it is there. Types, fields and constants that don't
 * say so are of 0.1.
 *
 * What the library can't check is the caller's promise: that a pointer it is given is NULL or good
 * for the length that goes with it, that nobody writes there during the call, and that structs were
 * prepared as said.
 */

#ifndef CHANGEOVER_H
#define CHANGEOVER_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header; changeover_version() is the library's. */
#define CHANGEOVER_VERSION "0.1.0"
#define CHANGEOVER_VERSION_MAJOR 0
#define CHANGEOVER_VERSION_MINOR 1
#define CHANGEOVER_VERSION_PATCH 0
/** MAJOR * 10000 + MINOR * 100 + PATCH */
#define CHANGEOVER_VERSION_NUMBER 100

/* --- Results. */

/** Success. */
#define CHANGEOVER_OK 0

/** A required pointer is NULL. */
#define CHANGEOVER_ERR_NULL (-1)

/** Not a live handle: freed, closed, or never ours. */
#define CHANGEOVER_ERR_HANDLE (-2)

/** A struct_size is too small or absurd, or a field this version does not know is not zero. */
#define CHANGEOVER_ERR_STRUCT_SIZE (-3)

/** A string is not UTF-8. */
#define CHANGEOVER_ERR_UTF8 (-4)

/** A stream id is empty or longer than 255 bytes. */
#define CHANGEOVER_ERR_STREAM_ID (-5)

/** A priority is negative. */
#define CHANGEOVER_ERR_PRIORITY (-6)

/** Two inputs of one stream have the same priority. */
#define CHANGEOVER_ERR_DUPLICATE_PRIORITY (-7)

/**
 * A setting is out of range, or makes no sense on the level it was given for. A duration under a
 * millisecond is one without its unit.
 */
#define CHANGEOVER_ERR_CONFIG (-8)

/** Hot standby was asked for where two sessions can't overlap. */
#define CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP (-9)

/** The stream id is already registered. */
#define CHANGEOVER_ERR_STREAM_EXISTS (-10)

/** No such stream is registered. */
#define CHANGEOVER_ERR_UNKNOWN_STREAM (-11)

/** The stream has no input of that priority. */
#define CHANGEOVER_ERR_UNKNOWN_INPUT (-12)

/** The input is degraded, so it can't be chosen. */
#define CHANGEOVER_ERR_INPUT_DEGRADED (-13)

/** That session or probe is over, replaced, or was never given out. */
#define CHANGEOVER_ERR_STALE_SESSION (-14)

/** A length that no buffer can have. */
#define CHANGEOVER_ERR_LENGTH (-15)

/** A number that is not one of the constants, or a reserved field that is not zero. */
#define CHANGEOVER_ERR_VALUE (-16)

/** The wait ended before what was waited for. */
#define CHANGEOVER_ERR_TIMEOUT (-17)

/** A polling call on an engine with callbacks, or the reverse. */
#define CHANGEOVER_ERR_WRONG_MODE (-18)

/** The call would wait for the thread it is made on. */
#define CHANGEOVER_ERR_IN_CALLBACK (-19)

/** The engine is shut down. */
#define CHANGEOVER_ERR_SHUT_DOWN (-20)

/** The engine belongs to the parent of this forked process. */
#define CHANGEOVER_ERR_FORKED (-21)

/** An index beyond the end. */
#define CHANGEOVER_ERR_INDEX (-22)

/** The system refused a thread or a descriptor. */
#define CHANGEOVER_ERR_SYSTEM (-23)

/**
 * A bug in the library, stopped before it reached the caller. If it was met while a stream was
 * driven, that stream was unregistered.
 */
#define CHANGEOVER_ERR_PANIC (-24)

/** More inputs, or a longer text, than a stream may have. */
#define CHANGEOVER_ERR_LIMIT (-25)

/**
 * The engine's monitor has ended by a bug: nothing is decided any more. Recording goes on
 * answering as it last did.
 */
#define CHANGEOVER_ERR_MONITOR_DIED (-26)

/** No other input is usable, so this one is kept. */
#define CHANGEOVER_ERR_NO_OTHER_INPUT (-27)

/** The input is disabled, so it can't be chosen. */
#define CHANGEOVER_ERR_INPUT_DISABLED (-28)

/** There is nothing to return to. */
#define CHANGEOVER_ERR_NO_BETTER_INPUT (-29)

/** This library was built without that. */
#define CHANGEOVER_ERR_UNSUPPORTED (-30)

/** It is no IP address with a port, or the system refuses to listen there. */
#define CHANGEOVER_ERR_ADDRESS (-31)

/** Whoever reaches an address that is not loopback may ask, so a token is needed. */
#define CHANGEOVER_ERR_NEEDS_TOKEN (-32)

/**
 * A token that is too short, too long, or can't be sent in a header field; or none, where one is
 * needed.
 */
#define CHANGEOVER_ERR_TOKEN (-33)

/** Switch numbers can't begin with one that is larger than 2^57. */
#define CHANGEOVER_ERR_FIRST_SWITCH (-34)

/* --- What a packet is, or'ed. */

/** A video frame. Counts into fps. */
#define CHANGEOVER_VIDEO 1u

/** An audio frame. */
#define CHANGEOVER_AUDIO 2u

/** Decoding can start here. */
#define CHANGEOVER_KEY 4u

/* --- What to do when a better input is healthy again. */

/** Return by itself, after failback_stable and switch_cooldown. */
#define CHANGEOVER_FAILBACK_AUTO 0

/** Return only by changeover_switch_input or changeover_fail_back. */
#define CHANGEOVER_FAILBACK_MANUAL 1

/* --- Whether an input runs before it is needed. */

/** Started only when needed. */
#define CHANGEOVER_STANDBY_COLD 0

/** Started at once and kept running. */
#define CHANGEOVER_STANDBY_HOT 1

/* --- Whether the host can run two sessions of one stream at once. */

/** It can: planned switches are make-before-break. */
#define CHANGEOVER_OVERLAP_ON 0

/** It can't: the stop always comes before the start. */
#define CHANGEOVER_OVERLAP_OFF 1

/* --- Who connects. */

/** The host connects to the source, which can be asked whether it works. */
#define CHANGEOVER_SOURCE_PULLED 0

/** The source connects to the host, as an encoder that publishes. */
#define CHANGEOVER_SOURCE_PUSHED 1

/* --- What an input is. */

/** A source of the stream. */
#define CHANGEOVER_ROLE_SOURCE 0

/** No source, but better than nothing: a slate, a loop, a still picture. */
#define CHANGEOVER_ROLE_FILL 1

/* --- When a planned switch away from an input on air is committed. */

/**
 * On the target's next key frame, a packet flagged VIDEO and KEY; on its first packet where
 * neither of the two inputs has sent any.
 */
#define CHANGEOVER_COMMIT_KEY_FRAME 0

/** On the target's first packet. */
#define CHANGEOVER_COMMIT_AT_ONCE 1

/* --- What the limit on an input's silence is. */

/** packet_timeout. */
#define CHANGEOVER_SILENCE_FIXED 0

/**
 * Twice the longest gap between packets in the session's last minutes: at least
 * packet_timeout_min, at most packet_timeout, where each session begins.
 */
#define CHANGEOVER_SILENCE_ADAPTIVE 1

/* --- What an input is worth right now. */

/** Usable and not on air. */
#define CHANGEOVER_STATUS_IDLE 0

/** On air. */
#define CHANGEOVER_STATUS_ACTIVE 1

/** Given up until it recovers. */
#define CHANGEOVER_STATUS_DEGRADED 2

/** Disabled, or its stream was unregistered. */
#define CHANGEOVER_STATUS_STOPPED 3

/* --- How bad a degraded input is. */

/** It is not degraded. */
#define CHANGEOVER_SEVERITY_NONE 0

/** It does not deliver, or the host reported an error. */
#define CHANGEOVER_SEVERITY_FAILED 1

/** It delivers, but a condition has held. */
#define CHANGEOVER_SEVERITY_IMPAIRED 2

/* --- What a host that sees the media says of an input: changeover_set_condition. What is measured, the engine sees by itself. */

/** The picture is black. */
#define CHANGEOVER_CONDITION_BLACK 1

/** The picture stands still. */
#define CHANGEOVER_CONDITION_FROZEN 2

/** The sound is silent. */
#define CHANGEOVER_CONDITION_SILENT 3

/** Whatever else the host has against it. */
#define CHANGEOVER_CONDITION_HOST 4

/* --- Why an input is started. */

/** No start. */
#define CHANGEOVER_START_NONE 0

/** The first choice, at registration. */
#define CHANGEOVER_START_INITIAL 1

/** It takes the place of an input that was lost. */
#define CHANGEOVER_START_FAILOVER 2

/**
 * It is to take the place of an input on air, or did: a manual switch, a failback, an added
 * input, a disabled one.
 */
#define CHANGEOVER_START_PLANNED 3

/** It is kept running before it is needed. */
#define CHANGEOVER_START_HOT 4

/** It was given up and can't be probed: to see whether it delivers. */
#define CHANGEOVER_START_TRIAL 5

/** In place of its last session: it fell silent though hot, it or the buffer was changed. */
#define CHANGEOVER_START_RESTART 6

/** It was given up and is wanted nevertheless: changeover_force_input. */
#define CHANGEOVER_START_FORCED 7

/* --- Why a switch was made, or why an input was degraded. */

/** No reason. */
#define CHANGEOVER_REASON_NONE 0

/** The first choice, at registration. */
#define CHANGEOVER_REASON_INITIAL 1

/** The host reported an error. */
#define CHANGEOVER_REASON_ERROR 2

/** No packet within connect_timeout or the limit on silence, no answer within probe_timeout. */
#define CHANGEOVER_REASON_TIMEOUT 3

/** The host could not start the input. */
#define CHANGEOVER_REASON_START_FAILED 4

/** changeover_switch_input, changeover_switch_input_for or changeover_force_input. */
#define CHANGEOVER_REASON_MANUAL 5

/** Back to a better input: by itself, or by changeover_fail_back. */
#define CHANGEOVER_REASON_FAILBACK 6

/** An input that was given up delivers again. */
#define CHANGEOVER_REASON_RECOVERY 7

/** A better input was added, or the first one. */
#define CHANGEOVER_REASON_INPUT_ADDED 8

/** The active input was removed. */
#define CHANGEOVER_REASON_INPUT_REMOVED 9

/** The bitrate fell below its limit. */
#define CHANGEOVER_REASON_LOW_BITRATE 10

/** The frame rate fell below its limit. */
#define CHANGEOVER_REASON_LOW_FPS 11

/** The loss rose above its limit. */
#define CHANGEOVER_REASON_PACKET_LOSS 12

/** Video stopped while other packets flow. */
#define CHANGEOVER_REASON_VIDEO_LOST 13

/** Nothing was on air for start_grace, and this input delivered. */
#define CHANGEOVER_REASON_START_GRACE 14

/** Sound stopped while other packets flow. */
#define CHANGEOVER_REASON_AUDIO_LOST 15

/** The host said that the picture is black. */
#define CHANGEOVER_REASON_BLACK 16

/** The host said that the picture stands still. */
#define CHANGEOVER_REASON_FROZEN 17

/** The host said that the sound is silent. */
#define CHANGEOVER_REASON_SILENT 18

/** The host had something else against the input. */
#define CHANGEOVER_REASON_HOST 19

/** The active input was disabled. */
#define CHANGEOVER_REASON_DISABLED 20

/* --- What stands against an input that a switch passed over. */

/** No input was passed over. */
#define CHANGEOVER_OBSTACLE_NONE 0

/** It was given up. */
#define CHANGEOVER_OBSTACLE_FAILED 1

/** It delivers, but a condition holds. */
#define CHANGEOVER_OBSTACLE_IMPAIRED 2

/** It failed often, and has not been healthy for long enough since. */
#define CHANGEOVER_OBSTACLE_HELD 3

/** It runs and does not deliver. */
#define CHANGEOVER_OBSTACLE_NOT_DELIVERING 4

/** It has not been healthy for failback_stable. */
#define CHANGEOVER_OBSTACLE_UNPROVEN 5

/** It was given up, can't be probed, and has not delivered since. */
#define CHANGEOVER_OBSTACLE_UNTESTED 6

/** The host has disabled it. */
#define CHANGEOVER_OBSTACLE_DISABLED 7

/** Nothing: another one was chosen by hand, or what is on air is not left for it yet. */
#define CHANGEOVER_OBSTACLE_NOTHING 8

/* --- Which event it is. */

/** No event. */
#define CHANGEOVER_EVENT_NONE 0

/**
 * Command: start an input. If that fails, say so with changeover_start_result. A start that was
 * taken gets exactly one stop, even if it failed. Fields: priority, session, url, options,
 * buffer_write_id, start_reason, user_data.
 */
#define CHANGEOVER_EVENT_START 1

/** Command: stop a session. Fields: priority, session, user_data. */
#define CHANGEOVER_EVENT_STOP 2

/**
 * Command: find out whether an input works, and answer with changeover_probe_result within limit,
 * giving back probe. Fields: priority, probe, limit, url, options, user_data.
 */
#define CHANGEOVER_EVENT_PROBE 3

/**
 * The active input changed: from is the one left, priority the one chosen. Both are the same when
 * it recovered by itself. switch_number is what a forwarded packet's verdict is from here on;
 * passed_over are those that would have gone before the one chosen. Fields: priority, from,
 * reason, switch_number, detail, measured, limit, window, detection, decision, commit,
 * passed_over, passed_over_more, passed_over_text.
 */
#define CHANGEOVER_EVENT_SWITCHED 4

/**
 * The first packet of the active input is on air, measured after its selection. Fields: priority,
 * session, measured.
 */
#define CHANGEOVER_EVENT_ACTIVE 5

/**
 * An input was given up: measured went beyond limit, or the host said so. Fields: priority,
 * reason, measured, limit, detail, window, detection.
 */
#define CHANGEOVER_EVENT_DEGRADED 6

/**
 * A degraded input is usable again; exhausted says whether until now the stream was. Fields:
 * priority, exhausted.
 */
#define CHANGEOVER_EVENT_RECOVERED 7

/** No source is left that can be watched; reason is why the last one was given up. Fields: reason. */
#define CHANGEOVER_EVENT_EXHAUSTED 8

/** A source that can be watched is on air again. Fields: priority. */
#define CHANGEOVER_EVENT_RESTORED 9

/** The last event of a registration. */
#define CHANGEOVER_EVENT_UNREGISTERED 10

/** The host was slow: dropped events were lost here. Fields: dropped. */
#define CHANGEOVER_EVENT_GAP 11

/**
 * A bug in the library was met while this stream was driven, and costs no other: its stops and
 * unregistered follow. Without a stream: the monitor has ended by a bug. Nothing is decided any
 * more, and no event follows. Fields: detail.
 */
#define CHANGEOVER_EVENT_BUG 12

/**
 * Without a stream: measured of the streams on air failed within a second, which is more than
 * limit (mass_share of them). Told once, and not again before ten seconds have passed without
 * one. Fields: measured, limit, detail.
 */
#define CHANGEOVER_EVENT_MASS_FAILURE 13

/**
 * A shadow decided otherwise, of a stream that is still registered: what detail says was decided
 * measured ago, and would have been decided limit ago under its settings; 0: never. Of a switch
 * from is the input left, if there was one, and priority the one chosen. Fields: priority, from,
 * reason, measured, limit, detail.
 */
#define CHANGEOVER_EVENT_SHADOW_DIFFERS 14

/**
 * Without a stream: the shadow could not follow, dropped records were lost to it. It begins anew,
 * with all streams as they are. Fields: dropped.
 */
#define CHANGEOVER_EVENT_SHADOW_GAP 15

/* --- How a probe went, as C says it. */

/** The source works. */
#define CHANGEOVER_PROBE_OK 0

/** It does not. */
#define CHANGEOVER_PROBE_FAILED 1

/** This input can't be probed. */
#define CHANGEOVER_PROBE_UNSUPPORTED 2

/** Only as the probe callback's answer: changeover_probe_result will follow. */
#define CHANGEOVER_PROBE_LATER 3

/* --- How much a log callback wants to hear. */

/** No log. */
#define CHANGEOVER_LOG_OFF 0

/** A stream is exhausted; very many streams failed at once; a callback misbehaved. */
#define CHANGEOVER_LOG_ERROR 1

/** An input was given up; the monitor stalled; events were dropped. */
#define CHANGEOVER_LOG_WARN 2

/** Switches and recoveries. */
#define CHANGEOVER_LOG_INFO 3

/** Every event. */
#define CHANGEOVER_LOG_DEBUG 4

/** A duration: 500 * CHANGEOVER_MILLISECOND. */
#define CHANGEOVER_MILLISECOND UINT64_C(1000000)

/** A duration: 2 * CHANGEOVER_SECOND. */
#define CHANGEOVER_SECOND UINT64_C(1000000000)

/** A duration. */
#define CHANGEOVER_MINUTE UINT64_C(60000000000)

/** The longest duration a setting may have, a year: a timeout that never comes. */
#define CHANGEOVER_NEVER UINT64_C(31536000000000000)

/**
 * Settings of the engine, of a stream or of an input. Durations are nanoseconds, e.g. 500 *
 * CHANGEOVER_MILLISECOND; they and numbers may be CHANGEOVER_INHERIT, choices
 * CHANGEOVER_INHERIT_CHOICE. An input takes packet_timeout, connect_timeout, probe_cooldown,
 * probe_timeout, standby, min_bitrate, min_bitrate_of_baseline, min_fps, min_fps_of_baseline,
 * max_loss, impair_after, impair_margin, video_timeout, audio_timeout, measure_window, source,
 * start_grace, role, silence and packet_timeout_min; the rest must be inherited there, and
 * mass_share in a stream's, too.
 */
typedef struct changeover_config {
  /** Set by changeover_config_init. */
  size_t struct_size;
  /**
   * Silence after which a delivering input is given up. A duration from 1 ms to a year. Default 2
   * s.
   */
  uint64_t packet_timeout;
  /**
   * How long a session may take from the moment the host took its start to its first packet. A
   * duration from 1 ms to a year. Default 5 s.
   */
  uint64_t connect_timeout;
  /**
   * The wait before a degraded input is probed, or a silent hot one restarted. It doubles after
   * each failure, to at most eight times this value; up to one eighth is added at random. A
   * duration from 1 ms to a year. Default 8 s.
   */
  uint64_t probe_cooldown;
  /**
   * How long a probe may take from the moment the host took it. A duration from 1 ms to a year.
   * Default 3 s.
   */
  uint64_t probe_timeout;
  /**
   * The least time between a stream's last switch and a failback. 0, or a duration from 1 ms to a
   * year. Default 12 s.
   */
  uint64_t switch_cooldown;
  /**
   * How long a better input must be healthy before a failback, a trial session must deliver, and
   * an input must be on air for its backoff to be forgotten. 0, or a duration from 1 ms to a
   * year. Default 3 s.
   */
  uint64_t failback_stable;
  /** What to do when a better input is healthy again. CHANGEOVER_FAILBACK_*. Default auto. */
  int32_t failback;
  /** Whether an input runs before it is needed. CHANGEOVER_STANDBY_*. Default cold. */
  int32_t standby;
  /**
   * Whether the host can run two sessions of one stream at once. CHANGEOVER_OVERLAP_*. Default
   * on.
   */
  int32_t overlap;
  /** 0. */
  int32_t reserved;
  /**
   * The least bitrate, in kbit/s; 0: none. With min_bitrate_of_baseline the higher of the two
   * counts. At most 4,294,967,295. Default 0.
   */
  uint64_t min_bitrate;
  /**
   * The least bitrate, in percent of the input's baseline; 0: none. A percentage, at most 100.
   * Default 0.
   */
  uint64_t min_bitrate_of_baseline;
  /**
   * The least video frame rate, in frames a second; 0: none. With min_fps_of_baseline the higher
   * of the two counts. At most 4,294,967,295. Default 0.
   */
  uint64_t min_fps;
  /**
   * The least video frame rate, in percent of the input's baseline; 0: none. A percentage, at
   * most 100. Default 0.
   */
  uint64_t min_fps_of_baseline;
  /**
   * The greatest loss, in percent of what was sent; 0: not watched. A percentage, at most 100.
   * Default 0.
   */
  uint64_t max_loss;
  /**
   * How long a bitrate, a frame rate or a loss must be out of its limit, from the first look that
   * shows it, to count. 0, or a duration from 1 ms to a year. Default 2 s.
   */
  uint64_t impair_after;
  /**
   * How far a bitrate, a frame rate or a loss must be back within its limit to count as met, in
   * percent of the limit. A percentage, at most 100. Default 10.
   */
  uint64_t impair_margin;
  /**
   * How long video may stop while other packets flow; 0: not watched. 0, or a duration from 1 ms
   * to a year. Default 0 s.
   */
  uint64_t video_timeout;
  /**
   * How long sound may stop while other packets flow; 0: not watched. Sound is what is flagged
   * so. 0, or a duration from 1 ms to a year. Default 0 s.
   */
  uint64_t audio_timeout;
  /**
   * The time over which an input is measured, from 100 ms to a minute. It is looked at ten times
   * in each window. A duration from 100 ms to a minute. Default 1 s.
   */
  uint64_t measure_window;
  /**
   * Who connects: the host to the source, or the source to the host. Of a pushed input a start
   * means "listen": its session is kept once it is started, and its own packets tell whether it
   * is there, also while it has no session. CHANGEOVER_SOURCE_*. Default pulled.
   */
  int32_t source;
  /** 0. */
  int32_t reserved_source;
  /**
   * How long nothing may be on air while the chosen input starts and another one delivers. The
   * default is the chosen input's packet_timeout. 0, or a duration from 1 ms to a year. Default
   * the packet timeout.
   */
  uint64_t start_grace;
  /**
   * How long an input must be healthy without a break for one of its faults to be forgotten; 0:
   * faults are not counted. 0, or a duration from 1 ms to a year. Default 60 s.
   */
  uint64_t damping_period;
  /** What an input is. CHANGEOVER_ROLE_*. Default source. */
  int32_t role;
  /** 0. */
  int32_t reserved_role;
  /**
   * When a planned switch away from an input on air is committed. CHANGEOVER_COMMIT_*. Default
   * key_frame.
   */
  int32_t commit;
  /** 0. */
  int32_t reserved_commit;
  /**
   * How long a planned switch waits for a key frame, from the target's first packet; then any
   * packet commits it. 0, or a duration from 1 ms to a year. Default 10 s.
   */
  uint64_t key_wait;
  /** What the limit on an input's silence is. CHANGEOVER_SILENCE_*. Default fixed. */
  int32_t silence;
  /** 0. */
  int32_t reserved_silence;
  /**
   * The least that an adaptive limit on silence may be. A duration from 1 ms to a year. Default
   * 100 ms.
   */
  uint64_t packet_timeout_min;
  /**
   * If more than this share of all streams on air fails within a second, in percent, and at least
   * ten do, that is a mass failure, which is told once, and attempts to get their inputs back are
   * spread over time; 0: off. A percentage, at most 100. Default 30.
   */
  uint64_t mass_share;
} changeover_config;

/**
 * A duration that is inherited: an input's from its stream, a stream's from the engine, the
 * engine's from the library.
 */
#define CHANGEOVER_INHERIT UINT64_MAX

/** A choice (failback, standby, overlap) that is inherited. */
#define CHANGEOVER_INHERIT_CHOICE (-1)

/** The largest number that a stream's switch numbers may begin with, 2^57: changeover_register_from. */
#define CHANGEOVER_FIRST_SWITCH_MAX 144115188075855872

/** A time that is not known. */
#define CHANGEOVER_UNKNOWN UINT64_MAX

/** Series for each stream, with its id. */
#define CHANGEOVER_METRICS_STREAMS 1

/** Series for each input, with its stream's id and its priority. */
#define CHANGEOVER_METRICS_INPUTS 2

/** An engine: a handle, see above. */
typedef struct changeover_engine changeover_engine;

/** What a site answered: a handle, see above. */
typedef struct changeover_response changeover_response;

/** A server of an engine's page, API and metrics: a handle, see above. */
typedef struct changeover_server changeover_server;

/** What such a server would serve, for a host that has one of its own: a handle, see above. */
typedef struct changeover_site changeover_site;

/** The state of a stream at one instant: a handle, see above. */
typedef struct changeover_status changeover_status;

/** The ids of the registered streams at one instant: a handle, see above. */
typedef struct changeover_stream_list changeover_stream_list;

/** A reader of an engine's events beside the host: a handle, see above. */
typedef struct changeover_tap changeover_tap;

/** A text of the library's, of any length: a handle, see above. */
typedef struct changeover_text changeover_text;

/** A key/value pair of an input, e.g. an HTTP header; comes back with its starts and probes. */
typedef struct changeover_option {
  /** Anything. */
  const char *key;
  /** Bytes of the key. */
  size_t key_len;
  /** Anything. */
  const char *value;
  /** Bytes of the value. */
  size_t value_len;
} changeover_option;

/** Called once, when user_data is not needed any more. */
typedef void (*changeover_destroy_fn)(void *user_data);

/** What an input is. */
typedef struct changeover_input_spec {
  /** Set by changeover_input_spec_init. In an array the same in every element. */
  size_t struct_size;
  /** 0 and up, unique in the stream, lower is preferred. */
  int32_t priority;
  /** 0. */
  int32_t reserved;
  /** Anything; comes back with the input's starts and probes. */
  const char *url;
  /** Bytes of the url. */
  size_t url_len;
  /** May be NULL. */
  const struct changeover_option *options;
  /** How many. */
  size_t options_len;
  /** NULL: inherit everything. */
  const changeover_config *config;
  /** Anything, for the host alone; comes back with the input's starts, stops and probes. */
  void *user_data;
  /** Called once, when user_data is not needed any more: see changeover_register. May be NULL. */
  changeover_destroy_fn destroy;
} changeover_input_spec;

/** An input that a switch passed over. It has no struct_size: it stays as it is. */
typedef struct changeover_passed_over {
  /** The input. */
  int32_t priority;
  /** What stands against it, CHANGEOVER_OBSTACLE_*. */
  int32_t obstacle;
  /** FAILED, IMPAIRED: why, CHANGEOVER_REASON_*. */
  int32_t reason;
  /** 0. */
  int32_t reserved;
  /** FAILED, IMPAIRED: what was measured, as in changeover_event; 0: nothing. */
  uint64_t measured;
  /** The limit it was measured against. */
  uint64_t limit;
  /** Over how many nanoseconds; 0 where it is a time itself. */
  uint64_t window;
  /** HELD, UNPROVEN: for how much longer it has to be healthy, in nanoseconds. */
  uint64_t wait;
} changeover_passed_over;

/**
 * What the host is told: a command to carry out, or a decision to know of. The events of a
 * stream come in the order of its decisions.
 *
 * Strings and options are borrowed until the struct is cleared; in a callback, until that
 * returns. An event without such a string has "". Numbers that don't apply are 0, priorities -1.
 */
typedef struct changeover_event {
  /** Set by changeover_event_init. */
  size_t struct_size;
  /** Private; 0 when there is nothing to clear. */
  uint64_t owner;
  /** CHANGEOVER_EVENT_*; 0: no event. */
  int32_t kind;
  /** The input. */
  int32_t priority;
  /** SWITCHED: the input left. */
  int32_t from;
  /** CHANGEOVER_REASON_*. */
  int32_t reason;
  /** Which life of the stream id. */
  uint64_t registration;
  /** START, STOP, ACTIVE: the session. */
  uint64_t session;
  /** PROBE: to be given back with the answer. */
  uint64_t probe;
  /** SWITCHED: the stream's switch number from here on. */
  uint64_t switch_number;
  /** GAP: how many events were lost. */
  uint64_t dropped;
  /** When it was decided, on the engine's clock. */
  uint64_t at;
  /** The same as wall clock, nanoseconds since 1970. */
  int64_t at_unix;
  /**
   * What was measured, in nanoseconds; of LOW_BITRATE in kbit/s, of LOW_FPS in thousandths of a frame a
   * second, of PACKET_LOSS in millionths, of MASS_FAILURE in streams.
   */
  uint64_t measured;
  /** The limit it was measured against; PROBE: how long it may take from now. */
  uint64_t limit;
  /** The stream's id; "" for a GAP. */
  const char *stream;
  /** Bytes of it. */
  size_t stream_len;
  /** START, PROBE: the input's url. */
  const char *url;
  /** Bytes of it. */
  size_t url_len;
  /** START, PROBE: the input's options. */
  const struct changeover_option *options;
  /** How many. */
  size_t options_len;
  /** START: where the ingestor writes. */
  const char *buffer_write_id;
  /** Bytes of it. */
  size_t buffer_write_id_len;
  /** SWITCHED, DEGRADED: the evidence, for people. */
  const char *detail;
  /** Bytes of it. */
  size_t detail_len;
  /** RECOVERED: 1: until now the stream was exhausted. */
  int32_t exhausted;
  /** START: CHANGEOVER_START_*, what it is for. */
  int32_t start_reason;
  /**
   * START, STOP, PROBE: the input's user_data. It is not destroyed before the event is cleared, or
   * its callback returns, and that of a START not before its STOP.
   */
  void *user_data;
  /** SWITCHED, DEGRADED: over how many nanoseconds measured is; 0 where it is a time itself. */
  uint64_t window;
  /**
   * SWITCHED, DEGRADED: nanoseconds from the fault (the last packet, or the last of the track that is
   * missing; of a rate or a loss the first look that showed it) to its detection. CHANGEOVER_UNKNOWN:
   * not known, as those that follow may be.
   */
  uint64_t detection;
  /** SWITCHED: nanoseconds from the detection to the decision to switch. */
  uint64_t decision;
  /** SWITCHED: nanoseconds from the decision to the commit. */
  uint64_t commit;
  /**
   * SWITCHED: the inputs that would have gone before the one chosen, and what stands against each;
   * the three best.
   */
  const struct changeover_passed_over *passed_over;
  /** How many. */
  size_t passed_over_len;
  /** SWITCHED: how many more there are. */
  size_t passed_over_more;
  /** SWITCHED: all of them in words; "" when there are none. */
  const char *passed_over_text;
  /** Bytes of it. */
  size_t passed_over_text_len;
  /** Of a tap: the event's number, from 1 on from the engine's beginning; else 0. */
  uint64_t seq;
  /**
   * Of a tap: how many events it missed before this one since the last that was taken, because it was
   * slow.
   */
  uint64_t missed;
} changeover_event;

/**
 * The host's side of an engine that delivers events to callbacks. All are called on the
 * engine's event thread, one at a time, with no lock of the engine held. A slow one delays the
 * events behind it and nothing else.
 */
typedef struct changeover_callbacks {
  /** Set by changeover_callbacks_init. */
  size_t struct_size;
  /** Handed to every callback. */
  void *user_data;
  /**
   * Called once, when no other callback will be any more: during changeover_free on the event
   * thread, or when changeover_new fails on the calling thread. May be NULL.
   */
  void (*destroy)(void *user_data);
  /** Starts an input: 0 when that is under way, negative when it failed. Required. */
  int32_t (*start)(void *user_data, const struct changeover_event *event);
  /** Stops a session; called exactly once for each start. Required. */
  void (*stop)(void *user_data, const struct changeover_event *event);
  /** Finds out whether an input works: CHANGEOVER_PROBE_*. NULL: unsupported. */
  int32_t (*probe)(void *user_data, const struct changeover_event *event);
  /** Everything that is not a command. May be NULL. */
  void (*notify)(void *user_data, const struct changeover_event *event);
} changeover_callbacks;

/** What an engine is made from. */
typedef struct changeover_options {
  /** Set by changeover_options_init. */
  size_t struct_size;
  /** Settings for all streams. NULL: the library's. */
  const changeover_config *defaults;
  /** Delivers events to callbacks. NULL: the host polls. */
  const struct changeover_callbacks *callbacks;
  /**
   * Informational events kept for a host that is slow to take them; beyond that the oldest
   * are dropped, which a GAP tells. 0: 65536.
   */
  uint64_t event_limit;
  /**
   * The stack of each thread that calls the host, in bytes; the system's least if that is more.
   * 0: 2 MiB.
   */
  uint64_t callback_stack;
} changeover_options;

/** Called with a stream's id, on the engine's event thread. */
typedef void (*changeover_stream_fn)(void *user_data, const char *stream, size_t stream_len);

/** Called with CHANGEOVER_LOG_* and one line, on the engine's log thread. */
typedef void (*changeover_log_fn)(void *user_data,
                                  int32_t level,
                                  const char *message,
                                  size_t message_len);

/** How much a trace may take, and what goes into it. */
typedef struct changeover_trace_options {
  /** Set by changeover_trace_options_init. */
  size_t struct_size;
  /**
   * Bytes of a file, after which the next one begins, besides the state of all streams that it begins
   * with; at least 65536. 0: 64 MiB.
   */
  uint64_t file_bytes;
  /** How many files: the one being written, and those before it. 0: 8. */
  uint32_t files;
  /**
   * 1: URLs are recorded, with all that is secret in them, and texts as they are. 0: replay needs
   * none.
   */
  int32_t urls;
} changeover_trace_options;

/**
 * An open input. Owned by the caller, who may move it; filled by changeover_open_input and
 * zeroed by changeover_close_input. A zeroed one is closed. All fields are private.
 */
typedef struct changeover_input {
  /** Private. */
  uint64_t id;
  /** Private. */
  void *cell;
  /** Private. */
  const void *gate;
  /** Private. */
  const void *clock;
  /** Private. */
  uint32_t tag;
  /** Private. */
  uint32_t layout;
  /** Private. */
  uint64_t reserved;
} changeover_input;

/** One packet of a batch. */
typedef struct changeover_packet {
  /** Its size. */
  uint32_t bytes;
  /** CHANGEOVER_VIDEO, CHANGEOVER_AUDIO, CHANGEOVER_KEY, or'ed. Other bits are ignored. */
  uint32_t flags;
} changeover_packet;

/** What is known of the losses of one RTP stream. For changeover_rtp_lost. */
typedef struct changeover_rtp_loss {
  /** Set by changeover_rtp_loss_init. */
  size_t struct_size;
  /** Private. */
  uint64_t state[8];
} changeover_rtp_loss;

/** What is known of the losses of one MPEG transport stream. For changeover_ts_lost. */
typedef struct changeover_ts_loss {
  /** Set by changeover_ts_loss_init. */
  size_t struct_size;
  /** Private. */
  uint8_t state[8192];
} changeover_ts_loss;

/** The state of a stream. */
typedef struct changeover_stream_status {
  /** Set by changeover_stream_status_init. */
  size_t struct_size;
  /** Which life of the stream id. */
  uint64_t registration;
  /** What a forwarded packet's verdict is at present. */
  uint64_t switch_number;
  /** The input that is on air, or selected to be. -1: none. */
  int32_t active_input_priority;
  /** The target of a planned switch that waits for its first packet. -1: none. */
  int32_t pending_input_priority;
  /** The manual choice in force. -1: none. */
  int32_t override_input_priority;
  /** 1: no source is left that can be watched. */
  int32_t exhausted;
  /** How many inputs there are; best first. */
  size_t inputs_len;
  /** How many of the last 20 switches there are; oldest first. */
  size_t switches_len;
  /** When it was registered, nanoseconds since 1970. */
  int64_t registered_at;
  /** How long ago that is on the engine's clock, in nanoseconds. */
  uint64_t uptime;
  /** How much time is left until the manual choice ends by itself, in nanoseconds. 0: it does not. */
  uint64_t override_left;
  /**
   * When the active input, or its status, last changed, nanoseconds since 1970; without one, since when
   * there is none.
   */
  int64_t state_since;
  /** When the manual choice ends by itself, nanoseconds since 1970. 0: it does not. */
  int64_t override_ends_at;
  /** The input that viewers get: the active one, while it delivers. -1: none. */
  int32_t on_air_input_priority;
  /** 0. */
  int32_t reserved;
} changeover_stream_status;

/**
 * The health of one input. Counters and last_packet_at are live at the instant of the status;
 * the rates are of the last second or two.
 */
typedef struct changeover_input_status {
  /** Set by changeover_input_status_init. */
  size_t struct_size;
  /** The input. */
  int32_t priority;
  /** CHANGEOVER_STATUS_*. */
  int32_t status;
  /** 1: packets came within the last packet_timeout. */
  int32_t receiving;
  /** 0. */
  int32_t reserved;
  /** Its running session. 0: none. */
  uint64_t session;
  /** Packets recorded. */
  uint64_t packets;
  /** Bytes recorded. */
  uint64_t bytes;
  /** Packets flagged as video. */
  uint64_t video_packets;
  /** Packets flagged as key. */
  uint64_t key_packets;
  /** Packets reported lost. */
  uint64_t lost_packets;
  /** How often it was probed, tried or, silent though hot, restarted. */
  uint64_t probes;
  /** Kilobits (1000 bits) per second. */
  double bitrate_kbps;
  /** Video frames per second. */
  double fps;
  /** Lost packets in percent of those sent. */
  double packet_loss;
  /** Its newest packet, nanoseconds since 1970. 0: never. */
  int64_t last_packet_at;
  /** When its status last changed, nanoseconds since 1970. */
  int64_t state_since;
  /** Where it comes from. */
  const char *url;
  /** Bytes of it. */
  size_t url_len;
  /**
   * How many of its last 5 errors there are, which are why it was given up; oldest first. Recovery
   * clears them.
   */
  size_t errors_len;
  /** How many of probes brought it back. */
  uint64_t probes_ok;
  /** How many of probes failed. */
  uint64_t probes_failed;
  /** 1: idle and may be chosen, though it was given up and has not delivered since. */
  int32_t untested;
  /** 1: it was given up, and its packets would be its recovery. */
  int32_t listening;
  /** CHANGEOVER_SEVERITY_*. */
  int32_t severity;
  /** The worst condition that holds, CHANGEOVER_REASON_*. */
  int32_t condition;
  /** For how much longer it has to prove itself, because it failed often, in nanoseconds. */
  uint64_t held_for;
  /** The silence after which it is given up, at present, in nanoseconds. */
  uint64_t silence_limit;
  /** How often packets came back after a silence for which it was given up. */
  uint64_t silence_returns;
  /** 1: disabled by the host. It is stopped, or about to be as soon as another is on air. */
  int32_t disabled;
  /** 0. */
  int32_t reserved_disabled;
  /**
   * How many of the last 5 probes, trials and restarts that failed since there are; oldest first.
   * Recovery clears them.
   */
  size_t attempts_len;
  /** How many conditions hold; the worst first. */
  size_t conditions_len;
  /** Until when it has to prove itself, nanoseconds since 1970. 0: it has not. */
  int64_t held_until;
  /** What it usually delivers, in kbit/s. 0: that is not known. */
  uint64_t baseline_kbps;
  /** Likewise its video frames, in frames in a thousand seconds. */
  uint64_t baseline_fps_milli;
  /** The least bitrate that is expected of it, in kbit/s. 0: there is no limit. */
  uint64_t min_kbps;
  /** Likewise the least rate of video frames, in frames in a thousand seconds. */
  uint64_t min_fps_milli;
  /** The greatest loss that is put up with, in percent. 0: there is no limit. */
  uint64_t max_loss;
  /**
   * The time between the last two key frames of its session, in nanoseconds, as seen by the last look.
   * 0: not known. Only of an input that is measured because a setting needs it, as the next two are.
   */
  uint64_t key_interval;
  /** The newest packet of video of its session, as seen by the last look, nanoseconds since 1970. 0: none. */
  int64_t last_video_at;
  /** Likewise of sound, with audio_timeout. */
  int64_t last_audio_at;
  /** When it is switched to, if nothing changes until then, nanoseconds since 1970. 0: it is not. */
  int64_t switch_due_at;
} changeover_input_status;

/** One error of an input, or one attempt that failed. */
typedef struct changeover_error_entry {
  /** Set by changeover_error_entry_init. */
  size_t struct_size;
  /** Nanoseconds since 1970. */
  int64_t at;
  /** CHANGEOVER_REASON_*. */
  int32_t reason;
  /** 0. */
  int32_t reserved;
  /** What was measured, as in changeover_event; 0: nothing. */
  uint64_t measured;
  /** The limit it was measured against, as in changeover_event; 0: none. */
  uint64_t limit;
  /** What happened. */
  const char *text;
  /** Bytes of it. */
  size_t text_len;
} changeover_error_entry;

/** One condition of an input that holds. */
typedef struct changeover_condition_entry {
  /** Set by changeover_condition_entry_init. */
  size_t struct_size;
  /** Since when, nanoseconds since 1970. */
  int64_t since;
  /** CHANGEOVER_REASON_*. */
  int32_t condition;
  /** 0. */
  int32_t reserved;
  /** What was measured against which limit when it was last seen, or what the host said. */
  const char *text;
  /** Bytes of it. */
  size_t text_len;
} changeover_condition_entry;

/** One switch of a stream. */
typedef struct changeover_switch_entry {
  /** Set by changeover_switch_entry_init. */
  size_t struct_size;
  /** Nanoseconds since 1970. */
  int64_t at;
  /** The input left. -1: none. */
  int32_t from;
  /** The input chosen. */
  int32_t to;
  /** CHANGEOVER_REASON_*. */
  int32_t reason;
  /** 0. */
  int32_t reserved;
  /** The stream's switch number from here on. */
  uint64_t number;
  /** The evidence, for people. */
  const char *detail;
  /** Bytes of it. */
  size_t detail_len;
  /** From the fault to its detection, in nanoseconds; CHANGEOVER_UNKNOWN: that is not known. */
  uint64_t detection;
  /** Likewise from the detection to the decision. */
  uint64_t decision;
  /** Likewise from the decision to the commit. */
  uint64_t commit;
  /** Which inputs would have gone before the one chosen, and what stands against each, for people. */
  const char *passed_over;
  /** Bytes of it. */
  size_t passed_over_len;
} changeover_switch_entry;

/**
 * All of a status, where it is: arrays in the order of the inputs. The elements of each are as far apart
 * as the struct_size of the first says, which is this library's.
 */
typedef struct changeover_status_view {
  /** Set by changeover_status_view_init. */
  size_t struct_size;
  /** The stream. */
  const struct changeover_stream_status *stream;
  /** Its inputs, best first. */
  const struct changeover_input_status *inputs;
  /** How many. */
  size_t inputs_len;
  /** Their errors: the errors_len of the first input, then those of the next. */
  const struct changeover_error_entry *errors;
  /** How many in all. */
  size_t errors_len;
  /** Likewise their failed attempts. */
  const struct changeover_error_entry *attempts;
  /** How many in all. */
  size_t attempts_len;
  /** Likewise their conditions. */
  const struct changeover_condition_entry *conditions;
  /** How many in all. */
  size_t conditions_len;
  /** The stream's switches, oldest first. */
  const struct changeover_switch_entry *switches;
  /** How many. */
  size_t switches_len;
  /** The memory of all strings that are not empty, each followed by a NUL. */
  const char *texts;
  /** Bytes of all of them. */
  size_t texts_len;
} changeover_status_view;

/** What a server or a site is made from. */
typedef struct changeover_serve_options {
  /** Set by changeover_serve_options_init. */
  size_t struct_size;
  /**
   * Who sends it (Authorization: Bearer …) may change things; 16 to 255 printable ASCII characters.
   * NULL: nobody may.
   */
  const char *token;
  /** Bytes of it. */
  size_t token_len;
  /**
   * By which names it may be asked, besides localhost and IP addresses, with commas between them. *: by
   * any; only for a site whose server checks that, or another site could have its name lead here. Who goes
   * by a name is asked by others than this machine: reading needs the token then, see open_reads.
   */
  const char *hosts;
  /** Bytes of them. */
  size_t hosts_len;
  /**
   * For changeover_serve: how long, in nanoseconds, a client may take to ask, or to take the next 16 KiB of
   * an answer; and how long an answer may take; at most a year. 0: 10 seconds.
   */
  uint64_t patience;
  /**
   * For changeover_serve: at most so many connections at once; when there are more, the one goes that has
   * been quiet the longest. Half of them may follow events; when more do, the oldest of these goes. At most
   * 65,536; 0: 256.
   */
  uint64_t max_connections;
  /**
   * 1: reading needs the token, too, but for the page itself, which says nothing of any stream, and
   * /healthz.
   */
  int32_t reads_need_token;
  /** 1: /metrics has series for each stream. */
  int32_t stream_metrics;
  /** 1: /metrics has series for each input. */
  int32_t input_metrics;
  /** How nice its threads are: from 0, as their process, to 19, only when nobody else wants the processor. */
  int32_t nice;
  /**
   * 1: reading needs no token though there are hosts: the server in front asks who it is.
   * reads_need_token comes before it.
   */
  int32_t open_reads;
  /** 0. */
  int32_t reserved;
} changeover_serve_options;

/** A request, as a server has read it. Texts that it does not have are NULL. */
typedef struct changeover_request {
  /** Set by changeover_request_init. */
  size_t struct_size;
  /** GET, HEAD or POST. */
  const char *method;
  /** Bytes of it. */
  size_t method_len;
  /** What was asked for: the path as it was sent, percent-encoded, and the query behind ?. */
  const char *target;
  /** Bytes of it. */
  size_t target_len;
  /** Host, or the authority of a target in absolute form. */
  const char *host;
  /** Bytes of it. */
  size_t host_len;
  /** Origin. */
  const char *origin;
  /** Bytes of it. */
  size_t origin_len;
  /** Sec-Fetch-Site. */
  const char *fetch_site;
  /** Bytes of it. */
  size_t fetch_site_len;
  /** Authorization. */
  const char *authorization;
  /** Bytes of it. */
  size_t authorization_len;
  /** Last-Event-ID. */
  const char *last_event_id;
  /** Bytes of it. */
  size_t last_event_id_len;
  /** The body. A server need read no more than 4096 bytes of it. */
  const uint8_t *body;
  /** Bytes of it. */
  size_t body_len;
} changeover_request;

/** A header field of a response. Both strings have a NUL behind them. */
typedef struct changeover_field {
  /** In lower case. */
  const char *name;
  /** Bytes of it. */
  size_t name_len;
  /** What it says. */
  const char *value;
  /** Bytes of it. */
  size_t value_len;
} changeover_field;

/** What a response consists of. Borrowed until changeover_response_free. */
typedef struct changeover_response_view {
  /** Set by changeover_response_view_init. */
  size_t struct_size;
  /** 200, or why not. */
  int32_t status;
  /** 1: the body goes on, see changeover_response_next. */
  int32_t goes_on;
  /** Header fields. */
  const struct changeover_field *fields;
  /** How many. */
  size_t fields_len;
  /** The body, unless it goes on. Never NULL. */
  const uint8_t *body;
  /** Bytes of it. */
  size_t body_len;
  /**
   * Where the body goes on: readable while there may be a piece of it, so that many can be waited for
   * without a thread for each; take pieces until there is none. Not to be read or closed. Else -1.
   */
  int32_t fd;
  /** 0. */
  int32_t reserved;
} changeover_response_view;

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A reason's name as in the JSON, e.g. "timeout"; "unknown" for other numbers.
 *
 * Static, never NULL. Any thread; wait-free. Since 0.1.
 */
const char *changeover_reason_name(int32_t reason);

/**
 * An event kind's name, e.g. "start"; "none" for 0 and "unknown" for other numbers.
 *
 * Static, never NULL. Any thread; wait-free. Since 0.1.
 */
const char *changeover_event_name(int32_t kind);

/**
 * An input status's name as in the JSON, e.g. "degraded"; "unknown" for other numbers.
 *
 * Static, never NULL. Any thread; wait-free. Since 0.1.
 */
const char *changeover_status_name(int32_t status);

/**
 * The name of a result, e.g. "CHANGEOVER_ERR_NULL"; "unknown" for other numbers.
 *
 * Static, never NULL. Any thread; wait-free. Since 0.1.
 */
const char *changeover_error_name(int32_t code);

/**
 * A result in words, e.g. "a required pointer is NULL"; "unknown" for other numbers.
 *
 * Static, never NULL. Any thread; wait-free. Since 0.1.
 */
const char *changeover_error_message(int32_t code);

/**
 * The library's version, e.g. "0.1.0"; compare with CHANGEOVER_VERSION, the header's.
 *
 * Static, never NULL. Any thread; wait-free. Since 0.1.
 */
const char *changeover_version(void);

/**
 * The library's version as one number, as in CHANGEOVER_VERSION_NUMBER: major * 10000 +
 * minor * 100 + patch.
 *
 * Any thread; wait-free. Since 0.1.
 */
uint32_t changeover_version_number(void);

/**
 * Prepares settings: everything inherited.
 *
 * Pass sizeof(changeover_config). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_config_init(changeover_config *config, size_t struct_size);

/**
 * Prepares an input: priority 0, no url, no options, everything inherited.
 *
 * Pass sizeof(changeover_input_spec). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_input_spec_init(struct changeover_input_spec *spec, size_t struct_size);

/**
 * Says what is wrong with settings that an operation refuses with CHANGEOVER_ERR_CONFIG or
 * CHANGEOVER_ERR_VALUE.
 *
 * of is 0 for settings of the engine, 1 for those of an input, 2 for those of a stream. field receives
 * the name of the first field that is wrong, and why (may be NULL) what it should be, e.g. "a duration
 * from 1 ms to a year (in C in nanoseconds)"; both NULL if nothing is wrong. Static strings.
 *
 * Any thread; does not wait.
 * Errors: VALUE for another of. Since 0.1.
 */
int32_t changeover_config_check(const changeover_config *config,
                                int32_t of,
                                const char **field,
                                const char **why);

/**
 * Says which of a list of inputs an operation refuses, and why.
 *
 * index (may be NULL) receives the place of the first input that is wrong, field the name of its field
 * ("priority", "url", "options", or a setting), and why (may be NULL) what it should be; if none is
 * wrong, inputs_len, NULL and NULL. Static strings. Of a stream that has inputs already it knows
 * nothing. What can't be read at all is an error here, too.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_inputs_check(const struct changeover_input_spec *inputs,
                                size_t inputs_len,
                                size_t *index,
                                const char **field,
                                const char **why);

/**
 * Prepares callbacks: none, no user_data.
 *
 * Pass sizeof(changeover_callbacks). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_callbacks_init(struct changeover_callbacks *callbacks, size_t struct_size);

/**
 * Prepares options: the library's settings, and the host polls.
 *
 * Pass sizeof(changeover_options). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_options_init(struct changeover_options *options, size_t struct_size);

/**
 * Makes an engine and starts its threads.
 *
 * options may be NULL: the library's settings, and the host polls. All of it is copied.
 * engine receives a handle that the caller owns and ends with changeover_free. If the call
 * fails, the callbacks' destroy is called before it returns. Only options or callbacks with a
 * struct_size that their _init refuses are not read, so not taken over either.
 *
 * Any thread; does not wait.
 * Errors: CONFIG, SYSTEM; NULL also when start or stop is missing. Since 0.1.
 */
int32_t changeover_new(const struct changeover_options *options, struct changeover_engine **engine);

/**
 * Frees an engine: unregisters all streams, ends its threads, and ends the handle.
 *
 * With callbacks, everything is delivered before it returns, the destroy of all of them
 * included. Without, whatever is still queued when it returns can't be taken any more: a host that
 * wants its stops as events unregisters its streams and takes them before. Another thread in
 * changeover_next_event takes what is left, then gets CHANGEOVER_ERR_SHUT_DOWN, or
 * CHANGEOVER_ERR_HANDLE if this has returned by then: both are the end. Nobody may wait on the
 * engine's descriptor any more. Open inputs stay valid until they are closed; recording to them
 * answers drop. After an error the engine lives on. NULL: nothing happens.
 *
 * After TIMEOUT (changeover_set_call_timeout) the engine is shut down but for the callbacks that have
 * not returned, and the handle is to be freed again.
 *
 * Any thread but those of callbacks, whichever engine's; waits for callbacks.
 * Errors: IN_CALLBACK. Since 0.1.
 */
int32_t changeover_free(struct changeover_engine *engine);

/**
 * How long any call to this engine may wait from now on, for the monitor or for callbacks, in
 * nanoseconds; UINT64_MAX, as it is at first: as long as it takes. A call that is given up answers
 * CHANGEOVER_ERR_TIMEOUT; what it asked for may still be done. (changeover_sync and
 * changeover_next_event have timeouts of their own.) Without it a callback that never returns holds up
 * changeover_unregister and changeover_free for ever.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_set_call_timeout(struct changeover_engine *engine,
                                    uint64_t timeout);

/**
 * Has callback called with the id of each stream that is exhausted, on the event thread after
 * notify, in place of the one before. NULL: none.
 *
 * destroy (may be NULL) is called exactly once with user_data, after any running callback:
 * when the callback is replaced, when the engine is freed, at once if callback is NULL, and
 * also if this call fails.
 *
 * Any thread; does not wait.
 * Errors: WRONG_MODE on an engine without callbacks. Since 0.1.
 */
int32_t changeover_set_exhausted_callback(struct changeover_engine *engine,
                                          changeover_stream_fn callback,
                                          void *user_data,
                                          changeover_destroy_fn destroy);

/**
 * Has callback called with the id of each stream that is on air again; otherwise as
 * changeover_set_exhausted_callback.
 *
 * Any thread; does not wait.
 * Errors: WRONG_MODE on an engine without callbacks. Since 0.1.
 */
int32_t changeover_set_restored_callback(struct changeover_engine *engine,
                                         changeover_stream_fn callback,
                                         void *user_data,
                                         changeover_destroy_fn destroy);

/**
 * Has lines up to level (CHANGEOVER_LOG_*) logged, on a thread of their own, in place of the
 * callback before. NULL or CHANGEOVER_LOG_OFF: no log. A slow callback loses
 * lines, beyond 4,096 or 4 MiB that wait; the log says how many.
 * What others wrote in them is as changeover_printable and changeover_printable_url make it.
 *
 * destroy as for changeover_set_exhausted_callback. The callback before has returned and its
 * destroy was called when this returns; but called in a callback, whichever engine's, it returns at
 * once and they follow. After TIMEOUT (changeover_set_call_timeout) the new callback is in place.
 *
 * Any thread; waits for callbacks (the one before).
 * Errors: SYSTEM. Since 0.1.
 */
int32_t changeover_set_log_callback(struct changeover_engine *engine,
                                    int32_t level,
                                    changeover_log_fn callback,
                                    void *user_data,
                                    changeover_destroy_fn destroy);

/**
 * Whether the log has URLs in full (full 1), and those in texts, or as changeover_printable_url makes
 * them (0, as it is at first). In force from the next line on.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_set_log_full_urls(struct changeover_engine *engine,
                                     int32_t full);

/**
 * Registers a stream, selects its best input and starts it, and every hot one.
 *
 * An empty buffer_write_id means the stream's id. A stream without inputs waits for some.
 * config (may be NULL) overrides the engine's settings. All of it is copied. registration
 * (may be NULL) receives the number of this life of the id, which every event of it carries.
 *
 * The destroy of each input is called exactly once with its user_data. If the call fails, before it
 * returns (after TIMEOUT, once it is known what became of it). Else when the input is gone (removed,
 * updated, its stream unregistered, the engine freed) and no event that carries it and no status that
 * was made meanwhile is left; so the host has taken the stop of its last session by then. That is in one
 * of the host's calls to this engine, as a rule the one that ended it or that cleared its last stop; or
 * on the event thread; at the latest in changeover_free, or when what is left of these is freed after it. An
 * element whose struct_size is not that of the first is not looked at, nor any of an array that begins with
 * one that changeover_input_spec_init refuses.
 *
 * Any thread; waits for the monitor.
 * Errors: STREAM_EXISTS, PRIORITY, DUPLICATE_PRIORITY, CONFIG, HOT_WITHOUT_OVERLAP. Since 0.1.
 */
int32_t changeover_register(struct changeover_engine *engine,
                            const char *stream,
                            size_t stream_len,
                            const char *buffer_write_id,
                            size_t buffer_write_id_len,
                            const struct changeover_input_spec *inputs,
                            size_t inputs_len,
                            const changeover_config *config,
                            uint64_t *registration);

/**
 * As changeover_register, with the number of the first switch: from 1 to CHANGEOVER_FIRST_SWITCH_MAX,
 * which leaves as many to follow; 0 is as 1.
 *
 * So the verdicts on a stream that moves, to another engine or another machine, go on to rise, and whoever
 * takes its packets can discard what comes of a writer that was replaced.
 *
 * Any thread; waits for the monitor.
 * Errors: as changeover_register; FIRST_SWITCH for a larger one. Since 0.1.
 */
int32_t changeover_register_from(struct changeover_engine *engine,
                                 const char *stream,
                                 size_t stream_len,
                                 const char *buffer_write_id,
                                 size_t buffer_write_id_len,
                                 const struct changeover_input_spec *inputs,
                                 size_t inputs_len,
                                 const changeover_config *config,
                                 uint64_t first_switch,
                                 uint64_t *registration);

/**
 * Ends a registration: its stops, then CHANGEOVER_EVENT_UNREGISTERED, its last event.
 *
 * Any thread. Without callbacks it waits for the monitor: the events are queued when it returns.
 * With callbacks it waits for callbacks: they are delivered when it returns; called in a callback,
 * whichever engine's, it returns at once and they follow. After TIMEOUT (changeover_set_call_timeout)
 * the registration has ended, or soon will have, and they follow.
 * Errors: UNKNOWN_STREAM. Since 0.1.
 */
int32_t changeover_unregister(struct changeover_engine *engine,
                              const char *stream,
                              size_t stream_len);

/**
 * Whether a stream is registered: registered receives 1 or 0.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_is_registered(struct changeover_engine *engine,
                                 const char *stream,
                                 size_t stream_len,
                                 int32_t *registered);

/**
 * Changes the settings of a stream; with the stream (NULL, 0), the engine's.
 *
 * What is inherited in config inherits again, whatever it was before. Running deadlines move
 * at once. config is copied.
 *
 * Any thread; waits for the monitor.
 * Errors: UNKNOWN_STREAM, CONFIG, HOT_WITHOUT_OVERLAP (of any stream). Since 0.1.
 */
int32_t changeover_set_config(struct changeover_engine *engine,
                              const char *stream,
                              size_t stream_len,
                              const changeover_config *config);

/**
 * Puts an input on air and keeps it there while it is healthy (an override). The old input
 * stays on air until the new one delivers. Choosing the active input only pins it.
 *
 * Any thread; waits for the monitor, not for the input.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, INPUT_DEGRADED, INPUT_DISABLED. Since 0.1.
 */
int32_t changeover_switch_input(struct changeover_engine *engine,
                                const char *stream,
                                size_t stream_len,
                                int32_t priority);

/**
 * As changeover_switch_input, also to an input that was given up: in a new session, and when it
 * delivers it has recovered and goes on air. If it does not, the choice ends. With overlap off the
 * input on air is stopped first: the stream is dark until the other delivers, or for
 * connect_timeout.
 *
 * Any thread; waits for the monitor, not for the input.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, INPUT_DISABLED. Since 0.1.
 */
int32_t changeover_force_input(struct changeover_engine *engine,
                               const char *stream,
                               size_t stream_len,
                               int32_t priority);

/**
 * Ends an override; failback is free again.
 *
 * Any thread; waits for the monitor.
 * Errors: UNKNOWN_STREAM. Since 0.1.
 */
int32_t changeover_clear_override(struct changeover_engine *engine,
                                  const char *stream,
                                  size_t stream_len);

/**
 * Removes, adds and updates inputs, in this order, as one change. An updated input that runs is
 * stopped, and started in a new session. All of it is copied; user_data and destroy are as in
 * changeover_register.
 *
 * Any thread; waits for the monitor.
 * Errors: UNKNOWN_STREAM, UNKNOWN_INPUT, PRIORITY, DUPLICATE_PRIORITY, CONFIG,
 * HOT_WITHOUT_OVERLAP. Since 0.1.
 */
int32_t changeover_update_inputs(struct changeover_engine *engine,
                                 const char *stream,
                                 size_t stream_len,
                                 const struct changeover_input_spec *added,
                                 size_t added_len,
                                 const int32_t *removed,
                                 size_t removed_len,
                                 const struct changeover_input_spec *updated,
                                 size_t updated_len);

/**
 * Has every running session restarted onto another buffer; empty means the stream's id.
 *
 * Any thread; waits for the monitor.
 * Errors: UNKNOWN_STREAM. Since 0.1.
 */
int32_t changeover_update_buffer_write_id(struct changeover_engine *engine,
                                          const char *stream,
                                          size_t stream_len,
                                          const char *buffer_write_id,
                                          size_t buffer_write_id_len);

/**
 * What a host that sees the media has against an input, or no longer has: holds is 1, or 0. It
 * counts at once, and may be said in a loop. session 0 is the input, whatever its session; else it
 * ends with that session. condition is CHANGEOVER_CONDITION_*. text says more; it is copied, up to
 * 255 bytes.
 *
 * Any thread; waits for the monitor.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT; STALE_SESSION when the session is over; VALUE for
 * another condition, or a holds that is neither. Since 0.1.
 */
int32_t changeover_set_condition(struct changeover_engine *engine,
                                 const char *stream,
                                 size_t stream_len,
                                 int32_t priority,
                                 uint64_t session,
                                 int32_t condition,
                                 int32_t holds,
                                 const char *text,
                                 size_t text_len);

/**
 * As changeover_report_input_error, if another input is usable: for an input that is better than
 * none.
 *
 * Any thread; waits for the monitor.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT; NO_OTHER_INPUT, and the input is kept. Since 0.1.
 */
int32_t changeover_report_soft_error(struct changeover_engine *engine,
                                     const char *stream,
                                     size_t stream_len,
                                     int32_t priority,
                                     const char *text,
                                     size_t text_len);

/**
 * Reports an error of an input's current session, or of an input that never ran: it is given up
 * at once. Reporting twice is the same as once. text is copied, up to 255 bytes.
 *
 * Any thread; waits for the monitor.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT. Since 0.1.
 */
int32_t changeover_report_input_error(struct changeover_engine *engine,
                                      const char *stream,
                                      size_t stream_len,
                                      int32_t priority,
                                      const char *text,
                                      size_t text_len);

/**
 * Says how a start went: result 0, or negative when it failed. Success needs no word: the
 * first packet tells. text says why it failed; it is copied, up to 255 bytes.
 *
 * Any thread; waits for the monitor.
 * Errors: UNKNOWN_STREAM, STALE_SESSION. Since 0.1.
 */
int32_t changeover_start_result(struct changeover_engine *engine,
                                const char *stream,
                                size_t stream_len,
                                uint64_t session,
                                int32_t result,
                                const char *text,
                                size_t text_len);

/**
 * Answers a probe. outcome is CHANGEOVER_PROBE_OK, _FAILED or _UNSUPPORTED; text says why it
 * failed; it is copied, up to 255 bytes.
 *
 * Any thread; waits for the monitor.
 * Errors: UNKNOWN_STREAM, STALE_SESSION (too late, or not wanted any more). Since 0.1.
 */
int32_t changeover_probe_result(struct changeover_engine *engine,
                                const char *stream,
                                size_t stream_len,
                                uint64_t probe,
                                int32_t outcome,
                                const char *text,
                                size_t text_len);

/**
 * Returns when everything before it, records included, is decided and published, and with
 * callbacks delivered. At most after timeout nanoseconds; UINT64_MAX: no limit.
 *
 * Any thread but those of callbacks, whichever engine's; waits for callbacks.
 * Errors: TIMEOUT, IN_CALLBACK. Since 0.1.
 */
int32_t changeover_sync(struct changeover_engine *engine, uint64_t timeout);

/**
 * How late the monitor's oldest duty is: late receives nanoseconds; 0 if there is none. A duty is a
 * tick or a deadline that was due, or a call that was not carried out. In a healthy engine it is well
 * below a millisecond, or as long as the machine keeps its threads waiting: for a watchdog, seconds
 * mean that the monitor hangs. CHANGEOVER_ERR_MONITOR_DIED: a bug has ended it. Then nothing is decided
 * any more, recording goes on answering as it last did, and what is left is to end the process, or to
 * free the engine and make another.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_alive(struct changeover_engine *engine,
                         uint64_t *late);

/**
 * The engine's clock: now receives monotonic nanoseconds, what events are stamped with. It
 * pauses while the engine is stalled, that is more than 20 ms late (a stopped process, a paused
 * machine, a CPU limit), and so do all timeouts; after a stall no input is given up for 50 ms more.
 * Where stalls follow each other within a second, it keeps at least a quarter of its speed.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_now(struct changeover_engine *engine, uint64_t *now);

/**
 * Whether an input may be used: enabled is 1, as it is at first, or 0. Disabled it is
 * CHANGEOVER_STATUS_STOPPED: not started, not probed, not chosen, and its packets and errors count for
 * nothing; updates of it leave it so. On air it stays there until another input delivers, and is
 * stopped then, or when there is none to try (with overlap off it is stopped first). Enabled it is as
 * newly added. Saying the same again changes nothing.
 *
 * Any thread; waits for the monitor, not for inputs.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT; VALUE if enabled is neither. Since 0.1.
 */
int32_t changeover_set_input_enabled(struct changeover_engine *engine,
                                     const char *stream,
                                     size_t stream_len,
                                     int32_t priority,
                                     int32_t enabled);

/**
 * As changeover_switch_input, for so many nanoseconds from now: then it ends as by
 * changeover_clear_override. From a millisecond to a year (CHANGEOVER_NEVER).
 *
 * Any thread; waits for the monitor, not for the input.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, INPUT_DEGRADED, INPUT_DISABLED; CONFIG for another
 * duration. Since 0.1.
 */
int32_t changeover_switch_input_for(struct changeover_engine *engine,
                                    const char *stream,
                                    size_t stream_len,
                                    int32_t priority,
                                    uint64_t lasts);

/**
 * Returns to the best healthy input, without the waits of an automatic failback and whatever the
 * policy; its faults are forgotten. The input on air stays there until the other delivers (with
 * overlap off it is stopped first). Ends an override.
 *
 * Any thread; waits for the monitor, not for the input.
 * Errors: UNKNOWN_STREAM; NO_BETTER_INPUT when none that is healthy is better. Since 0.1.
 */
int32_t changeover_fail_back(struct changeover_engine *engine,
                             const char *stream,
                             size_t stream_len);

/**
 * Ends all registrations, as changeover_unregister ends one: in one call, with one wait.
 *
 * Any thread. Without callbacks it waits for the monitor, with callbacks for callbacks, as
 * changeover_unregister does; called in a callback, whichever engine's, it returns at once. After
 * TIMEOUT (changeover_set_call_timeout) they have ended, or soon will have, and their last events follow.
 * Since 0.1.
 */
int32_t changeover_unregister_all(struct changeover_engine *engine);

/**
 * Prepares limits of a trace: the library's, without URLs.
 *
 * Pass sizeof(changeover_trace_options). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_trace_options_init(struct changeover_trace_options *options, size_t struct_size);

/**
 * Records everything that decisions are made from, and what was decided, to a file from now on, from
 * which the same decisions can be made again (docs/trace.md). It begins with all streams as they are. If
 * there is such a file, it is kept as path with ".1" at its end. A trace that was being written ends.
 *
 * options may be NULL: files of 64 MiB, eight of them, without URLs. The file is written by a thread of
 * the library's, at most 100 ms later; what that is too slow for is lost to the trace, which says so.
 * Nothing of the engine waits for it, but for changeover_free and changeover_end_trace. If it can't be
 * written, the log says so.
 *
 * Any thread; waits for the monitor.
 * Errors: SYSTEM: the file can't be made, and the log says why. Since 0.1.
 */
int32_t changeover_trace_to(struct changeover_engine *engine,
                            const char *path,
                            size_t path_len,
                            const struct changeover_trace_options *options);

/**
 * Ends the trace, if there is one, and waits until it is written; in a callback, whichever engine's, it
 * does not wait. After TIMEOUT (changeover_set_call_timeout) it is written, or soon will be.
 *
 * Any thread; waits for the monitor, and for the file. Since 0.1.
 */
int32_t changeover_end_trace(struct changeover_engine *engine);

/**
 * From now on decides beside the engine what it would decide under other settings: for one stream, or for all of
 * them if stream is NULL and its length 0, and in place of what their inputs set themselves. It sees the
 * same events, and nothing is done of what it decides; where the engine decides otherwise,
 * CHANGEOVER_EVENT_SHADOW_DIFFERS tells, 70 seconds later. The metrics have what it would have cost
 * (docs/operations.md). A shadow that there is ends. What is inherited in settings stays as it is.
 *
 * A thread of the library's (niceness 10) does what changeover replay --set does with a trace. If it is too slow, it
 * begins anew, and CHANGEOVER_EVENT_SHADOW_GAP tells. Streams that do not take these settings are left out; the log
 * says which. settings is copied.
 *
 * Any thread; waits for the monitor, and for the end of the shadow that there is.
 * Errors: CONFIG: no stream takes these settings; SYSTEM. Since 0.1.
 */
int32_t changeover_shadow(struct changeover_engine *engine,
                          const char *stream,
                          size_t stream_len,
                          const changeover_config *settings);

/**
 * Ends the shadow, if there is one: what it has seen is decided, and what is left of it told. Waits for that; in a
 * callback, whichever engine's, it does not wait. After TIMEOUT (changeover_set_call_timeout) it has ended, or soon
 * will.
 *
 * Any thread; waits for the monitor, and for the shadow. Since 0.1.
 */
int32_t changeover_end_shadow(struct changeover_engine *engine);

/**
 * Counts one packet of an input's current session: bytes long, flagged CHANGEOVER_VIDEO,
 * CHANGEOVER_AUDIO, CHANGEOVER_KEY or nothing.
 *
 * verdict (may be NULL) receives 0 if the packet is to be dropped; otherwise it is to be
 * forwarded, and the number is the stream's switch number, which only rises. A host that writes
 * under one lock and drops packets whose number is smaller than the last one written never
 * interleaves two inputs.
 *
 * Any thread; wait-free, but for a thread's first call by id to an engine. (Each other thread that
 * records the same input at that moment may cost a retry.) Through an open input it is several times
 * faster.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT. Since 0.1.
 */
int32_t changeover_record_packet(struct changeover_engine *engine,
                                 const char *stream,
                                 size_t stream_len,
                                 int32_t priority,
                                 uint32_t bytes,
                                 uint32_t flags,
                                 uint64_t *verdict);

/**
 * Opens an input for recording: bound to session, as given in its start, or with 0 following
 * whichever session is current.
 *
 * input is the caller's, is filled, and is to be closed with changeover_close_input; whatever
 * was in it is overwritten, so close it first if it was open; after an error it is as it was, so
 * zero it before if it may be used nevertheless. It outlives its stream and its engine: recording
 * then answers drop.
 *
 * Any thread; waits for the monitor.
 * Errors: PRIORITY, UNKNOWN_STREAM, UNKNOWN_INPUT, STALE_SESSION. Since 0.1.
 */
int32_t changeover_open_input(struct changeover_engine *engine,
                              const char *stream,
                              size_t stream_len,
                              int32_t priority,
                              uint64_t session,
                              struct changeover_input *input);

/**
 * Closes an input and zeroes the struct. Its counts stay with the stream's input. NULL, or a
 * struct that is zeroed already: nothing happens. A copy of one that was closed is
 * CHANGEOVER_ERR_HANDLE.
 *
 * Owner only; does not wait. Since 0.1.
 */
int32_t changeover_close_input(struct changeover_input *input);

/**
 * Counts one packet of an open input: bytes long, flagged CHANGEOVER_VIDEO, CHANGEOVER_AUDIO,
 * CHANGEOVER_KEY or nothing. Returns the verdict as in changeover_record_packet: 0 is drop.
 *
 * Once the session of a bound input is over, its packets are counted, but are no sign of life,
 * and are dropped. A closed input or NULL counts nothing and answers 0.
 *
 * One at a time for each input; wait-free. Since 0.1.
 */
uint64_t changeover_record(struct changeover_input *input, uint32_t bytes, uint32_t flags);

/**
 * Counts several packets of an open input under one verdict; otherwise as changeover_record.
 * None, or a length that no buffer can have, counts nothing. Of several only the first may commit a
 * switch that waits for a key frame.
 *
 * One at a time for each input; wait-free. Since 0.1.
 */
uint64_t changeover_record_batch(struct changeover_input *input,
                                 const struct changeover_packet *packets,
                                 size_t packets_len);

/**
 * As changeover_record_batch, but the first key frame may commit a switch that waits for one: from is
 * then its place, else 0. The verdict is on the packets from there; those before are to be dropped.
 * from may be NULL; it is written only with a verdict that forwards.
 *
 * One at a time for each input; wait-free. Since 0.1.
 */
uint64_t changeover_record_batch_from(struct changeover_input *input,
                                      const struct changeover_packet *packets,
                                      size_t packets_len,
                                      size_t *from);

/**
 * Counts packets known to be lost, e.g. from gaps in sequence numbers.
 *
 * One at a time for each input; wait-free. Since 0.1.
 */
int32_t changeover_record_lost(struct changeover_input *input, uint64_t lost);

/**
 * Reports an error of the input's session; ignored when that is over. An input that follows the
 * current session reports an error of that. text is copied, up to 255 bytes. It may be called in a
 * loop: until the engine has looked, which after the first it does once in a tick, more reports are the
 * same as one.
 *
 * The session is not stopped for it: a cold one goes on behind the closed gate until another input is on
 * air, and as long as there is none its packets may bring it back; a hot one goes on, and recovers by its
 * packets. Its stop comes when it is to end.
 *
 * Any thread; does not wait: the decision follows. Since 0.1.
 */
int32_t changeover_input_report_error(const struct changeover_input *input,
                                      const char *text,
                                      size_t text_len);

/**
 * Says that the start of the input's session has failed, and why, from the thread on which it was to
 * begin; ignored when the session is over. An input that follows the current session means that one. Its
 * stop follows at once, also if an error was reported before. Otherwise as changeover_input_report_error;
 * changeover_start_result says the same by id, and waits.
 *
 * Any thread; does not wait: the decision follows. Since 0.1.
 */
int32_t changeover_input_start_failed(const struct changeover_input *input,
                                      const char *text,
                                      size_t text_len);

/**
 * Prepares an RTP stream that has not begun.
 *
 * Pass sizeof(changeover_rtp_loss). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_rtp_loss_init(struct changeover_rtp_loss *loss, size_t struct_size);

/**
 * Counts a packet of an RTP stream, from its RTP header on, as it comes. lost receives how many
 * others are now known to be lost: for changeover_record_lost, if the input counts the same packets.
 *
 * As RFC 3550 has it (A.1, A.3): a source counts once two of its packets came in sequence; so does
 * one that begins anew, with another SSRC or a jump in its numbers of 3000 or more forward, or of
 * 100 or more back. What was lost between the two is not known, and not counted. A packet that
 * comes after it was told lost is set off against the next that is lost. One that comes twice
 * counts once.
 *
 * One at a time for each stream; wait-free.
 * Errors: VALUE (it is none of RTP). Since 0.1.
 */
int32_t changeover_rtp_lost(struct changeover_rtp_loss *loss,
                            const uint8_t *packet,
                            size_t packet_len,
                            uint64_t *lost);

/**
 * Prepares an MPEG transport stream that has not begun.
 *
 * Pass sizeof(changeover_ts_loss). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_ts_loss_init(struct changeover_ts_loss *loss, size_t struct_size);

/**
 * Counts whole packets of an MPEG transport stream, 188 bytes each, as they come: of a datagram
 * usually seven. lost receives how many others are now known to be lost. For
 * changeover_record_lost that is the number if the input counts these packets; where it counts
 * datagrams of seven, a seventh of it.
 *
 * As ISO/IEC 13818-1 has it (2.4.3.3): each PID counts modulo 16. A packet without payload does not
 * count, one may come twice in a row, and after one whose discontinuity_indicator is set the
 * counter goes on from there. Null packets are not looked at, nor are those marked damaged: these
 * are lost. 16 packets of a PID lost in a row can't be noticed, 15 look like one that came twice,
 * and 17 like one.
 *
 * One at a time for each stream; wait-free.
 * Errors: VALUE (they are none of MPEG-TS). Since 0.1.
 */
int32_t changeover_ts_lost(struct changeover_ts_loss *loss,
                           const uint8_t *packets,
                           size_t packets_len,
                           uint64_t *lost);

/**
 * Prepares an event: none.
 *
 * Pass sizeof(changeover_event). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_event_init(struct changeover_event *event, size_t struct_size);

/**
 * Takes the next event, waiting at most timeout nanoseconds for one; UINT64_MAX: no limit.
 *
 * event must be prepared; an event it holds is cleared first, whatever follows. The new one is
 * to be cleared with changeover_event_clear, or by the next call.
 *
 * Any thread, one at a time for each struct; waits for an event.
 * Errors: TIMEOUT, WRONG_MODE on an engine with callbacks; HANDLE also for a copy of an event
 * that was cleared; SHUT_DOWN, or MONITOR_DIED, once no event is left. Since 0.1.
 */
int32_t changeover_next_event(struct changeover_engine *engine,
                              uint64_t timeout,
                              struct changeover_event *event);

/**
 * Forgets the event a struct holds, and what that points to. The struct may be used again. NULL,
 * or a struct without an event: nothing happens. A copy of one that was cleared is
 * CHANGEOVER_ERR_HANDLE.
 *
 * One at a time; does not wait. Since 0.1.
 */
int32_t changeover_event_clear(struct changeover_event *event);

/**
 * A descriptor for poll, epoll and the like: readable while changeover_next_event would return
 * at once. It is the engine's: do not read from it or close it. It is closed by changeover_free.
 *
 * Any thread; does not wait.
 * Errors: WRONG_MODE on an engine with callbacks. Since 0.1.
 */
int32_t changeover_event_fd(struct changeover_engine *engine, int32_t *fd);

/**
 * A text as it can be printed on a line: control characters, line separators and marks of text
 * direction are escaped (\n, \u{1b}), and URLs in it are as changeover_printable_url makes them.
 * What is not UTF-8 is printed as U+FFFD. What was printed may be printed again.
 *
 * buffer receives as much of it as there is room for, cut between characters, and a NUL; printed_len
 * (may be NULL) the length of all of it: if that is not less than buffer_size, it was cut. (NULL, 0)
 * is no buffer.
 *
 * Any thread; does not wait, but allocates.
 * Errors: LENGTH. Since 0.1.
 */
int32_t changeover_printable(const char *text,
                             size_t text_len,
                             char *buffer,
                             size_t buffer_size,
                             size_t *printed_len);

/**
 * A URL as it can be printed on a line, without what tends to be secret: *** stands for userinfo, the
 * last segment of the path (stream keys), values of the query, the fragment, and other parts of the path
 * that are long or unusual. A URL that could be read in more than one way is *** from there on.
 * Long ones are cut. A name without a slash, and what begins with file:, is printed in full.
 *
 * Otherwise as changeover_printable.
 *
 * Any thread; does not wait, but allocates.
 * Errors: LENGTH. Since 0.1.
 */
int32_t changeover_printable_url(const char *url,
                                 size_t url_len,
                                 char *buffer,
                                 size_t buffer_size,
                                 size_t *printed_len);

/**
 * An event as one line, which is what the log has of it too; what others wrote in it is as
 * changeover_printable and changeover_printable_url make it. buffer and text_len as there.
 *
 * Any thread; does not wait, but allocates.
 * Errors: LENGTH; VALUE for a struct without an event; HANDLE for a copy of an event that was cleared.
 * Since 0.1.
 */
int32_t changeover_event_text(const struct changeover_event *event,
                              char *buffer,
                              size_t buffer_size,
                              size_t *text_len);

/**
 * An event as one line of JSON, without a line break at its end: seq, event (the kind), unix_ns,
 * engine_ns, and of stream, registration, priority, from, reason, detail, session,
 * probe, switch_number, measured_ns and limit_ns (in the unit of the reason), window_ns,
 * detection_ns, decision_ns, commit_ns, dropped, passed_over, exhausted, start_reason, url
 * what applies. URLs, and those in texts, are as changeover_printable_url makes them. buffer and
 * json_len as for changeover_printable; what was cut is no JSON.
 *
 * Any thread; does not wait, but allocates.
 * Errors: LENGTH; VALUE for a struct without an event; HANDLE for a copy of an event that was cleared.
 * Since 0.1.
 */
int32_t changeover_event_json(const struct changeover_event *event,
                              char *buffer,
                              size_t buffer_size,
                              size_t *json_len);

/**
 * Prepares a struct for changeover_status_stream.
 *
 * Pass sizeof(changeover_stream_status). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_stream_status_init(struct changeover_stream_status *status, size_t struct_size);

/**
 * Prepares a struct for changeover_status_input.
 *
 * Pass sizeof(changeover_input_status). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_input_status_init(struct changeover_input_status *status, size_t struct_size);

/**
 * Prepares a struct for changeover_status_error and changeover_status_attempt.
 *
 * Pass sizeof(changeover_error_entry). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_error_entry_init(struct changeover_error_entry *entry, size_t struct_size);

/**
 * Prepares a struct for changeover_status_condition.
 *
 * Pass sizeof(changeover_condition_entry). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_condition_entry_init(struct changeover_condition_entry *entry,
                                        size_t struct_size);

/**
 * Prepares a struct for changeover_status_view_all.
 *
 * Pass sizeof(changeover_status_view). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_status_view_init(struct changeover_status_view *view, size_t struct_size);

/**
 * Prepares a struct for changeover_status_switch.
 *
 * Pass sizeof(changeover_switch_entry). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_switch_entry_init(struct changeover_switch_entry *entry, size_t struct_size);

/**
 * The state of a stream at this instant: status receives a handle that the caller owns and
 * ends with changeover_status_free. It outlives the stream and the engine.
 *
 * Any thread; does not wait for the monitor.
 * Errors: UNKNOWN_STREAM. Since 0.1.
 */
int32_t changeover_runtime_status(struct changeover_engine *engine,
                                  const char *stream,
                                  size_t stream_len,
                                  struct changeover_status **status);

/**
 * The state of the stream itself. out must be prepared.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_status_stream(const struct changeover_status *status,
                                 struct changeover_stream_status *out);

/**
 * The health of the input at index; best first. out must be prepared; its strings are
 * borrowed until changeover_status_free.
 *
 * Any thread; does not wait.
 * Errors: INDEX. Since 0.1.
 */
int32_t changeover_status_input(const struct changeover_status *status,
                                size_t index,
                                struct changeover_input_status *out);

/**
 * The error at index of the input at input; oldest first. out must be prepared; its
 * strings are borrowed until changeover_status_free.
 *
 * Any thread; does not wait.
 * Errors: INDEX. Since 0.1.
 */
int32_t changeover_status_error(const struct changeover_status *status,
                                size_t input,
                                size_t index,
                                struct changeover_error_entry *out);

/**
 * As changeover_status_error, of the probes, trials and restarts that failed since it was given up.
 *
 * Any thread; does not wait.
 * Errors: INDEX. Since 0.1.
 */
int32_t changeover_status_attempt(const struct changeover_status *status,
                                  size_t input,
                                  size_t index,
                                  struct changeover_error_entry *out);

/**
 * The condition at index that holds of the input at input; the worst first. out must be prepared;
 * its strings are borrowed until changeover_status_free.
 *
 * Any thread; does not wait.
 * Errors: INDEX. Since 0.1.
 */
int32_t changeover_status_condition(const struct changeover_status *status,
                                    size_t input,
                                    size_t index,
                                    struct changeover_condition_entry *out);

/**
 * All of it at once: view receives where it is, borrowed until changeover_status_free. For those
 * who read all of it, e.g. for another language. full_urls 0: URLs, and those in texts, as in the
 * JSON; 1: with all that is in them, as in the other structs. view must be prepared.
 *
 * Any thread; does not wait.
 * Errors: VALUE for another full_urls. Since 0.1.
 */
int32_t changeover_status_view_all(const struct changeover_status *status,
                                   int32_t full_urls,
                                   struct changeover_status_view *view);

/**
 * The switch at index; oldest first. out must be prepared; its strings are borrowed until
 * changeover_status_free.
 *
 * Any thread; does not wait.
 * Errors: INDEX. Since 0.1.
 */
int32_t changeover_status_switch(const struct changeover_status *status,
                                 size_t index,
                                 struct changeover_switch_entry *out);

/**
 * All of it as a JSON text: json receives a string that is borrowed until
 * changeover_status_free, json_len (may be NULL) its length.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_status_json(const struct changeover_status *status,
                               const char **json,
                               size_t *json_len);

/**
 * Frees a status and what its strings point to. NULL, or a handle that is not live: nothing
 * happens.
 *
 * Owner only; does not wait. Since 0.1.
 */
void changeover_status_free(struct changeover_status *status);

/**
 * The ids of all registered streams, in no order: list receives a handle that the caller owns
 * and ends with changeover_stream_list_free.
 *
 * Any thread; waits for the monitor. Since 0.1.
 */
int32_t changeover_registered_streams(struct changeover_engine *engine,
                                      struct changeover_stream_list **list);

/**
 * How many streams there are in a list; 0 for a handle that is not live.
 *
 * Any thread; does not wait. Since 0.1.
 */
size_t changeover_stream_list_len(const struct changeover_stream_list *list);

/**
 * The id at index: stream receives a string that is borrowed until
 * changeover_stream_list_free, stream_len (may be NULL) its length.
 *
 * Any thread; does not wait.
 * Errors: INDEX. Since 0.1.
 */
int32_t changeover_stream_list_get(const struct changeover_stream_list *list,
                                   size_t index,
                                   const char **stream,
                                   size_t *stream_len);

/**
 * Frees a list and its strings. NULL, or a handle that is not live: nothing happens.
 *
 * Owner only; does not wait. Since 0.1.
 */
void changeover_stream_list_free(struct changeover_stream_list *list);

/**
 * What a text says: string receives a string that is borrowed until changeover_text_free,
 * string_len (may be NULL) its length.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_text_get(const struct changeover_text *text,
                            const char **string,
                            size_t *string_len);

/**
 * Frees a text. NULL, or a handle that is not live: nothing happens.
 *
 * Owner only; does not wait. Since 0.1.
 */
void changeover_text_free(struct changeover_text *text);

/**
 * Opens a tap: it follows the engine's events, of all streams, beside whoever carries them out; also of
 * an engine with callbacks. There may be any number. tap receives a handle that the caller owns and
 * ends with changeover_tap_close. It outlives the engine.
 *
 * It never holds up the engine: the newest keep events (0: 8,192; 65,536 at most) are kept for readers
 * that are slow, as many as any tap of the engine wants, while there is one; half a kilobyte each. One that
 * is slower loses the oldest, and is told how many. after is UINT64_MAX to begin with what is decided
 * after the call; or the seq of the last event that was taken, to go on there, if that is still kept.
 *
 * Any thread; waits for the monitor.
 * Errors: SYSTEM if no descriptor is left. Since 0.1.
 */
int32_t changeover_tap_open(struct changeover_engine *engine,
                            uint64_t keep,
                            uint64_t after,
                            struct changeover_tap **tap);

/**
 * Takes the tap's next event, waiting at most timeout nanoseconds for one; UINT64_MAX: no limit.
 * event as for changeover_next_event, with seq and missed, and without user_data, which is not
 * kept for taps. What the engine takes back for a host that is slow (a start with its stop) comes here
 * nevertheless, and a GAP never does.
 *
 * Any thread, one at a time for each tap and each struct; waits for an event.
 * Errors: TIMEOUT; HANDLE also for a copy of an event that was cleared; SHUT_DOWN, or MONITOR_DIED, once
 * no event is left. Since 0.1.
 */
int32_t changeover_tap_next(struct changeover_tap *tap,
                            uint64_t timeout,
                            struct changeover_event *event);

/**
 * A descriptor for poll, epoll and the like: readable while changeover_tap_next would return at once.
 * When it is readable, take events with a timeout of 0 until there are none. It is the tap's: do not
 * read from it or close it. It is closed by changeover_tap_close.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_tap_fd(struct changeover_tap *tap,
                          int32_t *fd);

/**
 * Closes a tap. Events that were taken stay valid until they are cleared. NULL, or a handle that is not
 * live: nothing happens.
 *
 * Owner only; does not wait. Since 0.1.
 */
void changeover_tap_close(struct changeover_tap *tap);

/**
 * The engine's metrics in the text format of OpenMetrics, to be served as
 * application/openmetrics-text; version=1.0.0; charset=utf-8: metrics receives a handle that the
 * caller owns and ends with changeover_text_free. each is 0 for the engine as a whole, which is
 * equally short however many streams there are; CHANGEOVER_METRICS_* or'ed add series for each stream
 * and each input. No URL and no text of others is in it, only streams' ids.
 *
 * Looks at all streams, in the calling thread. Any thread; does not wait for the monitor.
 * Errors: VALUE for other bits of each. Since 0.1.
 */
int32_t changeover_metrics(struct changeover_engine *engine,
                           uint32_t each,
                           struct changeover_text **metrics);

/**
 * A page of the states of all streams as a JSON text: {"streams":[…],"next":ID}, each as
 * changeover_status_json has it, up to limit of them in the order of their ids' bytes: those after
 * after, or with (NULL, 0) the first ones. next is what after is for the next page, and null if
 * there is none. So each stream that is registered all the while is seen once, whatever comes and goes.
 * json receives a handle that the caller owns and ends with changeover_text_free.
 *
 * Looks at the ids of all streams, in the calling thread. Any thread; does not wait for the monitor.
 * Since 0.1.
 */
int32_t changeover_statuses_json(struct changeover_engine *engine,
                                 const char *after,
                                 size_t after_len,
                                 size_t limit,
                                 struct changeover_text **json);

/**
 * Makes the site of an engine, for a host that has an HTTP server of its own: what changeover_serve would
 * serve. site receives a handle that the caller owns and ends with changeover_site_free. options may be
 * NULL. A thread of its own follows the engine, which it does not keep alive.
 *
 * Any thread; waits for the monitor.
 * Errors: TOKEN, SYSTEM. Since 0.1.
 */
int32_t changeover_site_new(struct changeover_engine *engine,
                            const struct changeover_serve_options *options,
                            struct changeover_site **site);

/**
 * Frees a site. Its responses stay until they are freed. NULL, or a handle that is not live: nothing
 * happens.
 *
 * Owner only; waits for the site's own thread to end, at most two seconds, but not for the monitor. Since 0.1.
 */
void changeover_site_free(struct changeover_site *site);

/**
 * Prepares a request: nothing is set.
 *
 * Pass sizeof(changeover_request). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_request_init(struct changeover_request *request, size_t struct_size);

/**
 * Answers a request: response receives a handle that the caller owns and ends with
 * changeover_response_free. What is refused is an answer, too. An engine that was freed is answered by 503.
 *
 * Any thread; waits for the monitor if the request is a POST or follows events, else does not wait. Since 0.1.
 */
int32_t changeover_site_answer(struct changeover_site *site,
                               const struct changeover_request *request,
                               struct changeover_response **response);

/**
 * Prepares a struct for changeover_response_get.
 *
 * Pass sizeof(changeover_response_view). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_response_view_init(struct changeover_response_view *view, size_t struct_size);

/**
 * What a response consists of. What is filled in is borrowed until changeover_response_free.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_response_get(const struct changeover_response *response,
                                struct changeover_response_view *view);

/**
 * The next piece of a body that goes on (events as they come), waiting at most timeout nanoseconds for one:
 * piece receives bytes that are borrowed until the next call for this response, or its
 * changeover_response_free; piece_len their number. After 15 seconds without one, send the three bytes
 * ":\n\n", so that both ends know the other is there.
 *
 * One at a time for each response; waits for events.
 * Errors: TIMEOUT (none came); SHUT_DOWN or MONITOR_DIED at the end; VALUE (the body does not go on).
 * Since 0.1.
 */
int32_t changeover_response_next(struct changeover_response *response,
                                 uint64_t timeout,
                                 const uint8_t **piece,
                                 size_t *piece_len);

/**
 * Frees a response. NULL, or a handle that is not live: nothing happens.
 *
 * Owner only; does not wait. Since 0.1.
 */
void changeover_response_free(struct changeover_response *response);

/**
 * Prepares options: nobody may change things, the usual limits.
 *
 * Pass sizeof(changeover_serve_options). One at a time; wait-free. Since 0.1.
 */
int32_t changeover_serve_options_init(struct changeover_serve_options *options, size_t struct_size);

/**
 * Serves the page, the API, the metrics and /healthz of an engine over HTTP/1.1, on threads of its own, at
 * an address such as "127.0.0.1:9180"; port 0 is one that is free. server receives a handle that the
 * caller owns and ends with changeover_server_free. options may be NULL.
 *
 * Where the address is not a loopback address, a token is needed, for reading too. The server keeps no
 * engine alive: when that is freed, requests are answered by 503.
 *
 * Any thread; waits for the monitor.
 * Errors: ADDRESS (no IP address with a port, or the system refuses it), NEEDS_TOKEN, TOKEN, SYSTEM, VALUE (a
 * number is out of its range);
 * UNSUPPORTED in a library that was built without the feature serve. Since 0.1.
 */
int32_t changeover_serve(struct changeover_engine *engine,
                         const char *address,
                         size_t address_len,
                         const struct changeover_serve_options *options,
                         struct changeover_server **server);

/**
 * Where a server listens, with the port that it has got: address receives a string that is borrowed until
 * changeover_server_free, address_len (may be NULL) its length.
 *
 * Any thread; does not wait. Since 0.1.
 */
int32_t changeover_server_address(const struct changeover_server *server,
                                  const char **address,
                                  size_t *address_len);

/**
 * Ends a server: its connections are closed and its threads have ended when this returns; those that wait for
 * a monitor that hangs are left behind after two seconds. Before the engine is freed, or after. NULL, or a
 * handle that is not live: nothing happens.
 *
 * Owner only; waits at most for a few seconds, never for callbacks. Since 0.1.
 */
void changeover_server_free(struct changeover_server *server);

#ifdef __cplusplus
}  // extern "C"
#endif 

#endif  /* CHANGEOVER_H */
