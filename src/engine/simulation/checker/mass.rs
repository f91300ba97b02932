//! Rule 26: a mass failure is told once, with as many streams as failed within its second.

use crate::core::Nanos;
use foldhash::{HashSet, HashSetExt};
use std::collections::VecDeque;

const SECOND: Nanos = 1_000_000_000;

#[derive(Debug, Default)]
pub(super) struct Mass {
    /// When which registration failed on air.
    failures: VecDeque<(Nanos, u64)>,
    told_at: Option<Nanos>,
    /// What was told then, of how many.
    unproven: Option<(Nanos, u64)>,
}

impl Mass {
    pub(super) fn failed(&mut self, registration: u64, at: Nanos) {
        self.failures.push_back((at, registration));
    }

    /// It was told of at `at`.
    pub(super) fn told(&mut self, at: Nanos, failed: u64, limit: u64, on_air: u64) {
        assert!(failed >= 10 && failed > limit && limit <= on_air, "{failed} > {limit}, {on_air}");
        let again = self.told_at.replace(at);
        assert!(again.is_none_or(|before| at - before >= 10 * SECOND), "told again too soon");
        // It waits for no stream's events, so those of its failures may still come.
        self.unproven = Some((at, failed));
    }

    /// How many streams failed in the second that began then.
    fn within(&self, begin: Nanos) -> u64 {
        let mut streams = HashSet::new();
        let within = self.failures.iter().filter(|(at, _)| (begin..begin + SECOND).contains(at));
        streams.extend(within.map(|(_, registration)| *registration));
        streams.len() as u64
    }

    /// Everything that was decided is told, and no stall is to be taken out of the engine's time.
    pub(super) fn judge(&mut self, now: Nanos) {
        if let Some((at, failed)) = self.unproven.take() {
            let begins = self.failures.iter().map(|(begin, _)| *begin);
            let begins = begins.filter(|begin| begin + SECOND <= at);
            let counts: Vec<u64> = begins.map(|begin| self.within(begin)).collect();
            assert!(counts.contains(&failed), "{failed} streams are told, and were {counts:?}");
        }
        while self.failures.front().is_some_and(|(at, _)| at + 4 * SECOND < now) {
            self.failures.pop_front();
        }
    }
}
