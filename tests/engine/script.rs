//! A callback host that does what a test says, and a logbook of what it was told.

use crate::rig::{brief, PATIENCE};
use changeover::{Event, Ingestor, Probe, ProbeOutcome, Start, Stop};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// What was delivered, in order.
#[derive(Clone, Default)]
pub struct Logbook {
    shared: Arc<(Mutex<Vec<Event>>, Condvar)>,
}

impl Logbook {
    pub fn add(&self, event: &Event) {
        let (events, changed) = &*self.shared;
        events.lock().unwrap_or_else(|e| e.into_inner()).push(event.clone());
        changed.notify_all();
    }

    pub fn events(&self) -> Vec<Event> {
        self.shared.0.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    pub fn story(&self) -> Vec<String> {
        self.events().iter().map(brief).collect()
    }

    /// Waits for an event of a stream.
    pub fn wait(&self, stream: &str, what: &str) -> Event {
        let (events, changed) = &*self.shared;
        let deadline = Instant::now() + PATIENCE;
        let mut events = events.lock().unwrap_or_else(|e| e.into_inner());
        loop {
            let mut all = events.iter();
            if let Some(event) = all.find(|e| &*e.stream == stream && brief(e) == what) {
                return event.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let story: Vec<_> = events.iter().map(brief).collect();
            assert!(!left.is_zero(), "never delivered: {stream}: {what}; but {story:?}");
            events = changed.wait_timeout(events, left).unwrap().0;
        }
    }
}

type Answer = Box<dyn FnMut(&Event) -> Result<(), String> + Send>;

/// Notes every event before the script sees it. An `Err` of the script fails a start; a probe
/// fails by it and otherwise has the answer `probe`.
pub struct Script {
    pub logbook: Logbook,
    pub answer: Answer,
    pub probe: Option<ProbeOutcome>,
}

impl Script {
    pub fn new(
        logbook: &Logbook,
        answer: impl FnMut(&Event) -> Result<(), String> + Send + 'static,
    ) -> Script {
        let probe = Some(ProbeOutcome::Unsupported);
        Script { logbook: logbook.clone(), answer: Box::new(answer), probe }
    }

    fn told(&mut self, event: &Event) -> Result<(), String> {
        self.logbook.add(event);
        (self.answer)(event)
    }
}

impl Ingestor for Script {
    fn start(&mut self, event: &Event, _: &Start) -> Result<(), String> {
        self.told(event)
    }

    fn stop(&mut self, event: &Event, _: &Stop) {
        let _ = self.told(event);
    }

    fn probe(&mut self, event: &Event, _: &Probe) -> Option<ProbeOutcome> {
        match self.told(event) {
            Ok(()) => self.probe.clone(),
            Err(text) => Some(ProbeOutcome::Failed(text)),
        }
    }

    fn notify(&mut self, event: &Event) {
        let _ = self.told(event);
    }
}
