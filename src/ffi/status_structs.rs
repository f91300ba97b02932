//! A status as the structs that will be asked for, with the strings they point to.

use super::abi_status::{
    changeover_condition_entry, changeover_error_entry, changeover_input_status,
    changeover_status_view, changeover_stream_status, changeover_switch_entry,
};
use super::constants::CHANGEOVER_UNKNOWN;
use super::convert::unix;
use super::result::{Code, Outcome, CHANGEOVER_ERR_INDEX};
use super::strings::{Arena, Text};
use crate::engine::{
    ConditionRecord, ErrorRecord, InputHealthSnapshot, RuntimeStatus, SwitchRecord,
};
use crate::print::{write_url_without_secrets, write_without_secrets};
use crate::units::nanos;
use crate::vocabulary::Severity;
use smallvec::SmallVec;
use std::ffi::{CStr, CString};
use std::ptr::null;
use std::sync::OnceLock;

/// A status, and what was asked for of it so far.
pub(super) struct AskedStatus {
    status: RuntimeStatus,
    json: OnceLock<CString>,
    full: OnceLock<StatusStructs>,
    safe: OnceLock<StatusStructs>,
}

impl AskedStatus {
    pub(super) fn new(status: RuntimeStatus) -> AskedStatus {
        let (full, safe) = (OnceLock::new(), OnceLock::new());
        AskedStatus { status, json: OnceLock::new(), full, safe }
    }

    /// With all that is in URLs.
    pub(super) fn structs(&self) -> &StatusStructs {
        let add = |text: &str, out: &mut String| out.push_str(text);
        self.full.get_or_init(|| StatusStructs::new(&self.status, add, add))
    }

    /// With URLs, and those in texts, as they are in the JSON.
    pub(super) fn safe_structs(&self) -> &StatusStructs {
        let (url, text) = (write_url_without_secrets, write_without_secrets);
        self.safe.get_or_init(|| StatusStructs::new(&self.status, url, text))
    }

    pub(super) fn json(&self) -> &CStr {
        let make = || CString::new(self.status.to_json()).expect("JSON escapes NULs");
        self.json.get_or_init(make)
    }
}

/// The structs. Of all inputs together: whose they are, the lengths in their structs say.
pub(super) struct StatusStructs {
    stream: changeover_stream_status,
    inputs: Vec<changeover_input_status>,
    errors: Vec<changeover_error_entry>,
    attempts: Vec<changeover_error_entry>,
    conditions: Vec<changeover_condition_entry>,
    switches: Vec<changeover_switch_entry>,
    /// What the structs point to.
    texts: Arena,
}

// SAFETY: the pointers in the structs point into `texts`, which moves with them and is never
// changed again.
unsafe impl Send for StatusStructs {}
// SAFETY: as above.
unsafe impl Sync for StatusStructs {}

impl StatusStructs {
    /// With URLs and other texts as they are written by these.
    fn new(
        status: &RuntimeStatus,
        url: impl Fn(&str, &mut String),
        text: impl Fn(&str, &mut String),
    ) -> StatusStructs {
        let mut texts = Arena::with_room(room(status));
        for input in &status.inputs {
            texts.add(|out| url(&input.input.url, out));
            let failures = input.errors.iter().chain(&input.attempts).map(|error| &error.text);
            let conditions = input.conditions.iter().map(|condition| &condition.text);
            failures.chain(conditions).for_each(|one| texts.add(|out| text(one, out)));
        }
        for switch in &status.switches {
            texts.add(|out| text(&switch.detail, out));
            texts.add(|out| text(&switch.passed_over, out));
        }
        // In the same order.
        let mut places = texts.texts().collect::<SmallVec<[Text; 32]>>().into_iter();
        let mut next = || places.next().unwrap_or(Text::EMPTY);
        let mut inputs = Vec::with_capacity(status.inputs.len());
        let (mut errors, mut attempts, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for input in &status.inputs {
            inputs.push(input_status(input, next()));
            errors.extend(input.errors.iter().map(|one| error_entry(one, next())));
            attempts.extend(input.attempts.iter().map(|one| error_entry(one, next())));
            conditions.extend(input.conditions.iter().map(|one| condition_entry(one, next())));
        }
        let switch = |one| switch_entry(one, next(), next());
        let switches = status.switches.iter().map(switch).collect();
        let stream = stream_status(status);
        StatusStructs { stream, inputs, errors, attempts, conditions, switches, texts }
    }

    pub(super) fn stream(&self) -> &changeover_stream_status {
        &self.stream
    }

    pub(super) fn input(&self, index: usize) -> Outcome<&changeover_input_status> {
        at(&self.inputs, index)
    }

    /// The error at `index` of the input at `input`.
    pub(super) fn error(&self, input: usize, index: usize) -> Outcome<&changeover_error_entry> {
        self.of_input(&self.errors, |input| input.errors_len, input, index)
    }

    /// The failed attempt at `index` of the input at `input`.
    pub(super) fn attempt(&self, input: usize, index: usize) -> Outcome<&changeover_error_entry> {
        self.of_input(&self.attempts, |input| input.attempts_len, input, index)
    }

    /// The condition at `index` of the input at `input`.
    pub(super) fn condition(
        &self,
        input: usize,
        index: usize,
    ) -> Outcome<&changeover_condition_entry> {
        self.of_input(&self.conditions, |input| input.conditions_len, input, index)
    }

    pub(super) fn switch(&self, index: usize) -> Outcome<&changeover_switch_entry> {
        at(&self.switches, index)
    }

    /// Points to what is in here.
    pub(super) fn view(&self) -> changeover_status_view {
        let Text { pointer: texts, len: texts_len } = self.texts.all();
        changeover_status_view {
            struct_size: size_of::<changeover_status_view>(),
            stream: &self.stream,
            inputs: first(&self.inputs),
            inputs_len: self.inputs.len(),
            errors: first(&self.errors),
            errors_len: self.errors.len(),
            attempts: first(&self.attempts),
            attempts_len: self.attempts.len(),
            conditions: first(&self.conditions),
            conditions_len: self.conditions.len(),
            switches: first(&self.switches),
            switches_len: self.switches.len(),
            texts,
            texts_len,
        }
    }

    fn of_input<'a, T>(
        &self,
        all: &'a [T],
        len: impl Fn(&changeover_input_status) -> usize,
        input: usize,
        index: usize,
    ) -> Outcome<&'a T> {
        let its = len(at(&self.inputs, input)?);
        let first = self.inputs[..input].iter().map(len).sum::<usize>();
        at(&all[first..first + its], index)
    }
}

/// About as many bytes as all texts have.
fn room(status: &RuntimeStatus) -> usize {
    let inputs = status.inputs.iter().map(|input| {
        let failures = input.errors.iter().chain(&input.attempts).map(|one| one.text.len());
        let conditions = input.conditions.iter().map(|one| one.text.len());
        input.input.url.len() + failures.chain(conditions).sum::<usize>() + 16
    });
    inputs
        .chain(
            status.switches.iter().map(|switch| switch.detail.len() + switch.passed_over.len() + 2),
        )
        .sum()
}

fn at<T>(all: &[T], index: usize) -> Outcome<&T> {
    all.get(index).ok_or(Code(CHANGEOVER_ERR_INDEX))
}

/// NULL if there is none.
fn first<T>(all: &[T]) -> *const T {
    if all.is_empty() {
        null()
    } else {
        all.as_ptr()
    }
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
        state_since: unix(status.state_since),
        override_ends_at: status.override_ends_at.map_or(0, unix),
        on_air_input_priority: status.on_air_input_priority.unwrap_or(-1),
        reserved: 0,
    }
}

fn input_status(input: &InputHealthSnapshot, url: Text) -> changeover_input_status {
    let Text { pointer: url, len: url_len } = url;
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
        attempts_len: input.attempts.len(),
        conditions_len: input.conditions.len(),
        held_until: input.held_until.map_or(0, unix),
        baseline_kbps: input.baseline_kbps.unwrap_or(0),
        baseline_fps_milli: input.baseline_fps_milli.unwrap_or(0),
        min_kbps: input.min_kbps.unwrap_or(0),
        min_fps_milli: input.min_fps_milli.unwrap_or(0),
        max_loss: input.max_loss.unwrap_or(0),
        key_interval: input.key_interval.map_or(0, nanos),
        last_video_at: input.last_video_at.map_or(0, unix),
        last_audio_at: input.last_audio_at.map_or(0, unix),
        switch_due_at: input.switch_due_at.map_or(0, unix),
    }
}

fn error_entry(error: &ErrorRecord, text: Text) -> changeover_error_entry {
    let Text { pointer: text, len: text_len } = text;
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

fn condition_entry(condition: &ConditionRecord, text: Text) -> changeover_condition_entry {
    let Text { pointer: text, len: text_len } = text;
    changeover_condition_entry {
        struct_size: size_of::<changeover_condition_entry>(),
        since: unix(condition.since),
        condition: condition.condition.code(),
        reserved: 0,
        text,
        text_len,
    }
}

fn switch_entry(switch: &SwitchRecord, detail: Text, passed_over: Text) -> changeover_switch_entry {
    let Text { pointer: detail, len: detail_len } = detail;
    let Text { pointer: passed_over, len: passed_over_len } = passed_over;
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
        detection: switch.detection.map_or(CHANGEOVER_UNKNOWN, nanos),
        decision: switch.decision.map_or(CHANGEOVER_UNKNOWN, nanos),
        commit: switch.commit.map_or(CHANGEOVER_UNKNOWN, nanos),
        passed_over,
        passed_over_len,
    }
}
