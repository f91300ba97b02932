//! The soak: a real engine in a process of its own, hundreds of UDP sources that fail and come back, a host
//! whose callbacks block and panic, threads that come and go, operators who change everything, programs that
//! take the processors, and stops of the whole process. What was really sent and recorded decides what was
//! right. `make soak MINUTES=20` runs it; among all tests it takes a few seconds.
//!
//! | file | what it has |
//! |---|---|
//! | `plan.rs` | the streams, and what host and sources agree on |
//! | `records.rs` | what the host tells the judge |
//! | `host/` | the process with the engine: callbacks, threads that receive, churn, the reader of events |
//! | `sources.rs` | the sources, and the record of what they sent |
//! | `disturb.rs` | hogs and stops, and what is known of them |
//! | `memory.rs` | whether memory stays what it is |
//! | `judge/` | what was false, missed or double |
//! | `report.rs` | progress, and the page of figures at the end |
//!
//! Overlap is on, silence fixed and nothing measured: what else there is, virtual time tests better.

mod disturb;
mod host;
mod judge;
mod memory;
mod plan;
mod records;
mod report;
mod sources;

use disturb::Disturbances;
use judge::{Judge, Witness};
use memory::Memory;
use records::{now, Record, What, BEGIN};
use report::Report;
use sources::Sources;
use std::io::{BufReader, Read};
use std::os::fd::AsRawFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// In the process of the host: the port of its sources.
const PORT: &str = "CHANGEOVER_SOAK_PORT";

/// For how long: `CHANGEOVER_SOAK_SECONDS=1200`.
const SECONDS: &str = "CHANGEOVER_SOAK_SECONDS";

/// What is done at random follows it: `CHANGEOVER_SOAK_SEED=4711`. (When is not the seed's alone to say.)
const SEED: &str = "CHANGEOVER_SOAK_SEED";

fn setting(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn nothing_is_false_missed_or_double() {
    let seed = setting(SEED).unwrap_or_else(now);
    if let Some(port) = setting(PORT) {
        return host::run(port as u16, seed);
    }
    let length = Duration::from_secs(setting(SECONDS).unwrap_or(8));
    let report = soak(length, seed);
    println!("{}", report.page());
    if let Err(violations) = report.verdict() {
        panic!("{violations}");
    }
}

fn soak(length: Duration, seed: u64) -> Report {
    // One that is free on all addresses is free on each.
    let port = std::net::UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let mut child = start_host(port, seed);
    let records = read_records(child.stdout.take().unwrap());
    let (sources, mut threads) = Sources::start(port, seed);
    let disturbances = Disturbances::start(child.id(), sources.clone(), seed, &mut threads);
    let witness = Witnesses { sources: sources.clone(), disturbances: disturbances.clone() };
    let mut judge = Judge::new();
    let mut memory = Memory::default();
    let began = Instant::now();
    let (mut sampled, mut told) = (0, 0);
    let mut ended = false;
    loop {
        match records.recv_timeout(Duration::from_millis(100)) {
            Ok(Record { what: What::End, .. }) | Err(RecvTimeoutError::Disconnected) => break,
            Ok(Record { what: What::Held, more, .. }) => memory.held.0.push(more),
            Ok(record) => judge.take(record),
            Err(RecvTimeoutError::Timeout) => {}
        }
        judge.judge_what_is_known(&witness);
        let seconds = began.elapsed().as_secs();
        if began.elapsed() < length {
            if seconds > sampled {
                sampled = seconds;
                memory.look(child.id());
            }
            if seconds >= told + 10 {
                told = seconds;
                eprintln!("{}", report::progress(seconds, length, &judge.findings, &memory));
            }
        } else if !ended {
            ended = true;
            // Nobody may leave the host stopped.
            disturbances.end();
            sources.end();
            threads.drain(..).for_each(|thread| thread.join().unwrap());
            drop(child.stdin.take());
        }
    }
    judge.judge_until(u64::MAX, &witness);
    let status = child.wait().unwrap();
    assert!(status.success(), "the host ended: {status}");
    Report { seed, length, findings: judge.findings, memory, sources, disturbances }
}

/// What glibc's allocator keeps for itself, for each thread and each of its arenas, is full only after long, and
/// nobody's leak: here it keeps none of it.
const ALLOCATOR: (&str, &str) =
    ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1");

/// This program once more, as the host.
fn start_host(port: u16, seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["nothing_is_false_missed_or_double", "--exact", "--nocapture", "--test-threads=1"])
        .env(PORT, port.to_string())
        .env(SEED, seed.to_string())
        .env(ALLOCATOR.0, ALLOCATOR.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads as fast as they come, so that the host waits for nobody.
fn read_records(pipe: ChildStdout) -> Receiver<Record> {
    // SAFETY: the descriptor is open; the rest are integers. A refusal leaves a smaller pipe.
    unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
    let (sender, records) = channel();
    std::thread::spawn(move || {
        let mut pipe = BufReader::with_capacity(1 << 16, pipe);
        let mut seen = Vec::new();
        while !seen.ends_with(BEGIN) {
            let mut byte = [0];
            if pipe.read_exact(&mut byte).is_err() {
                return;
            }
            seen.push(byte[0]);
        }
        while let Ok(record) = Record::read(&mut pipe) {
            if sender.send(record).is_err() || record.what == What::End {
                break;
            }
        }
        // What the test harness says at its end.
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    });
    records
}

struct Witnesses {
    sources: Arc<Sources>,
    disturbances: Arc<Disturbances>,
}

impl Witness for Witnesses {
    fn allowance(&self, from: u64, to: u64) -> u64 {
        self.disturbances.allowance(from, to)
    }

    fn stop_before(&self, at: u64) -> Option<(u64, u64)> {
        self.disturbances.stop_before(at).map(|away| (away.from, away.to))
    }

    fn sent_within(&self, input: usize, from: u64, to: u64) -> bool {
        self.sources.sent_within(input, from, to)
    }
}
