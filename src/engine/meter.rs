//! The meter of one running session: what its counters say over a sliding window. When it is looked
//! at does not belong here.

use crate::core::{Measure, Nanos, SessionId};
use crate::hot::{prefetch, Counters};

/// How often a session is looked at in a window.
const LOOKS: usize = 10;

/// One input's, while it has a session and a setting needs it: 512 bytes at most, of which a look
/// reads the beginning and one place of the ring.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Meter {
    session: SessionId,
    window: Nanos,
    /// When it is to be looked at next.
    next: Nanos,
    /// The place of the last look in the ring.
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
    /// What the newest looks found, in a ring.
    looks: [Look; LOOKS + 1],
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

    /// Asks the processor for what a look will read, in two steps: the first asks for what says where
    /// the rest is.
    pub(super) fn prefetch(&self, step: usize) {
        match step {
            0 => {
                prefetch(&self.session);
                prefetch(&self.sound_at);
                prefetch(&self.excluded);
            }
            1 => {
                let len = self.looks.len();
                // The last one, and where the next one will be; behind that is the oldest.
                let places = [0, 1, 3].map(|on| &self.looks[(self.newest + on) % len]);
                places.into_iter().for_each(prefetch);
            }
            _ => {}
        }
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
        let older = |back| &self.looks[(self.newest + len - back) % len];
        let is_enough = |one: &&Look| look.at - one.at >= enough;
        let from = match self.filled {
            0 | 1 => return Measure::default(),
            // So it is while looks come in time: and the oldest lies beside the newest in the ring.
            filled if !is_enough(&older(filled - 2)) => older(filled - 1),
            filled => (1..filled).map(older).find(is_enough).unwrap_or(older(filled - 1)),
        };
        let bytes = look.bytes.wrapping_sub(from.bytes);
        let lost = look.lost.wrapping_sub(from.lost);
        let packets = u64::from(look.packets.wrapping_sub(from.packets));
        let video = u64::from(look.video.wrapping_sub(from.video));
        let nanos = (look.at - from.at).max(1);
        Measure {
            bitrate_kbps: Some(rate(bytes, 8_000_000, nanos)),
            fps_milli: Some(rate(video, 1_000_000_000_000, nanos)),
            loss_ppm: Some(rate(lost, 1_000_000, packets.saturating_add(lost).max(1))),
            ..Measure::default()
        }
    }
}

/// `count` × `scale` / `of`, exactly, or as much as there may be.
fn rate(count: u64, scale: u64, of: u64) -> u64 {
    // Nearly always there is room for the product, and then it takes a tenth of the time.
    count.checked_mul(scale).map_or_else(
        || {
            let rate = u128::from(count) * u128::from(scale) / u128::from(of);
            rate.try_into().unwrap_or(u64::MAX)
        },
        |product| product / of,
    )
}

#[cfg(test)]
mod tests;
