//! Threads that disturb: churn, a busy monitor, too many runnable threads.

use super::host::inputs;
use changeover::{Config, Engine, InputsUpdate};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread that does something over and over, while it is switched on.
pub struct Background {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    on: AtomicBool,
    over: AtomicBool,
    turns: AtomicU64,
}

impl Background {
    /// Switched off at first.
    pub fn new(mut turn: impl FnMut() + Send + 'static) -> Background {
        let state = Arc::new(State::default());
        let shared = state.clone();
        let thread = std::thread::spawn(move || {
            while !shared.over.load(Ordering::Acquire) {
                if shared.on.load(Ordering::Acquire) {
                    turn();
                    shared.turns.fetch_add(1, Ordering::AcqRel);
                } else {
                    std::thread::park();
                }
            }
        });
        Background { state, thread: Some(thread) }
    }

    /// Returns when it runs, or has stopped.
    pub fn switch(&self, on: bool) {
        if on == self.state.on.swap(on, Ordering::AcqRel) {
            return;
        }
        let before = self.turns();
        self.thread.as_ref().expect("taken in drop only").thread().unpark();
        if on {
            while self.turns() == before {
                std::thread::yield_now();
            }
        } else {
            // The turn that was under way.
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// How often it did it.
    pub fn turns(&self) -> u64 {
        self.state.turns.load(Ordering::Acquire)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let panicked = thread.join().is_err();
            assert!(!panicked || std::thread::panicking(), "a background thread panicked");
        }
    }
}

/// Registers, updates and unregisters streams all the time: 3 decisions a turn.
pub fn churn(engine: &Arc<Engine>) -> Background {
    let engine = engine.clone();
    let mut turn = 0;
    Background::new(move || {
        // A few hundred ids: each comes back, but not at once.
        let id = format!("churn/channel-{:09}", turn % 300);
        turn += 1;
        engine.register(&id, "", inputs(false), Config::new()).expect("a free id");
        let update = InputsUpdate {
            added: Vec::new(),
            removed: vec![1],
            updated: inputs(false).drain(..1).collect(),
        };
        engine.update_inputs(&id, update).expect("inputs it has");
        engine.unregister(&id).expect("it is registered");
        while let Some(_event) = engine.next_event(Duration::ZERO).expect("a polled engine") {}
    })
}

/// Keeps the monitor busy with decisions of a stream of its own.
pub fn busy_monitor(engine: &Arc<Engine>) -> Background {
    let engine = engine.clone();
    let id = "busy";
    engine.register(id, "", inputs(true), Config::new()).expect("a free id");
    let mut priority = 0;
    Background::new(move || {
        priority = 1 - priority;
        engine.switch_input(id, priority).expect("a healthy input");
        while let Some(_event) = engine.next_event(Duration::ZERO).expect("a polled engine") {}
    })
}

/// Twice as many threads that want to run as there are processors.
pub fn overload() -> Vec<Background> {
    let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
    let hog = || {
        let hog = Background::new(|| {
            (0..10_000).for_each(|n| {
                super::opaque(n);
            })
        });
        hog.switch(true);
        hog
    };
    (0..2 * processors).map(|_| hog()).collect()
}
