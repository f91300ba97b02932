//! The meter of one running session: what its counters say over a sliding window. When it is looked
//! at does not belong here.

use crate::core::{Measure, Nanos, SessionId};
use crate::hot::Counters;

/// How often a session is looked at in a window.
const LOOKS: usize = 10;

/// One input's, while it has a session and a setting needs it: 512 bytes at most.
#[derive(Debug)]
pub(super) struct Meter {
    session: SessionId,
    window: Nanos,
    /// When it is to be looked at next.
    next: Nanos,
    /// What the newest looks found, in a ring: `newest` is the place of the last one.
    looks: [Look; LOOKS + 1],
    newest: usize,
    /// How many there are, since the first that found a packet.
    filled: usize,
    /// When that one was.
    began: Nanos,
    keys: u64,
    sound: u32,
    /// The stamps of the last packet of each kind, as the look that found it knows them; 0: none.
    video_at: Nanos,
    sound_at: Nanos,
    key_at: Nanos,
    key_interval: Option<Nanos>,
    /// Of what the input counts, what is not this session's.
    excluded: Counters,
}

const _: () = assert!(size_of::<Meter>() <= 512);

/// Counters at an instant. (Of packets the lower halves, which are enough for a window.)
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    at: Nanos,
    bytes: u64,
    lost: u64,
    packets: u32,
    video: u32,
}

impl Look {
    fn new(at: Nanos, counters: &Counters) -> Look {
        let Counters { bytes, lost, packets, video, .. } = *counters;
        Look { at, bytes, lost, packets: packets as u32, video: video as u32 }
    }
}

impl Meter {
    /// Of a session that is measured from now on, by counters that stand at these.
    pub(super) fn new(session: SessionId, window: Nanos, now: Nanos, counters: &Counters) -> Meter {
        let mut looks = [Look::default(); LOOKS + 1];
        looks[0] = Look::new(now, counters);
        Meter {
            session,
            window,
            next: now + window / LOOKS as Nanos,
            looks,
            newest: 0,
            filled: 0,
            began: 0,
            keys: counters.keys,
            sound: counters.sound,
            video_at: 0,
            sound_at: 0,
            key_at: 0,
            key_interval: None,
            excluded: Counters::default(),
        }
    }

    /// The session it is of.
    pub(super) fn session(&self) -> SessionId {
        self.session
    }

    /// How much time it measures over.
    pub(super) fn window(&self) -> Nanos {
        self.window
    }

    /// When it is to be looked at next.
    pub(super) fn next(&self) -> Nanos {
        self.next
    }

    /// What the input counts is more by these from here on, which are not this session's.
    pub(super) fn exclude(&mut self, counters: &Counters) {
        self.excluded.add(counters);
    }

    /// Looks at the session's counters. `newest` is when its newest packet came, 0 if none did.
    pub(super) fn look(&mut self, now: Nanos, newest: Nanos, counters: &Counters) -> Measure {
        let counters = &counters.less(&self.excluded);
        let every = self.window / LOOKS as Nanos;
        // A look that came late moves no other, unless it was the next one's turn.
        self.next = if self.next + every > now { self.next + every } else { now + every };
        let (before, look) = (self.looks[self.newest], Look::new(now, counters));
        if self.filled == 0 && look.packets == before.packets {
            return Measure::default();
        }
        if look.video != before.video {
            self.video_at = newest;
        }
        if counters.sound != self.sound {
            (self.sound, self.sound_at) = (counters.sound, newest);
        }
        self.note_keys(counters.keys, newest);
        if self.filled == 0 {
            self.began = now;
        }
        self.newest = (self.newest + 1) % self.looks.len();
        self.looks[self.newest] = look;
        self.filled = (self.filled + 1).min(self.looks.len());
        let since = |at: Nanos| (at != 0).then(|| now.saturating_sub(at));
        let whole_window = (now - self.began >= self.window).then(|| self.over_window(&look));
        Measure {
            key_interval: self.key_interval,
            since_packet: since(newest),
            since_video: since(self.video_at),
            since_audio: since(self.sound_at),
            ..whole_window.unwrap_or_default()
        }
    }

    fn note_keys(&mut self, keys: u64, newest: Nanos) {
        let more = keys.wrapping_sub(self.keys);
        if more == 0 {
            return;
        }
        if self.key_at != 0 {
            self.key_interval = Some(newest.saturating_sub(self.key_at) / more);
        }
        (self.keys, self.key_at) = (keys, newest);
    }

    /// Rates, exactly, since the newest look that is a window ago. (Half a look less will do: looks
    /// are a little late, one more and another less.)
    fn over_window(&self, look: &Look) -> Measure {
        let enough = self.window - self.window / (2 * LOOKS as Nanos);
        let len = self.looks.len();
        let older = (1..self.filled).map(|back| &self.looks[(self.newest + len - back) % len]);
        let Some(from) =
            older.clone().find(|one| look.at - one.at >= enough).or(older.clone().next_back())
        else {
            return Measure::default();
        };
        let bytes = u128::from(look.bytes.wrapping_sub(from.bytes));
        let lost = u128::from(look.lost.wrapping_sub(from.lost));
        let packets = u128::from(look.packets.wrapping_sub(from.packets));
        let video = u128::from(look.video.wrapping_sub(from.video));
        let nanos = u128::from((look.at - from.at).max(1));
        let whole = |number: u128| Some(u64::try_from(number).unwrap_or(u64::MAX));
        Measure {
            bitrate_kbps: whole(bytes * 8 * 1_000_000 / nanos),
            fps_milli: whole(video * 1_000_000_000_000 / nanos),
            loss_ppm: whole(lost * 1_000_000 / (packets + lost).max(1)),
            ..Measure::default()
        }
    }
}

#[cfg(test)]
mod tests;
