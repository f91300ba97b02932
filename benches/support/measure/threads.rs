//! From one thread to as many as there are processors: nanoseconds a packet and thread.

use crate::support::bar::{Bar, Figure};
use crate::support::host::{engine, open, record, record_by_id, register, undisturbed};
use crate::support::ids::{id, Walk};
use crate::support::interleave::Spread;
use crate::support::peer::MutexDesign;
use crate::support::sections::Effort;
use changeover::{Engine, InputHandle};
use std::sync::Barrier;
use std::time::Instant;

const STREAMS: usize = 10_000;
const PACKETS: u64 = 200_000;

type Work<'a> = Box<dyn FnMut(u64) + Send + 'a>;

pub fn scaling(effort: Effort) -> Vec<Figure> {
    let most = std::thread::available_parallelism().map_or(1, |n| n.get()).min(8);
    let engine = engine(undisturbed());
    register(&engine, 0..STREAMS, false);
    let mut handles = open(&engine, STREAMS..STREAMS + most);
    let session = handles[0][0].session();
    let shared = id(STREAMS);
    let mut same: Vec<_> = (0..most)
        .map(|_| engine.open_input(&shared, 0, session).expect("a running session"))
        .collect();
    let peer = MutexDesign::new(STREAMS);
    let mut walks: [Vec<Walk>; 2] =
        std::array::from_fn(|_| (0..most).map(|n| Walk::new(STREAMS, n as u64)).collect());
    let [ours, theirs] = &mut walks;
    let first = handles.iter_mut().map(|[first, _]| first);
    let lanes: [(&str, Vec<Work<'_>>); 4] = [
        ("by handle, different inputs", first.map(by_handle).collect()),
        ("by handle, same input", same.iter_mut().map(by_handle).collect()),
        ("by id, 10k streams", ours.iter_mut().map(|walk| by_id(&engine, walk)).collect()),
        ("mutex design, 10k streams", theirs.iter_mut().map(|walk| by_peer(&peer, walk)).collect()),
    ];
    let mut figures = Vec::new();
    for (name, mut works) in lanes {
        let mut points = Vec::new();
        for threads in 1..=most {
            points.push((threads as f64, on(&mut works[..threads], effort).median));
        }
        let last = points.last().map_or(f64::NAN, |point| point.1);
        let note = format!("{} thread(s); one {:.1} ns", points.len(), points[0].1);
        let name_of_figure = format!("{name}, a thread per processor");
        let figure = Figure::new(&name_of_figure, last, "ns", Bar::None, note);
        figures.push(figure.curve("threads", name, points));
    }
    figures
}

fn by_handle(handle: &mut InputHandle) -> Work<'_> {
    Box::new(|n| record(handle, n))
}

fn by_id<'a>(engine: &'a Engine, walk: &'a mut Walk) -> Work<'a> {
    Box::new(|n| record_by_id(engine, walk, n))
}

fn by_peer<'a>(peer: &'a MutexDesign, walk: &'a mut Walk) -> Work<'a> {
    Box::new(|n| peer.run(walk, n))
}

/// Nanoseconds a packet, with all at work at once until each is done.
fn on(works: &mut [Work<'_>], effort: Effort) -> Spread {
    let rounds = effort.rounds(21);
    let start = Barrier::new(works.len());
    let times: Vec<Vec<(Instant, Instant)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = works
            .iter_mut()
            .map(|work| {
                let start = &start;
                scope.spawn(move || {
                    let sample = |_| {
                        start.wait();
                        let began = Instant::now();
                        work(PACKETS);
                        (began, Instant::now())
                    };
                    (0..rounds).map(sample).collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let took = |round: usize| {
        let began = times.iter().map(|thread| thread[round].0).min().expect("a thread");
        let ended = times.iter().map(|thread| thread[round].1).max().expect("a thread");
        (ended - began).as_nanos() as f64 / PACKETS as f64
    };
    // The first one warms up.
    Spread::of((1..rounds).map(took))
}
