//! Has the model checkers run a model, and counts what they ran.
//!
//! | variable | what it does |
//! |---|---|
//! | `CHANGEOVER_MODEL_SECONDS` | each model for so long: loom with ever more changes of threads, shuttle with ever more schedules |
//! | `CHANGEOVER_MODEL_CHANGES` | loom begins with so many changes of threads: what it has printed of a failure |
//! | `CHANGEOVER_MODEL_FIGURES` | a file to which each model adds a line: checker, model, executions, what became of them |
//! | `CHANGEOVER_SCHEDULE` | shuttle runs this schedule alone: what it has printed of a failure |

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
#[cfg(not(miri))]
use std::time::Duration;
#[cfg(loom)]
use std::time::Instant;

/// How long each model is to be run, if it is not to be as long as it takes.
#[cfg(not(miri))]
fn seconds() -> Option<Duration> {
    let seconds = std::env::var("CHANGEOVER_MODEL_SECONDS").ok()?;
    Some(Duration::from_secs_f64(seconds.parse().expect("seconds")))
}

/// One line of the figures. In one piece, because several tests write.
fn note(checker: &str, executions: u64, outcome: &str) {
    let Some(figures) = std::env::var_os("CHANGEOVER_MODEL_FIGURES") else { return };
    let thread = std::thread::current();
    let line = format!("{checker}\t{}\t{executions}\t{outcome}\n", thread.name().unwrap_or("?"));
    let file = OpenOptions::new().create(true).append(true).open(figures);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the figures can be written");
}

/// A model that counts its executions.
fn counted(
    model: impl Fn() + Sync + Send + 'static,
) -> (Arc<AtomicU64>, Arc<dyn Fn() + Sync + Send>) {
    let executions = Arc::new(AtomicU64::new(0));
    let count = executions.clone();
    let counting = move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    };
    (executions, Arc::new(counting))
}

/// Every order of steps, with at most so many changes of the running thread other than at the end of
/// one. (With three, the known bugs of this kind are found.)
#[cfg(loom)]
#[track_caller]
pub(crate) fn check(changes: usize, model: impl Fn() + Sync + Send + 'static) {
    let (executions, model) = counted(model);
    let end = seconds().map(|seconds| Instant::now() + seconds);
    let set = std::env::var("CHANGEOVER_MODEL_CHANGES").ok();
    let mut changes = set.map_or(changes, |set| set.parse().expect("a number"));
    loop {
        let _told = ToldHowToRepeat(changes);
        let before = executions.load(Ordering::Relaxed);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(changes);
        builder.max_branches = builder.max_branches.max(10_000);
        builder.max_duration = end.map(|end| end.saturating_duration_since(Instant::now()));
        // How often it looks at the time.
        builder.checkpoint_interval = 500;
        let model = model.clone();
        builder.check(move || model());
        let ran = executions.load(Ordering::Relaxed) - before;
        match end {
            Some(end) if Instant::now() < end => {
                note("loom", ran, &format!("all with {changes} changes"));
                // No order of steps has more.
                if changes > 20 {
                    return;
                }
                changes += 1;
            }
            Some(_) => return note("loom", ran, &format!("some with {changes} changes")),
            None => return note("loom", ran, &format!("all with {changes} changes")),
        }
    }
}

/// If the model fails.
#[cfg(loom)]
struct ToldHowToRepeat(usize);

#[cfg(loom)]
impl Drop for ToldHowToRepeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (changes, thread) = (self.0, std::thread::current());
            eprintln!(
                "to repeat it: RUSTFLAGS=\"--cfg loom\" CHANGEOVER_MODEL_CHANGES={changes} \
                 cargo test --release --lib --target-dir target/loom {}",
                thread.name().unwrap_or("hot::models")
            );
        }
    }
}

/// Schedules at random, and such that change the running thread at a few chosen steps (PCT).
#[cfg(shuttle)]
pub(crate) fn check(_: usize, model: impl Fn() + Sync + Send + 'static) {
    use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
    use shuttle::{Config, Runner};

    /// How many of either kind, if there is no time set.
    const EXECUTIONS: usize = 500;

    let (executions, model) = counted(model);
    if let Ok(schedule) = std::env::var("CHANGEOVER_SCHEDULE") {
        return shuttle::replay(move || model(), &schedule);
    }
    let run = |kind: &str, scheduler: Box<dyn Fn(usize) -> Box<dyn Scheduler + Send>>| {
        let before = executions.load(Ordering::Relaxed);
        let mut config = Config::new();
        config.silence_warnings = true;
        config.stack_size = 1 << 19;
        config.max_time = seconds().map(|seconds| seconds / 2);
        let most = if config.max_time.is_some() { usize::MAX } else { EXECUTIONS };
        let model = model.clone();
        Runner::new(scheduler(most), config).run(move || model());
        note("shuttle", executions.load(Ordering::Relaxed) - before, kind);
    };
    run("random", Box::new(|most| Box::new(RandomScheduler::new(most))));
    run("pct", Box::new(|most| Box::new(PctScheduler::new(3, most))));
}

/// Threads that Miri changes at random, with loads that may find old values; every access is looked at.
#[cfg(miri)]
pub(crate) fn check(_: usize, model: impl Fn() + Sync + Send + 'static) {
    const EXECUTIONS: usize = 8;

    let (executions, model) = counted(model);
    (0..EXECUTIONS).for_each(|_| model());
    note("miri", executions.load(Ordering::Relaxed), "at random");
}

/// What has to be found: the model with one step wrong, or one ordering relaxed.
#[track_caller]
pub(crate) fn fails(twin: impl FnOnce()) {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(twin));
    assert!(outcome.is_err(), "the model checker does not see what is wrong with it");
    note("twin", 1, "caught");
}
