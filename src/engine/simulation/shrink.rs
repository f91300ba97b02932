//! A failure with as little as possible around it: streams and acts are left out for as long as it
//! fails the same way.

use super::plan::{Act, Plan};
use super::{failed_at, play};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long it is tried to make a failure shorter.
const PATIENCE: Duration = Duration::from_secs(60);

/// Plays a seed; if it fails, shortens it, tells all that happens in what is left, and writes a trace.
pub(super) fn tell(seed: u64) {
    let plan = Plan::new(seed);
    let said = match play(&plan, None, false) {
        Ok(seen) => {
            println!("seed {seed}: nothing is wrong, {seen:?}");
            return;
        }
        Err(said) => said,
    };
    let (streams, acts) = (plan.streams.len(), plan.acts.len());
    let trace = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()));
    let trace = trace.join(format!("simulation-{seed}.trace"));
    // A trace takes the monitor time of its own, without which it may be another story.
    let trace = play(&plan, Some(&trace), false).is_err().then_some(trace);
    let short = shortened(plan, &said, trace.as_deref());
    let again = play(&short, trace.as_deref(), true).err();
    println!("{} of {streams} streams, {} of {acts} acts:", short.streams.len(), short.acts.len());
    for Act { at, kind, stream, seed } in &short.acts {
        println!("{:>9} us  {kind:?} {stream:?} {seed:#x}", at / 1000);
    }
    let written =
        trace.map_or("with one it does not fail".into(), |trace| trace.display().to_string());
    panic!("seed {seed}: {}\nits trace: {written}", again.unwrap_or(said));
}

/// Where a panic was, which is what was wrong.
fn place(said: &str) -> &str {
    said.lines().next().unwrap_or_default()
}

fn shortened(mut plan: Plan, said: &str, trace: Option<&Path>) -> Plan {
    let (end, place) = (Instant::now() + PATIENCE, place(said));
    let fails =
        |plan: &Plan| play(plan, trace, false).is_err_and(|said| self::place(&said) == place);
    // What would have come later has nothing to do with it, mostly.
    let failed_at = failed_at();
    let acts = plan.acts.iter().filter(|act| act.at <= failed_at).copied().collect();
    let until_then = Plan { acts, ..plan.clone() };
    if fails(&until_then) {
        plan = until_then;
    }
    let one = |plan: &Plan, streams| Plan { streams, ..plan.clone() };
    let streams = less(&plan.streams.clone(), end, |streams| fails(&one(&plan, streams.to_vec())));
    plan.acts.retain(|act| act.stream.is_none_or(|stream| streams.contains(&stream)));
    plan.streams = streams;
    let acts =
        less(&plan.acts.clone(), end, |acts| fails(&Plan { acts: acts.to_vec(), ..plan.clone() }));
    Plan { acts, ..plan }
}

/// Delta debugging: leaves out ever smaller pieces for as long as `fails` says so.
fn less<T: Clone>(all: &[T], end: Instant, fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut left = all.to_vec();
    let mut piece = left.len().div_ceil(2);
    while piece > 0 && Instant::now() < end {
        let mut at = 0;
        while at < left.len() && Instant::now() < end {
            let mut without = left.clone();
            without.drain(at..(at + piece).min(left.len()));
            if fails(&without) {
                left = without;
            } else {
                at += piece;
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
    left
}
