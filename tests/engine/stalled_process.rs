//! Stalls of a process whose timeouts are shorter (promise 4): a pause, and a share of the processor
//! only. What its sources send meanwhile waits in its sockets; no source is to be blamed, and one that
//! ended is to be found. The bounds themselves are tested in virtual time (`monitor/stalls.rs`).

use crate::rig::*;
use changeover::{Config, Engine, EventKind, Flags, Input, Notice};
use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = ms(60);
const STREAMS: usize = 20;
const INPUTS: usize = 2 * STREAMS;
const PERIOD: Duration = ms(10);
/// More is a disturbance: of the sources, or of threads that record.
const LATE: u64 = 15_000_000;

#[test]
fn pauses_are_blamed_on_nobody() {
    if is_child() {
        return ingest();
    }
    let mut host = StalledHost::new("stalled_process::pauses_are_blamed_on_nobody");
    host.undisturbed(20, |host| {
        host.pause(ms(200));
        std::thread::sleep(ms(200));
    });
    host.end_source();
    assert!(host.takes_notice(|_| std::thread::sleep(ms(10))));
    host.end();
}

#[test]
fn a_share_of_the_processor_is_enough() {
    if is_child() {
        return ingest();
    }
    let mut host = StalledHost::new("stalled_process::a_share_of_the_processor_is_enough");
    let a_third = |host: &mut StalledHost| {
        host.pause(ms(80));
        std::thread::sleep(ms(40));
    };
    host.undisturbed(10, |host| (0..5).for_each(|_| a_third(host)));
    host.end_source();
    assert!(host.takes_notice(a_third));
    host.end();
}

/// A host in a process of its own, and its sources, in this one.
struct StalledHost {
    child: Child,
    lines: Receiver<String>,
    sources: Arc<Sources>,
    /// When it went on, each time.
    resumed: Vec<u64>,
}

struct Sources {
    ports: Vec<u16>,
    /// Those that still send: the first so many.
    sending: AtomicUsize,
    /// Since it was last asked for, in nanoseconds: how late they were at worst.
    late: AtomicU64,
    /// How often they have sent.
    sent: AtomicUsize,
}

impl StalledHost {
    fn new(test: &str) -> StalledHost {
        let mut child = child(test).stdin(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut ports = Vec::new();
        while ports.len() < INPUTS {
            let line = lines.recv_timeout(PATIENCE).expect("the child opens its sockets");
            ports.extend(line.strip_prefix("port ").map(|port| port.parse::<u16>().unwrap()));
        }
        let [sending, sent] = [INPUTS, 0].map(AtomicUsize::new);
        let late = AtomicU64::new(0);
        let sources = Arc::new(Sources { ports, sending, late, sent });
        let sender = sources.clone();
        std::thread::spawn(move || sender.send());
        let mut host = StalledHost { child, lines, sources, resumed: Vec::new() };
        host.wait_for("ready");
        host
    }

    fn wait_for(&mut self, what: &str) {
        let came = |line: String| line == what;
        while !came(self.lines.recv_timeout(PATIENCE).expect(what)) {}
    }

    fn pause(&mut self, length: Duration) {
        let pid = self.child.id();
        // SAFETY: integers only; the process is our child and not waited for yet.
        unsafe {
            assert_eq!(libc::kill(pid as i32, libc::SIGSTOP), 0);
            // How long it is stopped; nothing is waited for.
            std::thread::sleep(length);
            self.resumed.push(now());
            assert_eq!(libc::kill(pid as i32, libc::SIGCONT), 0);
        }
    }

    /// Stalls the child in some way until, for so many `rounds`, its sources were in time and so were
    /// the threads that record, but for the stalls; on a busy machine they may not be. In none of
    /// these was an input given up.
    fn undisturbed(&mut self, rounds: usize, stall: impl Fn(&mut StalledHost)) {
        let (mut done, mut disturbed) = (0, 0);
        while done < rounds {
            self.sources.late.store(0, Ordering::Relaxed);
            stall(self);
            // If they are late just now, that shows when they send again.
            let sent = self.sources.sent.load(Ordering::Relaxed);
            eventually("the sources send", || {
                (self.sources.sent.load(Ordering::Relaxed) > sent).then_some(())
            });
            let mut lines: Vec<_> = self.lines.try_iter().collect();
            let given_up = lines.iter().filter(|line| line.starts_with("degraded")).count();
            if given_up > 0 {
                // Who is late may not have said so yet.
                std::thread::sleep(ms(300));
                lines.extend(self.lines.try_iter());
            }
            let late = lines.iter().filter_map(|line| self.late_by(line)).max().unwrap_or(0);
            if late.max(self.sources.late.load(Ordering::Relaxed)) > LATE {
                disturbed += 1;
                assert!(disturbed < 20 * rounds, "this process stalls all the time");
                continue;
            }
            assert_eq!(given_up, 0, "of {INPUTS} inputs in round {done}");
            done += 1;
        }
        println!("measured: no input given up in {rounds} rounds; {disturbed} did not count");
    }

    /// By how much a thread that records was late, not counting the pause before, if the line says so.
    fn late_by(&self, line: &str) -> Option<u64> {
        let (read, sent) = line.strip_prefix("late ")?.split_once(' ')?;
        let [read, sent] = [read, sent].map(|at| at.parse::<u64>().unwrap());
        let resumed = self.resumed.iter().rev().find(|resumed| **resumed <= read);
        Some(read.saturating_sub(sent.max(*resumed.unwrap_or(&0))))
    }

    /// The last one ends for good.
    fn end_source(&mut self) {
        let _ = self.lines.try_iter().count();
        self.sources.sending.store(INPUTS - 1, Ordering::Relaxed);
    }

    /// Whether that is found while the child stalls in some way.
    fn takes_notice(&mut self, stall: impl Fn(&mut StalledHost)) -> bool {
        let began = Instant::now();
        let last = format!("degraded {} {}", STREAMS - 1, 1);
        while began.elapsed() < PATIENCE {
            stall(self);
            if self.lines.try_iter().any(|line| line == last) {
                println!("measured: a source that ended was given up after {:?}", began.elapsed());
                return true;
            }
        }
        false
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Sources {
    fn send(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut last = Instant::now();
        loop {
            let late = last.elapsed().saturating_sub(PERIOD);
            last = Instant::now();
            self.late.fetch_max(nanos(late), Ordering::Relaxed);
            for port in &self.ports[..self.sending.load(Ordering::Relaxed)] {
                // Its socket may be full, or closed at the end.
                let _ = socket.send_to(&now().to_le_bytes(), ("127.0.0.1", *port));
            }
            self.sent.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(PERIOD);
        }
    }
}

/// The system's monotonic clock, which all processes share.
fn now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid timespec for the call to fill in.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The child: says on which ports it listens, when all inputs deliver, and which are given
/// up, and when a thread that records was kept waiting.
fn ingest() {
    // Ends the line in which the test is announced.
    println!();
    let config = Config::new().packet_timeout(TIMEOUT).connect_timeout(PATIENCE);
    let engine = Arc::new(Engine::builder().defaults(config).build().unwrap());
    for stream in 0..STREAMS {
        let inputs = vec![Input::new(0, "a").hot(), Input::new(1, "b").hot()];
        engine.register(&stream.to_string(), "", inputs, Config::new()).unwrap();
        for priority in [0, 1] {
            let mut input = engine.open_input(&stream.to_string(), priority, 0).unwrap();
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            println!("port {}", socket.local_addr().unwrap().port());
            std::thread::spawn(move || {
                let (mut packet, mut last) = ([0; 8], now());
                while socket.recv(&mut packet).is_ok() {
                    let _ = input.record(100, Flags::NONE);
                    let read = now();
                    if read - last > LATE {
                        println!("late {read} {}", u64::from_le_bytes(packet));
                    }
                    last = read;
                }
            });
        }
    }
    let parent = engine.clone();
    std::thread::spawn(move || {
        // Until the parent ends it.
        let _ = std::io::stdin().read(&mut [0]);
        parent.shutdown().unwrap();
    });
    eventually("all inputs deliver", || {
        let delivers = |stream: usize| {
            let status = engine.runtime_status(&stream.to_string()).unwrap();
            status.inputs.iter().all(|input| input.receiving)
        };
        // So that the starts are taken.
        take_all(&engine);
        (0..STREAMS).all(delivers).then_some(())
    });
    println!("ready");
    while let Ok(event) = engine.next_event(ms(1_000)) {
        let Some(event) = event else { continue };
        if let EventKind::Notice(Notice::Degraded { priority, .. }) = event.kind {
            println!("degraded {} {priority}", event.stream);
        }
    }
}
