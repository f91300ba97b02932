//! What became of each stream in the last quarter of an hour: told status by status, asked for one stream at a
//! time. Bounded, and without a clock of its own.

use super::timeline::{Differing, InputChange, OnAir, Timeline};
use crate::core::Priority;
use crate::engine::{InputHealthSnapshot, RuntimeStatus, SwitchRecord};
use crate::vocabulary::{Reason, Severity};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How far back it goes.
pub(super) const KEPT: Duration = Duration::from_secs(15 * 60);

/// How many changes of a stream are kept; when there are more, the oldest go.
const CHANGES: usize = 256;

/// How many changes are kept of all streams together, about: beyond that each stream keeps its share of them
/// when it changes.
const ALL_CHANGES: usize = 1 << 20;

/// All streams that were seen.
#[derive(Debug)]
pub(super) struct History {
    streams: HashMap<Arc<str>, Stream>,
    /// How many changes there are.
    changes: usize,
    most: usize,
}

impl Default for History {
    fn default() -> History {
        History { streams: HashMap::new(), changes: 0, most: ALL_CHANGES }
    }
}

#[derive(Debug)]
struct Stream {
    registration: u64,
    registered_at: SystemTime,
    /// From here on nothing is missing.
    complete_from: SystemTime,
    /// Before the first of the changes.
    base: State,
    changes: VecDeque<Change>,
    /// After the last of them.
    last: State,
    /// Of the last switch that was seen.
    switch_number: u64,
}

#[derive(Clone, Debug)]
struct State {
    on_air: OnAir,
    inputs: Vec<InputChange>,
}

#[derive(Clone, Debug)]
enum Change {
    OnAir(OnAir),
    Input(InputChange),
    Switch(Box<SwitchRecord>),
    Shadow(Box<Differing>),
}

impl Change {
    fn at(&self) -> SystemTime {
        match self {
            Change::OnAir(change) => change.at,
            Change::Input(change) => change.at,
            Change::Switch(switch) => switch.at,
            Change::Shadow(differing) => differing.told,
        }
    }
}

impl State {
    fn of(status: &RuntimeStatus) -> State {
        let inputs = status.inputs.iter().map(|input| change(input, input.state_since)).collect();
        State { on_air: on_air(status), inputs }
    }

    fn at_registration(status: &RuntimeStatus) -> State {
        let at = status.registered_at;
        let inputs = status.inputs.iter().map(|input| InputChange::idle(input.input_priority, at));
        State { on_air: OnAir { at, input: -1 }, inputs: inputs.collect() }
    }

    fn input(&mut self, priority: Priority) -> Option<&mut InputChange> {
        self.inputs.iter_mut().find(|input| input.priority == priority)
    }

    fn set(&mut self, new: InputChange) {
        match self.input(new.priority) {
            Some(old) => *old = new,
            None => self.inputs.push(new),
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::OnAir(on_air) => self.on_air = on_air,
            Change::Input(input) => self.set(input),
            Change::Switch(_) | Change::Shadow(_) => {}
        }
    }
}

fn on_air(status: &RuntimeStatus) -> OnAir {
    OnAir { at: status.state_since, input: status.on_air_input_priority.unwrap_or(-1) }
}

/// What an input is worth since `at`.
fn change(input: &InputHealthSnapshot, at: SystemTime) -> InputChange {
    let error = input.errors.last().filter(|_| input.severity == Some(Severity::Failed));
    let condition = input.conditions.first();
    let silent = error.filter(|error| error.reason == Reason::Timeout);
    InputChange {
        at,
        priority: input.input_priority,
        // Whether it was given up, or delivers and something is wrong with that.
        status: match input.severity {
            Some(Severity::Impaired) => Severity::Impaired.name(),
            _ => input.status.name(),
        },
        conditions: input.conditions.iter().map(|held| held.condition.name()).collect(),
        reason: error
            .map(|error| error.reason)
            .or(condition.map(|held| held.condition))
            .map(|reason| reason.name()),
        text: error.map(|error| &error.text).or(condition.map(|held| &held.text)).cloned(),
        silent_ms: silent.map(|error| error.measured / 1_000_000),
    }
}

impl Stream {
    /// One that nothing was known of. `seen_from`: what happens from there on is told.
    fn new(status: &RuntimeStatus, seen_from: SystemTime, now: SystemTime) -> Stream {
        // If it was registered since, it began with nothing on air.
        let is_whole = seen_from <= status.registered_at;
        let state = if is_whole { State::at_registration(status) } else { State::of(status) };
        let mut stream = Stream {
            registration: status.registration,
            registered_at: status.registered_at,
            complete_from: seen_from.max(status.registered_at),
            base: state.clone(),
            changes: VecDeque::new(),
            last: state,
            switch_number: if is_whole { 0 } else { status.switch_number },
        };
        stream.observe(status, CHANGES, now);
        stream
    }

    /// Notes what is different from before.
    fn observe(&mut self, status: &RuntimeStatus, most: usize, now: SystemTime) {
        let mut new = Vec::new();
        for switch in status.switches.iter().filter(|one| one.number > self.switch_number) {
            new.push(Change::Switch(Box::new(switch.clone())));
        }
        self.switch_number = status.switch_number;
        let on_air = on_air(status);
        if on_air.input != self.last.on_air.input {
            self.last.on_air = on_air;
            new.push(Change::OnAir(on_air));
        }
        for input in &status.inputs {
            let mut next = change(input, input.state_since);
            match self.last.input(next.priority) {
                Some(last) if last.same_as(&next) => continue,
                // It is a condition that came or went.
                Some(last) if last.status == next.status => next.at = now,
                _ => {}
            }
            self.last.set(next.clone());
            new.push(Change::Input(next));
        }
        let is_there = |priority| status.inputs.iter().any(|its| its.input_priority == priority);
        self.last.inputs.retain(|last| {
            let stays = is_there(last.priority);
            if !stays {
                new.push(Change::Input(InputChange::removed(last.priority, now)));
            }
            stays
        });
        // Wall clocks may be set back, the order stays.
        new.sort_by_key(Change::at);
        self.add(new, most, now);
    }

    /// Keeps so many changes.
    fn add(&mut self, new: impl IntoIterator<Item = Change>, most: usize, now: SystemTime) {
        self.changes.extend(new);
        while self.changes.len() > most {
            if let Some(oldest) = self.changes.pop_front() {
                self.complete_from = self.complete_from.max(oldest.at());
                self.base.apply(oldest);
            }
        }
        self.forget(now);
    }

    /// What is longer ago than it goes back.
    fn forget(&mut self, now: SystemTime) {
        let from = now.checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH);
        while self.changes.front().is_some_and(|oldest| oldest.at() < from) {
            if let Some(oldest) = self.changes.pop_front() {
                self.base.apply(oldest);
            }
        }
        if self.changes.is_empty() {
            self.changes.shrink_to_fit();
            // Inputs that were removed are among those of before.
            self.base.clone_from(&self.last);
        }
    }

    fn timeline(&self, now: SystemTime) -> Timeline {
        let from = now.checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH).max(self.registered_at);
        let is_before = |change: &&Change| change.at() < from;
        let mut base = self.base.clone();
        for change in self.changes.iter().take_while(is_before) {
            base.apply(change.clone());
        }
        let mut inputs: BTreeMap<Priority, Vec<InputChange>> = BTreeMap::new();
        for input in base.inputs {
            inputs.entry(input.priority).or_default().push(input);
        }
        let (mut all_on_air, mut switches) = (vec![base.on_air], Vec::new());
        let mut shadow = Vec::new();
        for change in self.changes.iter().skip_while(is_before) {
            match change {
                Change::OnAir(on_air) => all_on_air.push(*on_air),
                Change::Input(input) => {
                    inputs.entry(input.priority).or_default().push(input.clone());
                }
                Change::Switch(switch) => switches.push((**switch).clone()),
                Change::Shadow(differing) => shadow.push((**differing).clone()),
            }
        }
        let complete = self.complete_from <= from;
        Timeline { from, complete, on_air: all_on_air, inputs, switches, shadow }
    }
}

impl History {
    /// What a stream is like now. `seen_from`: since when all that happens is told.
    pub(super) fn observe(
        &mut self,
        status: &RuntimeStatus,
        seen_from: SystemTime,
        now: SystemTime,
    ) {
        let most = self.most();
        match self.streams.get_mut(&status.stream) {
            Some(stream) if stream.registration == status.registration => {
                self.changes -= stream.changes.len();
                stream.observe(status, most, now);
                self.changes += stream.changes.len();
            }
            _ => {
                let stream = Stream::new(status, seen_from, now);
                self.changes += stream.changes.len();
                let before = self.streams.insert(status.stream.clone(), stream);
                self.changes -= before.map_or(0, |before| before.changes.len());
            }
        }
    }

    /// How many changes of a stream are kept.
    fn most(&self) -> usize {
        let share = self.most / self.streams.len().max(1);
        if self.changes < self.most {
            CHANGES
        } else {
            share.clamp(1, CHANGES)
        }
    }

    /// A shadow has decided something otherwise.
    pub(super) fn differs(&mut self, stream: &str, registration: u64, differing: Differing) {
        let (most, now) = (self.most(), differing.told);
        let stream = self.streams.get_mut(stream).filter(|one| one.registration == registration);
        if let Some(stream) = stream {
            self.changes -= stream.changes.len();
            stream.add([Change::Shadow(Box::new(differing))], most, now);
            self.changes += stream.changes.len();
        }
    }

    /// A stream is not registered any more.
    pub(super) fn end(&mut self, stream: &str) {
        let ended = self.streams.remove(stream);
        self.changes -= ended.map_or(0, |ended| ended.changes.len());
    }

    /// Only these streams are registered.
    pub(super) fn keep(&mut self, is_registered: impl Fn(&str) -> bool) {
        self.streams.retain(|stream, _| is_registered(stream));
        self.changes = self.streams.values().map(|stream| stream.changes.len()).sum();
    }

    /// Some of what happened before was not told.
    pub(super) fn miss(&mut self, until: SystemTime) {
        for stream in self.streams.values_mut() {
            stream.complete_from = stream.complete_from.max(until);
        }
    }

    /// Gives back what is longer ago than it goes back.
    pub(super) fn tidy(&mut self, now: SystemTime) {
        for stream in self.streams.values_mut() {
            stream.forget(now);
        }
        self.changes = self.streams.values().map(|stream| stream.changes.len()).sum();
    }

    /// The last quarter of an hour of a stream, from a status of now on if nothing else is known.
    pub(super) fn timeline(&self, status: &RuntimeStatus, now: SystemTime) -> Timeline {
        match self.streams.get(&status.stream) {
            Some(stream) if stream.registration == status.registration => stream.timeline(now),
            _ => Stream::new(status, now, now).timeline(now),
        }
    }
}

#[cfg(test)]
mod tests;
