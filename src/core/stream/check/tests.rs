//! No invariant that can't be broken: each is, by the smallest corruption that breaks it.

use super::*;
use crate::core::gaps::Gaps;
use crate::core::input::{InputError, Probe, Untested};
use crate::core::{InputsUpdate, Registration};
use std::collections::BTreeSet;

const SECOND: Nanos = 1_000_000_000;

struct World {
    stream: Stream,
    common: Common,
    now: Nanos,
}

impl World {
    fn new(inputs: impl IntoIterator<Item = Input>) -> World {
        let inputs = inputs.into_iter().collect();
        let registration =
            Registration { id: "news".into(), number: 1, inputs, ..Registration::default() };
        let (mut common, now) = (Common::default(), SECOND);
        let stream = Stream::new(registration, now, &mut common).unwrap();
        let mut world = World { stream, common, now };
        world.host_takes();
        world
    }

    fn tell(&mut self, stimulus: Stimulus) {
        self.stream.handle(stimulus, self.now, &mut self.common).unwrap();
        self.host_takes();
    }

    fn host_takes(&mut self) {
        for action in self.stream.drain().collect::<Vec<_>>() {
            if let Action::Start(Start { session, .. }) = action {
                self.tell(Stimulus::StartTaken { session });
            }
        }
    }

    fn deliver(&mut self, index: usize) {
        let session = self.stream.inputs[index].session().unwrap();
        self.tell(Stimulus::Packet { session });
    }

    /// Nothing comes in until a deadline is over.
    fn wait(&mut self) {
        self.now = self.stream.next_deadline().unwrap();
        self.tell(Stimulus::Tick);
    }
}

/// Input 0 on air, 1 hot and delivering, 2 cold and idle.
fn on_air() -> World {
    let mut world = World::new([0, 1, 2].map(|priority| Input::new(priority, "")).map(|input| {
        match input.priority {
            1 => input.hot(),
            _ => input,
        }
    }));
    world.deliver(0);
    world.deliver(1);
    world
}

/// Input 0 on air, and a manual switch to input 2 waits.
fn pending() -> World {
    let mut world = on_air();
    world.tell(Stimulus::SwitchInput { priority: 2, lasts: None });
    world
}

/// Input 0 is dead and runs on behind the gate, input 1 is selected.
fn failed() -> World {
    let mut world = World::new([Input::new(0, ""), Input::new(1, "")]);
    world.deliver(0);
    world.wait();
    world
}

/// Input 0 is dead and stopped, input 1 on air.
fn left() -> World {
    let mut world = failed();
    world.deliver(1);
    world
}

/// Both inputs are dead and run on.
fn exhausted() -> World {
    let mut world = failed();
    world.wait();
    world
}

fn unregistered() -> World {
    let mut world = on_air();
    world.tell(Stimulus::Unregister);
    world
}

fn switch_to(target: Priority) -> Option<Box<Pending>> {
    Some(Box::new(Pending::new(target, Reason::Failback, 0)))
}

fn session(stream: &mut Stream, index: usize) -> &mut Session {
    stream.inputs[index].session.as_mut().unwrap()
}

fn overlap_off(stream: &mut Stream) {
    let config = stream.settings.config.clone().overlap(Overlap::Off);
    stream.settings = Arc::new(StreamSettings::new(&config, &stream.settings.defaults));
}

type Corruption = (fn() -> World, fn(&mut Stream), &'static str);

const CORRUPTIONS: &[Corruption] = &[
    (on_air, |stream| stream.inputs.swap(0, 1), "priorities are sorted and unique"),
    (
        on_air,
        |stream| session(stream, 1).id = session(stream, 0).id,
        "ids of sessions and probes are unique",
    ),
    (on_air, |stream| stream.active = MaybePriority::some(9), "the active input exists"),
    (
        on_air,
        |stream| stream.gate = None,
        "promise 2: the gate admits the active input's session, or nothing",
    ),
    (
        on_air,
        |stream| (stream.active, stream.gate) = (MaybePriority::NONE, None),
        "rule 5: if any input is usable, the active one is and runs",
    ),
    (
        on_air,
        |stream| stream.pending = switch_to(0),
        "rule 7: the pending input is usable, runs and is not active",
    ),
    (
        pending,
        |stream| {
            let session = stream.inputs[0].session().unwrap();
            let offer = Offer { session, number: 9, to_any_packet: false };
            stream.pending.as_mut().unwrap().offer = Some(offer);
        },
        "rule 23: an offer is of a session that waits behind the gate, in its number too",
    ),
    (pending, overlap_off, "rule 7: with overlap off nothing is pending"),
    (
        on_air,
        |stream| stream.exhausted = true,
        "rule 19: an exhausted stream has no source on air that can be watched",
    ),
    (
        || {
            let mut world = World::new([Input::new(0, "")]);
            let update = InputsUpdate { removed: vec![0], ..InputsUpdate::default() };
            world.tell(Stimulus::UpdateInputs(update));
            world
        },
        |stream| stream.exhausted = false,
        "rule 8: a stream that lost its last usable input is exhausted",
    ),
    (
        on_air,
        |stream| stream.pinned = MaybePriority::some(2),
        "rule 11: the override is usable, and active or pending",
    ),
    (
        pending,
        |stream| stream.pinned = MaybePriority::NONE,
        "rule 11: a manual switch that is pending is the override's",
    ),
    (
        on_air,
        |stream| {
            let last = stream.switches().last().unwrap().into_owned();
            stream.switches.push(&Arc::new(Switch { at: 0, ..last }));
        },
        "rule 15: the history is bounded, in order, and ends with the active input",
    ),
    (
        on_air,
        |stream| {
            let (from, reason, detail) = (None, Reason::Error, Detail::None);
            stream.set_cause(Cause { from, reason, detail });
        },
        "rule 15: why the last choice ended was told with the next, or with exhaustion",
    ),
    (on_air, overlap_off, "overlap off: at most one session, and no hot input"),
    (
        on_air,
        |stream| {
            let number = stream.switch_number;
            stream.act(Action::Gate { session: None, number });
        },
        "queued gate moves count up to the switch number, the last is the gate",
    ),
    (
        on_air,
        |stream| {
            let (input, buffer_write_id) = (stream.inputs[0].spec.clone(), stream.id.clone());
            stream.act(Action::Start(Start {
                session: 99,
                input,
                buffer_write_id,
                start_reason: StartReason::Hot,
            }));
        },
        "a queued start is of a session that runs, or its stop is queued too",
    ),
    (
        on_air,
        |stream| stream.notify(Notice::Exhausted { reason: Reason::Error }),
        "queued outages end with what the stream is",
    ),
    (
        || {
            let mut world = on_air();
            world.tell(Stimulus::SwitchInput { priority: 1, lasts: None });
            world
        },
        |stream| stream.inputs[0].spec = Arc::new(Input::new(-1, "")),
        "a priority is 0 or more",
    ),
    (
        || {
            let mut world = World::new([Input::new(0, "")]);
            world.deliver(0);
            world.tell(Stimulus::SetCondition {
                priority: 0,
                session: None,
                condition: Condition::Black,
                holds: true,
                text: String::new(),
            });
            world
        },
        |stream| stream.exhausted = false,
        "rule 19: a stream whose sources can't be watched is exhausted",
    ),
    (
        on_air,
        |stream| stream.inputs[2].status = Status::Active,
        "rule 2: Active is the active input, and delivers",
    ),
    (
        on_air,
        |stream| {
            stream.inputs[0].status = Status::Idle;
        },
        "rule 2: a selected input that delivers is Active",
    ),
    (
        failed,
        |stream| stream.inputs[0].trouble_mut().retry_at = None,
        "rule 3: a running session has a deadline or its input an attempt",
    ),
    (
        failed,
        |stream| session(stream, 1).awaited = false,
        "rule 3: a packet that would decide something is awaited",
    ),
    (
        exhausted,
        |stream| {
            session(stream, 0).awaited = false;
            session(stream, 0).reported = true;
        },
        "rule 8: with nothing usable every packet is awaited",
    ),
    (
        on_air,
        |stream| stream.inputs[2].session = Some(Session::new(99, Attempt::No)),
        "rule 6: once something is on air, every session has a use",
    ),
    (on_air, |stream| stream.inputs[1].session = None, "rule 6: a usable hot input runs"),
    (
        failed,
        |stream| {
            stream.inputs[0].session = None;
            stream.inputs[0].trouble_mut().retry_at = None;
        },
        "rule 9: a degraded input has errors and its next attempt",
    ),
    (
        on_air,
        |stream| stream.inputs[2].trouble_mut().retry_at = Some(0),
        "rules 9 and 20: only failed and impaired inputs are probed, tried, or waiting to be",
    ),
    (
        failed,
        |stream| {
            let trouble = stream.inputs[0].trouble_mut();
            trouble.probe = Some(Probe { id: 99, taken_at: None });
            trouble.probe_unsupported = true;
        },
        "rule 9: no input is probed that is tried, or that can't be",
    ),
    (
        failed,
        |stream| session(stream, 0).attempt = Attempt::Trial,
        "rules 9 and 20: a trial is of an input that can't be probed, or is impaired",
    ),
    (
        on_air,
        |stream| stream.inputs[2].healthy_since = MaybeNanos::NONE,
        "rule 10: a degraded input is not healthy, a usable cold one is",
    ),
    (
        unregistered,
        |stream| stream.inputs[0].status = Status::Idle,
        "rules 14 and 25: what is stopped is unregistered or disabled, and ended",
    ),
    (
        on_air,
        |stream| stream.inputs[0].disabled = true,
        "rule 25: what is disabled is stopped, or on air while another is tried",
    ),
    (
        failed,
        |stream| {
            let errors = &mut stream.inputs[0].trouble_mut().errors;
            let one = errors[0].clone();
            errors.extend(std::iter::repeat_n(one, 5));
        },
        "rule 15: the errors and the failed attempts of an input are bounded",
    ),
    (
        on_air,
        |stream| session(stream, 1).attempt = Attempt::Restart,
        "rule 9: only a degraded input's session is an attempt",
    ),
    (
        on_air,
        |stream| {
            let error = InputError { at: 0, reason: Reason::Error, detail: Detail::None };
            stream.inputs[2].trouble_mut().attempts.push(error);
        },
        "rule 15: an input that did not fail has no failed attempts",
    ),
    (
        left,
        |stream| stream.inputs[0].trouble_mut().stop_listening(),
        "rule 27: after a silence the packets of an input without a session count",
    ),
    (
        on_air,
        |stream| stream.inputs[2].trouble_mut().listening = true,
        "rule 27: only a failed input's packets count without a session",
    ),
    (
        on_air,
        |stream| {
            stream.inputs[2].healthy_since = MaybeNanos::NONE;
            let trouble = stream.inputs[2].trouble_mut();
            (trouble.untested, trouble.listening) = (Untested::Waited, true);
        },
        "rule 27: an untested input has errors, and is forced only while it is wanted",
    ),
    (
        on_air,
        |stream| stream.inputs[0].trouble_mut().untested = Untested::Forced,
        "rule 27: what is on air has recovered",
    ),
    (
        on_air,
        |stream| stream.inputs[0].trouble_mut().gaps = Some(Box::new(Gaps::new(0, 0, 0))),
        "rule 22: gaps are those of an adaptive input's session",
    ),
    (
        failed,
        |stream| stream.inputs[0].trouble_mut().probes_ok += 1,
        "rule 15: no attempt both helps and fails",
    ),
];

#[test]
fn every_invariant_can_be_broken() {
    let mut seen = BTreeSet::new();
    for (world, corrupt, invariant) in CORRUPTIONS {
        let mut stream = world().stream;
        assert_eq!(stream.check(), Ok(()), "before: {invariant}");
        corrupt(&mut stream);
        assert_eq!(stream.check().map_err(|broken| broken.invariant), Err(*invariant));
        seen.insert(*invariant);
    }
    let all = OF_STREAM.iter().map(|(name, _)| *name).chain(OF_INPUT.iter().map(|(name, _)| *name));
    assert_eq!(seen, all.collect());
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "does not hold: rule 15: no attempt both helps and fails")]
fn a_decision_that_breaks_one_panics_in_debug_builds() {
    let mut world = on_air();
    world.stream.inputs[0].trouble_mut().probes_ok += 1;
    world.tell(Stimulus::ClearOverride);
}

#[test]
fn what_is_broken_is_said_in_words() {
    let mut stream = on_air().stream;
    stream.inputs[1].session = None;
    let said = stream.check().unwrap_err().to_string();
    assert_eq!(said, "does not hold: rule 6: a usable hot input runs (input 1)");
}
