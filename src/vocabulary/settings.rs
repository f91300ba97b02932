//! The settings, and the values of those that are a choice.

use super::{vocabulary, Vocabulary, WordList};
use std::ffi::CStr;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::time::Duration;

/// Calls a macro with every setting, in the order of `changeover_config`: text, name, kind, default,
/// and the lowest level it may be set on. A limit on what is measured is of a kind that says so: an
/// input for which one is set has a meter. What a further name stands after is followed in C by a
/// reserved `int32_t` of that name, so that no padding is left.
macro_rules! settings {
    ($with:ident) => {
        $with! {
            /// Silence after which a delivering input is given up.
            packet_timeout: Timeout = Duration::from_secs(2), Input;
            /// How long a session may take from the moment the host took its start to its first
            /// packet.
            connect_timeout: Timeout = Duration::from_secs(5), Input;
            /// The wait before a degraded input is probed, or a silent hot one restarted. It
            /// doubles after each failure, to at most eight times this value; up to one eighth is
            /// added at random.
            probe_cooldown: Timeout = Duration::from_secs(8), Input;
            /// How long a probe may take from the moment the host took it.
            probe_timeout: Timeout = Duration::from_secs(3), Input;
            /// The least time between a stream's last switch and a failback.
            switch_cooldown: Wait = Duration::from_secs(12), Stream;
            /// How long a better input must be healthy before a failback, a trial session must
            /// deliver, and an input must be on air for its backoff to be forgotten.
            failback_stable: Wait = Duration::from_secs(3), Stream;
            /// What to do when a better input is healthy again.
            failback: Failback = Failback::Auto, Stream;
            /// Whether an input runs before it is needed.
            standby: Standby = Standby::Cold, Input;
            /// Whether the host can run two sessions of one stream at once.
            overlap: Overlap = Overlap::On, Stream, reserved;
            /// The least bitrate, in kbit/s; 0: none. With `min_bitrate_of_baseline` the higher
            /// of the two counts.
            min_bitrate: NumberLimit = 0, Input;
            /// The least bitrate, in percent of the input's baseline; 0: none.
            min_bitrate_of_baseline: PercentLimit = 0, Input;
            /// The least video frame rate, in frames a second; 0: none. With
            /// `min_fps_of_baseline` the higher of the two counts.
            min_fps: NumberLimit = 0, Input;
            /// The least video frame rate, in percent of the input's baseline; 0: none.
            min_fps_of_baseline: PercentLimit = 0, Input;
            /// The greatest loss, in percent of what was sent; 0: not watched.
            max_loss: PercentLimit = 0, Input;
            /// How long a bitrate, a frame rate or a loss must be out of its limit, from the first
            /// look that shows it, to count.
            impair_after: Wait = Duration::from_secs(2), Input;
            /// How far a bitrate, a frame rate or a loss must be back within its limit to count as
            /// met, in percent of the limit.
            impair_margin: Percent = 10, Input;
            /// How long video may stop while other packets flow; 0: not watched.
            video_timeout: TimeLimit = Duration::ZERO, Input;
            /// How long sound may stop while other packets flow; 0: not watched. Sound is what is
            /// flagged so.
            audio_timeout: TimeLimit = Duration::ZERO, Input;
            /// The time over which an input is measured, from 100 ms to a minute. It is looked at
            /// ten times in each window.
            measure_window: Window = Duration::from_secs(1), Input;
            /// Who connects: the host to the source, or the source to the host. Of a pushed input a
            /// start means "listen": its session is kept once it is started, and its own packets
            /// tell whether it is there, also while it has no session.
            source: Source = Source::Pulled, Input, reserved_source;
            /// How long nothing may be on air while the chosen input starts and another one
            /// delivers. The default is the chosen input's `packet_timeout`.
            start_grace: Grace = AS_PACKET_TIMEOUT, Input;
            /// How long an input must be healthy without a break for one of its faults to be
            /// forgotten; 0: faults are not counted.
            damping_period: Wait = Duration::from_secs(60), Stream;
            /// What an input is.
            role: Role = Role::Source, Input, reserved_role;
            /// When a planned switch away from an input on air is committed.
            commit: Commit = Commit::KeyFrame, Stream, reserved_commit;
            /// How long a planned switch waits for a key frame, from the target's first packet; then
            /// any packet commits it.
            key_wait: Wait = Duration::from_secs(10), Stream;
            /// What the limit on an input's silence is.
            silence: Silence = Silence::Fixed, Input, reserved_silence;
            /// The least that an adaptive limit on silence may be.
            packet_timeout_min: Timeout = Duration::from_millis(100), Input;
            /// If more than this share of all streams on air fails within a second, in percent, and
            /// at least ten do, that is a mass failure, which is told once, and attempts to get their
            /// inputs back are spread over time; 0: off.
            mass_share: Percent = 30, Engine;
        }
    };
}
pub(crate) use settings;

vocabulary! {
    /// What to do when a better input is healthy again.
    pub enum Failback: CHANGEOVER_FAILBACK {
        /// Return by itself, after `failback_stable` and `switch_cooldown`.
        Auto = 0, "auto";
        /// Return only by `switch_input` or `fail_back`.
        Manual = 1, "manual";
    }
}

vocabulary! {
    /// Whether an input runs before it is needed.
    pub enum Standby: CHANGEOVER_STANDBY {
        /// Started only when needed.
        Cold = 0, "cold";
        /// Started at once and kept running.
        Hot = 1, "hot";
    }
}

vocabulary! {
    /// Whether the host can run two sessions of one stream at once.
    pub enum Overlap: CHANGEOVER_OVERLAP {
        /// It can: planned switches are make-before-break.
        On = 0, "on";
        /// It can't: the stop always comes before the start.
        Off = 1, "off";
    }
}

vocabulary! {
    /// Who connects.
    pub enum Source: CHANGEOVER_SOURCE {
        /// The host connects to the source, which can be asked whether it works.
        Pulled = 0, "pulled";
        /// The source connects to the host, as an encoder that publishes.
        Pushed = 1, "pushed";
    }
}

vocabulary! {
    /// What an input is.
    pub enum Role: CHANGEOVER_ROLE {
        /// A source of the stream.
        Source = 0, "source";
        /// No source, but better than nothing: a slate, a loop, a still picture.
        Fill = 1, "fill";
    }
}

vocabulary! {
    /// When a planned switch away from an input on air is committed.
    pub enum Commit: CHANGEOVER_COMMIT {
        /// On the target's next key frame, a packet flagged `VIDEO` and `KEY`; on its first packet
        /// where neither of the two inputs has sent any.
        KeyFrame = 0, "key_frame";
        /// On the target's first packet.
        AtOnce = 1, "at_once";
    }
}

vocabulary! {
    /// What the limit on an input's silence is.
    pub enum Silence: CHANGEOVER_SILENCE {
        /// `packet_timeout`.
        Fixed = 0, "fixed";
        /// Twice the longest gap between packets in the session's last minutes: at least
        /// `packet_timeout_min`, at most `packet_timeout`, where each session begins.
        Adaptive = 1, "adaptive";
    }
}

/// The lowest level a setting may be set on; above it, it always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Engine, stream and input.
    Input,
    /// Engine and stream.
    Stream,
    /// Engine.
    Engine,
}

/// How a kind of setting looks in other languages.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A duration that is not zero.
    Timeout,
    /// A duration that may be zero.
    Wait,
    /// A number.
    Number,
    /// A number from 0 to 100.
    Percent,
    /// One of these.
    Choice(WordList),
}

/// A kind of setting.
pub trait Kind {
    /// What it is set to.
    type Value: Copy;
    /// What decisions use: nanoseconds for durations.
    type Resolved;
    /// Its field in `changeover_config`.
    type C: Copy;
    /// How it looks in other languages.
    const FORM: Form;
    /// What it is to be, in words.
    const RANGE: &'static CStr;
    /// Whether a value is allowed.
    fn in_range(value: Self::Value) -> bool;
    /// The value for decisions.
    fn resolve(value: Self::Value) -> Self::Resolved;
    /// The value for people.
    fn text(value: Self::Value) -> String;
    /// The value as a number: of nanoseconds, or of a choice its permanent one.
    fn number(value: Self::Value) -> u64;
    /// The value of a number.
    fn from_number(number: u64) -> Option<Self::Value>;
    /// Whether it is a limit on what is measured, and set.
    fn limits(_: &Self::Resolved) -> bool {
        false
    }
}

/// The longest duration a setting may have.
pub const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The shortest one that is not zero: a tick of the engine. Less is a number without its unit.
pub const SHORTEST: Duration = Duration::from_millis(1);

fn nanos(value: Duration) -> u64 {
    value.as_nanos().try_into().expect("a year at most")
}

/// A duration that is not zero.
#[derive(Debug)]
pub struct Timeout;

impl Kind for Timeout {
    type Value = Duration;
    type Resolved = u64;
    type C = u64;
    const FORM: Form = Form::Timeout;
    const RANGE: &'static CStr = c"a duration from 1 ms to a year (in C in nanoseconds)";
    fn in_range(value: Duration) -> bool {
        (SHORTEST..=LONGEST).contains(&value)
    }
    fn resolve(value: Duration) -> u64 {
        nanos(value)
    }
    fn text(value: Duration) -> String {
        match value.subsec_nanos() {
            0 => format!("{} s", value.as_secs()),
            _ => format!("{} ms", value.as_secs_f64() * 1e3),
        }
    }
    fn number(value: Duration) -> u64 {
        nanos(value)
    }
    fn from_number(number: u64) -> Option<Duration> {
        Some(Duration::from_nanos(number))
    }
}

/// A duration that may be zero.
#[derive(Debug)]
pub struct Wait;

impl Kind for Wait {
    type Value = Duration;
    type Resolved = u64;
    type C = u64;
    const FORM: Form = Form::Wait;
    const RANGE: &'static CStr = c"0, or a duration from 1 ms to a year (in C in nanoseconds)";
    fn in_range(value: Duration) -> bool {
        value.is_zero() || Timeout::in_range(value)
    }
    fn resolve(value: Duration) -> u64 {
        nanos(value)
    }
    fn text(value: Duration) -> String {
        Timeout::text(value)
    }
    fn number(value: Duration) -> u64 {
        nanos(value)
    }
    fn from_number(number: u64) -> Option<Duration> {
        Some(Duration::from_nanos(number))
    }
}

/// A duration from 100 ms to a minute.
#[derive(Debug)]
pub struct Window;

impl Kind for Window {
    type Value = Duration;
    type Resolved = u64;
    type C = u64;
    const FORM: Form = Form::Timeout;
    const RANGE: &'static CStr = c"a duration from 100 ms to a minute (in C in nanoseconds)";
    fn in_range(value: Duration) -> bool {
        (Duration::from_millis(100)..=Duration::from_secs(60)).contains(&value)
    }
    fn resolve(value: Duration) -> u64 {
        nanos(value)
    }
    fn text(value: Duration) -> String {
        Timeout::text(value)
    }
    fn number(value: Duration) -> u64 {
        nanos(value)
    }
    fn from_number(number: u64) -> Option<Duration> {
        Some(Duration::from_nanos(number))
    }
}

/// A duration that is the input's `packet_timeout` as long as it is not set. It may be zero.
#[derive(Debug)]
pub struct Grace;

/// What [`Grace`] is when it is not set. Nothing else may be as long.
pub const AS_PACKET_TIMEOUT: Duration = Duration::from_nanos(u64::MAX);

impl Kind for Grace {
    type Value = Duration;
    type Resolved = Option<u64>;
    type C = u64;
    const FORM: Form = Form::Wait;
    const RANGE: &'static CStr = Wait::RANGE;
    fn in_range(value: Duration) -> bool {
        Wait::in_range(value)
    }
    fn resolve(value: Duration) -> Option<u64> {
        (value != AS_PACKET_TIMEOUT).then(|| nanos(value))
    }
    fn text(value: Duration) -> String {
        match value {
            AS_PACKET_TIMEOUT => "the packet timeout".to_owned(),
            value => Timeout::text(value),
        }
    }
    fn number(value: Duration) -> u64 {
        nanos(value)
    }
    fn from_number(number: u64) -> Option<Duration> {
        Some(Duration::from_nanos(number))
    }
}

/// A whole number.
#[derive(Debug)]
pub struct Number;

impl Kind for Number {
    type Value = u64;
    type Resolved = u64;
    type C = u64;
    const FORM: Form = Form::Number;
    const RANGE: &'static CStr = c"at most 4,294,967,295";
    fn in_range(value: u64) -> bool {
        value <= u32::MAX.into()
    }
    fn resolve(value: u64) -> u64 {
        value
    }
    fn text(value: u64) -> String {
        value.to_string()
    }
    fn number(value: u64) -> u64 {
        value
    }
    fn from_number(number: u64) -> Option<u64> {
        Some(number)
    }
}

/// A whole number from 0 to 100.
#[derive(Debug)]
pub struct Percent;

impl Kind for Percent {
    type Value = u64;
    type Resolved = u64;
    type C = u64;
    const FORM: Form = Form::Percent;
    const RANGE: &'static CStr = c"a percentage, at most 100";
    fn in_range(value: u64) -> bool {
        value <= 100
    }
    fn resolve(value: u64) -> u64 {
        value
    }
    fn text(value: u64) -> String {
        value.to_string()
    }
    fn number(value: u64) -> u64 {
        value
    }
    fn from_number(number: u64) -> Option<u64> {
        Some(number)
    }
}

/// A limit on what is measured of an input; 0: none.
#[derive(Debug)]
pub struct Limit<K>(PhantomData<K>);

/// A whole number that is a limit.
pub type NumberLimit = Limit<Number>;

/// A percentage that is a limit.
pub type PercentLimit = Limit<Percent>;

/// A duration that is a limit.
pub type TimeLimit = Limit<Wait>;

impl<K: Kind<Resolved = u64>> Kind for Limit<K> {
    type Value = K::Value;
    type Resolved = Option<NonZeroU64>;
    type C = K::C;
    const FORM: Form = K::FORM;
    const RANGE: &'static CStr = K::RANGE;
    fn in_range(value: K::Value) -> bool {
        K::in_range(value)
    }
    fn resolve(value: K::Value) -> Option<NonZeroU64> {
        NonZeroU64::new(K::resolve(value))
    }
    fn text(value: K::Value) -> String {
        K::text(value)
    }
    fn number(value: K::Value) -> u64 {
        K::number(value)
    }
    fn from_number(number: u64) -> Option<K::Value> {
        K::from_number(number)
    }
    fn limits(limit: &Option<NonZeroU64>) -> bool {
        limit.is_some()
    }
}

impl<T: Vocabulary> Kind for T {
    type Value = T;
    type Resolved = T;
    type C = i32;
    const FORM: Form = Form::Choice(T::WORDS);
    const RANGE: &'static CStr = c"one of its constants";
    fn in_range(_: T) -> bool {
        true
    }
    fn resolve(value: T) -> T {
        value
    }
    fn text(value: T) -> String {
        T::WORDS.name_of(value.code()).expect("each has a name").to_string_lossy().into_owned()
    }
    fn number(value: T) -> u64 {
        value.code().try_into().expect("no choice is negative")
    }
    fn from_number(number: u64) -> Option<T> {
        T::from_code(number.try_into().ok()?)
    }
}

/// A setting, for the other languages.
#[derive(Clone, Debug)]
pub struct Setting {
    /// In snake case.
    pub name: &'static str,
    /// What it means: lines as in the source.
    pub docs: &'static [&'static str],
    /// What its values are.
    pub form: Form,
    /// The same in words.
    pub range: &'static CStr,
    /// The library's default, for people.
    pub default: String,
    /// Where it may be set.
    pub scope: Scope,
}

macro_rules! table {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kind:ident = $default:expr, $scope:ident $(, $reserved:ident)?;
    )+) => {
        /// Every setting, in the order of `changeover_config`.
        pub fn all_settings() -> Vec<Setting> {
            vec![$(Setting {
                name: stringify!($name),
                docs: &[$($doc),+],
                form: $kind::FORM,
                range: <$kind as Kind>::RANGE,
                default: $kind::text($default),
                scope: Scope::$scope,
            },)+]
        }
    };
}
settings!(table);
