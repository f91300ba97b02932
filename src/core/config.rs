//! The settings: one type for the three levels (engine, stream, input), unset values inherit.

use super::{Error, MaybeNanos, Nanos};
use std::time::Duration;

/// What to do when a better input is healthy again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failback {
    /// Return by itself, after `failback_stable` and `switch_cooldown`.
    Auto,
    /// Return only by `switch_input`.
    Manual,
}

/// Whether an input runs before it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standby {
    /// Started only when needed.
    Cold,
    /// Started at once and kept running.
    Hot,
}

/// Whether the host can run two sessions of one stream at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Overlap {
    /// It can: planned switches are make-before-break.
    On,
    /// It can't: *stop* always comes before *start*.
    Off,
}

/// Settings of the engine, of a stream or of an input. What is not set is inherited: an input
/// from its stream, a stream from the engine, the engine from the library's defaults.
///
/// Durations are from 1 ns to a year; `switch_cooldown` and `failback_stable` may be zero.
/// An input takes `packet_timeout`, `connect_timeout`, `probe_cooldown`, `probe_timeout` and
/// `standby`; the rest is [`Error::Config`] there.
///
/// ```
/// use changeover::{Config, Standby};
/// use std::time::Duration;
/// let config = Config::new().packet_timeout(Duration::from_millis(500)).standby(Standby::Hot);
/// # let _ = config;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub(crate) packet_timeout: MaybeNanos,
    pub(crate) connect_timeout: MaybeNanos,
    pub(crate) probe_cooldown: MaybeNanos,
    pub(crate) probe_timeout: MaybeNanos,
    pub(crate) switch_cooldown: MaybeNanos,
    pub(crate) failback_stable: MaybeNanos,
    pub(crate) failback: Option<Failback>,
    pub(crate) standby: Option<Standby>,
    pub(crate) overlap: Option<Overlap>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty => $store:expr,)*) => {
        $($(#[$doc])* #[must_use] pub fn $name(mut self, value: $type) -> Self {
            self.$name = $store(value);
            self
        })*
    };
}

impl Config {
    /// Everything inherited.
    pub fn new() -> Self {
        Config::default()
    }

    setters! {
        /// Silence after which a delivering input is given up. Default 2 s.
        packet_timeout: Duration => nanos,
        /// How long a session may take from the moment the host took its *start* to its first
        /// packet. Default 5 s.
        connect_timeout: Duration => nanos,
        /// The wait before a degraded input is probed, or a silent hot one restarted; doubles
        /// with each failure up to 8 times, plus up to an eighth of jitter. Default 8 s.
        probe_cooldown: Duration => nanos,
        /// How long a probe may take from the moment the host took it. Default 3 s.
        probe_timeout: Duration => nanos,
        /// The least time between a stream's last switch and a failback. Default 12 s.
        switch_cooldown: Duration => nanos,
        /// How long a better input must be healthy before a failback, a trial session must
        /// deliver, and an input must be on air for its backoff to be forgotten. Default 3 s.
        failback_stable: Duration => nanos,
        /// Default [`Failback::Auto`].
        failback: Failback => Some,
        /// Default [`Standby::Cold`].
        standby: Standby => Some,
        /// Default [`Overlap::On`].
        overlap: Overlap => Some,
    }

    /// Range check, for the engine's and a stream's settings.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        const YEAR: Nanos = 365 * 24 * 3600 * 1_000_000_000;
        let positive =
            [self.packet_timeout, self.connect_timeout, self.probe_cooldown, self.probe_timeout];
        let any = [self.switch_cooldown, self.failback_stable];
        if positive.iter().any(|d| d.get() == Some(0))
            || positive.iter().chain(&any).any(|d| d.get().is_some_and(|nanos| nanos > YEAR))
        {
            return Err(Error::Config);
        }
        Ok(())
    }

    /// Range check, for an input's settings.
    pub(crate) fn validate_for_input(&self) -> Result<(), Error> {
        let foreign = self.switch_cooldown.is_some()
            || self.failback_stable.is_some()
            || self.failback.is_some()
            || self.overlap.is_some();
        if foreign {
            return Err(Error::Config);
        }
        self.validate()
    }

    /// This level's settings, and where they are unset those of the level above.
    pub(crate) fn over(&self, above: &Config) -> Config {
        Config {
            packet_timeout: self.packet_timeout.or(above.packet_timeout),
            connect_timeout: self.connect_timeout.or(above.connect_timeout),
            probe_cooldown: self.probe_cooldown.or(above.probe_cooldown),
            probe_timeout: self.probe_timeout.or(above.probe_timeout),
            switch_cooldown: self.switch_cooldown.or(above.switch_cooldown),
            failback_stable: self.failback_stable.or(above.failback_stable),
            failback: self.failback.or(above.failback),
            standby: self.standby.or(above.standby),
            overlap: self.overlap.or(above.overlap),
        }
    }
}

/// A stream's settings with every default filled in, and what they come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StreamSettings {
    pub(super) config: Config,
    pub(super) defaults: Config,
    pub(super) switch_cooldown: Nanos,
    pub(super) failback_stable: Nanos,
    pub(super) failback: Failback,
    pub(super) overlap: Overlap,
}

impl StreamSettings {
    pub(super) fn resolve(config: &Config, defaults: &Config) -> Self {
        let resolved = config.over(defaults);
        StreamSettings {
            config: *config,
            defaults: *defaults,
            switch_cooldown: or_millis(resolved.switch_cooldown, 12_000),
            failback_stable: or_millis(resolved.failback_stable, 3_000),
            failback: resolved.failback.unwrap_or(Failback::Auto),
            overlap: resolved.overlap.unwrap_or(Overlap::On),
        }
    }

    /// An input's settings, where that sets `config`.
    pub(super) fn of_input(&self, config: &Config) -> InputSettings {
        InputSettings::resolve(&config.over(&self.config).over(&self.defaults))
    }
}

/// An input's settings with every default filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InputSettings {
    pub(super) packet_timeout: Nanos,
    pub(super) connect_timeout: Nanos,
    pub(super) probe_cooldown: Nanos,
    pub(super) probe_timeout: Nanos,
    pub(super) standby: Standby,
}

impl InputSettings {
    fn resolve(config: &Config) -> Self {
        InputSettings {
            packet_timeout: or_millis(config.packet_timeout, 2_000),
            connect_timeout: or_millis(config.connect_timeout, 5_000),
            probe_cooldown: or_millis(config.probe_cooldown, 8_000),
            probe_timeout: or_millis(config.probe_timeout, 3_000),
            standby: config.standby.unwrap_or(Standby::Cold),
        }
    }

    pub(super) fn is_hot(&self) -> bool {
        self.standby == Standby::Hot
    }
}

/// Of absurd durations, one that is refused as well.
fn nanos(value: Duration) -> MaybeNanos {
    MaybeNanos::some(u64::try_from(value.as_nanos()).unwrap_or(u64::MAX - 1).min(u64::MAX - 1))
}

fn or_millis(value: MaybeNanos, default_millis: u64) -> Nanos {
    value.get().unwrap_or(default_millis * 1_000_000)
}
