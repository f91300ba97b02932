//! All streams lose their input at once: when is the last gate moved?

use crate::support::bar::{Bar, Figure};
use crate::support::host::{engine, open, undisturbed};
use crate::support::interleave::Spread;
use changeover::{Flags, InputHandle};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(2);

/// One stream, as the host sees it.
struct Stream {
    backup: InputHandle,
    deadline: Instant,
    /// When a packet of the backup was first to be forwarded.
    forwarded: Option<Instant>,
}

pub fn failover(streams: usize) -> Vec<Figure> {
    let engine = engine(undisturbed());
    let mut handles = open(&engine, 0..streams);
    let record_all = |handles: &mut [[InputHandle; 2]]| {
        for handle in handles.iter_mut().flatten() {
            let _ = handle.record(1316, Flags::VIDEO);
        }
    };
    record_all(&mut handles);
    engine.set_config(None, undisturbed().packet_timeout(TIMEOUT)).expect("good settings");
    for _ in 0..50 {
        record_all(&mut handles);
        std::thread::sleep(Duration::from_millis(20));
    }
    // The last packets of all primaries.
    let mut primaries = Vec::new();
    let mut all: Vec<Stream> = handles
        .into_iter()
        .map(|[primary, backup]| {
            primaries.push(primary);
            Stream { backup, deadline: Instant::now(), forwarded: None }
        })
        .collect();
    let began = Instant::now();
    for (primary, stream) in primaries.iter_mut().zip(&mut all) {
        assert!(primary.record(1316, Flags::VIDEO).forward(), "it is on air");
        stream.deadline = Instant::now() + TIMEOUT;
    }
    let within = began.elapsed();
    wait_for_all(&mut all);
    // As it is: to take it apart is not measured.
    std::mem::forget(engine);
    vec![evaluate(&all, within)]
}

/// Records to the backups until each is on air.
fn wait_for_all(all: &mut [Stream]) {
    let limit = Instant::now() + TIMEOUT + Duration::from_secs(20);
    loop {
        let mut waiting = 0;
        for stream in all.iter_mut() {
            let forward = stream.backup.record(1316, Flags::VIDEO).forward();
            if stream.forwarded.is_none() && forward {
                stream.forwarded = Some(Instant::now());
            }
            waiting += usize::from(stream.forwarded.is_none());
        }
        if waiting == 0 {
            return;
        }
        assert!(Instant::now() < limit, "{waiting} streams never failed over");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn evaluate(all: &[Stream], within: Duration) -> Figure {
    let late = |stream: &Stream| {
        let forwarded = stream.forwarded.expect("waited for");
        forwarded.saturating_duration_since(stream.deadline).as_secs_f64() * 1000.0
    };
    let most = all.iter().map(late).fold(0.0, f64::max);
    let note = format!(
        "each after {} ms; last packets within {:.1} ms",
        Spread::of(all.iter().map(late)),
        within.as_secs_f64() * 1000.0
    );
    let name = format!("mass failover, {}k streams, last gate", all.len() / 1000);
    Figure::new(&name, most, "ms", Bar::AtMost(250.0), note)
}
