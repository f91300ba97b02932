//! The settings: one type for the three levels (engine, stream, input), unset values inherit.

use super::{Error, Nanos};
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
    pub(crate) packet_timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) probe_cooldown: Option<Duration>,
    pub(crate) probe_timeout: Option<Duration>,
    pub(crate) switch_cooldown: Option<Duration>,
    pub(crate) failback_stable: Option<Duration>,
    pub(crate) failback: Option<Failback>,
    pub(crate) standby: Option<Standby>,
    pub(crate) overlap: Option<Overlap>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        $($(#[$doc])* #[must_use] pub fn $name(mut self, value: $type) -> Self {
            self.$name = Some(value);
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
        packet_timeout: Duration,
        /// How long a session may take from the moment the host took its *start* to its first
        /// packet. Default 5 s.
        connect_timeout: Duration,
        /// The wait before a degraded input is probed, or a silent hot one restarted; doubles
        /// with each failure up to 8 times, plus up to an eighth of jitter. Default 8 s.
        probe_cooldown: Duration,
        /// How long a probe may take from the moment the host took it. Default 3 s.
        probe_timeout: Duration,
        /// The least time between a stream's last switch and a failback. Default 12 s.
        switch_cooldown: Duration,
        /// How long a better input must be healthy before a failback, a trial session must
        /// deliver, and an input must be on air for its backoff to be forgotten. Default 3 s.
        failback_stable: Duration,
        /// Default [`Failback::Auto`].
        failback: Failback,
        /// Default [`Standby::Cold`].
        standby: Standby,
        /// Default [`Overlap::On`].
        overlap: Overlap,
    }

    /// Range check, for the engine's and a stream's settings.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
        let positive =
            [self.packet_timeout, self.connect_timeout, self.probe_cooldown, self.probe_timeout];
        let any = [self.switch_cooldown, self.failback_stable];
        if positive.iter().flatten().any(|d| d.is_zero())
            || positive.iter().chain(&any).flatten().any(|d| *d > YEAR)
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

/// A stream's settings with every default filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamSettings {
    pub(super) switch_cooldown: Nanos,
    pub(super) failback_stable: Nanos,
    pub(super) failback: Failback,
    pub(super) overlap: Overlap,
}

impl StreamSettings {
    pub(super) fn resolve(config: &Config) -> Self {
        StreamSettings {
            switch_cooldown: nanos(config.switch_cooldown, 12_000),
            failback_stable: nanos(config.failback_stable, 3_000),
            failback: config.failback.unwrap_or(Failback::Auto),
            overlap: config.overlap.unwrap_or(Overlap::On),
        }
    }
}

/// An input's settings with every default filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputSettings {
    pub(super) packet_timeout: Nanos,
    pub(super) connect_timeout: Nanos,
    pub(super) probe_cooldown: Nanos,
    pub(super) probe_timeout: Nanos,
    pub(super) standby: Standby,
}

impl InputSettings {
    pub(super) fn resolve(config: &Config) -> Self {
        InputSettings {
            packet_timeout: nanos(config.packet_timeout, 2_000),
            connect_timeout: nanos(config.connect_timeout, 5_000),
            probe_cooldown: nanos(config.probe_cooldown, 8_000),
            probe_timeout: nanos(config.probe_timeout, 3_000),
            standby: config.standby.unwrap_or(Standby::Cold),
        }
    }
}

impl InputSettings {
    pub(super) fn is_hot(&self) -> bool {
        self.standby == Standby::Hot
    }
}

fn nanos(value: Option<Duration>, default_millis: u64) -> Nanos {
    // At most a year (see `validate`), so it fits.
    value.unwrap_or(Duration::from_millis(default_millis)).as_nanos() as Nanos
}
