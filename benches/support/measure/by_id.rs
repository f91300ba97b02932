//! Recording by id: against a bare lookup, on two threads against the mutex design, under churn.

use crate::support::background::churn;
use crate::support::bar::{Bar, Figure};
use crate::support::floor::{Bare, Counting};
use crate::support::host::{engine, packets, record_by_id, register, undisturbed};
use crate::support::ids::{id, Walk};
use crate::support::interleave::Race;
use crate::support::pair::Pair;
use crate::support::peer::MutexDesign;
use crate::support::processors;
use crate::support::sections::Show;
use changeover::Engine;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

const SAMPLE: Duration = Duration::from_millis(3);

/// Streams 0.. of `engine` against a bare lookup.
pub fn against_a_lookup(engine: &Engine, streams: usize, limit: f64, rounds: usize) -> Figure {
    let walk = Walk::new(streams, 1);
    let mut bare = Bare::new(streams, walk.clone());
    let mut counting = Counting::new(streams, walk.clone());
    let mut walk = walk.clone();
    record_by_id(engine, &mut walk, streams as u64);
    // With a million, hardly anything is in a cache when it is wanted again.
    let (sample, warm_up) = if streams > 100_000 { (10, 0) } else { (1, 2 * streams) };
    let results = Race::new(sample * SAMPLE)
        .warm_up(warm_up)
        .lane("lookup", |n| bare.run(n))
        .lane("counting", |n| counting.run(n))
        .lane("by id", |n| record_by_id(engine, &mut walk, n))
        .run(rounds);
    let ratio = results.ratio("by id", "lookup");
    let (ns, lookup) = (results.nanos("by id"), results.nanos("lookup"));
    let counting = results.ratio("counting", "lookup");
    let note = format!(
        "{ns} ns, lookup {lookup} ns, ratio {ratio}; of a lookup that also counts {counting}"
    );
    Figure::new(
        &format!("by id, {} streams random vs a bare lookup", short(streams)),
        ratio.median,
        "×",
        Bar::AtMost(limit),
        note,
    )
}

pub fn short(streams: usize) -> String {
    match streams {
        1_000_000 => "1M".into(),
        n if n % 1000 == 0 => format!("{}k", n / 1000),
        n => n.to_string(),
    }
}

/// 10k streams: against a bare lookup, and under churn.
pub fn at_10k(rounds: usize, show: Show<'_>) {
    const STREAMS: usize = 10_000;
    let engine = with_streams(STREAMS);
    show(vec![against_a_lookup(&engine, STREAMS, 1.7, rounds)]);
    show(vec![under_churn(&engine, STREAMS, rounds)]);
}

fn with_streams(streams: usize) -> Arc<Engine> {
    let engine = engine(undisturbed());
    register(&engine, 0..streams, false);
    engine
}

fn two_on_mutexes(
    peer: &Arc<MutexDesign>,
    [mut mine, mut other]: [Walk; 2],
) -> Pair<impl FnMut(u64)> {
    let (peer, others) = (peer.clone(), peer.clone());
    Pair::new(move |n| peer.run(&mut mine, n), move || move |n| others.run(&mut other, n))
}

/// Two threads on the same input of one stream.
pub fn same_input(rounds: usize) -> Vec<Figure> {
    let engine = with_streams(1);
    let peer = MutexDesign::new(1);
    let (mut mine, mut other, others) = (Walk::new(1, 3), Walk::new(1, 3), engine.clone());
    let mut by_id = Pair::new(
        |n| record_by_id(&engine, &mut mine, n),
        move || move |n| record_by_id(&others, &mut other, n),
    );
    let mut mutex = two_on_mutexes(&peer, [Walk::new(1, 3), Walk::new(1, 3)]);
    let race = Race::new(SAMPLE).timed("by id", |n| by_id.run(n)).timed("mutex", |n| mutex.run(n));
    let results = processors::compare(race, || ()).run(rounds);
    assert!(packets(&engine, &id(0), 0) == 2 * results.done("by id"), "every packet is counted");
    assert!(peer.packets(&id(0)) == 2 * results.done("mutex"), "every packet is counted");
    let ratio = results.ratio("mutex", "by id");
    let (ns, mutex) = (results.nanos("by id"), results.nanos("mutex"));
    let note = format!("{ns} ns, mutex design {mutex} ns, ratio {ratio}");
    let name = "same input by id, two threads, mutex design vs ours";
    vec![processors::judge(Figure::new(name, ratio.median, "×", Bar::AtLeast(5.0), note), &results)]
}

fn under_churn(engine: &Arc<Engine>, streams: usize, rounds: usize) -> Figure {
    let walk = RefCell::new(Walk::new(streams, 4));
    let churn = churn(engine);
    let results = Race::new(SAMPLE)
        .warm_up(2 * streams)
        .lane("quiet", |n| {
            churn.switch(false);
            record_by_id(engine, &mut walk.borrow_mut(), n);
        })
        .lane("churn", |n| {
            churn.switch(true);
            record_by_id(engine, &mut walk.borrow_mut(), n);
        })
        .run(rounds);
    let ratio = results.ratio("churn", "quiet");
    let note = format!(
        "{} ns, quiet {} ns, ratio {ratio}, {} turns of churn",
        results.nanos("churn"),
        results.nanos("quiet"),
        churn.turns()
    );
    Figure::new("by id at 10k, under churn vs quiet", ratio.median, "×", Bar::AtMost(1.5), note)
}
