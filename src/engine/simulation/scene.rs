//! Streams that are well, in an engine without threads, by the virtual clock.

use super::machine::{Answer, Asked, Fact, Machine};
use super::plan::MS;
use super::world::BEGIN;
use crate::core::{Config, Input, Nanos, Registration};
use crate::engine::{EventKind, InputHandle};
use crate::hot::simulated;
use crate::vocabulary::Flags;
use fastrand::Rng;
use std::time::Duration;

/// Between two packets of an input.
const EVERY: Nanos = 40 * MS;

/// Measures are known after a second, and what is usual after five.
const SETTLES: Nanos = 6_000 * MS;

/// An engine whose streams are well, each with two inputs that run.
pub(super) struct Scene {
    pub(super) machine: Machine,
    /// Of those that deliver.
    pub(super) inputs: Vec<InputHandle>,
    random: Rng,
    packets: u64,
}

impl Scene {
    pub(super) fn new(streams: usize, settings: &Config) -> Scene {
        simulated::begin(BEGIN, 0);
        let mut machine = Machine::new(Config::new(), 1 << 20, None);
        let mut inputs = Vec::with_capacity(2 * streams);
        for stream in 0..streams {
            let id = format!("a-stream-{stream:08}");
            let sources = [0, 1].map(|priority| Input::new(priority, "udp://").hot());
            let (id, inputs, config) = (id.into(), sources.to_vec(), settings.clone());
            let registration = Registration { id, inputs, config, ..Registration::default() };
            machine.post(0, Asked::Register(registration));
        }
        turn(&mut machine);
        while let Some(event) = machine.engine.next_event(Duration::ZERO).unwrap() {
            if let EventKind::Start(start) = event.kind {
                let (priority, session) = (start.input.priority, start.session);
                machine.post(0, Asked::Open(event.stream, priority, session));
            }
        }
        machine.take_facts();
        turn(&mut machine);
        inputs.extend(machine.take_facts().into_iter().filter_map(|fact| match fact {
            Fact::Ended { result: Ok(Answer::Opened(handle)), .. } => Some(handle),
            _ => None,
        }));
        assert_eq!(inputs.len(), 2 * streams);
        let mut scene = Scene { machine, inputs, random: Rng::with_seed(1), packets: 0 };
        scene.run(SETTLES, &mut || ());
        scene
    }

    /// Time passes, with packets. `take` is what another thread does with what was recorded. Answers the processor time
    /// of the monitor, and that of `take`.
    pub(super) fn run(&mut self, length: Nanos, take: &mut impl FnMut()) -> [Nanos; 2] {
        let end = simulated::now() + length;
        let mut taken = [0, 0];
        while simulated::now() < end {
            let tick = simulated::now() / MS;
            simulated::advance_to((tick + 1) * MS);
            let (first, step) = ((tick % (EVERY / MS)) as usize, (EVERY / MS) as usize);
            for input in self.inputs.iter_mut().skip(first).step_by(step) {
                self.packets += 1;
                let key = if self.packets.is_multiple_of(50) { Flags::KEY } else { Flags::NONE };
                let of = if self.random.bool() { Flags::VIDEO | key } else { Flags::AUDIO };
                let _ = input.record(self.random.u32(900..1400), of);
            }
            let began = simulated::real_thread_time();
            turn(&mut self.machine);
            let turned = simulated::real_thread_time();
            take();
            taken[0] += turned - began;
            taken[1] += simulated::real_thread_time() - turned;
        }
        taken
    }
}

pub(super) fn turn(machine: &mut Machine) {
    machine.turn();
    while machine.due().is_some_and(|due| due <= simulated::now()) {
        machine.turn();
    }
}
