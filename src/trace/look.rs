//! What was measured of a session, in short: right after it was said when its newest packet came. Most of what a trace
//! has of streams whose inputs are measured is this.

use super::wire::{put, put_difference, Source};
use crate::core::{Measure, Nanos, SessionId};

/// Its kind of record: the last there can be, for those of stimuli become more. It always goes on with the stream
/// and the time of the record before.
pub(super) const MEASURED: u8 = 127;

/// So many sessions can be referred to.
const SESSIONS: usize = 4;

/// Bits of its first byte: bitrate, frame rate and loss are known,
const RATES: u8 = 1;
/// and there was loss;
const LOSS: u8 = 2;
/// the time between key frames is known;
const KEYS: u8 = 4;
/// packets of video came, the last one with the newest packet, or earlier; then the same of sound.
const VIDEO: [u8; 2] = [8, 16];
const SOUND: [u8; 2] = [32, 64];
/// It is of another session than the next of those that were said; which one follows.
const OTHER: u8 = 128;

/// The newest packets of a stream's sessions, as they were said of one time; readers and writers keep the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    seen: [(SessionId, Nanos); SESSIONS],
    len: usize,
    /// Of which one it is expected to be said next what was measured.
    next: usize,
}

impl Look {
    /// Of another stream, or another time; or something came of what was said last.
    #[inline]
    pub(super) fn begin(&mut self) {
        (self.len, self.next) = (0, 0);
    }

    /// The newest packet of a session came at `at`. There is no room for more than a few.
    #[inline]
    pub(super) fn see(&mut self, session: SessionId, at: Nanos) {
        if let Some(place) = self.seen.get_mut(self.len) {
            *place = (session, at);
            self.len += 1;
        }
    }

    /// Appends what was measured, if it can be said in short.
    #[inline]
    pub(super) fn put(
        &mut self,
        out: &mut Vec<u8>,
        session: SessionId,
        measure: &Measure,
        now: Nanos,
    ) -> bool {
        let seen = &self.seen[..self.len];
        let place = match seen.get(self.next) {
            Some((next, _)) if *next == session => self.next,
            _ => match seen.iter().position(|(one, _)| *one == session) {
                Some(place) => place,
                None => return false,
            },
        };
        let since_packet = now.saturating_sub(seen[place].1);
        if measure.since_packet != Some(since_packet) {
            return false;
        }
        let (rates, loss) = match (measure.bitrate_kbps, measure.fps_milli, measure.loss_ppm) {
            (Some(bitrate), Some(fps), Some(0)) => (Some((bitrate, fps)), None),
            (Some(bitrate), Some(fps), Some(loss)) => (Some((bitrate, fps)), Some(loss)),
            (None, None, None) => (None, None),
            _ => return false,
        };
        let of = |since: Option<Nanos>, [same, earlier]: [u8; 2]| match since {
            None => 0,
            Some(since) if since == since_packet => same,
            Some(_) => earlier,
        };
        let is = |known, bit| if known { bit } else { 0 };
        let (video, sound) = (of(measure.since_video, VIDEO), of(measure.since_audio, SOUND));
        let other = is(place != self.next, OTHER);
        let known = is(rates.is_some(), RATES) | is(loss.is_some(), LOSS);
        out.push(known | is(measure.key_interval.is_some(), KEYS) | video | sound | other);
        if other != 0 {
            out.push(place as u8);
        }
        if let Some((bitrate, fps)) = rates {
            put(out, bitrate);
            put(out, fps);
        }
        loss.into_iter().chain(measure.key_interval).for_each(|number| put(out, number));
        for (since, [_, earlier]) in [(measure.since_video, VIDEO), (measure.since_audio, SOUND)] {
            if let Some(since) = since.filter(|_| (video | sound) & earlier != 0) {
                put_difference(out, since, since_packet);
            }
        }
        self.next = place + 1;
        true
    }

    /// What [`Look::put`] appended last.
    pub(super) fn taken_back(&mut self, said: &[u8], now: Nanos) -> Option<(SessionId, Measure)> {
        self.next -= 1;
        self.measured(&mut Source(said), now)
    }

    /// What was measured, and of which session; `None` if that can't be read.
    pub(super) fn measured(
        &mut self,
        from: &mut Source,
        now: Nanos,
    ) -> Option<(SessionId, Measure)> {
        let first = from.byte()?;
        let is = |bit| first & bit != 0;
        let place = if is(OTHER) { from.byte()?.into() } else { self.next };
        let (session, at) = *self.seen[..self.len].get(place)?;
        self.next = place + 1;
        let since_packet = now.saturating_sub(at);
        let mut measure = Measure { since_packet: Some(since_packet), ..Measure::default() };
        if is(RATES) {
            measure.bitrate_kbps = Some(from.number()?);
            measure.fps_milli = Some(from.number()?);
            measure.loss_ppm = Some(if is(LOSS) { from.number()? } else { 0 });
        }
        if is(KEYS) {
            measure.key_interval = Some(from.number()?);
        }
        for (since, [same, earlier]) in
            [(&mut measure.since_video, VIDEO), (&mut measure.since_audio, SOUND)]
        {
            if is(same) {
                *since = Some(since_packet);
            } else if is(earlier) {
                *since = Some(from.difference(since_packet)?);
            }
        }
        Some((session, measure))
    }
}
