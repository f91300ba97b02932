//! The settings as the design describes them, kept apart from the implementation's.

use super::random::Random;
use changeover::core::{Nanos, Priority};
use changeover::{Config, Failback, Input, Overlap, Source, Standby};
use std::collections::BTreeMap;
use std::time::Duration;

pub const MS: Nanos = 1_000_000;

/// One level of settings, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    pub packet_timeout: Option<u64>,
    pub connect_timeout: Option<u64>,
    pub probe_cooldown: Option<u64>,
    pub probe_timeout: Option<u64>,
    pub switch_cooldown: Option<u64>,
    pub failback_stable: Option<u64>,
    pub manual: Option<bool>,
    pub hot: Option<bool>,
    pub pushed: Option<bool>,
    pub overlap_off: Option<bool>,
}

impl Level {
    /// What an input may set.
    fn random_input(random: &mut Random, overlap_off: bool) -> Level {
        let mut some = |chance, from: &[u64]| random.percent(chance).then(|| random.pick(from));
        Level {
            packet_timeout: some(20, &[100, 150, 400, 1000]),
            connect_timeout: some(20, &[80, 300, 1500]),
            probe_cooldown: some(20, &[1, 50, 700]),
            probe_timeout: some(20, &[20, 100]),
            hot: if overlap_off { some(30, &[0]) } else { some(40, &[0, 1, 1]) }
                .map(|hot| hot == 1),
            pushed: some(30, &[0, 1, 1]).map(|pushed| pushed == 1),
            ..Level::default()
        }
    }

    pub fn random_stream(random: &mut Random, overlap_off: bool) -> Level {
        let mut some = |chance, from: &[u64]| random.percent(chance).then(|| random.pick(from));
        Level {
            packet_timeout: some(90, &[100, 200, 500, 2000]),
            connect_timeout: some(90, &[100, 500, 2000]),
            probe_cooldown: some(90, &[10, 100, 500, 1000]),
            probe_timeout: some(50, &[10, 100, 500]),
            switch_cooldown: some(90, &[0, 0, 200, 1000, 3000]),
            failback_stable: some(90, &[0, 0, 50, 300, 1000]),
            manual: some(30, &[0, 1]).map(|manual| manual == 1),
            hot: if overlap_off { None } else { some(10, &[0, 1]).map(|hot| hot == 1) },
            pushed: some(10, &[0, 1]).map(|pushed| pushed == 1),
            overlap_off: Some(overlap_off),
        }
    }

    pub fn config(&self) -> Config {
        let mut config = Config::new();
        let millis = Duration::from_millis;
        if let Some(value) = self.packet_timeout {
            config = config.packet_timeout(millis(value));
        }
        if let Some(value) = self.connect_timeout {
            config = config.connect_timeout(millis(value));
        }
        if let Some(value) = self.probe_cooldown {
            config = config.probe_cooldown(millis(value));
        }
        if let Some(value) = self.probe_timeout {
            config = config.probe_timeout(millis(value));
        }
        if let Some(value) = self.switch_cooldown {
            config = config.switch_cooldown(millis(value));
        }
        if let Some(value) = self.failback_stable {
            config = config.failback_stable(millis(value));
        }
        if let Some(manual) = self.manual {
            config = config.failback(if manual { Failback::Manual } else { Failback::Auto });
        }
        if let Some(hot) = self.hot {
            config = config.standby(if hot { Standby::Hot } else { Standby::Cold });
        }
        if let Some(pushed) = self.pushed {
            config = config.source(if pushed { Source::Pushed } else { Source::Pulled });
        }
        if let Some(off) = self.overlap_off {
            config = config.overlap(if off { Overlap::Off } else { Overlap::On });
        }
        config
    }
}

/// The settings of one stream and its inputs.
#[derive(Debug, Default)]
pub struct Model {
    pub engine: Level,
    pub stream: Level,
    pub inputs: BTreeMap<Priority, Level>,
}

impl Model {
    pub fn random_input(&self, random: &mut Random, priority: Priority) -> (Level, Input) {
        let level = Level::random_input(random, self.overlap_off());
        let input = Input::new(priority, "srt://somewhere").config(level.config());
        (level, input)
    }

    fn of<T>(&self, priority: Priority, get: impl Fn(&Level) -> Option<T>) -> Option<T> {
        let input = self.inputs.get(&priority).and_then(&get);
        input.or_else(|| get(&self.stream)).or_else(|| get(&self.engine))
    }

    pub fn packet_timeout(&self, priority: Priority) -> Nanos {
        self.of(priority, |level| level.packet_timeout).unwrap_or(2000) * MS
    }

    pub fn connect_timeout(&self, priority: Priority) -> Nanos {
        self.of(priority, |level| level.connect_timeout).unwrap_or(5000) * MS
    }

    pub fn is_hot(&self, priority: Priority) -> bool {
        self.of(priority, |level| level.hot).unwrap_or(false)
    }

    pub fn is_pushed(&self, priority: Priority) -> bool {
        self.of(priority, |level| level.pushed).unwrap_or(false)
    }

    fn stream<T>(&self, get: impl Fn(&Level) -> Option<T>) -> Option<T> {
        get(&self.stream).or_else(|| get(&self.engine))
    }

    pub fn switch_cooldown(&self) -> Nanos {
        self.stream(|level| level.switch_cooldown).unwrap_or(12_000) * MS
    }

    pub fn failback_is_manual(&self) -> bool {
        self.stream(|level| level.manual).unwrap_or(false)
    }

    pub fn overlap_off(&self) -> bool {
        self.stream(|level| level.overlap_off).unwrap_or(false)
    }
}
