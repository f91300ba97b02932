//! Looks at what is measured, and at silences: as an engine would take them.

use super::{Coming, Run, Session};
use crate::core::{Measure, Nanos, Priority, SessionId, Stimulus};
use crate::trace::Writer;
use crate::whatif::source::{Rate, Silence, Source, Sources};

/// How often what is measured is looked at in a window.
const LOOKS: Nanos = 10;

impl Run {
    /// With the first packet of a session that has to be measured.
    pub(super) fn begin_looks(&mut self, id: SessionId) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id).filter(|session| !session.measured) else {
            return;
        };
        let measurable = |source: &Source| !source.rates.is_empty();
        if !self.sources.get(&session.priority).is_some_and(measurable) {
            return;
        }
        session.measured = true;
        self.expect(now, Coming::Look(id, now));
    }

    /// Looks at a session, as long as it runs and a setting has it measured.
    pub(super) fn look(&mut self, id: SessionId, since: Nanos) {
        let Some(Session { priority, .. }) = self.sessions.get(&id) else { return };
        let priority = *priority;
        let input = self.stream.inputs().iter().find(|input| input.priority() == priority);
        let Some(window) = input.and_then(|input| input.meter_window()) else {
            self.sessions.entry(id).and_modify(|session| session.measured = false);
            return;
        };
        self.tell_newest_packets();
        let source = &self.sources[&priority];
        let since_packet = Some(self.now - source.newest(self.now).max(since).min(self.now));
        let mut measure = Measure { since_packet, since_video: since_packet, ..Measure::default() };
        if self.now - since >= window {
            let from = self.now - window;
            let heard = window - source.silent_within(from, self.now);
            let mean = |of: &dyn Fn(&Rate) -> f64| {
                let sum =
                    source.rates.within(from, self.now).map(|(long, rate)| of(rate) * long as f64);
                sum.sum::<f64>() / window as f64
            };
            let share = heard as f64 / window as f64;
            measure.bitrate_kbps = Some((mean(&|rate| rate.kbps) * share) as u64);
            measure.fps_milli = Some((mean(&|rate| rate.fps) * share * 1e3) as u64);
            measure.loss_ppm = Some((mean(&|rate| rate.loss) * 1e4) as u64);
        }
        self.expect(self.now + window / LOOKS, Coming::Look(id, since));
        let _ = self.tell(Stimulus::Measured { session: id, measure }, self.now);
    }
}

/// When an engine would look at which input for the sake of its trace.
pub(super) fn glances(sources: &Sources) -> Vec<(Nanos, Priority)> {
    let of = |(priority, source): (&Priority, &Source)| {
        let long = |one: &&Silence| one.until - one.from >= Writer::SILENCES_FROM;
        let silences = source.silences.iter().filter(long);
        let times = silences.flat_map(|one| [one.from + Writer::SILENCES_FROM, one.until]);
        let known = times.filter(|at| *at < Nanos::MAX);
        known.map(|at| (at, *priority)).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}
