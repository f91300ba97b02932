//! What operators and programs do to streams all day, at random: each thread to streams of its own.

use super::Host;
use crate::plan::{self, STREAMS};
use crate::records::{now, Record, What};
use changeover::{Config, Error, InputsUpdate, TapOptions};
use fastrand::Rng;
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const THREADS: usize = 2;

/// A thread does something so often.
const PERIOD: Duration = Duration::from_millis(100);

/// So many switches of a stream the engine remembers at most.
const REMEMBERED: usize = 20;

pub fn spawn(host: Arc<Host>, thread: usize, seed: u64) -> JoinHandle<()> {
    let rng = Rng::with_seed(seed ^ (thread as u64) << 32);
    let kept = |stream: &usize| *stream != plan::renewed(*stream);
    let unfilled = (thread..STREAMS).step_by(THREADS).filter(kept).collect();
    std::thread::spawn(move || {
        let mut churn = Churn { host, rng, disabled: Vec::new(), unfilled };
        while !churn.host.has_ended() {
            std::thread::sleep(PERIOD);
            churn.enable_again();
            churn.fill();
            let stream = THREADS * churn.rng.usize(..STREAMS / THREADS) + thread;
            churn.step(stream);
        }
    })
}

struct Churn {
    host: Arc<Host>,
    rng: Rng,
    /// And until when.
    disabled: Vec<(usize, Instant)>,
    /// Streams that may remember less than they can.
    unfilled: VecDeque<usize>,
}

impl Churn {
    /// Has a stream switch that remembers less than it can, so that the memory of all is full after three minutes.
    /// By failures alone it takes a quarter of an hour, and until then a leak does not show.
    fn fill(&mut self) {
        let Some(stream) = self.unfilled.pop_front() else { return };
        let (engine, id) = (self.host.engine(), &self.host.ids[stream]);
        let Ok(status) = engine.runtime_status(id) else { return };
        if status.switches.len() < REMEMBERED {
            let other = 1 - status.active_input_priority.clamp(0, 1);
            // It may be refused; there is a next time.
            let _ = engine.switch_input_for(id, other, PERIOD);
            self.unfilled.push_back(stream);
        }
    }

    /// Does something. Answers don't matter here: what is asked for may well be refused.
    fn step(&mut self, stream: usize) {
        let host = self.host.clone();
        let (engine, id) = (host.engine(), &host.ids[stream]);
        let priority = self.rng.usize(..2);
        let (p, input) = (priority as i32, 2 * stream + priority);
        let buffer = ["one", "two"][self.rng.usize(..2)];
        let anew = || vec![plan::input(stream, priority)];
        let updated = || InputsUpdate { updated: anew(), ..Default::default() };
        let replaced = || InputsUpdate { removed: vec![p], added: anew(), ..Default::default() };
        let _ = match self.rng.u32(..16) {
            0 | 1 => engine.switch_input(id, p),
            2 => engine.switch_input_for(id, p, Duration::from_millis(500)),
            3 => engine.force_input(id, p),
            4 => engine.clear_override(id),
            5 => engine.fail_back(id),
            6 => self.told(What::Blamed, input, || engine.report_input_error(id, p, "gone")),
            7 => self.told(What::Blamed, input, || engine.report_soft_error(id, p, "many errors")),
            8 => self.told(What::Renewed, input, || engine.update_inputs(id, updated())),
            9 => self.told(What::Renewed, input, || engine.update_inputs(id, replaced())),
            10 => self.told(What::Restarted, input, || engine.update_buffer_write_id(id, buffer)),
            11 => self.disable(input),
            12 => {
                let stream = plan::renewed(stream);
                let ended = engine.unregister(&host.ids[stream]);
                host.register(stream);
                // What was disabled is enabled.
                self.disabled.retain(|(disabled, _)| disabled / 2 != stream);
                ended
            }
            13 => engine.set_config(Some(id), Config::new().key_wait(Duration::from_secs(2))),
            14 => engine.open_input(id, p, 0).and(engine.tap(TapOptions::new())).map(drop),
            _ => engine.runtime_status(id).map(|status| drop(status.to_json())),
        };
    }

    /// One input of a stream at most, or nothing is left to be judged.
    fn disable(&mut self, input: usize) -> Result<(), Error> {
        if self.disabled.iter().any(|(other, _)| other / 2 == input / 2) {
            return Ok(());
        }
        let until = Instant::now() + Duration::from_millis(self.rng.u64(500..3_000));
        self.disabled.push((input, until));
        self.enable(input, false)
    }

    fn enable_again(&mut self) {
        let now = Instant::now();
        let (over, still) = self.disabled.iter().partition(|(_, until)| *until <= now);
        self.disabled = still;
        let over: Vec<(usize, Instant)> = over;
        for (input, _) in over {
            let _ = self.enable(input, true);
        }
    }

    fn enable(&self, input: usize, enabled: bool) -> Result<(), Error> {
        let (engine, id) = (self.host.engine(), &self.host.ids[input / 2]);
        let what = if enabled { What::Enabled } else { What::Disabled };
        self.told(what, input, || engine.set_input_enabled(id, (input % 2) as i32, enabled))
    }

    /// Tells the judge that something is done, and how long that took.
    fn told<R>(&self, what: What, input: usize, act: impl FnOnce() -> R) -> R {
        let from = now();
        let answer = act();
        self.host.tell(Record::new(what, input, from, now()));
        answer
    }
}
