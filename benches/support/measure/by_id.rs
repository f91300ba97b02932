//! Recording by id: against a bare lookup, against the mutex design, on two threads, under churn.

use crate::support::background::churn;
use crate::support::bar::{Bar, Figure};
use crate::support::floor::{Bare, BareRecord};
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
    let mut walk = walk.clone();
    record_by_id(engine, &mut walk, streams as u64);
    // With a million, hardly anything is in a cache when it is wanted again.
    let (sample, warm_up) = if streams > 100_000 { (10, 0) } else { (1, 2 * streams) };
    let results = Race::new(sample * SAMPLE)
        .warm_up(warm_up)
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
    let engine = with_streams(STREAMS);
    show(vec![against_a_lookup(&engine, STREAMS, 3.0, rounds)]);
    show(vec![under_churn(&engine, STREAMS, rounds)]);
    show(against_mutexes(&engine, STREAMS, rounds));
}

fn with_streams(streams: usize) -> Arc<Engine> {
    let engine = engine(undisturbed());
    register(&engine, 0..streams, false);
    engine
}

fn against_mutexes(engine: &Arc<Engine>, streams: usize, rounds: usize) -> Vec<Figure> {
    let walk = Walk::new(streams, 2);
    let peer = MutexDesign::new(streams);
    let (mut mine, mut peers) = (walk.clone(), walk.clone());
    let mut mutex_2 = two_on_mutexes(&peer, [walk.clone(), walk.halfway()]);
    // Both record to all streams; and each to a half of them.
    let mut by_id_2 = two_by_id(streams, [walk.clone(), walk.halfway()]);
    let half = |first| Walk::over((first..streams).step_by(2).collect(), 3);
    let mut halves = two_by_id(streams, [half(0), half(1)]);
    let bare = |walk| BareRecord::new(streams, walk);
    let [mut bare_1, mut first, mut second] =
        [walk.clone(), walk.clone(), walk.halfway()].map(bare);
    let mut bare_2 = Pair::new(|n| first.run(n), move || move |n| second.run(n));
    let results = Race::new(SAMPLE)
        .warm_up(10 * streams)
        .lane("bare", |n| bare_1.run(n))
        .timed("bare, 2", |n| bare_2.run(n))
        .lane("by id", |n| record_by_id(engine, &mut mine, n))
        .lane("mutex", |n| peer.run(&mut peers, n))
        .timed("by id, 2", |n| by_id_2.run(n))
        .timed("halves", |n| halves.run(n))
        .timed("mutex, 2", |n| mutex_2.run(n))
        .run(rounds);
    let bar = |name: &str, ours, theirs, bare, limit, more: String| {
        let ratio = results.ratio(theirs, ours);
        let (ns, mutex) = (results.nanos(ours), results.nanos(theirs));
        let note = format!("{ns} ns, mutex design {mutex} ns, ratio {ratio}{more}");
        Figure::new(name, ratio.median, "×", Bar::AtLeast(limit), note)
            .no_less_than("a bare lookup and a store", results.ratio(theirs, bare).median)
    };
    let one = "by id at 10k, one thread, mutex design vs ours";
    let two = "by id at 10k, two threads, mutex design vs ours";
    let more = format!("; each with streams of its own {} ns", results.nanos("halves"));
    vec![
        bar(one, "by id", "mutex", "bare", 10.0, String::new()),
        bar(two, "by id, 2", "mutex, 2", "bare, 2", 20.0, more),
    ]
}

/// Two threads by id, on an engine of their own, so that each is the first one somewhere.
fn two_by_id(streams: usize, [mut mine, mut other]: [Walk; 2]) -> Pair<impl FnMut(u64)> {
    let engine = with_streams(streams);
    let others = engine.clone();
    Pair::new(
        move |n| record_by_id(&engine, &mut mine, n),
        move || move |n| record_by_id(&others, &mut other, n),
    )
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
