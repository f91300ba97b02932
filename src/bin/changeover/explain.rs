//! `changeover explain`: why this was on air then.

use crate::answer::{Answer, Failure};
use crate::story::{OnAir, Story};
use crate::tape::{Tape, When};
use crate::told::lines;
use crate::words::{clock, seconds, Long};
use changeover::core::{Stream, Switch};
use changeover::{printable, InputHealth, Nanos, Priority};
use serde::Serialize;
use std::collections::VecDeque;
use std::path::PathBuf;

/// What was on air at a time, and why? And how were the inputs?
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A trace, as the engine wrote it
    trace: PathBuf,
    /// The id of the stream
    stream: String,
    /// When: 2026-11-27T03:12:44Z, or +SECONDS from the beginning of the trace
    time: When,
    /// How much of what happened before is told
    #[arg(long, default_value_t = 10, value_name = "N")]
    last: usize,
}

#[derive(Serialize)]
struct Explained {
    stream: String,
    at: String,
    after_seconds: f64,
    /// What delivered, since when.
    on_air: Option<Priority>,
    on_air_since: String,
    /// What was chosen, whether it delivered or not.
    active: Option<Priority>,
    by_hand: Option<Priority>,
    exhausted: bool,
    switch: Option<Why>,
    inputs: Vec<Health>,
    before: Vec<Happened>,
    #[serde(skip)]
    lasted: Nanos,
    #[serde(skip)]
    switched_before: Nanos,
}

/// The switch that made it so.
#[derive(Serialize)]
struct Why {
    at: String,
    from: Option<Priority>,
    to: Priority,
    number: u64,
    reason: &'static str,
    detail: String,
    detection_seconds: Option<f64>,
    decision_seconds: Option<f64>,
    commit_seconds: Option<f64>,
    passed_over: String,
}

#[derive(Serialize)]
struct Health {
    priority: Priority,
    status: &'static str,
    since: String,
    disabled: bool,
    conditions: Vec<Trouble>,
    /// Why it was given up.
    last_error: Option<Trouble>,
    held_until: Option<String>,
}

#[derive(Serialize)]
struct Trouble {
    reason: &'static str,
    since: String,
    detail: String,
}

#[derive(Clone, Serialize)]
struct Happened {
    at: String,
    what: String,
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Answer, Failure> {
    let Arguments { trace, stream: id, time, last } = arguments;
    let mut tape = Tape::open(trace)?.until(*time);
    let (mut story, mut before) = (Story::default(), VecDeque::new());
    while let Some(applied) = tape.next()? {
        let record = applied.map_err(|difference| tape.is_of_another_mind(&difference))?;
        story.observe(&record, &tape.replay, tape.at());
        if story.life_of(&record).is_some_and(|life| &*life.id == id) {
            let at = clock(tape.wall(tape.at()));
            before.extend(lines(&record).into_iter().map(|what| Happened { at: at.clone(), what }));
            before.drain(..before.len().saturating_sub(*last));
        }
    }
    let now = tape.engine_time(*time);
    if now < tape.begin() {
        let began = clock(tape.wall(tape.begin()));
        return Err(Failure::Usage(format!(
            "{} begins later, at {began}; what was before may be in {}.1",
            trace.display(),
            trace.display()
        )));
    }
    let Some(stream) = tape.replay.streams().find(|stream| &**stream.id() == id) else {
        let at = clock(tape.wall(now));
        return Err(Failure::Usage(format!("there was no stream {} at {at}", printable(id))));
    };
    let explained = Explained::new(stream, now, &tape, &story, before.into());
    drop(tape);
    match json {
        true => Ok(Answer::json(&explained, true)),
        false => Ok(Answer { text: explained.text(), well: true }),
    }
}

impl Explained {
    fn new(
        stream: &Stream,
        now: Nanos,
        tape: &Tape,
        story: &Story,
        before: Vec<Happened>,
    ) -> Explained {
        let wall = |at| clock(tape.wall(at));
        let life = &story.lives[&stream.registration()];
        let (what, since) = life.last();
        let switch = stream.switches().last();
        Explained {
            stream: stream.id().to_string(),
            at: wall(now),
            after_seconds: seconds(now - tape.begin()),
            on_air: match what {
                OnAir::Input(priority) => Some(priority),
                _ => None,
            },
            on_air_since: wall(since),
            active: stream.active(),
            by_hand: stream.override_input(),
            exhausted: stream.exhausted(),
            switched_before: switch.as_ref().map_or(0, |switch| now.saturating_sub(switch.at)),
            switch: switch.map(|switch| Why::new(&switch, tape)),
            inputs: stream
                .inputs()
                .iter()
                .map(|input| Health::new(input, stream.held_until(input.priority(), now), tape))
                .collect(),
            before,
            lasted: now.saturating_sub(since),
        }
    }

    fn text(&self) -> String {
        let (stream, lasted) = (printable(&self.stream), Long(self.lasted));
        let mut text = format!("{stream} at {} (+{:.3}): ", self.at, self.after_seconds);
        text += &match (self.on_air, self.active) {
            (Some(input), _) => format!("input {input} was on air, for {lasted}"),
            (None, Some(input)) => {
                format!("nothing was on air, for {lasted}; input {input} was awaited")
            }
            (None, None) => format!("nothing was on air, for {lasted}"),
        };
        if self.exhausted {
            text += "; no usable input was left";
        }
        if let Some(input) = self.by_hand {
            text += &format!("; input {input} was chosen by hand");
        }
        text.push('\n');
        if let Some(switch) = &self.switch {
            text += &format!("why: {}, {} before\n", switch.text(), Long(self.switched_before));
            if !switch.passed_over.is_empty() {
                text += &format!("  passed over: {}\n", switch.passed_over);
            }
        }
        text += "inputs then:\n";
        text.extend(self.inputs.iter().map(Health::text));
        if !self.before.is_empty() {
            text += "what happened before:\n";
        }
        text.extend(self.before.iter().map(|Happened { at, what }| format!("  {at} {what}\n")));
        text
    }
}

impl Why {
    fn new(switch: &Switch, tape: &Tape) -> Why {
        let times = switch.times;
        Why {
            at: clock(tape.wall(switch.at)),
            from: switch.from,
            to: switch.to,
            number: switch.number,
            reason: switch.reason.name(),
            detail: printable(&switch.detail.text()).to_string(),
            detection_seconds: times.detection.map(seconds),
            decision_seconds: times.decision.map(seconds),
            commit_seconds: times.commit.map(seconds),
            passed_over: printable(&switch.passed_over.text()).to_string(),
        }
    }

    fn text(&self) -> String {
        let from = self.from.map_or("none".to_owned(), |from| from.to_string());
        let mut text =
            format!("switched {from} -> {} #{} reason {}", self.to, self.number, self.reason);
        if !self.detail.is_empty() {
            text += &format!(" ({})", self.detail);
        }
        text + " at " + &self.at
    }
}

impl Health {
    fn new(input: &InputHealth, held: Option<Nanos>, tape: &Tape) -> Health {
        let trouble = |reason: changeover::Reason, at, detail: &changeover::Detail| Trouble {
            reason: reason.name(),
            since: clock(tape.wall(at)),
            detail: printable(&detail.text()).to_string(),
        };
        Health {
            priority: input.priority(),
            status: input.status().name(),
            since: clock(tape.wall(input.state_since())),
            disabled: input.disabled(),
            conditions: input
                .conditions()
                .map(|held| trouble(held.condition, held.since, &held.evidence))
                .collect(),
            last_error: input.errors().last().map(|e| trouble(e.reason, e.at, &e.detail)),
            held_until: held.map(|at| clock(tape.wall(at))),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("  {} {} since {}", self.priority, self.status, self.since);
        if self.disabled {
            text += ", disabled";
        }
        for condition in &self.conditions {
            text += &format!("; {}", condition.text());
        }
        if let Some(error) = &self.last_error {
            text += &format!("; given up: {}", error.text());
        }
        if let Some(until) = &self.held_until {
            text += &format!("; held until {until}");
        }
        text + "\n"
    }
}

impl Trouble {
    fn text(&self) -> String {
        let Trouble { reason, since, detail } = self;
        match detail.is_empty() {
            true => format!("{reason} at {since}"),
            false => format!("{reason} ({detail}) at {since}"),
        }
    }
}
