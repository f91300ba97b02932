//! What a seed decides beforehand: the streams, and everything that will happen to them that does not
//! follow from what the engine does. Each stream and each act has a seed of its own, so that leaving
//! one out changes nothing of the others.

use crate::core::{Config, Input, Nanos, Priority};
use crate::vocabulary::{Commit, Failback, Overlap, Role, Silence, Source, Standby};
use fastrand::Rng;
use std::time::Duration;

pub(super) const MS: Nanos = 1_000_000;

/// What panics that are part of the simulation say.
pub(super) const PLANTED: &str = "planted by a test";

/// Priorities are 0 to 3.
pub(super) const INPUTS: usize = 4;

pub(super) fn chance(random: &mut Rng, percent: u32) -> bool {
    random.u32(..100) < percent
}

pub(super) fn pick<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

/// The settings of a stream that the checker reckons with; times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) packet_timeout: u64,
    pub(super) connect_timeout: u64,
    pub(super) overlap_off: bool,
    pub(super) key_frames: bool,
    pub(super) manual: bool,
    probe_cooldown: u64,
    probe_timeout: u64,
    switch_cooldown: u64,
    failback_stable: u64,
    damping_period: u64,
    key_wait: u64,
}

impl Settings {
    /// Those of a stream whose overlap stays as it is.
    pub(super) fn random(random: &mut Rng, overlap_off: bool) -> Settings {
        Settings {
            packet_timeout: pick(random, &[40, 100, 200, 500, 3000]),
            connect_timeout: pick(random, &[50, 200, 800]),
            overlap_off,
            key_frames: chance(random, 70),
            manual: chance(random, 15),
            probe_cooldown: pick(random, &[20, 100, 500]),
            probe_timeout: pick(random, &[10, 100, 400]),
            switch_cooldown: pick(random, &[0, 0, 200, 1000]),
            failback_stable: pick(random, &[0, 50, 300]),
            damping_period: pick(random, &[0, 500, 5000]),
            key_wait: pick(random, &[0, 200, 5000]),
        }
    }

    pub(super) fn config(&self) -> Config {
        let ms = Duration::from_millis;
        Config::new()
            .packet_timeout(ms(self.packet_timeout))
            .connect_timeout(ms(self.connect_timeout))
            .probe_cooldown(ms(self.probe_cooldown))
            .probe_timeout(ms(self.probe_timeout))
            .switch_cooldown(ms(self.switch_cooldown))
            .failback_stable(ms(self.failback_stable))
            .damping_period(ms(self.damping_period))
            .key_wait(ms(self.key_wait))
            .overlap(if self.overlap_off { Overlap::Off } else { Overlap::On })
            .commit(if self.key_frames { Commit::KeyFrame } else { Commit::AtOnce })
            .failback(if self.manual { Failback::Manual } else { Failback::Auto })
    }
}

/// An input of a random kind.
pub(super) fn random_input(random: &mut Rng, priority: Priority, overlap_off: bool) -> Input {
    let mut config = Config::new();
    if !overlap_off && chance(random, 35) {
        config = config.standby(Standby::Hot);
    }
    if chance(random, 10) {
        config = config.source(Source::Pushed);
    }
    if chance(random, 10) {
        config = config.role(Role::Fill);
    }
    if chance(random, 15) {
        config = config.silence(Silence::Adaptive).packet_timeout_min(Duration::from_millis(30));
    }
    if chance(random, 20) {
        let millis = |random: &mut Rng, from: &[u64]| Duration::from_millis(pick(random, from));
        config = config
            .measure_window(millis(random, &[100, 300]))
            .impair_after(millis(random, &[0, 100, 300]))
            .min_bitrate(pick(random, &[0, 300]))
            .max_loss(pick(random, &[0, 10]))
            .video_timeout(millis(random, &[0, 150]))
            .audio_timeout(millis(random, &[0, 150]));
    }
    Input::new(priority, "srt://somewhere").config(config)
}

/// How a *start* goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starts {
    Well,
    /// And the host says so, more than once.
    Twice,
    /// At once; after a while; and through a handle.
    Fails,
    FailsLater,
    FailsByHandle,
    /// Nothing comes of it.
    Hangs,
}

/// How a probe is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probes {
    Honest,
    Lying,
    Unsupported,
    Unanswered,
}

/// A source as it is for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    pub(super) up: bool,
    pub(super) interval: Nanos,
    pub(super) connects_in: Nanos,
    pub(super) starts: Starts,
    pub(super) probes: Probes,
    /// Of 100 packets, so many are key frames; 0: none is video.
    pub(super) key_frames: u32,
    pub(super) bytes: u32,
    pub(super) lossy: bool,
    /// For so long its old session sends on after its *stop*.
    pub(super) outlives: Nanos,
    /// It is down for as long as it was up, so often.
    pub(super) flaps: Option<Nanos>,
}

impl Sending {
    pub(super) const WELL: Sending = Sending {
        up: true,
        interval: 10 * MS,
        connects_in: 5 * MS,
        starts: Starts::Well,
        probes: Probes::Honest,
        key_frames: 20,
        bytes: 20_000,
        lossy: false,
        outlives: 0,
        flaps: None,
    };

    /// `rate`: milliseconds between packets.
    pub(super) fn random(random: &mut Rng, rate: u64) -> Sending {
        let mostly = |random: &mut Rng, percent| !chance(random, percent);
        Sending {
            up: mostly(random, 25),
            interval: random.u64(rate * MS / 2..=rate * MS * 3 / 2),
            connects_in: pick(random, &[0, 2, 20, 120, 1000]) * MS,
            starts: match random.u32(..20) {
                0 => Starts::Fails,
                1 => Starts::FailsLater,
                2 => Starts::FailsByHandle,
                3 => Starts::Hangs,
                4..=6 => Starts::Twice,
                _ => Starts::Well,
            },
            probes: pick(
                random,
                &[
                    Probes::Honest,
                    Probes::Honest,
                    Probes::Honest,
                    Probes::Lying,
                    Probes::Unsupported,
                    Probes::Unanswered,
                ],
            ),
            key_frames: pick(random, &[0, 5, 20, 20, 20, 100]),
            bytes: pick(random, &[100, 5_000, 20_000]),
            lossy: chance(random, 10),
            outlives: pick(random, &[0, 0, 5, 50, 500]) * MS,
            flaps: chance(random, 10).then(|| random.u64(50 * MS..800 * MS)),
        }
    }
}

/// What will happen to a stream, or to all of them. What exactly is up to the act's seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Register,
    Unregister,
    Switch,
    Force,
    ClearOverride,
    FailBack,
    Enable,
    Update,
    Buffer,
    Settings,
    /// An error by the API, or through a handle that may be an old one; a condition.
    Report,
    Condition,
    Confused,
    Source,
    /// A reader of the status, a second reader of events.
    Status,
    Tap,
    /// Of all streams.
    Defaults,
    Sync,
    UnregisterAll,
    /// A share of all sources goes down or comes back.
    Outage,
    /// The process, or the monitor alone, stands still.
    Stall,
    MonitorStall,
    /// The host takes no events for a while.
    HostPause,
    WallClock,
    /// Whatever happens to this stream meets a bug.
    Bug,
}

impl Kind {
    /// Whether the stream of the act is meant.
    fn of_one(self) -> bool {
        self.at() < Kind::Defaults.at()
    }

    fn at(self) -> usize {
        KINDS.iter().position(|(kind, _)| *kind == self).expect("all are listed")
    }
}

/// Out of so many in all, how often.
const KINDS: [(Kind, u32); 25] = [
    (Kind::Register, 60),
    (Kind::Unregister, 40),
    (Kind::Switch, 110),
    (Kind::Force, 25),
    (Kind::ClearOverride, 40),
    (Kind::FailBack, 25),
    (Kind::Enable, 70),
    (Kind::Update, 90),
    (Kind::Buffer, 15),
    (Kind::Settings, 30),
    (Kind::Report, 110),
    (Kind::Condition, 50),
    (Kind::Confused, 20),
    (Kind::Source, 230),
    (Kind::Status, 60),
    (Kind::Bug, 2),
    (Kind::Defaults, 4),
    (Kind::Tap, 15),
    (Kind::Sync, 10),
    (Kind::UnregisterAll, 1),
    (Kind::Outage, 8),
    (Kind::Stall, 6),
    (Kind::MonitorStall, 8),
    (Kind::HostPause, 12),
    (Kind::WallClock, 4),
];

#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    pub(super) at: Nanos,
    pub(super) kind: Kind,
    /// Of those there are; of all streams none.
    pub(super) stream: Option<usize>,
    pub(super) seed: u64,
}

/// A whole run, as far as it is known beforehand.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) streams: Vec<usize>,
    pub(super) acts: Vec<Act>,
    /// How long things go wrong.
    pub(super) length: Nanos,
    /// Notices that are kept for the host.
    pub(super) limit: usize,
    /// What a reading of the clock costs; how late the monitor may be woken.
    pub(super) step: Nanos,
    pub(super) latency: Nanos,
    /// Milliseconds between the packets of a source.
    pub(super) rate: u64,
    /// Events are delivered to callbacks.
    pub(super) callbacks: bool,
    pub(super) host_latency: Nanos,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Plan {
        let random = &mut Rng::with_seed(seed);
        // Few streams find what goes wrong in one, many what goes wrong among them.
        let (streams, seconds, per_second) = match random.u32(..20) {
            0 => (random.usize(1000..=3000), 3, 600),
            1..=4 => (random.usize(100..=400), 6, 300),
            _ => (random.usize(1..=24), 20, 60),
        };
        let length = seconds * 1000 * MS;
        let all: u32 = KINDS.iter().map(|(_, weight)| weight).sum();
        let mut acts: Vec<Act> = (0..seconds * per_second)
            .map(|_| {
                let mut at = random.u32(..all);
                let kind = KINDS.iter().find(|(_, weight)| {
                    let found = at < *weight;
                    at = at.wrapping_sub(*weight);
                    found
                });
                let kind = kind.expect("a weight below their sum").0;
                let stream = kind.of_one().then(|| random.usize(..streams));
                // Some come together.
                let at = random.u64(..length);
                let at = if chance(random, 30) { at / (50 * MS) * (50 * MS) } else { at };
                Act { at, kind, stream, seed: random.u64(..) }
            })
            .collect();
        for stream in 0..streams {
            let at = random.u64(..100 * MS);
            acts.push(Act { at, kind: Kind::Register, stream: Some(stream), seed: random.u64(..) });
        }
        acts.sort_by_key(|act| act.at);
        Plan {
            seed,
            streams: (0..streams).collect(),
            acts,
            length,
            limit: pick(random, &[1, 20, 1000, 65_536]),
            // Not more than a processor can do.
            step: pick(random, &[10, 100, 100, 2000]).min(if streams < 100 { 2000 } else { 100 }),
            latency: pick(random, &[0, 50_000, 500_000, 15 * MS]),
            rate: pick(random, &[3, 10, 20]),
            callbacks: chance(random, 50),
            host_latency: pick(random, &[0, MS / 10, MS, 30 * MS]),
        }
    }
}
