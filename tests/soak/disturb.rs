//! What the machine does to the host: programs that take all processors, and stops of the whole process.
//! And what it did, as far as that can be shown: the kernel says how long the monitor waited for a processor.

use crate::plan::nanos;
use crate::records::now;
use crate::sources::Sources;
use fastrand::Rng;
use std::collections::VecDeque;
use std::fs::{read_dir, read_to_string};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it is asked how long the monitor has waited.
const ASK: Duration = Duration::from_millis(10);

/// For so long it is known: longer than the judge looks back.
const KEPT: Duration = Duration::from_secs(60);

/// The monitor gives nothing up for so long after a stall.
const GRACE: u64 = 50_000_000;

/// A wait from here on is taken for a stall.
const STALL: u64 = 15_000_000;

/// A time in which the host, or its monitor, did not run.
#[derive(Clone, Copy, Debug)]
pub struct Away {
    pub from: u64,
    pub to: u64,
    /// Whether it is known to have been stopped for all of it.
    pub stopped: bool,
}

#[derive(Default)]
pub struct Disturbances {
    away: Mutex<VecDeque<Away>>,
    pub stops: AtomicU64,
    pub hogs: AtomicU64,
    /// How long the monitor waited for a processor in all, in nanoseconds.
    pub waited: AtomicU64,
    ended: AtomicBool,
}

impl Disturbances {
    pub fn start(
        pid: u32,
        sources: Arc<Sources>,
        seed: u64,
        threads: &mut Vec<JoinHandle<()>>,
    ) -> Arc<Disturbances> {
        let all = Arc::new(Disturbances::default());
        let (stopper, hogger, asker) = (all.clone(), all.clone(), all.clone());
        // This one ends with the host.
        std::thread::spawn(move || asker.ask(pid));
        threads.extend([
            std::thread::spawn(move || stopper.stop(pid, &mut Rng::with_seed(seed ^ 1))),
            std::thread::spawn(move || hogger.hog(&sources, &mut Rng::with_seed(seed ^ 2))),
        ]);
        all
    }

    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// By how much the monitor may be later than it should for what kept it from running in this time:
    /// as long as that was, and the grace after each.
    pub fn allowance(&self, from: u64, to: u64) -> u64 {
        let away = self.away.lock().unwrap();
        let within = away.iter().filter(|away| away.from < to && away.to > from);
        let cost = |away: &Away| {
            let length = away.to - away.from;
            length + if length >= STALL { GRACE } else { 0 }
        };
        within.map(cost).sum()
    }

    /// The stop of the process that ended last before this time, if it stands by itself: then it has to be
    /// taken out of every silence, and followed by a grace.
    pub fn stop_before(&self, at: u64) -> Option<Away> {
        let away = self.away.lock().unwrap();
        away.iter().rev().find(|away| away.stopped && away.to <= at).copied()
    }

    fn add(&self, away: Away) {
        let mut all = self.away.lock().unwrap();
        all.push_back(away);
        while all.front().is_some_and(|first| first.to + nanos(KEPT) < away.to) {
            all.pop_front();
        }
    }

    /// Waits, and says whether to go on.
    fn rest(&self, length: Duration) -> bool {
        let end = Instant::now() + length;
        while Instant::now() < end && !self.ended.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        !self.ended.load(Ordering::Relaxed)
    }

    fn stop(&self, pid: u32, rng: &mut Rng) {
        while self.rest(Duration::from_millis(rng.u64(2_000..15_000))) {
            match rng.u32(..4) {
                // A container that may not use more than two thirds of a processor.
                0 => (0..8).for_each(|_| {
                    self.stop_once(pid, Duration::from_millis(40));
                    std::thread::sleep(Duration::from_millis(80));
                }),
                _ => self.stop_once(pid, Duration::from_millis(rng.u64(50..2_000))),
            }
        }
    }

    fn stop_once(&self, pid: u32, length: Duration) {
        signal(pid, libc::SIGSTOP);
        let path = format!("/proc/{pid}/stat");
        let state = || read_to_string(&path).ok()?.rsplit(')').next()?.trim().chars().next();
        while state().is_some_and(|state| state != 'T') {}
        let from = now();
        // How long it is stopped; nothing is waited for.
        std::thread::sleep(length);
        let to = now();
        signal(pid, libc::SIGCONT);
        self.add(Away { from, to, stopped: true });
        self.stops.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes all processors at times; and at times many sources fail together.
    fn hog(&self, sources: &Sources, rng: &mut Rng) {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        while self.rest(Duration::from_millis(rng.u64(1_000..10_000))) {
            if rng.bool() {
                sources.mass_failure(rng.u64(..10), Duration::from_millis(rng.u64(400..3_000)));
            }
            let end = Instant::now() + Duration::from_millis(rng.u64(500..4_000));
            let spin = move || while Instant::now() < end {};
            let hogs = rng.usize(1..=2 * processors);
            let hogs: Vec<_> = (0..hogs).map(|_| std::thread::spawn(spin)).collect();
            self.hogs.fetch_add(hogs.len() as u64, Ordering::Relaxed);
            hogs.into_iter().for_each(|hog| hog.join().unwrap());
        }
    }

    /// Notes when the monitor waited for a processor, and when even this thread had none.
    fn ask(&self, pid: u32) {
        let found = || {
            std::thread::sleep(ASK);
            monitor_of(pid)
        };
        let path = std::iter::repeat_with(found).take(1_000).find_map(|path| path);
        let path = path.expect("the host has a monitor");
        let (mut last, mut asked) = (waited(&path), now());
        loop {
            std::thread::sleep(ASK);
            let (waited, at) = (waited(&path), now());
            let (Some(before), Some(after)) = (last, waited) else { return };
            self.waited.fetch_add(after - before, Ordering::Relaxed);
            let late = (at - asked).saturating_sub(2 * nanos(ASK));
            let away = (after - before).max(late);
            if away > 1_000_000 {
                self.add(Away { from: at.saturating_sub(away), to: at, stopped: false });
            }
            (last, asked) = (waited, at);
        }
    }
}

fn signal(pid: u32, signal: i32) {
    // SAFETY: takes integers only; the process is our child and not waited for yet.
    unsafe { libc::kill(pid as i32, signal) };
}

/// Where the kernel says how long the monitor has run and waited.
fn monitor_of(pid: u32) -> Option<PathBuf> {
    let mut threads = read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let is_monitor = |path: &PathBuf| {
        read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "changeover-mon")
    };
    threads.find_map(|thread| Some(thread.path()).filter(is_monitor)).map(|p| p.join("schedstat"))
}

/// For a processor, in nanoseconds.
fn waited(path: &PathBuf) -> Option<u64> {
    read_to_string(path).ok()?.split_whitespace().nth(1)?.parse().ok()
}
