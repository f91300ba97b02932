//! When rates are measured: a few streams' in each tick, round after round.
//!
//! These are for people, of all streams, also of those that no setting has measured. To have them
//! looked at as `looks.rs` does would take a meter and a place in its wheel for each input, and with
//! a million of them more than the tenth of a core that looks may take; this takes two words.

use super::streams::Streams;
use crate::core::Nanos;
use crate::engine::published::Snapshot;
use crate::engine::rates::WINDOW;

/// Streams measured in one tick: 8,000 in a second, for a fifth of a percent of a core.
const STREAMS_PER_TICK: usize = 8;

#[derive(Debug, Default)]
pub(super) struct RatesRound {
    /// How far this round has come: the next stream.
    next: usize,
    /// When the next round begins.
    begins_at: Nanos,
}

impl RatesRound {
    /// Measures a few streams: all of them once a second, unless they are very many. Their numbers
    /// are less than `end`.
    pub(super) fn measure(&mut self, streams: &mut Streams, end: usize, now: Nanos) {
        if self.next == 0 {
            if now < self.begins_at {
                return;
            }
            self.begins_at = now + WINDOW;
        }
        let these = self.next..(self.next + STREAMS_PER_TICK).min(end);
        for prefetch in Snapshot::PREFETCH_COUNTERS {
            these
                .clone()
                .filter_map(|index| streams.get(index))
                .for_each(|one| prefetch(one.state()));
        }
        for index in these.clone() {
            streams.measure_rates(index, now);
        }
        self.next = if these.end == end { 0 } else { these.end };
    }
}
