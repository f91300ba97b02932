//! The host's callbacks. Now and then one of them blocks, panics, or fails.

use super::Host;
use crate::plan;
use crate::records::{now, Record, What};
use changeover::{Event, Ingestor, Probe, ProbeOutcome, Start, Stop};
use fastrand::Rng;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

pub struct Callbacks {
    host: Arc<Host>,
    rng: Rng,
}

impl Callbacks {
    pub fn new(host: Arc<Host>, seed: u64) -> Callbacks {
        Callbacks { host, rng: Rng::with_seed(seed) }
    }

    /// Once in so many times, in a row.
    fn is_time(&mut self, times: u32) -> bool {
        self.rng.u32(..times) == 0
    }

    fn may_block(&mut self, times: u32, longest: u64) {
        if self.is_time(times) {
            std::thread::sleep(Duration::from_millis(self.rng.u64(1..longest)));
        }
    }

    /// Without a word in the log: it is what the engine has to cope with.
    fn may_panic(&mut self, times: u32) {
        if self.is_time(times) {
            resume_unwind(Box::new("a host's callback panics"));
        }
    }

    fn blame(&self, input: usize) {
        self.host.tell(Record::new(What::Blamed, input, now(), now()));
    }
}

fn input_of(event: &Event, priority: i32) -> Option<usize> {
    Some(2 * plan::stream_of(&event.stream)? + priority as usize)
}

impl Ingestor for Callbacks {
    fn start(&mut self, event: &Event, start: &Start) -> Result<(), String> {
        let Some(input) = input_of(event, start.input.priority) else { return Ok(()) };
        self.may_block(100, 30);
        if self.is_time(50) {
            self.blame(input);
            self.may_panic(2);
            return Err("no route to host".into());
        }
        self.host.begin(input, start.session);
        Ok(())
    }

    fn stop(&mut self, event: &Event, stop: &Stop) {
        if let Some(input) = input_of(event, stop.priority) {
            self.host.end(input, stop.session);
        }
        self.may_panic(100);
    }

    fn probe(&mut self, event: &Event, probe: &Probe) -> Option<ProbeOutcome> {
        let input = input_of(event, probe.input.priority)?;
        self.may_panic(50);
        if !plan::can_be_probed(input) {
            return Some(ProbeOutcome::Unsupported);
        }
        let (host, stream, probe) = (self.host.clone(), event.stream.clone(), probe.probe);
        std::thread::spawn(move || {
            let outcome = match host.hears(input) {
                true => ProbeOutcome::Ok,
                false => ProbeOutcome::Failed("nothing is heard".into()),
            };
            // Nobody may want to know any longer.
            let _ = host.engine().probe_result(&stream, probe, outcome);
        });
        None
    }

    fn notify(&mut self, _: &Event) {
        self.may_block(300, 400);
        self.may_panic(300);
    }
}
