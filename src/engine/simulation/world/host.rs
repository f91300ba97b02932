//! Who takes events, by polling or in callbacks, and answers them, well or badly.

use super::{Step, World};
use crate::core::{Nanos, Priority, Probe, ProbeId, ProbeOutcome, Start, Stimulus, Stop};
use crate::engine::delivery::{Delivery, Ingestor};
use crate::engine::queue::{Item, Popped};
use crate::engine::simulation::checker::Call;
use crate::engine::simulation::machine::{Asked, Machine};
use crate::engine::simulation::plan::{chance, Probes, Starts, MS, PLANTED};
use crate::engine::{Event, EventKind};
use crate::hot::simulated;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a callback is to do, and what was seen in it.
#[derive(Default)]
pub(super) struct CalledBack {
    fails: bool,
    panics: bool,
    outcome: Option<ProbeOutcome>,
    /// Asked in the midst of the callback, which waits for the monitor.
    asks: Vec<(usize, Asked)>,
    turns: usize,
    /// How late those turns were.
    late: Vec<Nanos>,
}

struct Callbacks {
    state: Arc<Mutex<CalledBack>>,
    machine: Arc<Mutex<Machine>>,
}

impl CalledBack {
    /// An event thread's, and what decides how its callbacks go.
    pub(super) fn delivery(machine: &Arc<Mutex<Machine>>) -> (Delivery, Arc<Mutex<CalledBack>>) {
        let state = Arc::<Mutex<CalledBack>>::default();
        let ingestor = Callbacks { state: state.clone(), machine: machine.clone() };
        let engine = machine.lock().unwrap().engine.clone();
        let delivery = Delivery {
            queue: engine.queue.clone(),
            mailbox: engine.mailbox.clone(),
            ingestor: Box::new(ingestor),
            callbacks: engine.callbacks.clone(),
            logger: engine.logger.clone(),
            shared: engine.shared.clone(),
        };
        (delivery, state)
    }
}

impl Callbacks {
    /// Calls the engine back, and waits for the monitor.
    fn called(&self) -> (bool, Option<ProbeOutcome>) {
        let mut state = self.state.lock().unwrap();
        let mut machine = self.machine.lock().unwrap();
        for (call, asked) in std::mem::take(&mut state.asks) {
            machine.post(call, asked);
        }
        for _ in 0..std::mem::take(&mut state.turns) {
            if let Some(late) = machine.turn() {
                state.late.push(late);
            }
        }
        drop(machine);
        let (fails, panics) = (state.fails, state.panics);
        let outcome = state.outcome.take();
        drop(state);
        assert!(!panics, "{}", PLANTED);
        (fails, outcome)
    }
}

impl Ingestor for Callbacks {
    fn start(&mut self, _: &Event, _: &Start) -> Result<(), String> {
        let (fails, _) = self.called();
        if fails {
            Err("it can't be started".into())
        } else {
            Ok(())
        }
    }

    fn stop(&mut self, _: &Event, _: &Stop) {
        self.called();
    }

    fn probe(&mut self, _: &Event, _: &Probe) -> Option<ProbeOutcome> {
        self.called().1
    }

    fn notify(&mut self, _: &Event) {
        self.called();
    }
}

impl World {
    /// The host takes some events.
    pub(super) fn host(&mut self) {
        let batch = if self.calm { 1000 } else { self.random.usize(1..=24) };
        for _ in 0..batch {
            let engine = self.machine().engine.clone();
            let event = if self.delivery.is_some() {
                match engine.queue.pop(Some(Instant::now())) {
                    Popped::Item(Item::Event(event)) => Some(event),
                    _ => None,
                }
            } else {
                engine.next_event(Duration::ZERO).unwrap()
            };
            let Some(event) = event else {
                self.checker.all_is_taken();
                return;
            };
            self.checker.taken(&event);
            self.checker.totals.taken += 1;
            self.receive(&event);
        }
        self.host_at = simulated::now() + self.random.u64(0..=self.plan.host_latency);
    }

    fn receive(&mut self, event: &Event) {
        let at = self.streams.iter().position(|stream| stream.id == event.stream);
        let Some(stream) = at else { return self.call_back(event, None, false, None) };
        match &event.kind {
            EventKind::Start(start) => {
                let sending = self.streams[stream].sources[start.input.priority as usize];
                let fails = !self.calm && sending.starts == Starts::Fails;
                self.call_back(event, Some(stream), fails, None);
                let fails = fails && self.delivery.is_none();
                self.begin_session(event, stream, start, fails);
            }
            EventKind::Stop(stop) => {
                self.call_back(event, Some(stream), false, None);
                self.end_session(stop.session);
            }
            EventKind::Probe(probe) => {
                let priority = probe.input.priority;
                let at_once = chance(&mut self.streams[stream].random, 40);
                let outcome = self.outcome(stream, priority);
                let at_once = at_once && self.delivery.is_some();
                self.call_back(event, Some(stream), false, outcome.filter(|_| at_once));
                if !at_once {
                    let known = (stream, event.registration, priority);
                    self.probes.insert(probe.probe, known);
                    let delay = self.streams[stream].random.u64(0..150 * MS);
                    let delay = if self.calm { MS } else { delay };
                    self.plan_in(delay, Step::Answer(probe.probe));
                }
            }
            _ => self.call_back(event, Some(stream), false, None),
        }
    }

    /// Delivers an event to the host's callback, in which it may ask for something.
    fn call_back(
        &mut self,
        event: &Event,
        stream: Option<usize>,
        fails: bool,
        outcome: Option<ProbeOutcome>,
    ) {
        let Some((mut delivery, state)) = self.delivery.take() else { return };
        let mut called = CalledBack { fails, outcome, ..CalledBack::default() };
        let random = &mut self.random;
        if !self.calm && chance(random, 10) {
            called.turns =
                if simulated::now() >= self.monitor_from { random.usize(0..3) } else { 0 };
            called.panics = chance(random, 5);
            if called.panics {
                // Counts as a failure.
                called.outcome = None;
            }
            for _ in 0..self.random.usize(0..3) {
                if let Some((call, asked)) = stream.map(|stream| self.anything(stream)) {
                    let call = self.calls.insert(call);
                    called.asks.push((call, asked));
                }
            }
        }
        *state.lock().unwrap() = called;
        delivery.deliver(event);
        let late = std::mem::take(&mut state.lock().unwrap().late);
        self.delivery = Some((delivery, state));
        if !late.is_empty() {
            late.into_iter().for_each(|late| self.was_late(late));
            self.look();
        }
    }

    fn outcome(&mut self, stream: usize, priority: Priority) -> Option<ProbeOutcome> {
        let sending = self.streams[stream].sources[priority as usize];
        let honest =
            if sending.up { ProbeOutcome::Ok } else { ProbeOutcome::Failed("down".into()) };
        match sending.probes {
            _ if self.calm => Some(honest),
            Probes::Honest => Some(honest),
            Probes::Lying if sending.up => Some(ProbeOutcome::Failed("a lie".into())),
            Probes::Lying => Some(ProbeOutcome::Ok),
            Probes::Unsupported => Some(ProbeOutcome::Unsupported),
            Probes::Unanswered => None,
        }
    }

    pub(super) fn answer(&mut self, probe: ProbeId) {
        let Some((stream, _, priority)) = self.probes.remove(&probe) else { return };
        let Some(outcome) = self.outcome(stream, priority) else { return };
        let asked = Asked::Tell(self.id(stream), Stimulus::ProbeResult { probe, outcome });
        self.ask(Call::Other { stream, priority: None }, asked);
    }
}
