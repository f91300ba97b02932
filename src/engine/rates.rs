//! The rates of one input, and of one that is measured what else is found: written by the monitor,
//! read by whoever asks for a status. How they are made from counters belongs here; when, does not.

use crate::core::{Measure, Nanos};
use crate::hot::Counters;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Rates are of at least this much time.
pub(super) const WINDOW: Nanos = 1_000_000_000;

/// Rates over the last window, written by the monitor, each word by itself. Times are the system's, not
/// the engine's: packets come while the engine stalls, too.
#[derive(Debug)]
pub(super) struct Rates {
    bitrate_kbps: AtomicU64,
    fps: AtomicU64,
    packet_loss: AtomicU64,
    /// For the monitor alone: the input's counters when the present window began (of packets the
    /// lower halves, which are enough for one window), and when that was, in microseconds modulo 71
    /// minutes.
    bytes: AtomicU64,
    began: AtomicU32,
    packets: AtomicU32,
    video: AtomicU32,
    lost: AtomicU32,
}

impl Rates {
    /// Of an input that has counted nothing.
    pub(super) fn new(now: Nanos) -> Rates {
        Rates::of([0; 4], [Rates::micros(now), 0, 0, 0])
    }

    fn of(words: [u64; 4], halves: [u32; 4]) -> Rates {
        let [bitrate_kbps, fps, packet_loss, bytes] = words.map(AtomicU64::new);
        let [began, packets, video, lost] = halves.map(AtomicU32::new);
        Rates { bitrate_kbps, fps, packet_loss, bytes, began, packets, video, lost }
    }

    fn micros(now: Nanos) -> u32 {
        (now / 1000) as u32
    }

    /// A window ends, at `now` by the system's clock, if it has lasted long enough, and another begins.
    pub(super) fn measure(&self, now: Nanos, counters: &Counters) {
        // Relaxed, all of them: three readings for people, not one invariant.
        let since =
            |half: &AtomicU32, now: u32| f64::from(now.wrapping_sub(half.load(Ordering::Relaxed)));
        let seconds = since(&self.began, Rates::micros(now)) / 1e6;
        if seconds < WINDOW as f64 / 1e9 {
            // A session began meanwhile: its first window goes on.
            return;
        }
        let bytes = counters.bytes.wrapping_sub(self.bytes.load(Ordering::Relaxed));
        let bits = bytes as f64 * 8.0;
        let frames = since(&self.video, counters.video as u32);
        let lost = since(&self.lost, counters.lost as u32);
        let sent = since(&self.packets, counters.packets as u32) + lost;
        let loss = if sent > 0.0 { lost * 100.0 / sent } else { 0.0 };
        self.store([bits / 1000.0 / seconds, frames / seconds, loss]);
        self.begin_window(now, counters);
    }

    /// The input is measured: these are its rates, and no window of our own ends.
    pub(super) fn take_over(&self, now: Nanos, counters: &Counters, measure: &Measure) {
        let Measure {
            bitrate_kbps: Some(kbps), fps_milli: Some(fps), loss_ppm: Some(loss), ..
        } = *measure
        else {
            return;
        };
        self.store([kbps as f64, fps as f64 / 1e3, loss as f64 / 1e4]);
        self.begin_window(now, counters);
    }

    /// Zero, until a window from here on has ended.
    pub(super) fn restart(&self, now: Nanos, counters: &Counters) {
        self.store([0.0; 3]);
        self.begin_window(now, counters);
    }

    /// Kilobits per second, frames per second, and loss in percent.
    pub(super) fn read(&self) -> [f64; 3] {
        [&self.bitrate_kbps, &self.fps, &self.packet_loss]
            .map(|word| f64::from_bits(word.load(Ordering::Relaxed)))
    }

    fn begin_window(&self, now: Nanos, counters: &Counters) {
        self.began.store(Rates::micros(now), Ordering::Relaxed);
        self.bytes.store(counters.bytes, Ordering::Relaxed);
        self.packets.store(counters.packets as u32, Ordering::Relaxed);
        self.video.store(counters.video as u32, Ordering::Relaxed);
        self.lost.store(counters.lost as u32, Ordering::Relaxed);
    }

    fn store(&self, [bitrate_kbps, fps, packet_loss]: [f64; 3]) {
        self.bitrate_kbps.store(bitrate_kbps.to_bits(), Ordering::Relaxed);
        self.fps.store(fps.to_bits(), Ordering::Relaxed);
        self.packet_loss.store(packet_loss.to_bits(), Ordering::Relaxed);
    }
}

impl Clone for Rates {
    fn clone(&self) -> Rates {
        let Rates { bitrate_kbps, fps, packet_loss, bytes, began, packets, video, lost } = self;
        let words = [bitrate_kbps, fps, packet_loss, bytes];
        let halves = [began, packets, video, lost];
        Rates::of(
            words.map(|word| word.load(Ordering::Relaxed)),
            halves.map(|half| half.load(Ordering::Relaxed)),
        )
    }
}

/// What the last look at a session has found besides rates, each word by itself; 0: nothing.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    key_interval: AtomicU64,
    /// Stamps of the engine's clock.
    video_at: AtomicU64,
    audio_at: AtomicU64,
}

impl Tracks {
    pub(super) fn note(&self, now: Nanos, measure: &Measure) {
        // Relaxed, here and below: three readings for people, not one invariant.
        let at = |since: Option<Nanos>| since.map_or(0, |since| now.saturating_sub(since));
        self.key_interval.store(measure.key_interval.unwrap_or(0), Ordering::Relaxed);
        self.video_at.store(at(measure.since_video), Ordering::Relaxed);
        self.audio_at.store(at(measure.since_audio), Ordering::Relaxed);
    }

    /// Nothing, until the next look.
    pub(super) fn restart(&self) {
        self.note(0, &Measure::default());
    }

    /// The time between the last two key frames, and the stamps of the last packets of video and of sound.
    pub(super) fn read(&self) -> [Option<Nanos>; 3] {
        [&self.key_interval, &self.video_at, &self.audio_at]
            .map(|word| Some(word.load(Ordering::Relaxed)).filter(|word| *word != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_is_shorter_than_promised() {
        let rates = Rates::new(0);
        let measured = |at, bytes| {
            let counters = Counters { packets: 1, bytes, video: 1, ..Counters::default() };
            rates.measure(at, &counters);
            let [bitrate_kbps, fps, _] = rates.read();
            [bitrate_kbps, fps]
        };
        assert_eq!(measured(WINDOW / 100, 1_000_000), [0.0, 0.0]);
        // What came before that counts in the window nevertheless.
        assert_eq!(measured(2 * WINDOW, 1_000_000), [4000.0, 0.5]);
    }
}
