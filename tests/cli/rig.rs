//! Traces of a running engine, and the program.

use changeover::trace::TraceLimits;
use changeover::{Config, Engine, EventKind, Flags, Input, Notice, Switch};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whatever takes longer does not come.
const DEADLINE: Duration = Duration::from_secs(30);

/// A directory that is removed at the end.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Place {
        let name = format!("changeover-{}-cli-{name}", std::process::id());
        let place = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&place).unwrap();
        Place(place)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the program said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub fn changeover(arguments: &[&str]) -> Said {
    let mut program = Command::new(env!("CARGO_BIN_EXE_changeover"));
    let output = program.args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    Said { code, out: text(output.stdout), err: text(output.stderr) }
}

#[cfg(feature = "serve")]
#[track_caller]
pub fn eventually(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it does not come");
        std::thread::yield_now();
    }
}

/// The trace `day` of the stream "news": its input 0 falls silent and is followed by 1, whose host then
/// reports an error, and nothing is on air until 0 delivers again. What the engine says of it.
pub fn a_day(place: &Place) -> Vec<Arc<Switch>> {
    let defaults = Config::new()
        .packet_timeout(Duration::from_millis(200))
        .probe_cooldown(Duration::from_millis(50));
    let trace = place.file("day");
    let engine =
        Engine::builder().defaults(defaults).trace_to(trace, TraceLimits::new()).build().unwrap();
    let inputs = vec![Input::new(0, "udp://primary").hot(), Input::new(1, "udp://backup").hot()];
    engine.register("news", "", inputs, Config::new()).unwrap();
    let mut host = Host { engine, sending: vec![0, 1], switches: Vec::new() };
    host.run_until(|notice| matches!(notice, Notice::Active { priority: 0, .. }));
    host.sending = vec![1];
    host.run_until(|notice| matches!(notice, Notice::Active { priority: 1, .. }));
    // So that there is a time at which it was on air.
    host.run_for(Duration::from_millis(50));
    host.sending = vec![0];
    host.engine.report_input_error("news", 1, "decoder gave up").unwrap();
    host.run_until(|notice| matches!(notice, Notice::Active { priority: 0, .. }));
    host.engine.end_trace().unwrap();
    host.engine.shutdown().unwrap();
    host.switches
}

/// The trace `gap` of the stream "news", on air all the time: records are missing, of those after them one was
/// written, and then comes the next checkpoint.
pub fn a_gap(place: &Place) {
    let parts = [place.file("before"), place.file("after")];
    let engine = Engine::builder().trace_to(&parts[0], TraceLimits::new()).build().unwrap();
    engine.register("news", "", vec![Input::new(0, "udp://only").hot()], Config::new()).unwrap();
    let mut host = Host { engine, sending: vec![0], switches: Vec::new() };
    host.run_until(|notice| matches!(notice, Notice::Active { .. }));
    host.engine.trace_to(&parts[1], TraceLimits::new()).unwrap();
    host.engine.end_trace().unwrap();
    host.engine.shutdown().unwrap();
    let [before, after] = parts.map(|part| std::fs::read(part).unwrap());
    let one_lost = frame(&[5, 1]);
    // Time passed, of the first registration: nothing to be done.
    let tick = frame(&[32, 0, 1, 0]);
    let after = after.strip_prefix(b"changeover-trace\n").unwrap();
    std::fs::write(place.file("gap"), [&before, &one_lost, &tick, after].concat()).unwrap();
}

/// A short record, as a file has it.
pub fn frame(record: &[u8]) -> Vec<u8> {
    let checksum = crc32fast::hash(record).to_le_bytes();
    [&[record.len() as u8], record, &checksum].concat()
}

struct Host {
    engine: Engine,
    /// The inputs that deliver.
    sending: Vec<i32>,
    switches: Vec<Arc<Switch>>,
}

impl Host {
    fn run_until(&mut self, seen: impl Fn(&Notice) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !self.turn().is_some_and(|notice| seen(&notice)) {
            assert!(Instant::now() < deadline, "it does not come; {:?}", self.switches);
        }
    }

    fn run_for(&mut self, long: Duration) {
        let end = Instant::now() + long;
        while Instant::now() < end {
            self.turn();
        }
    }

    /// Packets of what delivers, and an event, if there is one.
    fn turn(&mut self) -> Option<Notice> {
        for &priority in &self.sending {
            let _ = self.engine.record_packet("news", priority, 1000, Flags::VIDEO).unwrap();
        }
        match self.engine.next_event(Duration::from_millis(1)).unwrap()?.kind {
            EventKind::Notice(notice) => {
                if let Notice::Switched(switch) = &notice {
                    self.switches.push(switch.clone());
                }
                return Some(notice);
            }
            EventKind::Probe(probe) => {
                let outcome = match self.sending.contains(&probe.input.priority) {
                    true => changeover::ProbeOutcome::Ok,
                    false => changeover::ProbeOutcome::Failed("refused".into()),
                };
                self.engine.probe_result("news", probe.probe, outcome).unwrap();
            }
            _ => {}
        }
        None
    }
}
