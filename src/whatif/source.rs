//! What the source of an input does, known beforehand: by a record of it, or by a script.

use crate::core::{Nanos, Priority};
use std::collections::BTreeMap;

/// The sources of a stream's inputs, by their priorities.
pub type Sources = BTreeMap<Priority, Source>;

/// The source of one input. What nothing is known of delivers, and starts at once.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// When it delivers nothing: in their order, apart.
    pub silences: Vec<Silence>,
    /// How a start goes.
    pub starts: Spans<Started>,
    /// How a probe goes.
    pub probes: Spans<Probed>,
    /// How much it delivers; nothing where that can't be asked for.
    pub rates: Spans<Rate>,
}

/// A time in which a source delivers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Its last packet.
    pub from: Nanos,
    /// Its next one; `Nanos::MAX` if none is known.
    pub until: Nanos,
    /// It is a failure of the source, and not just a gap.
    pub failed: bool,
}

/// How a start goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// So long after it comes the first packet, unless the source is silent.
    Delivers {
        /// Nanoseconds.
        after: Nanos,
    },
    /// So long after it the host says that it failed.
    Fails {
        /// Nanoseconds.
        after: Nanos,
        /// What it says.
        text: String,
    },
}

/// How a probe goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// So long after it the host says whether the source delivers.
    Answered {
        /// Nanoseconds.
        after: Nanos,
    },
    /// The host can't probe it.
    Unsupported,
}

/// How much a source delivers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Kilobits a second.
    pub kbps: f64,
    /// Frames a second.
    pub fps: f64,
    /// Of a hundred packets, how many are lost.
    pub loss: f64,
}

/// What holds from each instant on until the next; the first also before.
#[derive(Clone, Debug)]
pub struct Spans<T>(Vec<(Nanos, T)>);

impl<T> Default for Spans<T> {
    fn default() -> Spans<T> {
        Spans(Vec::new())
    }
}

impl<T> Spans<T> {
    /// Of what holds from each of these instants on, in their order.
    pub fn new(spans: Vec<(Nanos, T)>) -> Spans<T> {
        Spans(spans)
    }

    /// Of what was seen at these instants, in their order: what is nearest holds.
    pub fn nearest(seen: Vec<(Nanos, T)>) -> Spans<T> {
        let mut before = None;
        let spans = seen.into_iter().map(|(at, what)| {
            let from = before.replace(at).map_or(at, |before: Nanos| before + (at - before) / 2);
            (from, what)
        });
        Spans(spans.collect())
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What holds at an instant.
    pub fn at(&self, at: Nanos) -> Option<&T> {
        let later = self.0.partition_point(|(from, _)| *from <= at);
        self.0.get(later.saturating_sub(1)).map(|(_, what)| what)
    }

    /// What holds at some time in a span, and for how much of it.
    pub fn within(&self, from: Nanos, until: Nanos) -> impl Iterator<Item = (Nanos, &T)> {
        (0..self.0.len()).filter_map(move |at| {
            let begin = if at == 0 { 0 } else { self.0[at].0 };
            let end = self.0.get(at + 1).map_or(Nanos::MAX, |(next, _)| *next);
            let long = end.min(until).saturating_sub(begin.max(from));
            (long > 0).then_some((long, &self.0[at].1))
        })
    }
}

impl Source {
    /// The silence in which an instant lies. A packet that comes then is not in it.
    pub fn silence(&self, at: Nanos) -> Option<&Silence> {
        let begun = self.silences.partition_point(|silence| silence.from < at);
        self.silences[..begun].last().filter(|silence| at < silence.until)
    }

    /// Its newest packet. What delivers does so at each instant.
    pub fn newest(&self, at: Nanos) -> Nanos {
        self.silence(at).map_or(at, |silence| silence.from)
    }

    /// The first packet from an instant on, if there is one.
    pub fn next_packet(&self, from: Nanos) -> Option<Nanos> {
        let next = self.silence(from).map_or(from, |silence| silence.until);
        (next < Nanos::MAX).then_some(next)
    }

    /// For how much of a span it is silent.
    pub fn silent_within(&self, from: Nanos, until: Nanos) -> Nanos {
        let overlap = |one: &Silence| one.until.min(until).saturating_sub(one.from.max(from));
        self.silences.iter().map(overlap).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_between_two_packets() {
        let silences = [(10, 20, false), (20, 50, true), (70, Nanos::MAX, true)];
        let silences =
            silences.map(|(from, until, failed)| Silence { from, until, failed }).to_vec();
        let source = Source { silences, ..Source::default() };
        let newest = [9, 10, 11, 19, 20, 21, 49, 50, 70, 71].map(|at| source.newest(at));
        assert_eq!(newest, [9, 10, 10, 10, 20, 20, 20, 50, 70, 70]);
        let next = [9, 10, 11, 20, 21, 50, 70, 71].map(|at| source.next_packet(at));
        let never = None;
        assert_eq!(
            next,
            [Some(9), Some(10), Some(20), Some(20), Some(50), Some(50), Some(70), never]
        );
        assert_eq!(source.silent_within(0, 80), 50);
    }

    #[test]
    fn what_is_nearest_holds() {
        let spans = Spans::nearest(vec![(10, 'a'), (30, 'b'), (100, 'c')]);
        let found = [0, 10, 19, 20, 64, 65, 500].map(|at| *spans.at(at).unwrap());
        assert_eq!(found, ['a', 'a', 'a', 'b', 'b', 'c', 'c']);
        assert_eq!(Spans::<char>::default().at(5), None);
        let within: Vec<_> = spans.within(15, 70).collect();
        assert_eq!(within, [(5, &'a'), (45, &'b'), (5, &'c')]);
    }
}
