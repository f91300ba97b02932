//! The settings as the design describes them, kept apart from the implementation's.

use super::random::Random;
use changeover::core::{Nanos, Priority};
use changeover::{Commit, Config, Failback, Input, Overlap, Role, Silence, Source, Standby};
use std::collections::BTreeMap;
use std::time::Duration;

pub const MS: Nanos = 1_000_000;

/// One level of settings. Times are in milliseconds.
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
    pub min_bitrate: Option<u64>,
    pub min_bitrate_of_baseline: Option<u64>,
    pub min_fps: Option<u64>,
    pub max_loss: Option<u64>,
    pub video_timeout: Option<u64>,
    pub audio_timeout: Option<u64>,
    pub impair_after: Option<u64>,
    pub measure_window: Option<u64>,
    pub start_grace: Option<u64>,
    pub damping_period: Option<u64>,
    pub fill: Option<bool>,
    pub key_frame: Option<bool>,
    pub key_wait: Option<u64>,
    pub adaptive: Option<bool>,
    pub packet_timeout_min: Option<u64>,
}

/// What is set goes into the settings.
fn with<T>(config: Config, value: Option<T>, set: impl FnOnce(Config, T) -> Config) -> Config {
    match value {
        Some(value) => set(config, value),
        None => config,
    }
}

fn choice<T>(value: Option<bool>, yes: T, no: T) -> Option<T> {
    value.map(|value| if value { yes } else { no })
}

impl Level {
    /// What an input may set.
    fn random_input(random: &mut Random, overlap_off: bool) -> Level {
        let mut some = |chance, from: &[u64]| random.percent(chance).then(|| random.pick(from));
        let level = Level {
            packet_timeout: some(20, &[100, 150, 400, 1000]),
            connect_timeout: some(20, &[80, 300, 1500]),
            probe_cooldown: some(20, &[1, 50, 700]),
            probe_timeout: some(20, &[20, 100]),
            hot: if overlap_off { some(30, &[0]) } else { some(40, &[0, 1, 1]) }
                .map(|hot| hot == 1),
            pushed: some(30, &[0, 1, 1]).map(|pushed| pushed == 1),
            fill: some(25, &[0, 1, 1]).map(|fill| fill == 1),
            adaptive: some(20, &[0, 1, 1]).map(|adaptive| adaptive == 1),
            packet_timeout_min: some(20, &[20, 100, 300]),
            start_grace: some(20, &[0, 30, 200, 1000]),
            ..Level::default()
        };
        level.with_limits(random, 15)
    }

    pub fn random_stream(random: &mut Random, overlap_off: bool) -> Level {
        let mut some = |chance, from: &[u64]| random.percent(chance).then(|| random.pick(from));
        let level = Level {
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
            start_grace: some(40, &[0, 50, 500]),
            damping_period: some(70, &[0, 500, 5000, 60_000]),
            key_frame: some(60, &[0, 1, 1]).map(|key| key == 1),
            key_wait: some(80, &[0, 100, 1000, 5000]),
            ..Level::default()
        };
        level.with_limits(random, 20)
    }

    /// Each limit on what is measured with this chance, and how they are measured.
    fn with_limits(self, random: &mut Random, chance: u64) -> Level {
        let mut some = |chance, from: &[u64]| random.percent(chance).then(|| random.pick(from));
        Level {
            min_bitrate: some(chance, &[0, 300, 1000]),
            min_bitrate_of_baseline: some(chance, &[0, 40, 100]),
            min_fps: some(chance, &[0, 20]),
            max_loss: some(chance, &[0, 2, 10]),
            video_timeout: some(chance, &[0, 100, 700]),
            audio_timeout: some(chance, &[0, 100, 700]),
            impair_after: some(3 * chance, &[0, 100, 500, 2000]),
            measure_window: some(4 * chance, &[100, 300, 1000]),
            ..self
        }
    }

    pub fn config(&self) -> Config {
        let millis = |value: Option<u64>| value.map(Duration::from_millis);
        let config = with(Config::new(), millis(self.packet_timeout), Config::packet_timeout);
        let config = with(config, millis(self.connect_timeout), Config::connect_timeout);
        let config = with(config, millis(self.probe_cooldown), Config::probe_cooldown);
        let config = with(config, millis(self.probe_timeout), Config::probe_timeout);
        let config = with(config, millis(self.switch_cooldown), Config::switch_cooldown);
        let config = with(config, millis(self.failback_stable), Config::failback_stable);
        let config = with(config, self.min_bitrate, Config::min_bitrate);
        let percent = self.min_bitrate_of_baseline;
        let config = with(config, percent, Config::min_bitrate_of_baseline);
        let config = with(config, self.min_fps, Config::min_fps);
        let config = with(config, self.max_loss, Config::max_loss);
        let config = with(config, millis(self.video_timeout), Config::video_timeout);
        let config = with(config, millis(self.audio_timeout), Config::audio_timeout);
        let config = with(config, millis(self.impair_after), Config::impair_after);
        let config = with(config, millis(self.measure_window), Config::measure_window);
        let config = with(config, millis(self.start_grace), Config::start_grace);
        let config = with(config, millis(self.damping_period), Config::damping_period);
        let config = with(config, millis(self.key_wait), Config::key_wait);
        let silence = choice(self.adaptive, Silence::Adaptive, Silence::Fixed);
        let config = with(config, silence, Config::silence);
        let config = with(config, millis(self.packet_timeout_min), Config::packet_timeout_min);
        let commit = choice(self.key_frame, Commit::KeyFrame, Commit::AtOnce);
        let config = with(config, commit, Config::commit);
        let config = with(config, choice(self.fill, Role::Fill, Role::Source), Config::role);
        let failback = choice(self.manual, Failback::Manual, Failback::Auto);
        let config = with(config, failback, Config::failback);
        let config = with(config, choice(self.hot, Standby::Hot, Standby::Cold), Config::standby);
        let source = choice(self.pushed, Source::Pushed, Source::Pulled);
        let config = with(config, source, Config::source);
        with(config, choice(self.overlap_off, Overlap::Off, Overlap::On), Config::overlap)
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

    pub fn is_fill(&self, priority: Priority) -> bool {
        self.of(priority, |level| level.fill).unwrap_or(false)
    }

    pub fn impair_after(&self, priority: Priority) -> Nanos {
        self.of(priority, |level| level.impair_after).unwrap_or(2000) * MS
    }

    pub fn measure_window(&self, priority: Priority) -> Nanos {
        self.of(priority, |level| level.measure_window).unwrap_or(1000) * MS
    }

    pub fn is_adaptive(&self, priority: Priority) -> bool {
        self.of(priority, |level| level.adaptive).unwrap_or(false)
    }

    /// The least and the most that its limit on silence may be.
    pub fn silence_bounds(&self, priority: Priority) -> (Nanos, Nanos) {
        let most = self.packet_timeout(priority);
        let least = self.of(priority, |level| level.packet_timeout_min).unwrap_or(100) * MS;
        (if self.is_adaptive(priority) { least.min(most) } else { most }, most)
    }

    pub fn start_grace(&self, priority: Priority) -> Nanos {
        let grace = self.of(priority, |level| level.start_grace);
        grace.map_or(self.packet_timeout(priority), |grace| grace * MS)
    }

    /// A limit that is set, as a host sets it.
    pub fn limit(&self, priority: Priority, get: impl Fn(&Level) -> Option<u64>) -> Option<u64> {
        self.of(priority, get).filter(|limit| *limit != 0)
    }

    /// Whether anything is to be measured of an input.
    pub fn is_measured(&self, priority: Priority) -> bool {
        let limits: [fn(&Level) -> Option<u64>; 6] = [
            |level| level.min_bitrate,
            |level| level.min_bitrate_of_baseline,
            |level| level.min_fps,
            |level| level.max_loss,
            |level| level.video_timeout,
            |level| level.audio_timeout,
        ];
        limits.iter().any(|get| self.limit(priority, get).is_some())
    }

    fn stream<T>(&self, get: impl Fn(&Level) -> Option<T>) -> Option<T> {
        get(&self.stream).or_else(|| get(&self.engine))
    }

    pub fn switch_cooldown(&self) -> Nanos {
        self.stream(|level| level.switch_cooldown).unwrap_or(12_000) * MS
    }

    pub fn failback_stable(&self) -> Nanos {
        self.stream(|level| level.failback_stable).unwrap_or(3000) * MS
    }

    pub fn damping_period(&self) -> Nanos {
        self.stream(|level| level.damping_period).unwrap_or(60_000) * MS
    }

    pub fn waits_for_key_frames(&self) -> bool {
        self.stream(|level| level.key_frame).unwrap_or(true) && !self.overlap_off()
    }

    pub fn key_wait(&self) -> Nanos {
        self.stream(|level| level.key_wait).unwrap_or(10_000) * MS
    }

    pub fn failback_is_manual(&self) -> bool {
        self.stream(|level| level.manual).unwrap_or(false)
    }

    pub fn overlap_off(&self) -> bool {
        self.stream(|level| level.overlap_off).unwrap_or(false)
    }
}
