//! The sources, the hosts and the operators around an engine, all of them unreliable, and time. Each is
//! a virtual thread: between two steps of one, any other may have its turn.
//!
//! | file | who |
//! |---|---|
//! | `mod.rs` | time, and the monitor |
//! | `host.rs` | who takes events, or is called back, and answers |
//! | `ingest.rs` | who records packets |
//! | `by_id.rs` | threads inside a call by id |
//! | `operator.rs` | who asks for something |

mod by_id;
mod host;
mod ingest;
mod operator;

use super::checker::{Call, Checker, Life, Moment};
use super::machine::{Answer, Asked, Fact, Machine};
use super::plan::{Act, Plan, Sending, Settings, INPUTS, MS};
use crate::core::{Config, Nanos, Priority, ProbeId};
use crate::engine::delivery::Delivery;
use crate::engine::{Tap, Tapped};
use crate::hot::simulated;
use by_id::ByIdThread;
use fastrand::Rng;
use foldhash::{HashMap, HashMapExt};
use host::CalledBack;
use ingest::Session;
use slab::Slab;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The virtual clock begins here.
pub(super) const BEGIN: Nanos = 5_000_000_000;

/// After the faults: long enough for any wait there is, backoffs included.
const QUIET: Nanos = 12_000 * MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Act(usize),
    /// Of a session, by its slot.
    Packet(usize),
    StartFails(usize),
    ById(usize),
    Answer(ProbeId),
    Audit,
}

/// A stream as its host and its operator know it.
struct Stream {
    id: Arc<str>,
    random: Rng,
    settings: Settings,
    sources: [Sending; INPUTS],
    /// Slots of those that were not ended, or send on.
    sessions: Vec<usize>,
}

/// A reader of the events that may be slow.
struct Follower {
    tap: Tap,
    /// The events there were when it began, and what it has seen or missed of those since.
    began: u64,
    seen: u64,
}

pub(super) struct World {
    plan: Plan,
    random: Rng,
    machine: Arc<Mutex<Machine>>,
    checker: Checker,
    streams: Vec<Stream>,
    agenda: BinaryHeap<Reverse<(Nanos, u32, Step)>>,
    calls: Slab<Call>,
    /// By slot; none is used twice.
    sessions: Vec<Option<Session>>,
    /// The slot of each that was not stopped.
    running: HashMap<u64, usize>,
    probes: HashMap<ProbeId, (usize, u64, Priority)>,
    threads: Vec<ByIdThread>,
    tap: Tap,
    follower: Option<Follower>,
    delivery: Option<(Delivery, Arc<Mutex<CalledBack>>)>,
    /// When the monitor may run, and how much later than it wants to.
    monitor_from: Nanos,
    monitor_delay: Nanos,
    due_since: Option<Nanos>,
    host_at: Nanos,
    host_from: Nanos,
    calm: bool,
    /// What happens is printed.
    told: bool,
}

impl World {
    pub(super) fn new(plan: &Plan, trace: Option<&Path>, told: bool) -> World {
        simulated::begin(BEGIN, plan.step);
        let mut random = Rng::with_seed(plan.seed ^ 0x5eed);
        let machine = Machine::new(Config::new(), plan.limit, trace);
        let machine = Arc::new(Mutex::new(machine));
        let tap = machine.lock().unwrap().tap(65_536);
        let most = plan.streams.iter().max().map_or(0, |stream| stream + 1);
        let streams: Vec<_> = (0..most)
            .map(|stream| {
                let mut random = Rng::with_seed(plan.seed ^ (stream as u64 + 1) << 20);
                let overlap_off = super::plan::chance(&mut random, 20);
                // Short ids are found otherwise than long ones.
                let id = match stream % 5 {
                    0 => format!("s{stream}"),
                    _ => format!("a-stream-{stream:08}-{}", "x".repeat(stream % 13)),
                };
                Stream {
                    id: id.into(),
                    settings: Settings::random(&mut random, overlap_off),
                    sources: [Sending::WELL; INPUTS],
                    sessions: Vec::new(),
                    random,
                }
            })
            .collect();
        let ids: Vec<_> = streams.iter().map(|stream| stream.id.clone()).collect();
        let threads = (0..4).map(|_| ByIdThread::new(machine.lock().unwrap().shared())).collect();
        let delivery = plan.callbacks.then(|| CalledBack::delivery(&machine));
        let mut world = World {
            checker: Checker::new(&ids, plan.latency),
            plan: plan.clone(),
            machine,
            streams,
            agenda: BinaryHeap::new(),
            calls: Slab::new(),
            sessions: Vec::new(),
            running: HashMap::new(),
            probes: HashMap::new(),
            threads,
            tap,
            follower: None,
            delivery,
            monitor_from: 0,
            monitor_delay: 0,
            due_since: None,
            host_at: BEGIN,
            host_from: 0,
            calm: false,
            told,
            random: random.fork(),
        };
        for (at, act) in plan.acts.iter().enumerate() {
            if act.stream.is_none_or(|stream| plan.streams.contains(&stream)) {
                // Whatever else is left out, in the same place.
                let place = act.seed as u32;
                world.agenda.push(Reverse((BEGIN + act.at, place, Step::Act(at))));
            }
        }
        world.plan_at(BEGIN, Step::Audit);
        (0..world.threads.len()).for_each(|thread| world.plan_at(BEGIN, Step::ById(thread)));
        world
    }

    pub(super) fn checker(&self) -> &Checker {
        &self.checker
    }

    /// Everything that goes wrong.
    pub(super) fn chaos(&mut self) {
        self.run_to(BEGIN + self.plan.length);
    }

    /// Nothing does any more: each stream that has an input that may be used comes on air, and stays.
    pub(super) fn quiet(&mut self) {
        self.calm = true;
        self.all_is_well();
        // What was asked before may have changed something by then.
        self.run_to(simulated::now() + 2_000 * MS);
        self.all_is_well();
        self.run_to(simulated::now() + QUIET);
        self.plan.streams.clone().into_iter().for_each(|stream| self.compare(stream));
        // One that returns to a better input right now, with overlap off, is dark for a moment.
        for _ in 0..3 {
            if self.dark().next().is_some() {
                self.run_to(simulated::now() + 1_000 * MS);
            }
        }
        let dark = self.dark().next();
        assert!(dark.is_none(), "not on air in the end: {dark:?}");
    }

    /// Those that are not on air, though they have inputs.
    fn dark(&self) -> impl Iterator<Item = &Life> {
        let numbers = self.plan.streams.iter().filter_map(|one| self.checker.registered(*one));
        let lives = numbers.filter_map(|number| self.checker.life(number));
        lives.filter(|life| !life.is_on_air_if_it_can())
    }

    /// All registrations end, and the host takes what is left.
    pub(super) fn end(&mut self) {
        self.ask(Call::UnregisterAll, Asked::UnregisterAll);
        self.run_to(simulated::now() + 2_000 * MS);
        self.host_from = 0;
        self.host_at = 0;
        self.run_to(simulated::now() + 2_000 * MS);
        self.sessions.clear();
        self.follow(true);
        self.run_to(simulated::now() + 100 * MS);
        assert!(self.calls.is_empty(), "calls without an answer: {:?}", self.calls);
        let dropped = self.machine().engine.queue.dropped();
        self.checker.judge_end(dropped);
        self.threads.clear();
        self.machine().shut_down();
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap()
    }

    fn now(&self) -> Moment {
        let real = simulated::now();
        let machine = self.machine();
        Moment { real, engine: real - machine.shared().monotonic_at(0) }
    }

    fn plan_at(&mut self, at: Nanos, step: Step) {
        // What is planned for one instant happens in any order.
        self.agenda.push(Reverse((at, self.random.u32(..), step)));
    }

    fn plan_in(&mut self, delay: Nanos, step: Step) {
        self.plan_at(simulated::now() + delay, step);
    }

    fn run_to(&mut self, end: Nanos) {
        loop {
            let step = self.agenda.peek().map_or(Nanos::MAX, |Reverse((at, ..))| *at);
            let host = if self.checker.host_waits() {
                Nanos::MAX
            } else {
                self.host_at.max(self.host_from)
            };
            let due = self.monitor_at();
            let next = step.min(host).min(due);
            if next > end {
                return simulated::advance_to(end);
            }
            simulated::advance_to(next);
            if next == due {
                self.turn();
                self.monitor_delay = self.random.u64(0..=self.plan.latency);
                self.due_since = None;
            } else if next == host {
                self.host();
            } else {
                let Reverse((_, _, step)) = self.agenda.pop().expect("it was looked at");
                self.perform(step);
            }
        }
    }

    /// When the monitor has its next turn: a while after it wanted it.
    fn monitor_at(&mut self) -> Nanos {
        let (due, now) = (self.machine().due(), simulated::now());
        let Some(due) = due else { return Nanos::MAX };
        let since = if due > now { due } else { *self.due_since.get_or_insert(now) };
        (since + self.monitor_delay).max(self.monitor_from)
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Act(at) => {
                let act: Act = self.plan.acts[at];
                self.act(act);
            }
            Step::Packet(slot) => self.packet(slot),
            Step::StartFails(slot) => self.start_fails(slot),
            Step::ById(thread) => self.by_id(thread),
            Step::Answer(probe) => self.answer(probe),
            Step::Audit => self.audit(),
        }
    }

    /// A turn of the monitor, and what is to be said of it.
    fn turn(&mut self) {
        let late = self.machine().turn();
        let Some(late) = late else { return };
        self.was_late(late);
        self.look();
    }

    /// A turn was so late.
    fn was_late(&mut self, late: Nanos) {
        let now = self.now();
        if self.told && late > 2 * MS {
            println!("{:>9} us  the monitor was {} us late", now.real / 1000, late / 1000);
        }
        self.checker.stalled(now.real.saturating_sub(late), &now);
    }

    /// What has come of turns: what was told, and what calls were answered, in order.
    fn look(&mut self) {
        let facts = self.machine().take_facts();
        for fact in facts {
            self.hear(fact.after());
            match fact {
                Fact::Began { call, .. } => self.checker.began(&self.calls[call]),
                Fact::Ended { call, result, .. } => {
                    let call = self.calls.remove(call);
                    if self.told && !matches!(call, Call::Note | Call::Open { .. }) {
                        let error = result.as_ref().err();
                        println!("{:>9} us  {call:?}: {error:?}", simulated::now() / 1000);
                    }
                    self.checker.ended(&call, &result);
                    if let Call::Register { stream, .. } | Call::Update { stream, .. } = call {
                        self.cells_are_its_own(stream);
                    }
                    if let Call::Open { stream, priority, slot } = call {
                        let life = self.checker.registered(stream);
                        let input = life.and_then(|life| self.checker.input(life, priority));
                        self.opened(slot, input, result);
                    }
                }
            }
        }
        let newest = self.machine().shared().taps.newest();
        self.hear(newest);
        self.judge();
    }

    fn judge(&mut self) {
        let at_rest = self.machine().is_at_rest();
        // What it should have found out by now, it may still do.
        let behind = self.machine().due().is_some_and(|due| due <= simulated::now());
        let now = self.now();
        self.checker.judge(&now, at_rest, behind);
    }

    /// Events up to this one.
    fn hear(&mut self, newest: u64) {
        let now = self.now();
        while self.checker.totals.heard() < newest {
            let tapped: Tapped = self.tap.next(Duration::ZERO).unwrap().expect("it was told");
            assert_eq!(tapped.missed(), 0);
            assert_eq!(tapped.seq(), self.checker.totals.heard() + 1);
            if self.told {
                println!("{:>9} us  {}", simulated::now() / 1000, tapped.event());
            }
            self.checker.hear(tapped.event(), &now);
        }
    }

    /// Now and then: is anything overdue, and does the engine count as it should?
    fn audit(&mut self) {
        self.plan_in(5 * MS, Step::Audit);
        self.judge();
        if self.random.u32(..20) == 0 {
            self.look();
            self.checker.totals.compare(&self.machine.lock().unwrap().shared().counts);
            self.follow(self.calm);
            let stream = self.random.usize(..self.streams.len());
            self.compare(stream);
        }
    }

    /// The status is what was told.
    fn compare(&mut self, stream: usize) {
        let id = self.streams[stream].id.clone();
        let machine = self.machine();
        // What tasks did that were not looked at yet, there is none.
        let status = machine.engine.runtime_status(&id);
        drop(machine);
        match status {
            Ok(status) => self.checker.compare(stream, &status),
            Err(_) => assert_eq!(self.checker.registered(stream), None, "it has no status"),
        }
    }

    /// The slow reader catches up.
    fn follow(&mut self, ends: bool) {
        let Some(follower) = &mut self.follower else { return };
        while follower.began + follower.seen < self.checker.totals.heard() {
            let next = follower.tap.next(Duration::ZERO).unwrap().expect("there is one");
            follower.seen += 1 + next.missed();
            assert_eq!(next.seq(), follower.began + follower.seen, "what it missed");
        }
        if ends {
            self.follower = None;
        }
    }

    /// Asks the monitor for something. The answer will come.
    fn ask(&mut self, call: Call, asked: Asked) {
        let call = self.calls.insert(call);
        self.machine().post(call, asked);
    }

    fn id(&self, stream: usize) -> Arc<str> {
        self.streams[stream].id.clone()
    }
}

impl Answer {
    fn handle(self) -> Option<crate::engine::InputHandle> {
        match self {
            Answer::Opened(handle) => Some(handle),
            _ => None,
        }
    }
}
