//! The meters of the running sessions whose input a setting has measured, which are looked at ten times
//! in each window. Whose turn it is, and what follows from what a look finds, is not decided here.

use super::entry::Entry;
use super::streams::Streams;
use super::time::Time;
use super::turns::Turns;
use crate::core::{Measure, Nanos, Priority, SessionId};
use crate::engine::log::Logger;
use crate::engine::meter::Meter;
use crate::hot::{thread_time, Counters};
use crate::vocabulary::Level;
use smallvec::SmallVec;
use std::sync::Arc;

/// What was found of a stream's sessions.
pub(super) type Found = SmallVec<[(SessionId, Measure); 2]>;

/// The meters of one stream, each with the priority of its input.
type Meters = Vec<(Priority, Meter)>;

pub(super) struct Looks {
    logger: Arc<Logger>,
    /// By the streams' numbers; as many as there ever was need for. None, where nothing is measured.
    meters: Vec<Meters>,
    /// How many streams have meters.
    measured: usize,
    /// Made with the first meter.
    turns: Option<Turns>,
}

impl Looks {
    pub(super) fn new(logger: Arc<Logger>) -> Looks {
        Looks { logger, meters: Vec::new(), measured: 0, turns: None }
    }

    /// Brings the meters of a stream in line with its sessions and settings, after a decision.
    pub(super) fn match_sessions(&mut self, streams: &Streams, stream: usize, now: Nanos) {
        let entry = streams.entry(stream);
        let has_meters = self.meters.get(stream).is_some_and(|meters| !meters.is_empty());
        if !entry.is_measured() && !has_meters {
            return;
        }
        let wanted: SmallVec<[_; 2]> = entry.to_be_measured().collect();
        entry.match_sound();
        if wanted.is_empty() {
            return self.forget(stream);
        }
        if !has_meters {
            self.make_room(stream, now);
            self.measured += 1;
        }
        // Both in the order of the inputs.
        let mut before = std::mem::take(&mut self.meters[stream]).into_iter().peekable();
        let meters = &mut self.meters[stream];
        meters.reserve_exact(wanted.len());
        for (priority, session, window) in wanted {
            while before.next_if(|(of, _)| *of < priority).is_some() {}
            let stays = |(of, meter): &(Priority, Meter)| {
                (*of, meter.session(), meter.window()) == (priority, session, window)
            };
            meters.push(before.next_if(stays).unwrap_or_else(|| {
                let counters = streams.entry(stream).counted(priority, session);
                (priority, Meter::new(session, window, now, &counters))
            }));
        }
        self.schedule(stream, now);
    }

    /// The stream has no meters any more.
    pub(super) fn forget(&mut self, stream: usize) {
        let meters = self.meters.get_mut(stream).map(std::mem::take);
        self.measured -= usize::from(meters.is_some_and(|meters| !meters.is_empty()));
    }

    fn make_room(&mut self, stream: usize, now: Nanos) {
        if stream >= self.meters.len() {
            self.meters.resize_with(stream + 1, Meters::new);
        }
        self.turns.get_or_insert_with(|| Turns::new(now, thread_time())).grow(self.meters.len());
    }

    /// The stream comes up when the first of its sessions is due.
    fn schedule(&mut self, stream: usize, now: Nanos) {
        let Some(turns) = &mut self.turns else { return };
        if let Some(next) = self.meters[stream].iter().map(|(_, meter)| meter.next()).min() {
            turns.schedule(stream, next, now);
        }
    }

    /// What was counted for an earlier session of an input is added to what the input counts.
    pub(super) fn exclude(&mut self, stream: usize, priority: Priority, counters: &Counters) {
        if let Some(meters) = self.meters.get_mut(stream) {
            let of = meters.iter_mut().filter(|(of, _)| *of == priority);
            of.for_each(|(_, meter)| meter.exclude(counters));
        }
    }

    /// Takes up the streams whose look is due.
    pub(super) fn bring_up(&mut self, now: Nanos) {
        if let Some(turns) = &mut self.turns {
            turns.bring_up(now, thread_time());
        }
    }

    /// Whether a stream waits for its look, and there is time left for it.
    pub(super) fn any(&mut self, now: Nanos) -> bool {
        let Some(turns) = &mut self.turns else { return false };
        if turns.thins_out(now) {
            self.logger.log(Level::Warn, || {
                format!(
                    "{} streams are to be measured, more than a tenth of a core can look at ten times \
                     in each window: looks are rarer from now on",
                    self.measured
                )
            });
        }
        turns.any()
    }

    /// Looks at the next stream: its number, and what was found of its sessions.
    pub(super) fn look_at_next(
        &mut self,
        streams: &Streams,
        time: &Time,
    ) -> Option<(usize, Found)> {
        let stream = self.turns.as_mut()?.next()?;
        self.prefetch_ahead(streams);
        let mut found = Found::new();
        if let (Some(meters), Some(entry)) = (self.meters.get_mut(stream), streams.get(stream)) {
            for (priority, meter) in meters.iter_mut() {
                if meter.next() <= time.now() {
                    let counters = entry.counted(*priority, meter.session());
                    let newest = match counters.last_packet {
                        0 => 0,
                        stamp => time.stamps().latest(stamp, time.now()),
                    };
                    let measure = meter.look(time.now(), newest, &counters);
                    entry.note_measure(*priority, time, &counters, &measure);
                    found.push((meter.session(), measure));
                }
            }
            self.schedule(stream, time.now());
        }
        Some((stream, found))
    }

    /// The stream that will be looked at after so many others.
    pub(super) fn ahead(&self, others: usize) -> Option<usize> {
        self.turns.as_ref()?.ahead(others)
    }

    /// With many streams, what a look reads is in no cache.
    fn prefetch_ahead(&self, streams: &Streams) {
        for step in 0..Entry::PREFETCH_STEPS {
            let ahead = 4 * (Entry::PREFETCH_STEPS - step);
            let Some(stream) = self.ahead(ahead) else { continue };
            if let Some(entry) = streams.get(stream) {
                entry.prefetch(step);
                entry.prefetch_for_look(step);
            }
            if let Some(meters) = self.meters.get(stream) {
                meters.iter().for_each(|(_, meter)| meter.prefetch(step));
            }
        }
    }

    /// So much time was taken for looks, and for what was decided by them.
    pub(super) fn took(&mut self, spent: Nanos) {
        if let Some(turns) = &mut self.turns {
            turns.took(spent);
        }
    }
}
