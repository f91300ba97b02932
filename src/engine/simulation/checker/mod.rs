//! What docs/rules.md and the promises say of a run, judged from outside: from the events that a tap
//! sees, from what the host is given, from what its calls and packets are answered, and from what the
//! world knows of its sources. It knows nothing of how the engine decides.
//!
//! | file | what is judged |
//! |---|---|
//! | `mod.rs` | calls, packets; which life of which stream an event is of |
//! | `life.rs` | one registration: its sessions, its choices, its gate |
//! | `backlog.rs` | promise 5: what the host is given of what was decided |
//! | `silence.rs` | promise 4: deadlines, stalls; rule 3 |
//! | `mass.rs` | rule 26 |
//! | `totals.rs` | the engine's counts, and the status |

mod backlog;
mod life;
mod mass;
mod silence;
mod totals;

use super::machine::{Answer, Fact};
use super::plan::Settings;
use crate::core::{Nanos, Notice, Priority, SessionId};
use crate::engine::{Event, EventKind};
use crate::hot::simulated;
use crate::vocabulary::Error;
use backlog::Backlog;
use foldhash::{HashMap, HashMapExt};
pub(super) use life::Life;
use mass::Mass;
use silence::Silence;
use std::sync::Arc;
use totals::Totals;

/// What a stream is registered with.
#[derive(Clone, Debug)]
pub(super) struct Registering {
    pub(super) settings: Settings,
    pub(super) priorities: Vec<Priority>,
    pub(super) first_switch: u64,
}

/// What was asked, as far as it matters for what may follow.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Register {
        stream: usize,
        registering: Registering,
    },
    Unregister {
        stream: usize,
    },
    UnregisterAll,
    Update {
        stream: usize,
        removed: Vec<Priority>,
        added: Vec<Priority>,
        updated: Vec<Priority>,
    },
    Enable {
        stream: usize,
        priority: Priority,
        enabled: bool,
    },
    Settings {
        stream: usize,
        settings: Settings,
    },
    Force {
        stream: usize,
    },
    /// Anything else that is asked of a stream, and perhaps of an input.
    Other {
        stream: usize,
        priority: Option<Priority>,
    },
    /// An answer to a probe that the host was never given, or that it knows to be over.
    TooLate {
        stream: usize,
    },
    Open {
        stream: usize,
        priority: Priority,
        slot: usize,
    },
    Note,
    Sync,
    Bug {
        stream: usize,
    },
}

/// An instant, by the virtual clock and by the engine's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) real: Nanos,
    pub(super) engine: Nanos,
}

/// A packet was recorded.
pub(super) struct Recorded {
    pub(super) registration: u64,
    pub(super) priority: Priority,
    /// Which life of that input.
    pub(super) input: u64,
    /// The session to which the handle is bound.
    pub(super) session: Option<SessionId>,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) key: bool,
    /// What it was answered.
    pub(super) number: u64,
}

pub(super) struct Checker {
    ids: HashMap<Arc<str>, usize>,
    lives: HashMap<u64, Life>,
    /// By stream: the number of its registration.
    current: Vec<Option<u64>>,
    /// By stream: what is being registered.
    registering: Vec<Option<Registering>>,
    /// Lives of which something was told since they were judged.
    touched: Vec<u64>,
    last_registration: u64,
    last_session: u64,
    inputs: u64,
    /// Operations that are being carried out: 0 or 1.
    in_call: usize,
    everything_told: bool,
    backlog: Backlog,
    silence: Silence,
    mass: Mass,
    pub(super) totals: Totals,
}

impl Checker {
    pub(super) fn new(ids: &[Arc<str>], latency: Nanos) -> Checker {
        Checker {
            ids: ids.iter().cloned().zip(0..).collect(),
            lives: HashMap::new(),
            current: vec![None; ids.len()],
            registering: vec![None; ids.len()],
            touched: Vec::new(),
            last_registration: 0,
            last_session: 0,
            inputs: 0,
            in_call: 0,
            everything_told: true,
            backlog: Backlog::default(),
            silence: Silence::new(latency),
            mass: Mass::default(),
            totals: Totals::default(),
        }
    }

    /// The number of a stream's registration, and the life of an input of it.
    pub(super) fn registered(&self, stream: usize) -> Option<u64> {
        self.current[stream]
    }

    pub(super) fn input(&self, registration: u64, priority: Priority) -> Option<u64> {
        Some(self.lives.get(&registration)?.inputs.get(&priority)?.life)
    }

    pub(super) fn life(&self, registration: u64) -> Option<&Life> {
        self.lives.get(&registration)
    }

    // Events.

    /// An event that a tap saw, in order.
    pub(super) fn hear(&mut self, event: &Event, now: &Moment) {
        self.totals.told(&event.kind);
        self.backlog.told(event);
        let EventKind::MassFailure { failed, limit, on_air } = event.kind else {
            return self.hear_of_stream(event, now);
        };
        self.mass.told(event.at, failed, limit, on_air);
    }

    fn hear_of_stream(&mut self, event: &Event, now: &Moment) {
        let stream = *self.ids.get(&event.stream).expect("an event of a stream that there is");
        let number = event.registration;
        if !self.lives.contains_key(&number) {
            let registering = self.registering[stream].take();
            self.begin(stream, number, registering.expect("an event of what nobody registers"));
        }
        if let EventKind::Start(start) = &event.kind {
            assert!(start.session > self.last_session, "the session {} again", start.session);
            self.last_session = start.session;
        }
        let life = self.lives.get_mut(&number).expect("just made");
        assert_eq!(life.stream, stream, "a registration of another stream");
        if let EventKind::Notice(Notice::Degraded { priority, error }) = &event.kind {
            self.silence.degraded(life, *priority, error, event.at, now);
            let by_fault = life.active == Some(*priority) && !error.reason.is_condition();
            if life.on_air.is_some() && by_fault {
                self.mass.failed(number, event.at);
            }
        }
        life.hear(event, self.in_call > 0);
        self.silence.expect(life);
        self.touched.push(number);
        if life.ended {
            assert_eq!(self.current[stream].take(), Some(number), "an older registration ends");
        }
    }

    fn begin(&mut self, stream: usize, number: u64, registering: Registering) {
        assert!(number > self.last_registration, "the registration {number} again");
        assert_eq!(self.current[stream], None, "a stream is registered twice");
        self.last_registration = number;
        self.current[stream] = Some(number);
        let mut life = Life::new(stream, number, &registering);
        for priority in registering.priorities {
            self.inputs += 1;
            life.add(priority, self.inputs);
        }
        self.lives.insert(number, life);
    }

    /// The host is given an event.
    pub(super) fn taken(&mut self, event: &Event) {
        self.backlog.taken(event);
        if let EventKind::Start(start) = &event.kind {
            if let Some(life) = self.lives.get_mut(&event.registration) {
                life.taken(start.session, simulated::now());
            }
        }
    }

    /// There is nothing more for it.
    pub(super) fn all_is_taken(&mut self) {
        self.backlog.all_is_taken();
    }

    pub(super) fn host_waits(&self) -> bool {
        self.backlog.is_empty()
    }

    // Calls.

    /// What the monitor did about a call. Answers the slot of a handle that could not be opened.
    pub(super) fn began(&mut self, call: &Call) {
        self.in_call += 1;
        match call {
            Call::Register { stream, registering } if self.current[*stream].is_none() => {
                self.registering[*stream] = Some(registering.clone());
            }
            Call::Bug { stream } => self.of(*stream, |life| life.bug_is_planted = true),
            Call::Force { stream } => self.of(*stream, |life| life.forced = true),
            _ => {}
        }
    }

    fn of(&mut self, stream: usize, change: impl FnOnce(&mut Life)) {
        if let Some(life) = self.current[stream].and_then(|number| self.lives.get_mut(&number)) {
            change(life);
        }
    }

    pub(super) fn ended(&mut self, call: &Call, result: &Result<Answer, Error>) {
        self.in_call -= 1;
        self.totals.calls_ended += 1;
        let error = result.as_ref().err().copied();
        match call {
            Call::Register { stream, .. } => {
                let registering = self.registering[*stream].take();
                match result {
                    Ok(Answer::Registered(number)) => {
                        if !self.lives.contains_key(number) {
                            self.begin(
                                *stream,
                                *number,
                                registering.expect("nothing of it is told"),
                            );
                        }
                        assert_eq!(self.current[*stream], Some(*number));
                    }
                    // A bug that was planted.
                    Err(Error::Panic) => {}
                    _ => {
                        assert_eq!(error, Some(Error::StreamExists), "a registration is refused");
                        assert!(self.current[*stream].is_some(), "refused, and no such stream");
                    }
                }
            }
            Call::Unregister { stream } => {
                // That of this call has been told by now.
                assert_eq!(self.current[*stream], None, "unregistered, and not told: {error:?}");
            }
            Call::UnregisterAll => {
                assert!(self.current.iter().all(Option::is_none), "some are left");
            }
            Call::Update { stream, removed, added, updated } => {
                if !self.known(*stream, error) {
                    return;
                }
                let mut known = |priority: &Priority| {
                    let number = self.current[*stream].expect("it is known");
                    self.lives[&number].inputs.contains_key(priority)
                };
                let all = removed.iter().chain(updated).all(&mut known);
                let free = added.iter().all(|one| !known(one) || removed.contains(one));
                match error {
                    None => assert!(all && free, "an update that can't be"),
                    Some(Error::UnknownInput) => assert!(!all, "an update is refused"),
                    Some(Error::DuplicatePriority) => assert!(!free, "an update is refused"),
                    Some(Error::Panic) => {}
                    Some(error) => panic!("an update is refused: {error:?}"),
                }
                if error.is_none() {
                    let next = &mut self.inputs;
                    let number = self.current[*stream].expect("it is known");
                    let life = self.lives.get_mut(&number).expect("it is known");
                    life.update(removed, added, updated, next);
                    self.silence.expect(life);
                }
            }
            Call::Enable { stream, priority, enabled } => {
                if self.known_input(*stream, *priority, error) && error.is_none() {
                    self.of(*stream, |life| life.enable(*priority, *enabled));
                }
            }
            Call::Settings { stream, settings } => {
                if self.known(*stream, error) && error.is_none() {
                    self.of(*stream, |life| life.set(settings));
                    let life = self.current[*stream].and_then(|number| self.lives.get_mut(&number));
                    self.silence.expect(life.expect("it is known"));
                }
            }
            Call::Force { stream } | Call::Other { stream, priority: None } => {
                self.known(*stream, error);
            }
            Call::Other { stream, priority: Some(priority) } => {
                self.known_input(*stream, *priority, error);
            }
            Call::Open { stream, priority, .. } => {
                if error != Some(Error::StaleSession) {
                    self.known_input(*stream, *priority, error);
                }
            }
            Call::TooLate { stream } => {
                if self.known(*stream, error) {
                    assert_eq!(error, Some(Error::StaleSession), "an answer too late");
                }
            }
            Call::Note | Call::Sync | Call::Bug { .. } => assert_eq!(error, None),
        }
    }

    /// Whether there is the stream, on which the answer agrees.
    fn known(&self, stream: usize, error: Option<Error>) -> bool {
        let known = self.current[stream].is_some();
        if error == Some(Error::Panic) {
            return false;
        }
        assert_eq!(known, error != Some(Error::UnknownStream), "is it there? {error:?}");
        known
    }

    fn known_input(&self, stream: usize, priority: Priority, error: Option<Error>) -> bool {
        if !self.known(stream, error) {
            return false;
        }
        let known = self.current[stream].and_then(|number| self.input(number, priority));
        let known = known.is_some();
        assert_eq!(known, error != Some(Error::UnknownInput), "is it an input? {error:?}");
        known
    }

    // Packets.

    pub(super) fn recorded(&mut self, packet: &Recorded, now: &Moment) {
        self.totals.packets += packet.packets;
        let Some(life) = self.lives.get_mut(&packet.registration) else {
            assert_eq!(packet.number, 0, "a packet of what is gone is admitted");
            return;
        };
        life.recorded(packet, now, self.everything_told);
    }

    // Judging.

    /// After a turn of the monitor. `at_rest`: everything that was decided is told; `behind`: the
    /// monitor should have had another turn by now.
    pub(super) fn judge(&mut self, now: &Moment, at_rest: bool, behind: bool) {
        self.everything_told = at_rest;
        let mut touched = std::mem::take(&mut self.touched);
        for number in touched.drain(..) {
            if let Some(life) = self.lives.get(&number) {
                if at_rest && self.in_call == 0 {
                    life.judge();
                }
            }
        }
        self.touched = touched;
        self.silence.judge(&self.lives, now, at_rest && !behind);
        if at_rest && !behind {
            self.mass.judge(now.engine);
        }
    }

    /// The monitor was to have a turn at `due`, and had it at `now`.
    pub(super) fn stalled(&mut self, due: Nanos, now: &Moment) {
        self.silence.stalled(due, now);
    }

    /// Everything has ended, and is taken.
    pub(super) fn judge_end(&mut self, dropped: u64) {
        assert!(self.current.iter().all(Option::is_none), "not all are unregistered");
        assert_eq!(self.backlog.gaps(), dropped, "what the gaps told");
        self.backlog.judge_end(dropped);
    }
}

impl Fact {
    pub(super) fn after(&self) -> u64 {
        match self {
            Fact::Began { after, .. } | Fact::Ended { after, .. } => *after,
        }
    }
}
