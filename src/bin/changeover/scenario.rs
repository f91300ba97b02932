//! A scenario: a stream with its settings, and what its sources do when. It is TOML; `docs/changeover.md` says what
//! it may have.

use changeover::core::Registration;
use changeover::whatif::{Rate, Silence, Source, Sources, Spans, Started};
use changeover::{Config, Input, Nanos, Priority};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The engine time at which a scenario begins: any but 0, which stands for never.
pub(crate) const BEGIN: Nanos = 1_000_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    #[serde(default = "stream")]
    stream: String,
    /// How long it takes.
    #[serde(deserialize_with = "duration")]
    lasts: Nanos,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    input: Vec<InputPart>,
}

fn stream() -> String {
    "stream".to_owned()
}

/// Of a setting: what stands for it where settings are named.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    Number(u64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputPart {
    priority: Priority,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    /// From a start to the first packet.
    #[serde(default = "quickly", deserialize_with = "duration")]
    starts_after: Nanos,
    #[serde(default)]
    delivers: Amount,
    #[serde(default)]
    then: Vec<Then>,
}

fn quickly() -> Nanos {
    100_000_000
}

/// How much it delivers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Amount {
    kbps: f64,
    fps: f64,
    /// In percent.
    loss: f64,
}

impl Default for Amount {
    fn default() -> Amount {
        Amount { kbps: 4000.0, fps: 25.0, loss: 0.0 }
    }
}

/// What a source does from then on, until it does something else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Then {
    #[serde(deserialize_with = "duration")]
    at: Nanos,
    does: Deed,
    /// How often, and for how long each time: to flap, and to pause.
    #[serde(default, deserialize_with = "some_duration")]
    every: Option<Nanos>,
    #[serde(default, deserialize_with = "some_duration")]
    pause: Option<Nanos>,
    /// How much it delivers.
    delivers: Option<Amount>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deed {
    /// It delivers without a break.
    Deliver,
    /// It delivers nothing; what is started waits.
    Die,
    /// It delivers nothing, and no start succeeds.
    Refuse,
    /// It dies again and again, for so long each time.
    Flap,
    /// It goes on delivering, but with gaps.
    Pause,
}

fn duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Nanos, D::Error> {
    let text = String::deserialize(from)?;
    let read = match &*text {
        "0" => Some(Duration::ZERO),
        text => humantime::parse_duration(text).ok(),
    };
    let nanos = read.and_then(|long| Nanos::try_from(long.as_nanos()).ok());
    let nanos = nanos.filter(|nanos| *nanos <= 366 * 86_400_000_000_000);
    nanos.ok_or_else(|| {
        serde::de::Error::custom(format!("{text} is no duration with its unit, e.g. 300ms"))
    })
}

fn some_duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Nanos>, D::Error> {
    duration(from).map(Some)
}

impl Scenario {
    /// # Errors
    /// What is wrong with it, for whoever wrote it.
    pub(crate) fn read(text: &str) -> Result<Scenario, String> {
        let scenario: Scenario = toml::from_str(text).map_err(|error| error.to_string())?;
        for input in &scenario.input {
            let whose = format!("input {}", input.priority);
            let mut before = 0;
            for then in &input.then {
                if then.at < before {
                    return Err(format!("{whose}: what it does is not in the order of time"));
                }
                before = then.at;
                let repeats = matches!(then.does, Deed::Flap | Deed::Pause);
                match (then.every, then.pause) {
                    (Some(every), Some(pause)) if repeats && 0 < pause && pause < every => {}
                    (None, None) if !repeats => {}
                    _ if repeats => {
                        return Err(format!(
                            "{whose}: to flap or to pause takes every and pause, which is shorter"
                        ));
                    }
                    _ => return Err(format!("{whose}: every and pause are to flap or to pause")),
                }
            }
        }
        Ok(scenario)
    }

    /// When it ends, in engine time.
    pub(crate) fn end(&self) -> Nanos {
        BEGIN + self.lasts
    }

    /// What the stream is registered with.
    ///
    /// # Errors
    /// A setting there is not.
    pub(crate) fn registration(&self) -> Result<Registration, String> {
        let input = |part: &InputPart| {
            let config =
                config(&part.settings).map_err(|why| format!("input {}: {why}", part.priority));
            Ok(Input::new(part.priority, "").config(config?))
        };
        let inputs = self.input.iter().map(input).collect::<Result<_, String>>()?;
        let config = config(&self.settings)?;
        let id = self.stream.as_str().into();
        Ok(Registration { id, number: 1, inputs, config, ..Registration::default() })
    }

    pub(crate) fn sources(&self) -> Sources {
        let of = |part: &InputPart| (part.priority, part.source(self.end()));
        self.input.iter().map(of).collect()
    }
}

/// # Errors
/// A setting there is not.
fn config(settings: &BTreeMap<String, Value>) -> Result<Config, String> {
    let mut config = Config::new();
    for (name, value) in settings {
        let set = match value {
            Value::Number(number) => config.set(name, &number.to_string()),
            Value::Text(text) => config.set(name, text),
        };
        set.map_err(|error| error.to_string())?;
    }
    Ok(config)
}

impl InputPart {
    fn source(&self, end: Nanos) -> Source {
        let mut source = Source::default();
        let (mut starts, mut rates) = (Vec::new(), Vec::new());
        let begins = || Started::Delivers { after: self.starts_after };
        let rate = |Amount { kbps, fps, loss }: Amount| Rate { kbps, fps, loss };
        starts.push((0, begins()));
        rates.push((0, rate(self.delivers)));
        for (at, then) in self.then.iter().enumerate() {
            let from = BEGIN + then.at;
            let until = self.then.get(at + 1).map_or(Nanos::MAX, |next| BEGIN + next.at);
            starts.push(match then.does {
                Deed::Refuse => {
                    let text = "connection refused".to_owned();
                    (from, Started::Fails { after: 1_000_000, text })
                }
                _ => (from, begins()),
            });
            rates.extend(then.delivers.map(|amount| (from, rate(amount))));
            match (then.does, then.every.zip(then.pause)) {
                (Deed::Die | Deed::Refuse, _) => be_silent(&mut source, from, until, true),
                (deed, Some((every, pause))) => {
                    let begins = (from..until.min(end)).step_by(every as usize);
                    begins.for_each(|at| {
                        let end = (at + pause).min(until);
                        be_silent(&mut source, at, end, deed == Deed::Flap);
                    });
                }
                _ => {}
            }
        }
        (source.starts, source.rates) = (Spans::new(starts), Spans::new(rates));
        source
    }
}

fn be_silent(source: &mut Source, from: Nanos, until: Nanos, failed: bool) {
    match source.silences.last_mut() {
        // One after the other is one.
        Some(last) if last.until >= from => {
            (last.until, last.failed) = (until, last.failed || failed);
        }
        _ => source.silences.push(Silence { from, until, failed }),
    }
}
