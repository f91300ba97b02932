//! Recording by id: against a bare lookup, against the mutex design, on two threads, under churn.

use crate::support::background::churn;
use crate::support::bar::{Bar, Figure};
use crate::support::floor::Bare;
use crate::support::host::{engine, packets, record_by_id, register, undisturbed};
use crate::support::ids::{id, Walk};
use crate::support::interleave::Race;
use crate::support::pair::Pair;
use crate::support::peer::MutexDesign;
use crate::support::sections::Show;
use changeover::Engine;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// Long enough for several passes over 10k streams.
const SAMPLE: Duration = Duration::from_millis(3);

/// Streams 0.. of `engine` against a bare lookup.
pub fn against_a_lookup(engine: &Engine, streams: usize, limit: f64, rounds: usize) -> Figure {
    let walk = Walk::new(streams, 1);
    let mut bare = Bare::new(streams, walk.clone());
    let mut walk = walk.clone();
    record_by_id(engine, &mut walk, streams as u64);
    let results = Race::new(if streams > 100_000 { 10 * SAMPLE } else { SAMPLE })
        .lane("lookup", |n| bare.run(n))
        .lane("by id", |n| record_by_id(engine, &mut walk, n))
        .run(rounds);
    let ratio = results.ratio("by id", "lookup");
    let (ns, lookup) = (results.nanos("by id"), results.nanos("lookup"));
    let note = format!("{ns} ns, lookup {lookup} ns, ratio {ratio}");
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

/// 10k streams: against a bare lookup, and on one and two threads against the mutex design.
pub fn at_10k(rounds: usize, show: Show<'_>) {
    const STREAMS: usize = 10_000;
    let engine = engine(undisturbed());
    register(&engine, 0..STREAMS, false);
    show(vec![against_a_lookup(&engine, STREAMS, 3.0, rounds)]);
    show(against_mutexes(&engine, STREAMS, rounds, [10.0, 20.0]));
    show(vec![under_churn(&engine, STREAMS, rounds)]);
}

fn against_mutexes(
    engine: &Arc<Engine>,
    streams: usize,
    rounds: usize,
    limits: [f64; 2],
) -> Vec<Figure> {
    let walk = Walk::new(streams, 2);
    let peer = MutexDesign::new(streams);
    let mine = || RefCell::new(walk.clone());
    let (my_walk, peers_walk) = (mine(), mine());
    let by_id = |n| record_by_id(engine, &mut my_walk.borrow_mut(), n);
    let mutex = |n| peer.run(&mut peers_walk.borrow_mut(), n);
    let (other_engine, mut other_walk) = (engine.clone(), walk.halfway());
    let mut by_id_2 =
        Pair::new(by_id, move || move |n| record_by_id(&other_engine, &mut other_walk, n));
    let (other_peer, mut other_walk) = (peer.clone(), walk.halfway());
    let mut mutex_2 = Pair::new(mutex, move || move |n| other_peer.run(&mut other_walk, n));
    let results = Race::new(SAMPLE)
        .lane("by id", by_id)
        .lane("mutex", mutex)
        .timed("by id, 2", |n| by_id_2.run(n))
        .timed("mutex, 2", |n| mutex_2.run(n))
        .run(rounds);
    let bar = |name: &str, ours, theirs, limit| {
        let ratio = results.ratio(theirs, ours);
        let note = format!(
            "{} ns, mutex design {} ns, ratio {ratio}",
            results.nanos(ours),
            results.nanos(theirs)
        );
        Figure::new(name, ratio.median, "×", Bar::AtLeast(limit), note)
    };
    vec![
        bar("by id at 10k, one thread, mutex design vs ours", "by id", "mutex", limits[0]),
        bar("by id at 10k, two threads, mutex design vs ours", "by id, 2", "mutex, 2", limits[1]),
    ]
}

/// Two threads on the same input of one stream.
pub fn same_input(rounds: usize) -> Vec<Figure> {
    let engine = engine(undisturbed());
    register(&engine, 0..1, false);
    let peer = MutexDesign::new(1);
    let walk = Walk::new(1, 3);
    let (mut mine, mut other, other_engine) = (walk.clone(), walk.clone(), engine.clone());
    let mut by_id = Pair::new(
        |n| record_by_id(&engine, &mut mine, n),
        move || move |n| record_by_id(&other_engine, &mut other, n),
    );
    let (mut mine, mut other, other_peer) = (walk.clone(), walk, peer.clone());
    let mut mutex =
        Pair::new(|n| peer.run(&mut mine, n), move || move |n| other_peer.run(&mut other, n));
    let results = Race::new(SAMPLE)
        .timed("by id", |n| by_id.run(n))
        .timed("mutex", |n| mutex.run(n))
        .run(rounds);
    assert!(packets(&engine, &id(0), 0) == 2 * results.done("by id"), "every packet is counted");
    assert!(peer.packets(&id(0)) == 2 * results.done("mutex"), "every packet is counted");
    let ratio = results.ratio("mutex", "by id");
    let note = format!(
        "{} ns, mutex design {} ns, ratio {ratio}",
        results.nanos("by id"),
        results.nanos("mutex")
    );
    vec![Figure::new(
        "same input by id, two threads, mutex vs ours",
        ratio.median,
        "×",
        Bar::AtLeast(5.0),
        note,
    )]
}

fn under_churn(engine: &Arc<Engine>, streams: usize, rounds: usize) -> Figure {
    let walk = RefCell::new(Walk::new(streams, 4));
    let churn = churn(engine);
    let results = Race::new(SAMPLE)
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
