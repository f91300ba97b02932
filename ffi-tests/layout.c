/* Layout and numbers of 0.1, as a C compiler sees them: they never change. A struct may grow at the
 * end, a constant may be added; whoever has to change a line here breaks every compiled caller. */
#include "harness.h"

#define SIZE(type, size) _Static_assert(sizeof(type) >= (size), #type " has shrunk")
#define AT(type, field, offset) \
  _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")
#define IS(constant, value) _Static_assert((constant) == (value), #constant " has changed")

#if UINTPTR_MAX == UINT64_MAX
SIZE(changeover_config, CONFIG_IN_0_1);
_Static_assert(sizeof(changeover_option) == 32, "changeover_option can't grow");
AT(changeover_option, key, 0);
AT(changeover_option, key_len, 8);
AT(changeover_option, value, 16);
AT(changeover_option, value_len, 24);
SIZE(changeover_input_spec, INPUT_SPEC_IN_0_1);
AT(changeover_input_spec, struct_size, 0);
AT(changeover_input_spec, priority, 8);
AT(changeover_input_spec, reserved, 12);
AT(changeover_input_spec, url, 16);
AT(changeover_input_spec, url_len, 24);
AT(changeover_input_spec, options, 32);
AT(changeover_input_spec, options_len, 40);
AT(changeover_input_spec, config, 48);
AT(changeover_input_spec, user_data, 56);
AT(changeover_input_spec, destroy, 64);
SIZE(changeover_event, 272);
AT(changeover_event, struct_size, 0);
AT(changeover_event, owner, 8);
AT(changeover_event, kind, 16);
AT(changeover_event, priority, 20);
AT(changeover_event, from, 24);
AT(changeover_event, reason, 28);
AT(changeover_event, registration, 32);
AT(changeover_event, session, 40);
AT(changeover_event, probe, 48);
AT(changeover_event, switch_number, 56);
AT(changeover_event, dropped, 64);
AT(changeover_event, at, 72);
AT(changeover_event, at_unix, 80);
AT(changeover_event, measured, 88);
AT(changeover_event, limit, 96);
AT(changeover_event, stream, 104);
AT(changeover_event, stream_len, 112);
AT(changeover_event, url, 120);
AT(changeover_event, url_len, 128);
AT(changeover_event, options, 136);
AT(changeover_event, options_len, 144);
AT(changeover_event, buffer_write_id, 152);
AT(changeover_event, buffer_write_id_len, 160);
AT(changeover_event, detail, 168);
AT(changeover_event, detail_len, 176);
AT(changeover_event, exhausted, 184);
AT(changeover_event, start_reason, 188);
AT(changeover_event, user_data, 192);
AT(changeover_event, window, 200);
AT(changeover_event, detection, 208);
AT(changeover_event, decision, 216);
AT(changeover_event, commit, 224);
AT(changeover_event, passed_over, 232);
AT(changeover_event, passed_over_len, 240);
AT(changeover_event, passed_over_more, 248);
AT(changeover_event, passed_over_text, 256);
AT(changeover_event, passed_over_text_len, 264);
SIZE(changeover_passed_over, 48);
AT(changeover_passed_over, priority, 0);
AT(changeover_passed_over, obstacle, 4);
AT(changeover_passed_over, reason, 8);
AT(changeover_passed_over, reserved, 12);
AT(changeover_passed_over, measured, 16);
AT(changeover_passed_over, limit, 24);
AT(changeover_passed_over, window, 32);
AT(changeover_passed_over, wait, 40);
SIZE(changeover_callbacks, 56);
AT(changeover_callbacks, struct_size, 0);
AT(changeover_callbacks, user_data, 8);
AT(changeover_callbacks, destroy, 16);
AT(changeover_callbacks, start, 24);
AT(changeover_callbacks, stop, 32);
AT(changeover_callbacks, probe, 40);
AT(changeover_callbacks, notify, 48);
SIZE(changeover_options, 40);
AT(changeover_options, struct_size, 0);
AT(changeover_options, defaults, 8);
AT(changeover_options, callbacks, 16);
AT(changeover_options, event_limit, 24);
AT(changeover_options, callback_stack, 32);
_Static_assert(sizeof(changeover_input) == 48, "changeover_input can't grow");
AT(changeover_input, id, 0);
AT(changeover_input, cell, 8);
AT(changeover_input, gate, 16);
AT(changeover_input, clock, 24);
AT(changeover_input, tag, 32);
AT(changeover_input, layout, 36);
AT(changeover_input, reserved, 40);
_Static_assert(sizeof(changeover_packet) == 8, "changeover_packet can't grow");
AT(changeover_packet, bytes, 0);
AT(changeover_packet, flags, 4);
SIZE(changeover_stream_status, 56);
AT(changeover_stream_status, struct_size, 0);
AT(changeover_stream_status, registration, 8);
AT(changeover_stream_status, switch_number, 16);
AT(changeover_stream_status, active_input_priority, 24);
AT(changeover_stream_status, pending_input_priority, 28);
AT(changeover_stream_status, override_input_priority, 32);
AT(changeover_stream_status, exhausted, 36);
AT(changeover_stream_status, inputs_len, 40);
AT(changeover_stream_status, switches_len, 48);
AT(changeover_stream_status, registered_at, 56);
AT(changeover_stream_status, uptime, 64);
AT(changeover_stream_status, override_left, 72);
AT(changeover_stream_status, state_since, 80);
AT(changeover_stream_status, override_ends_at, 88);
SIZE(changeover_input_status, 208);
AT(changeover_input_status, struct_size, 0);
AT(changeover_input_status, priority, 8);
AT(changeover_input_status, status, 12);
AT(changeover_input_status, receiving, 16);
AT(changeover_input_status, reserved, 20);
AT(changeover_input_status, session, 24);
AT(changeover_input_status, packets, 32);
AT(changeover_input_status, bytes, 40);
AT(changeover_input_status, video_packets, 48);
AT(changeover_input_status, key_packets, 56);
AT(changeover_input_status, lost_packets, 64);
AT(changeover_input_status, probes, 72);
AT(changeover_input_status, bitrate_kbps, 80);
AT(changeover_input_status, fps, 88);
AT(changeover_input_status, packet_loss, 96);
AT(changeover_input_status, last_packet_at, 104);
AT(changeover_input_status, state_since, 112);
AT(changeover_input_status, url, 120);
AT(changeover_input_status, url_len, 128);
AT(changeover_input_status, errors_len, 136);
AT(changeover_input_status, probes_ok, 144);
AT(changeover_input_status, probes_failed, 152);
AT(changeover_input_status, untested, 160);
AT(changeover_input_status, listening, 164);
AT(changeover_input_status, severity, 168);
AT(changeover_input_status, condition, 172);
AT(changeover_input_status, held_for, 176);
AT(changeover_input_status, silence_limit, 184);
AT(changeover_input_status, silence_returns, 192);
AT(changeover_input_status, disabled, 200);
AT(changeover_input_status, reserved_disabled, 204);
AT(changeover_input_status, attempts_len, 208);
AT(changeover_input_status, conditions_len, 216);
AT(changeover_input_status, held_until, 224);
AT(changeover_input_status, baseline_kbps, 232);
AT(changeover_input_status, baseline_fps_milli, 240);
AT(changeover_input_status, min_kbps, 248);
AT(changeover_input_status, min_fps_milli, 256);
AT(changeover_input_status, max_loss, 264);
SIZE(changeover_error_entry, 56);
AT(changeover_error_entry, struct_size, 0);
AT(changeover_error_entry, at, 8);
AT(changeover_error_entry, reason, 16);
AT(changeover_error_entry, reserved, 20);
AT(changeover_error_entry, measured, 24);
AT(changeover_error_entry, limit, 32);
AT(changeover_error_entry, text, 40);
AT(changeover_error_entry, text_len, 48);
SIZE(changeover_condition_entry, 40);
AT(changeover_condition_entry, struct_size, 0);
AT(changeover_condition_entry, since, 8);
AT(changeover_condition_entry, condition, 16);
AT(changeover_condition_entry, reserved, 20);
AT(changeover_condition_entry, text, 24);
AT(changeover_condition_entry, text_len, 32);
SIZE(changeover_status_view, 112);
AT(changeover_status_view, struct_size, 0);
AT(changeover_status_view, stream, 8);
AT(changeover_status_view, inputs, 16);
AT(changeover_status_view, inputs_len, 24);
AT(changeover_status_view, errors, 32);
AT(changeover_status_view, errors_len, 40);
AT(changeover_status_view, attempts, 48);
AT(changeover_status_view, attempts_len, 56);
AT(changeover_status_view, conditions, 64);
AT(changeover_status_view, conditions_len, 72);
AT(changeover_status_view, switches, 80);
AT(changeover_status_view, switches_len, 88);
AT(changeover_status_view, texts, 96);
AT(changeover_status_view, texts_len, 104);
SIZE(changeover_switch_entry, 56);
AT(changeover_switch_entry, struct_size, 0);
AT(changeover_switch_entry, at, 8);
AT(changeover_switch_entry, from, 16);
AT(changeover_switch_entry, to, 20);
AT(changeover_switch_entry, reason, 24);
AT(changeover_switch_entry, reserved, 28);
AT(changeover_switch_entry, number, 32);
AT(changeover_switch_entry, detail, 40);
AT(changeover_switch_entry, detail_len, 48);
SIZE(changeover_rtp_loss, 72);
AT(changeover_rtp_loss, struct_size, 0);
AT(changeover_rtp_loss, state, 8);
SIZE(changeover_ts_loss, 8200);
AT(changeover_ts_loss, struct_size, 0);
AT(changeover_ts_loss, state, 8);
#endif

IS(CHANGEOVER_INHERIT, UINT64_MAX);
IS(CHANGEOVER_INHERIT_CHOICE, -1);

#include "layout_generated.h"

static void layout(void) {
  /* Asserted at compile time, above. */
  CHECK(_Alignof(changeover_event) <= 8);
}

int main(void) {
  RUN(layout);
  note("offsets and constants at compile time");
  return finish();
}
