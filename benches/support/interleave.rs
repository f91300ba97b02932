//! Ratios of costs that can be trusted on a machine that is not quiet: the candidates take turns
//! in many short rounds, each round gives one ratio, and what counts is the median of these.

use std::time::{Duration, Instant};

/// Candidates that take turns.
pub struct Race<'a> {
    lanes: Vec<Lane<'a>>,
    sample: Duration,
    warm_up: u64,
}

struct Lane<'a> {
    name: &'static str,
    /// Carries out so many operations; the nanoseconds that took.
    run: Box<dyn FnMut(u64) -> f64 + 'a>,
    /// Operations a sample.
    operations: u64,
    /// Operations in all, unmeasured ones included.
    done: u64,
    /// Nanoseconds an operation, by round.
    samples: Vec<f64>,
}

impl<'a> Race<'a> {
    /// Each sample is to take about so long.
    pub fn new(sample: Duration) -> Race<'a> {
        Race { lanes: Vec::new(), sample, warm_up: 0 }
    }

    /// So many operations, at least, come before each sample: until everything is again where
    /// it is while nothing else runs.
    pub fn warm_up(self, operations: usize) -> Race<'a> {
        Race { warm_up: operations as u64, ..self }
    }

    /// Adds a candidate that runs on this thread.
    pub fn lane(self, name: &'static str, mut run: impl FnMut(u64) + 'a) -> Race<'a> {
        self.timed(name, move |operations| {
            let began = Instant::now();
            run(operations);
            began.elapsed().as_nanos() as f64
        })
    }

    /// Adds a candidate that takes its own time.
    pub fn timed(mut self, name: &'static str, run: impl FnMut(u64) -> f64 + 'a) -> Race<'a> {
        let run = Box::new(run);
        self.lanes.push(Lane { name, run, operations: 1, done: 0, samples: Vec::new() });
        self
    }

    pub fn run(mut self, rounds: usize) -> Results {
        let wanted = self.sample.as_nanos() as f64;
        self.lanes.iter_mut().for_each(|lane| lane.calibrate(wanted));
        for round in 0..rounds {
            // Each lane follows each other lane equally often or nearly so.
            let first = round % self.lanes.len();
            let (head, tail) = self.lanes.split_at_mut(first);
            tail.iter_mut().chain(head).for_each(|lane| lane.sample(self.warm_up));
        }
        let lanes = self.lanes.into_iter();
        Results { lanes: lanes.map(|lane| (lane.name, lane.samples, lane.done)).collect() }
    }
}

impl Lane<'_> {
    fn take(&mut self, operations: u64) -> f64 {
        self.done += operations;
        (self.run)(operations)
    }

    fn calibrate(&mut self, wanted: f64) {
        loop {
            // The better of two: a single one may have been interrupted.
            let took = self.take(self.operations).min(self.take(self.operations)).max(1.0);
            if took > wanted / 4.0 {
                self.operations = (self.operations as f64 * wanted / took).ceil() as u64;
                return;
            }
            self.operations *= if took < wanted / 100.0 { 16 } else { 2 };
        }
    }

    fn sample(&mut self, warm_up: u64) {
        // What the lanes before left in the caches is not this one's.
        self.take((self.operations / 4 + 1).max(warm_up));
        let took = self.take(self.operations);
        self.samples.push(took / self.operations as f64);
    }
}

/// What a race gave.
pub struct Results {
    lanes: Vec<(&'static str, Vec<f64>, u64)>,
}

/// A median, and between what the middle 80 % of the rounds were.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Results {
    fn lane(&self, name: &str) -> &(&'static str, Vec<f64>, u64) {
        self.lanes.iter().find(|lane| lane.0 == name).expect("a lane of this race")
    }

    /// How often one lane's operation takes the other's time, round by round.
    pub fn ratio(&self, of: &str, to: &str) -> Spread {
        let pairs = self.lane(of).1.iter().zip(&self.lane(to).1);
        Spread::of(pairs.map(|(of, to)| of / to))
    }

    /// Nanoseconds an operation.
    pub fn nanos(&self, name: &str) -> Spread {
        Spread::of(self.lane(name).1.iter().copied())
    }

    /// Operations carried out in all.
    pub fn done(&self, name: &str) -> u64 {
        self.lane(name).2
    }
}

impl Spread {
    pub fn of(values: impl Iterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
        Spread { median: at(0.5), low: at(0.1), high: at(0.9) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = if self.median < 10.0 { 2 } else { 1 };
        let Spread { median, low, high } = self;
        write!(f, "{median:.digits$} ({low:.digits$} to {high:.digits$})")
    }
}
