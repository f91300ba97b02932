//! A stream as a row of the list: how much trouble it is in, and why.

use crate::core::Priority;
use crate::engine::{InputHealthSnapshot, RuntimeStatus};
use crate::print::json::rfc3339;
use crate::vocabulary::{Reason, Severity};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A switch is trouble for so long.
const RECENT: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) stream: Arc<str>,
    registration: u64,
    pub(super) trouble: u8,
    pub(super) why: String,
    active: Priority,
    status: &'static str,
    exhausted: bool,
    #[serde(rename = "override")]
    by_hand: Option<Priority>,
    held_ms: Option<u64>,
    switch_number: u64,
    #[serde(serialize_with = "rfc3339")]
    pub(super) state_since: SystemTime,
    inputs: Vec<RowInput>,
}

#[derive(Debug, Serialize)]
struct RowInput {
    priority: Priority,
    status: &'static str,
    receiving: bool,
    on_air: bool,
    bitrate_kbps: f64,
    fps: f64,
    conditions: Vec<&'static str>,
    held_ms: Option<u64>,
}

impl Row {
    pub(super) fn of(status: &RuntimeStatus, now: SystemTime) -> Row {
        let (trouble, why) = trouble(status, now);
        let (active, on_air) = (active(status), status.on_air_input_priority);
        Row {
            stream: status.stream.clone(),
            registration: status.registration,
            trouble,
            why,
            active: status.active_input_priority,
            status: active.map_or("none", |input| input.status.name()),
            exhausted: status.exhausted,
            by_hand: status.override_input_priority,
            held_ms: held(status).map(millis),
            switch_number: status.switch_number,
            state_since: status.state_since,
            inputs: status.inputs.iter().map(|input| RowInput::of(input, on_air)).collect(),
        }
    }
}

impl RowInput {
    fn of(input: &InputHealthSnapshot, on_air: Option<Priority>) -> RowInput {
        let tenths = |number: f64| (number * 10.0).round() / 10.0;
        RowInput {
            priority: input.input_priority,
            status: input.status.name(),
            receiving: input.receiving,
            on_air: on_air == Some(input.input_priority),
            bitrate_kbps: tenths(input.bitrate_kbps),
            fps: tenths(input.fps),
            conditions: input.conditions.iter().map(|held| held.condition.name()).collect(),
            held_ms: input.held_until.map(|_| millis(input.held_for)),
        }
    }
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

fn active(status: &RuntimeStatus) -> Option<&InputHealthSnapshot> {
    status.inputs.iter().find(|input| input.input_priority == status.active_input_priority)
}

/// How long it takes until a better input than the one on air may be chosen, if one has to prove itself.
fn held(status: &RuntimeStatus) -> Option<Duration> {
    let active = status.active_input_priority;
    let better = status.inputs.iter().filter(|input| active < 0 || input.input_priority < active);
    better.filter_map(|input| input.held_until.map(|_| input.held_for)).min()
}

/// From 0, all is well, to 4, nothing is on air; and why, in a few words.
fn trouble(status: &RuntimeStatus, now: SystemTime) -> (u8, String) {
    let active = active(status);
    let Some(active) = active.filter(|_| !status.exhausted) else {
        return (
            4,
            if status.exhausted { "no input is usable" } else { "nothing is on air" }.into(),
        );
    };
    if status.on_air_input_priority.is_none() {
        return (4, format!("nothing is on air: input {} has not begun", active.input_priority));
    }
    if let Some(pending) = status.pending_input_priority {
        return (3, format!("waits for input {pending}, to switch to it"));
    }
    let mut switches = status.switches.iter().filter(|switch| switch.reason != Reason::Initial);
    if let Some(last) = switches.next_back() {
        // A clock that was set back has it in the future.
        let ago = now.duration_since(last.at).unwrap_or_default();
        if ago < RECENT {
            let (seconds, reason) = (ago.as_secs(), last.reason.name());
            return (3, format!("switched to input {} {seconds} s ago: {reason}", last.to));
        }
    }
    let number = active.input_priority;
    if !active.conditions.is_empty() {
        return (2, format!("input {number}, on air: {}", conditions(active)));
    }
    let enabled = || status.inputs.iter().filter(|input| !input.disabled);
    if let Some(best) = enabled().next().filter(|best| best.input_priority < number) {
        let by_hand = status.override_input_priority == Some(number);
        let why = if by_hand { ", by hand".into() } else { why_not(best, now) };
        return (2, format!("on input {number}, not its best{why}"));
    }
    let standby = || enabled().filter(|input| input.input_priority != number);
    if let Some(input) = standby().find(|input| input.severity == Some(Severity::Failed)) {
        let reason = input.errors.last().map_or("degraded", |error| error.reason.name());
        return (1, format!("input {}, a standby, was given up: {reason}", input.input_priority));
    }
    if let Some(input) = standby().find(|input| !input.conditions.is_empty()) {
        return (1, format!("input {}, a standby: {}", input.input_priority, conditions(input)));
    }
    (0, String::new())
}

/// What stands against the best input, for one who looks at the stream.
fn why_not(best: &InputHealthSnapshot, now: SystemTime) -> String {
    let number = best.input_priority;
    let failed = best.errors.last().filter(|_| best.severity == Some(Severity::Failed));
    if let Some(error) = failed {
        return format!(": input {number} was given up, {}", error.reason.name());
    }
    if !best.conditions.is_empty() {
        return format!(": input {number} has {}", conditions(best));
    }
    if best.held_until.is_some() {
        return format!(": input {number} has to prove itself");
    }
    let left = best.switch_due_at.map(|at| at.duration_since(now).unwrap_or_default());
    left.map_or_else(String::new, |left| {
        format!(": input {number} is well, and is switched to in {} s", left.as_secs() + 1)
    })
}

fn conditions(input: &InputHealthSnapshot) -> String {
    let names = input.conditions.iter().map(|held| held.condition.name());
    names.collect::<Vec<_>>().join(", ")
}
