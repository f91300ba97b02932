//! The same work on two threads at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

/// This thread and another one, which lives as long as this: who records by id is the same
/// thread in every sample.
pub struct Pair<F> {
    mine: F,
    orders: Option<Sender<u64>>,
    done: Receiver<(Instant, Instant)>,
    line: Arc<StartLine>,
    thread: Option<JoinHandle<()>>,
}

/// Both start when both are there.
#[derive(Default)]
struct StartLine(AtomicU64);

impl StartLine {
    fn wait(&self) {
        let arrived = self.0.fetch_add(1, Ordering::AcqRel) + 1;
        let all = arrived.next_multiple_of(2);
        while self.0.load(Ordering::Acquire) < all {
            std::hint::spin_loop();
        }
    }
}

impl<F: FnMut(u64)> Pair<F> {
    /// `make_other` is called on the other thread, and makes its work.
    pub fn new<G: FnMut(u64)>(mine: F, make_other: impl FnOnce() -> G + Send + 'static) -> Pair<F> {
        let (orders, todo) = channel::<u64>();
        let (report, done) = channel();
        let line = Arc::new(StartLine::default());
        let start = line.clone();
        let thread = std::thread::spawn(move || {
            let mut other = make_other();
            for operations in todo {
                start.wait();
                let began = Instant::now();
                other(operations);
                // Nobody waits for it when the bench panicked.
                let _ = report.send((began, Instant::now()));
            }
        });
        Pair { mine, orders: Some(orders), done, line, thread: Some(thread) }
    }

    /// Both carry out so many operations: the time until both are done, in nanoseconds.
    pub fn run(&mut self, operations: u64) -> f64 {
        let orders = self.orders.as_ref().expect("taken in drop only");
        orders.send(operations).expect("the other thread lives");
        self.line.wait();
        let began = Instant::now();
        (self.mine)(operations);
        let ended = Instant::now();
        let (other_began, other_ended) = self.done.recv().expect("the other thread lives");
        (ended.max(other_ended) - began.min(other_began)).as_nanos() as f64
    }
}

impl<F> Drop for Pair<F> {
    fn drop(&mut self) {
        self.orders.take();
        if let Some(thread) = self.thread.take() {
            let panicked = thread.join().is_err();
            assert!(!panicked || std::thread::panicking(), "the other thread panicked");
        }
    }
}
