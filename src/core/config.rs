//! The settings: one type for the three levels (engine, stream, input), unset values inherit.
//!
//! What settings there are is declared in `vocabulary/settings.rs`.

use super::{Commit, Error, Failback, Overlap, Problem, Source, Standby};
use crate::vocabulary::{
    c_string, settings, Grace, Kind, NumberLimit, Percent, PercentLimit, Role, Scope, Silence,
    TimeLimit, Timeout, Wait, Window, AS_PACKET_TIMEOUT, LONGEST,
};
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Settings of the engine, of a stream or of an input. What is not set is inherited: an input
/// from its stream, a stream from the engine, the engine from the library's defaults. What is not
/// set takes no memory, and copies share theirs.
///
/// A value out of range, or a setting on a level that does not take it, is [`Error::Config`].
///
/// ```
/// use changeover::{Config, Standby};
/// use std::time::Duration;
/// let config = Config::new().packet_timeout(Duration::from_millis(500)).standby(Standby::Hot);
/// # let _ = config;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config(pub(super) Option<Arc<Values>>);

impl Config {
    /// The longest a setting may be, a year: for a timeout that never comes.
    pub const NEVER: Duration = LONGEST;

    /// Everything inherited.
    pub fn new() -> Self {
        Config::default()
    }

    /// These settings and those of `more`, whose values count where both set something.
    #[must_use]
    pub fn and(&self, more: &Config) -> Config {
        let mut all = self.clone();
        more.numbers().into_iter().for_each(|(name, number)| all.set_number(name, number));
        all
    }

    /// These settings, with the values of `other` where that sets one of them. No other is added.
    #[must_use]
    pub fn changed_by(&self, other: &Config) -> Config {
        let mut changed = self.clone();
        let own = self.numbers();
        let common =
            other.numbers().into_iter().filter(|(name, _)| own.iter().any(|o| o.0 == *name));
        common.for_each(|(name, number)| changed.set_number(name, number));
        changed
    }

    /// The share of rule 26, of an engine with these settings.
    pub(crate) fn resolved_mass_share(&self) -> u64 {
        Settings::resolve(&[self]).mass_share
    }
}

/// What a setting's documentation says of its values.
macro_rules! values {
    (Timeout) => {
        "\n\nFrom a millisecond to a year ([`Config::NEVER`])."
    };
    (Wait) => {
        "\n\nZero, or from a millisecond to a year."
    };
    (TimeLimit) => {
        values!(Wait)
    };
    ($choice:ident) => {
        ""
    };
}

/// And of its levels.
macro_rules! levels {
    (Input) => {
        " For the engine, a stream or an input."
    };
    (Stream) => {
        " For the engine or a stream."
    };
    (Engine) => {
        " For the engine."
    };
}

macro_rules! config {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kind:ident = $default:expr, $scope:ident $(, $reserved:ident)?;
    )+) => {
        /// What is set on one level.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(super) struct Values {
            $($name: Option<<$kind as Kind>::Value>,)+
        }

        impl Config {
            $(
                $(#[doc = $doc])+
                #[doc = values!($kind)]
                #[doc = concat!("\n\nDefault: `", stringify!($default), "`.", levels!($scope))]
                #[must_use]
                pub fn $name(mut self, value: <$kind as Kind>::Value) -> Self {
                    Arc::make_mut(self.0.get_or_insert_default()).$name = Some(value);
                    self
                }
            )+

            /// Whether an engine would take these settings; if not, which is wrong and why.
            ///
            /// # Errors
            /// The first that is out of range.
            pub fn check(&self) -> Result<(), Problem> {
                let Some(values) = &self.0 else { return Ok(()) };
                $(
                    if !values.$name.is_none_or(<$kind as Kind>::in_range) {
                        let name = c_string!(stringify!($name));
                        return Err(Problem::new(Error::Config, name, <$kind as Kind>::RANGE));
                    }
                )+
                Ok(())
            }

            /// As [`Config::check`], for a stream.
            ///
            /// # Errors
            /// The first that is out of range, or no setting of streams.
            pub fn check_for_stream(&self) -> Result<(), Problem> {
                self.check_for(Scope::Stream)
            }

            /// As [`Config::check`], for an input.
            ///
            /// # Errors
            /// The first that is out of range, or no setting of inputs.
            pub fn check_for_input(&self) -> Result<(), Problem> {
                self.check_for(Scope::Input)
            }

            /// What is set, as numbers (see [`Kind::number`]) by the settings' names.
            pub(super) fn numbers(&self) -> Vec<(&'static str, u64)> {
                let Some(values) = &self.0 else { return Vec::new() };
                let mut numbers = Vec::new();
                $(
                    if let Some(value) = values.$name {
                        numbers.push((stringify!($name), <$kind as Kind>::number(value)));
                    }
                )+
                numbers
            }

            /// Sets one of them; what is not known is left out.
            pub(super) fn set_number(&mut self, name: &str, number: u64) {
                match name {
                    $(
                        stringify!($name) => {
                            if let Some(value) = <$kind as Kind>::from_number(number) {
                                Arc::make_mut(self.0.get_or_insert_default()).$name = Some(value);
                            }
                        }
                    )+
                    _ => {}
                }
            }

            fn check_for(&self, level: Scope) -> Result<(), Problem> {
                let Some(values) = &self.0 else { return Ok(()) };
                $(
                    if Scope::$scope > level && values.$name.is_some() {
                        let name = c_string!(stringify!($name));
                        let why = match Scope::$scope {
                            Scope::Engine => c"set on an engine alone",
                            _ => c"set on an engine or a stream, not on an input",
                        };
                        return Err(Problem::new(Error::Config, name, why));
                    }
                )+
                self.check()
            }
        }

        /// Settings with every default filled in.
        #[derive(Debug, PartialEq, Eq)]
        pub(super) struct Settings {
            $(pub(super) $name: <$kind as Kind>::Resolved,)+
        }

        impl Settings {
            /// Of each setting, what the first of `levels` says that says anything.
            pub(super) fn resolve(levels: &[&Config]) -> Self {
                let set = || levels.iter().filter_map(|level| level.0.as_deref());
                Settings {
                    $($name: <$kind as Kind>::resolve(
                        set().find_map(|values| values.$name).unwrap_or($default),
                    ),)+
                }
            }

            /// Whether there is a limit on any measure: what the input they are of may be impaired by.
            pub(super) fn has_limits(&self) -> bool {
                $(<$kind as Kind>::limits(&self.$name) ||)+ false
            }
        }
    };
}
settings!(config);

impl Settings {
    /// The library's.
    pub(super) fn library() -> Arc<Settings> {
        Arc::new(Settings::resolve(&[]))
    }

    /// Whether the input they are of runs before it is needed.
    pub(super) fn is_hot(&self) -> bool {
        self.standby == Standby::Hot
    }

    /// Rule 27a: whether its session, once started, is kept when it is not needed.
    pub(super) fn keeps_session(&self) -> bool {
        self.is_hot() || (self.source == Source::Pushed && self.overlap == Overlap::On)
    }

    /// Whether the input they are of has to be measured.
    pub(super) fn need_meter(&self) -> bool {
        self.has_limits() || self.silence == Silence::Adaptive
    }
}

/// A stream's settings, and what they come from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SetForStream")]
pub(super) struct StreamSettings {
    pub(super) config: Config,
    pub(super) defaults: Config,
    #[serde(skip)]
    resolved: Settings,
}

#[derive(Deserialize)]
struct SetForStream {
    config: Config,
    defaults: Config,
}

impl From<SetForStream> for StreamSettings {
    fn from(set: SetForStream) -> StreamSettings {
        StreamSettings::new(&set.config, &set.defaults)
    }
}

impl StreamSettings {
    pub(super) fn new(config: &Config, defaults: &Config) -> Self {
        StreamSettings {
            config: config.clone(),
            defaults: defaults.clone(),
            resolved: Settings::resolve(&[config, defaults]),
        }
    }

    /// An input's settings, where that sets `config`.
    pub(super) fn of_input(&self, config: &Config) -> Settings {
        Settings::resolve(&[config, &self.config, &self.defaults])
    }
}

impl Deref for StreamSettings {
    type Target = Settings;
    fn deref(&self) -> &Settings {
        &self.resolved
    }
}
