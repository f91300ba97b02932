//! A status as the structs that will be asked for, with the strings they point to.

use super::abi_types::{
    changeover_error_entry, changeover_input_status, changeover_stream_status,
    changeover_switch_entry,
};
use super::convert::unix;
use super::result::{Code, Outcome, CHANGEOVER_ERR_INDEX};
use super::strings::{Text, Texts};
use crate::engine::{ErrorRecord, InputHealthSnapshot, RuntimeStatus, SwitchRecord};
use crate::units::nanos;
use crate::vocabulary::Severity;
use std::ffi::{CStr, CString};
use std::ops::Range;
use std::sync::OnceLock;

pub(super) struct StatusStructs {
    status: RuntimeStatus,
    json: OnceLock<CString>,
    stream: changeover_stream_status,
    /// Each with its part of `errors`.
    inputs: Vec<(changeover_input_status, Range<usize>)>,
    errors: Vec<changeover_error_entry>,
    switches: Vec<changeover_switch_entry>,
    /// What the structs point to.
    _texts: Texts,
}

// SAFETY: the pointers in the structs point into `_texts`, which moves with them and is never
// changed again.
unsafe impl Send for StatusStructs {}
// SAFETY: as above.
unsafe impl Sync for StatusStructs {}

impl StatusStructs {
    pub(super) fn new(status: RuntimeStatus) -> StatusStructs {
        let mut texts = Texts::default();
        let urls = status.inputs.iter().map(|input| &*input.input.url);
        let reported = status.inputs.iter().flat_map(|input| &input.errors);
        let details = status.switches.iter().map(|switch| &*switch.detail);
        texts.restart(urls.chain(reported.map(|error| &*error.text)).chain(details));
        let mut errors = Vec::new();
        let mut inputs = Vec::with_capacity(status.inputs.len());
        for input in &status.inputs {
            let first = errors.len();
            errors.extend(input.errors.iter().map(|error| error_entry(error, &mut texts)));
            inputs.push((input_status(input, &mut texts), first..errors.len()));
        }
        let switches: Vec<_> =
            status.switches.iter().map(|switch| switch_entry(switch, &mut texts)).collect();
        let stream = stream_status(&status);
        let json = OnceLock::new();
        StatusStructs { status, json, stream, inputs, errors, switches, _texts: texts }
    }

    pub(super) fn stream(&self) -> &changeover_stream_status {
        &self.stream
    }

    pub(super) fn input(&self, index: usize) -> Outcome<&changeover_input_status> {
        at(&self.inputs, index).map(|(input, _)| input)
    }

    /// The error at `index` of the input at `input`.
    pub(super) fn error(&self, input: usize, index: usize) -> Outcome<&changeover_error_entry> {
        let (_, errors) = at(&self.inputs, input)?;
        at(&self.errors[errors.clone()], index)
    }

    pub(super) fn switch(&self, index: usize) -> Outcome<&changeover_switch_entry> {
        at(&self.switches, index)
    }

    /// Made when it is asked for.
    pub(super) fn json(&self) -> &CStr {
        let make = || CString::new(self.status.to_json()).expect("JSON escapes NULs");
        self.json.get_or_init(make)
    }
}

fn at<T>(all: &[T], index: usize) -> Outcome<&T> {
    all.get(index).ok_or(Code(CHANGEOVER_ERR_INDEX))
}

fn stream_status(status: &RuntimeStatus) -> changeover_stream_status {
    changeover_stream_status {
        struct_size: size_of::<changeover_stream_status>(),
        registration: status.registration,
        switch_number: status.switch_number,
        active_input_priority: status.active_input_priority,
        pending_input_priority: status.pending_input_priority.unwrap_or(-1),
        override_input_priority: status.override_input_priority.unwrap_or(-1),
        exhausted: status.exhausted.into(),
        inputs_len: status.inputs.len(),
        switches_len: status.switches.len(),
        registered_at: unix(status.registered_at),
        uptime: nanos(status.uptime),
        override_left: nanos(status.override_left),
    }
}

fn input_status(input: &InputHealthSnapshot, texts: &mut Texts) -> changeover_input_status {
    let Text { pointer: url, len: url_len } = texts.push(&input.input.url);
    changeover_input_status {
        struct_size: size_of::<changeover_input_status>(),
        priority: input.input_priority,
        status: input.status.code(),
        receiving: input.receiving.into(),
        reserved: 0,
        session: input.session.unwrap_or(0),
        packets: input.packets,
        bytes: input.bytes,
        video_packets: input.video_packets,
        key_packets: input.key_packets,
        lost_packets: input.lost_packets,
        probes: input.probes,
        bitrate_kbps: input.bitrate_kbps,
        fps: input.fps,
        packet_loss: input.packet_loss,
        last_packet_at: input.last_packet_at.map_or(0, unix),
        state_since: unix(input.state_since),
        url,
        url_len,
        errors_len: input.errors.len(),
        probes_ok: input.probes_ok,
        probes_failed: input.probes_failed,
        untested: input.untested.into(),
        listening: input.listening.into(),
        severity: input.severity.map_or(0, Severity::code),
        condition: input.conditions.first().map_or(0, |worst| worst.condition.code()),
        held_for: nanos(input.held_for),
        silence_limit: nanos(input.silence_limit),
        silence_returns: input.silence_returns,
        disabled: input.disabled.into(),
        reserved_disabled: 0,
    }
}

fn error_entry(error: &ErrorRecord, texts: &mut Texts) -> changeover_error_entry {
    let Text { pointer: text, len: text_len } = texts.push(&error.text);
    changeover_error_entry {
        struct_size: size_of::<changeover_error_entry>(),
        at: unix(error.at),
        reason: error.reason.code(),
        reserved: 0,
        measured: error.measured,
        limit: error.limit,
        text,
        text_len,
    }
}

fn switch_entry(switch: &SwitchRecord, texts: &mut Texts) -> changeover_switch_entry {
    let Text { pointer: detail, len: detail_len } = texts.push(&switch.detail);
    changeover_switch_entry {
        struct_size: size_of::<changeover_switch_entry>(),
        at: unix(switch.at),
        from: switch.from,
        to: switch.to,
        reason: switch.reason.code(),
        reserved: 0,
        number: switch.number,
        detail,
        detail_len,
    }
}
