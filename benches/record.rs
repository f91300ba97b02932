//! Recording, by criterion: by handle and by id, next to the floor, a bare lookup and the mutex
//! design. `cargo bench --bench record`.
//!
//! Absolute figures, for people. The promises are ratios of interleaved rounds: see `gate.rs`.

mod support;

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use std::cell::RefCell;
use std::time::{Duration, Instant};
use support::background::{busy_monitor, churn};
use support::floor::{Bare, Floor};
use support::host::{engine, open, packet, record, record_batches, record_by_id, register};
use support::host::{handles_for_two_threads, undisturbed, BATCH};
use support::ids::Walk;
use support::pair::Pair;
use support::peer::MutexDesign;

type Group<'a> = BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn main() {
    if !support::is_bench() {
        return;
    }
    let mut criterion = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    by_handle(&mut criterion);
    by_handle_on_two_threads(&mut criterion);
    for streams in [10, 10_000, 1_000_000] {
        by_id(&mut criterion, streams);
    }
    by_id_on_two_threads(&mut criterion);
    criterion.final_summary();
}

/// Measures so many operations at once, without a call for each.
fn bench(group: &mut Group<'_>, name: &str, parameter: impl ToString, mut run: impl FnMut(u64)) {
    group.bench_function(BenchmarkId::new(name, parameter.to_string()), |bencher| {
        bencher.iter_custom(|operations| {
            let began = Instant::now();
            run(operations);
            began.elapsed()
        });
    });
}

/// The same with what takes its own time.
fn bench_timed(
    group: &mut Group<'_>,
    name: &str,
    parameter: impl ToString,
    mut run: impl FnMut(u64) -> f64,
) {
    group.bench_function(BenchmarkId::new(name, parameter.to_string()), |bencher| {
        bencher.iter_custom(|operations| Duration::from_nanos(run(operations) as u64));
    });
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> Group<'a> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    group
}

fn by_handle(criterion: &mut Criterion) {
    let engine = engine(undisturbed());
    let [mut handle, _] = open(&engine, 0..1).remove(0);
    let batch = [packet(); BATCH];
    let floor = Floor::new();
    let mut group = group(criterion, "handle");
    bench(&mut group, "floor", "quiet", |n| floor.run(n));
    bench(&mut group, "record", "quiet", |n| record(&mut handle, n));
    bench(&mut group, "batch of 32", "quiet", |n| {
        record_batches(&mut handle, &batch, n.next_multiple_of(BATCH as u64));
    });
    for (name, background) in [("churn", churn(&engine)), ("busy monitor", busy_monitor(&engine))] {
        background.switch(true);
        bench(&mut group, "record", name, |n| record(&mut handle, n));
    }
}

fn by_handle_on_two_threads(criterion: &mut Criterion) {
    let engine = engine(undisturbed());
    let [mine, mut same, mut different, _] = handles_for_two_threads(&engine);
    let mine = RefCell::new(mine);
    let by_me = |n| record(&mut mine.borrow_mut(), n);
    let mut on_different = Pair::new(by_me, move || move |n| record(&mut different, n));
    let mut on_same = Pair::new(by_me, move || move |n| record(&mut same, n));
    let mut group = group(criterion, "handle, two threads");
    bench_timed(&mut group, "record", "different inputs", |n| on_different.run(n));
    bench_timed(&mut group, "record", "same input", |n| on_same.run(n));
}

fn by_id(criterion: &mut Criterion, streams: usize) {
    let engine = engine(undisturbed());
    register(&engine, 0..streams, false);
    let (mut bare, peer) = (Bare::new(streams, Walk::new(streams, 1)), MutexDesign::new(streams));
    let (mut walk, mut peers_walk) = (Walk::new(streams, 1), Walk::new(streams, 1));
    // The first packet of each stream is another matter.
    record_by_id(&engine, &mut walk, streams as u64);
    let mut group = group(criterion, "by id");
    bench(&mut group, "bare lookup", streams, |n| bare.run(n));
    bench(&mut group, "record", streams, |n| record_by_id(&engine, &mut walk, n));
    bench(&mut group, "mutex design", streams, |n| peer.run(&mut peers_walk, n));
    for (name, background) in [("churn", churn(&engine)), ("busy monitor", busy_monitor(&engine))] {
        background.switch(true);
        let name = format!("record, {name}");
        bench(&mut group, &name, streams, |n| record_by_id(&engine, &mut walk, n));
    }
}

fn by_id_on_two_threads(criterion: &mut Criterion) {
    let mut group = group(criterion, "by id, two threads");
    for (streams, parameter) in [(1, "same input"), (10_000, "10000")] {
        let engine = engine(undisturbed());
        register(&engine, 0..streams, false);
        let peer = MutexDesign::new(streams);
        let (walk, other_engine, other_peer) =
            (Walk::new(streams, 1), engine.clone(), peer.clone());
        let (mut mine, mut other) = (walk.clone(), walk.halfway());
        let mut ours = Pair::new(
            |n| record_by_id(&engine, &mut mine, n),
            move || move |n| record_by_id(&other_engine, &mut other, n),
        );
        let (mut mine, mut other) = (walk.clone(), walk.halfway());
        let mut theirs =
            Pair::new(|n| peer.run(&mut mine, n), move || move |n| other_peer.run(&mut other, n));
        bench_timed(&mut group, "record", parameter, |n| ours.run(n));
        bench_timed(&mut group, "mutex design", parameter, |n| theirs.run(n));
    }
}
