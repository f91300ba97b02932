//! A host for the tests: sources that record periodically, and an event loop that starts and
//! stops them as the engine says. Everything is waited for on conditions, with a deadline that is
//! generous because it is only met when a test fails.

use changeover::{
    Config, Engine, EngineBuilder, Event, EventKind, Failback, Flags, Input, InputHandle, Notice,
    ProbeOutcome, RuntimeStatus, SessionId, Status, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(30);

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

/// Looks until there is something to see.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(ms(1));
    }
}

/// Takes events from a polled engine until one fits; returns all, the fitting one last.
pub fn take_until(engine: &Engine, what: &str, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
    let deadline = Instant::now() + PATIENCE;
    let mut taken = Vec::new();
    while Instant::now() < deadline {
        if let Some(event) = engine.next_event(ms(100)).expect("the engine runs") {
            let found = fits(&event);
            taken.push(event);
            if found {
                return taken;
            }
        }
    }
    panic!("never came: {what}; came: {}", story(&taken).join(", "));
}

/// Takes what is there.
pub fn take_all(engine: &Engine) -> Vec<Event> {
    std::iter::from_fn(|| engine.next_event(Duration::ZERO).unwrap_or(None)).collect()
}

/// The events in short: "start 0", "switched 0>1 timeout".
pub fn story<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    events.into_iter().map(brief).collect()
}

pub fn brief(event: &Event) -> String {
    let name = event.kind.name();
    match &event.kind {
        EventKind::Start(start) => format!("{name} {}", start.input.priority),
        EventKind::Stop(stop) => format!("{name} {}", stop.priority),
        EventKind::Probe(probe) => format!("{name} {}", probe.input.priority),
        EventKind::Notice(Notice::Switched(switch)) => {
            let (from, to) = (switch.from.unwrap_or(-1), switch.to);
            format!("{name} {from}>{to} {}", switch.reason.name())
        }
        EventKind::Notice(Notice::Active { priority, .. }) => format!("{name} {priority}"),
        EventKind::Notice(Notice::Degraded { priority, error }) => {
            format!("{name} {priority} {}", error.reason.name())
        }
        EventKind::Notice(Notice::Recovered { priority, .. } | Notice::Restored { priority }) => {
            format!("{name} {priority}")
        }
        EventKind::Notice(Notice::Exhausted { reason }) => format!("{name} {}", reason.name()),
        _ => name.to_owned(),
    }
}

pub fn start_of(event: &Event) -> Option<(i32, SessionId)> {
    match &event.kind {
        EventKind::Start(start) => Some((start.input.priority, start.session)),
        _ => None,
    }
}

type InputKey = (String, i32);

/// A polling host whose sources are fed by one thread and whose events are carried out by another.
pub struct Host {
    pub engine: Arc<Engine>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    world: Mutex<World>,
    changed: Condvar,
    ended: AtomicBool,
}

#[derive(Default)]
struct World {
    events: Vec<Event>,
    /// Whose source has packets to give.
    sending: BTreeSet<InputKey>,
    /// Whose start fails.
    broken: BTreeSet<InputKey>,
    probes: BTreeMap<InputKey, ProbeOutcome>,
    open: BTreeMap<SessionId, Open>,
}

struct Open {
    key: InputKey,
    handle: InputHandle,
    last: Verdict,
    /// Records so far, the ones with a verdict to forward among them.
    records: u64,
    forwarded: u64,
}

impl Host {
    pub fn new(builder: EngineBuilder) -> Host {
        let engine = Arc::new(builder.build().unwrap());
        let shared = Arc::new(Shared {
            world: Mutex::default(),
            changed: Condvar::new(),
            ended: AtomicBool::new(false),
        });
        let obey = {
            let (engine, shared) = (engine.clone(), shared.clone());
            std::thread::spawn(move || shared.obey(&engine))
        };
        let feed = {
            let shared = shared.clone();
            std::thread::spawn(move || shared.feed())
        };
        Host { engine, shared, threads: vec![obey, feed] }
    }

    /// From now on that source has packets to give.
    pub fn send(&self, stream: &str, priorities: &[i32]) {
        let keys = priorities.iter().map(|priority| (stream.to_owned(), *priority));
        self.shared.lock().sending.extend(keys);
    }

    /// From now on it has none; when this returns, its last packet is recorded.
    pub fn hush(&self, stream: &str, priority: i32) {
        self.shared.lock().sending.remove(&(stream.to_owned(), priority));
    }

    /// Its start fails from now on, or works again.
    pub fn set_broken(&self, stream: &str, priority: i32, broken: bool) {
        let key = (stream.to_owned(), priority);
        let mut world = self.shared.lock();
        if broken {
            world.broken.insert(key);
        } else {
            world.broken.remove(&key);
        }
    }

    /// What its probes find; without that they are unsupported.
    pub fn probes_find(&self, stream: &str, priority: i32, outcome: ProbeOutcome) {
        self.shared.lock().probes.insert((stream.to_owned(), priority), outcome);
    }

    /// Waits for an event, after `from` events.
    pub fn wait_from(&self, from: usize, what: &str) -> Event {
        let deadline = Instant::now() + PATIENCE;
        let mut world = self.shared.lock();
        loop {
            let found = world.events.iter().skip(from).find(|event| brief(event) == what);
            if let Some(event) = found {
                return event.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                panic!("never came: {what}; came: {}", story(&world.events).join(", "));
            }
            world = self.shared.changed.wait_timeout(world, left).unwrap().0;
        }
    }

    pub fn wait(&self, what: &str) -> Event {
        self.wait_from(0, what)
    }

    /// How many events there have been.
    pub fn mark(&self) -> usize {
        self.shared.lock().events.len()
    }

    /// The events so far, in short.
    pub fn story(&self) -> Vec<String> {
        story(&self.shared.lock().events)
    }

    pub fn events(&self) -> Vec<Event> {
        self.shared.lock().events.clone()
    }

    pub fn status(&self, stream: &str) -> RuntimeStatus {
        self.engine.runtime_status(stream).unwrap()
    }

    pub fn input_status(&self, stream: &str, priority: i32) -> Status {
        let status = self.status(stream);
        status.inputs.iter().find(|i| i.input_priority == priority).unwrap().status
    }

    /// The verdict on the newest packet of each running session, by priority.
    pub fn verdicts(&self, stream: &str) -> BTreeMap<i32, Verdict> {
        let world = self.shared.lock();
        let of_stream = world.open.values().filter(|open| open.key.0 == stream);
        of_stream.map(|open| (open.key.1, open.last)).collect()
    }

    /// The inputs of which a session runs.
    pub fn running(&self, stream: &str) -> Vec<i32> {
        let world = self.shared.lock();
        world.open.values().filter(|open| open.key.0 == stream).map(|open| open.key.1).collect()
    }

    /// Waits until each running session of a sending source has recorded after this call.
    pub fn a_round(&self) {
        let counts = |world: &World| -> BTreeMap<SessionId, u64> {
            let sends = |open: &&Open| world.sending.contains(&open.key);
            let sessions = world.open.iter().filter(|(_, open)| sends(open));
            sessions.map(|(session, open)| (*session, open.records)).collect()
        };
        let before = counts(&self.shared.lock());
        eventually("all sources record", || {
            let now = counts(&self.shared.lock());
            let moved = |(session, n): (&u64, &u64)| now.get(session).is_none_or(|m| m > n);
            before.iter().all(moved).then_some(())
        });
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.engine.shutdown();
        self.shared.ended.store(true, Ordering::SeqCst);
        let panicking = std::thread::panicking();
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(panicking || ended.is_ok(), "a thread of the host panicked");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn obey(&self, engine: &Engine) {
        while let Ok(event) = engine.next_event(ms(1000)) {
            let Some(event) = event else { continue };
            self.carry_out(engine, &event);
            self.lock().events.push(event);
            self.changed.notify_all();
        }
    }

    fn carry_out(&self, engine: &Engine, event: &Event) {
        let stream = event.stream.to_string();
        match &event.kind {
            EventKind::Start(start) => {
                let priority = start.input.priority;
                let key = (stream.clone(), priority);
                if self.lock().broken.contains(&key) {
                    // Stale when it is stopped already.
                    let _ = engine.start_result(&stream, start.session, Err("broken".into()));
                    return;
                }
                // As above.
                let Ok(handle) = engine.open_input(&stream, priority, start.session) else {
                    return;
                };
                let last = Verdict::DROP;
                let open = Open { key, handle, last, records: 0, forwarded: 0 };
                self.lock().open.insert(start.session, open);
            }
            EventKind::Stop(stop) => drop(self.lock().open.remove(&stop.session)),
            EventKind::Probe(probe) => {
                let key = (stream.clone(), probe.input.priority);
                let outcome = self.lock().probes.get(&key).cloned();
                let outcome = outcome.unwrap_or(ProbeOutcome::Unsupported);
                let _ = engine.probe_result(&stream, probe.probe, outcome);
            }
            _ => {}
        }
    }

    fn feed(&self) {
        while !self.ended.load(Ordering::SeqCst) {
            {
                let mut world = self.lock();
                let World { sending, open, .. } = &mut *world;
                for open in open.values_mut().filter(|open| sending.contains(&open.key)) {
                    open.last = open.handle.record(1000, Flags::VIDEO);
                    open.records += 1;
                    open.forwarded += u64::from(open.last.forward());
                }
            }
            // The period of the sources.
            std::thread::sleep(ms(5));
        }
    }
}

const CHILD: &str = "CHANGEOVER_TEST_CHILD";

/// Whether this process was made by [`child`], to run the one test it names.
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// This test binary once more, to run one of its tests alone in a process of its own.
pub fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the rest of a test in a process of its own: true in there.
pub fn alone(test: &str) -> bool {
    is_child() || runs(test, &mut child(test))
}

/// The same where something is leaked on purpose, of which LeakSanitizer is to say nothing.
pub fn alone_and_leaking(test: &str) -> bool {
    is_child() || runs(test, child(test).env("LSAN_OPTIONS", "detect_leaks=0"))
}

/// False, once the child has passed its test.
fn runs(test: &str, child: &mut Command) -> bool {
    let output = child.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{test}: {}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed"), "{test} was not run:\n{out}\n{err}");
    print!("{}", out.lines().filter(|l| l.contains("measured")).collect::<Vec<_>>().join("\n"));
    false
}

/// Timeouts of 300 ms; failback is manual.
pub fn quick() -> Config {
    Config::new()
        .packet_timeout(ms(300))
        .connect_timeout(ms(300))
        .probe_cooldown(ms(20_000))
        .switch_cooldown(ms(0))
        .failback_stable(ms(100))
        .failback(Failback::Manual)
}

pub fn host() -> Host {
    Host::new(Engine::builder().defaults(quick()))
}

pub fn cold(priorities: &[i32]) -> Vec<Input> {
    priorities.iter().map(|p| Input::new(*p, format!("test://{p}"))).collect()
}

pub fn hot(priorities: &[i32]) -> Vec<Input> {
    cold(priorities).into_iter().map(Input::hot).collect()
}

/// Registers, and waits until the best input is on air.
pub fn on_air(host: &Host, stream: &str, inputs: Vec<Input>) {
    let all: Vec<i32> = inputs.iter().map(|input| input.priority).collect();
    host.send(stream, &all);
    host.engine.register(stream, "", inputs, Config::new()).unwrap();
    host.wait("active 0");
}
