//! Recording by handle: against the floor, on two threads, under churn.

use crate::support::background::churn;
use crate::support::bar::{Bar, Figure};
use crate::support::floor::Floor;
use crate::support::host::{drain, handles_for_two_threads, BATCH};
use crate::support::host::{engine, open, packet, packets, record, record_batches, undisturbed};
use crate::support::ids::id;
use crate::support::interleave::Race;
use crate::support::pair::Pair;
use crate::support::processors;
use std::cell::RefCell;
use std::time::Duration;

const SAMPLE: Duration = Duration::from_micros(500);

/// One thread: a record, and a record in a batch, against the floor.
pub fn against_the_floor(rounds: usize) -> Vec<Figure> {
    let engine = engine(undisturbed());
    let mut handles = open(&engine, 0..2);
    let (mut one, mut batched) = (handles.remove(0), handles.remove(0));
    let batch = [packet(); BATCH];
    let floor = Floor::new();
    let results = Race::new(SAMPLE)
        .lane("floor", |n| floor.run(n))
        .lane("inline", |n| record(&mut one[0], n))
        .lane("batch", |n| record_batches(&mut batched[0], &batch, n.next_multiple_of(32)))
        .run(rounds);
    assert!(packets(&engine, &id(0), 0) == results.done("inline") + 1, "every packet is counted");
    let note = |lane| {
        let (ns, spread) = (results.nanos(lane), results.ratio(lane, "floor"));
        format!("{ns} ns, floor {} ns, ratio {spread}", results.nanos("floor"))
    };
    let ratio = |lane| results.ratio(lane, "floor").median;
    vec![
        Figure::new("inline record, exact", ratio("inline"), "F", Bar::AtMost(4.0), note("inline")),
        Figure::new(
            "batch of 32, per packet",
            ratio("batch"),
            "F",
            Bar::AtMost(3.0),
            note("batch"),
        ),
    ]
}

/// Two threads, each with a handle of its own: of different inputs, and of the same one.
pub fn two_threads(rounds: usize) -> Vec<Figure> {
    let engine = engine(undisturbed());
    let [mine, mut same, mut different, mut other] = handles_for_two_threads(&engine);
    let mine = RefCell::new(mine);
    let by_me = |n| record(&mut mine.borrow_mut(), n);
    let mut on_different = Pair::new(by_me, move || move |n| record(&mut different, n));
    let mut on_same = Pair::new(by_me, move || move |n| record(&mut same, n));
    let race = Race::new(4 * SAMPLE)
        .lane("one", |n| record(&mut other, n))
        .timed("different", |n| on_different.run(n))
        .timed("same", |n| on_same.run(n));
    let results = processors::compare(race, || ()).run(rounds);
    let (different, same) = (results.done("different"), results.done("same"));
    assert!(packets(&engine, &id(0), 0) == different + 2 * same + 1, "every packet is counted");
    let bar = |name, lane| {
        let ratio = results.ratio(lane, "one");
        let note =
            format!("{} ns, one {} ns, ratio {ratio}", results.nanos(lane), results.nanos("one"));
        processors::judge(Figure::new(name, ratio.median, "×", Bar::AtMost(1.1), note), &results)
    };
    vec![
        bar("different inputs, two threads vs one", "different"),
        bar("same input, a handle each, two threads vs one", "same"),
    ]
}

/// While another thread registers, updates and unregisters.
pub fn under_churn(rounds: usize) -> Vec<Figure> {
    let engine = engine(undisturbed());
    let [handle, _] = open(&engine, 0..1).remove(0);
    let handle = RefCell::new(handle);
    drain(&engine);
    let churn = churn(&engine);
    let race = Race::new(SAMPLE)
        .lane("quiet", |n| {
            churn.switch(false);
            record(&mut handle.borrow_mut(), n);
        })
        .lane("churn", |n| {
            churn.switch(true);
            record(&mut handle.borrow_mut(), n);
        });
    let results = processors::compare(race, || churn.switch(false)).run(rounds);
    let ratio = results.ratio("churn", "quiet");
    let note = format!(
        "{} ns, quiet {} ns, ratio {ratio}, {} turns of churn",
        results.nanos("churn"),
        results.nanos("quiet"),
        churn.turns()
    );
    let name = "by handle, under churn vs quiet";
    let figure = Figure::new(name, ratio.median, "×", Bar::AtMost(1.15), note);
    vec![processors::judge(figure, &results)]
}
