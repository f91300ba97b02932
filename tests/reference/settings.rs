//! What a stream and its inputs are set to, as far as the model knows it, and the same for the core.

use changeover::core::{Config, Nanos};
use changeover::{Commit, Failback, Overlap, Standby};
use std::fmt;
use std::time::Duration;

/// Of one level; what is `None` is inherited.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Set {
    pub packet_timeout: Option<Nanos>,
    pub connect_timeout: Option<Nanos>,
    pub probe_cooldown: Option<Nanos>,
    pub probe_timeout: Option<Nanos>,
    pub switch_cooldown: Option<Nanos>,
    pub failback_stable: Option<Nanos>,
    pub failback_by_request: Option<bool>,
    pub hot: Option<bool>,
    pub overlap_off: Option<bool>,
}

macro_rules! resolved {
    ($($name:ident: $type:ty = $default:expr;)+) => {
        /// What is set alone.
        impl fmt::Debug for Set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("Set {")?;
                $(if let Some(value) = self.$name {
                    write!(f, " {}: {value:?},", stringify!($name))?;
                })+
                f.write_str(" }")
            }
        }

        impl Set {
            $(
                /// The first of the levels that says anything, else the library's default.
                pub fn $name(levels: &[&Set]) -> $type {
                    levels.iter().find_map(|set| set.$name).unwrap_or($default)
                }
            )+
        }
    };
}
resolved! {
    packet_timeout: Nanos = 2_000_000_000;
    connect_timeout: Nanos = 5_000_000_000;
    probe_cooldown: Nanos = 8_000_000_000;
    probe_timeout: Nanos = 3_000_000_000;
    switch_cooldown: Nanos = 12_000_000_000;
    failback_stable: Nanos = 3_000_000_000;
    failback_by_request: bool = false;
    hot: bool = false;
    overlap_off: bool = false;
}

impl Set {
    /// The same for the core.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        macro_rules! durations {
            ($($name:ident)+) => {
                $(if let Some(nanos) = self.$name {
                    config = config.$name(Duration::from_nanos(nanos));
                })+
            };
        }
        durations!(packet_timeout connect_timeout probe_cooldown probe_timeout switch_cooldown failback_stable);
        if let Some(by_request) = self.failback_by_request {
            config = config.failback(if by_request { Failback::Manual } else { Failback::Auto });
        }
        if let Some(hot) = self.hot {
            config = config.standby(if hot { Standby::Hot } else { Standby::Cold });
        }
        if let Some(off) = self.overlap_off {
            config = config.overlap(if off { Overlap::Off } else { Overlap::On });
        }
        config
    }

    /// The engine's for the core: with what the model leaves out turned off.
    pub fn defaults(&self) -> Config {
        self.config()
            .start_grace(Config::NEVER)
            .damping_period(Duration::ZERO)
            .commit(Commit::AtOnce)
    }
}
