//! `changeover explain`: why this was on air then.

use crate::answer::{Answer, Failure};
use crate::outage::{Outage, Without};
use crate::story::{registration_of, Story};
use crate::tape::{Tape, When};
use crate::told::Teller;
use crate::words::{clock, seconds, Long};
use changeover::core::{Stream, Switch};
use changeover::whatif::{Life, OnAir};
use changeover::{printable, InputHealth, Nanos, Priority, Severity};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

/// So many streams are named where the one that is asked for is not there.
const STREAMS: usize = 10;

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
    #[arg(long, default_value_t = 20, value_name = "N")]
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
    /// When viewers were without: now, or the last time.
    without: Option<Without>,
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
    /// Viewers saw nothing of it but another picture.
    seamless: bool,
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
    /// It failed often and has to prove itself.
    held_until: Option<String>,
    /// It is switched to then, if nothing changes until then.
    switch_due: Option<String>,
    /// It is tried again then.
    next_attempt: Option<String>,
    /// It is returned to when it has been well for so long.
    returned_to_after_seconds: Option<f64>,
    #[serde(skip)]
    returned_to_after: Option<Nanos>,
}

#[derive(Serialize)]
struct Trouble {
    reason: &'static str,
    since: String,
    detail: String,
}

#[derive(Serialize)]
struct Happened {
    at: String,
    what: String,
}

enum What {
    Said(String),
    /// It ended.
    Over(Outage),
}

impl Happened {
    fn new(at: Nanos, what: What, tape: &Tape) -> Happened {
        let what = match what {
            What::Said(what) => what,
            What::Over(outage) => outage.told(at, tape).text(),
        };
        Happened { at: clock(tape.wall(at)), what }
    }
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Answer, Failure> {
    let Arguments { trace, stream: id, time, last } = arguments;
    let mut tape = Tape::open(trace)?.until(*time);
    let (mut story, mut before) = (Story::default(), VecDeque::new());
    let (mut teller, mut ended) = (Teller::default(), BTreeMap::new());
    while let Some(applied) = tape.next()? {
        let record = applied.map_err(|difference| tape.is_of_another_mind(&difference))?;
        story.observe(&record, &tape.replay, tape.at());
        let told = teller.lines(&record);
        let Some(life) = story.life_of(&record).filter(|life| **life.id() == *id) else { continue };
        // Where an outage ends, it is said how long it was.
        let known = ended.insert(registration_of(&record), life.ended_outages().len());
        let over =
            life.ended_outages().iter().skip(known.unwrap_or(0)).map(Outage::from).map(What::Over);
        let told = told.into_iter().map(What::Said).chain(over);
        before.extend(told.map(|what| (tape.at(), what)));
        before.drain(..before.len().saturating_sub(*last));
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
        return Err(Failure::Usage(not_there(id, now, &tape, &story)));
    };
    // Only now it is known how times are told.
    let before = before.into_iter().map(|(at, what)| Happened::new(at, what, &tape)).collect();
    let explained = Explained::new(stream, now, &tape, &story, before);
    drop(tape);
    match json {
        true => Ok(Answer::json(&explained, true)),
        false => Ok(Answer { text: explained.text(), well: true }),
    }
}

/// When it was, or which there were.
fn not_there(id: &str, now: Nanos, tape: &Tape, story: &Story) -> String {
    let wall = |at| clock(tape.wall(at));
    let mut text = format!("there was no stream {} at {}", printable(id), wall(now));
    let lives = || story.lives.values().rev();
    if let Some(until) = lives().find(|life| **life.id() == *id).and_then(|life| life.until()) {
        return text + &format!("; it was there until {}", wall(until));
    }
    for (place, life) in lives().take(STREAMS).enumerate() {
        text +=
            &format!("{} {}", if place == 0 { "; there was" } else { "," }, printable(life.id()));
    }
    text
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
            switch: switch.map(|switch| Why::new(&switch, life, tape)),
            without: life.outages().last().map(|outage| Outage::from(outage).told(now, tape)),
            inputs: stream
                .inputs()
                .iter()
                .map(|input| Health::new(input, stream, now, tape))
                .collect(),
            before,
            lasted: now.saturating_sub(since),
        }
    }

    fn text(&self) -> String {
        let (stream, lasted) = (printable(&self.stream), Long(self.lasted));
        let mut text = format!("{stream} at {} (+{:.3}): ", self.at, self.after_seconds);
        let now = self.without.as_ref().filter(|outage| outage.lasts());
        text += &match (self.on_air, now) {
            (Some(input), _) => format!("input {input} was on air, for {lasted}"),
            (None, Some(outage)) => outage.text(),
            (None, None) => format!("nothing was on air, for {lasted}"),
        };
        if let (None, Some(input)) = (self.on_air, self.active) {
            text += &format!("; input {input} was awaited");
        }
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
        text += &match (&self.without, &self.switch) {
            (Some(outage), Some(Why { seamless: true, .. })) if !outage.lasts() => {
                format!("viewers: without a gap then; the last time {}\n", outage.in_full())
            }
            (Some(outage), _) => format!("viewers: {}\n", outage.in_full()),
            (None, _) => "viewers: never without a picture\n".to_owned(),
        };
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
    fn new(switch: &Switch, life: &Life, tape: &Tape) -> Why {
        let times = switch.times;
        let outages: Vec<_> = life.outages().iter().map(Outage::from).collect();
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
            seamless: switch.from.is_some() && !outages.iter().any(|one| one.spans(switch.at)),
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
    fn new(input: &InputHealth, stream: &Stream, now: Nanos, tape: &Tape) -> Health {
        let priority = input.priority();
        let wall = |at: Nanos| clock(tape.wall(at));
        let failed = input.severity() == Some(Severity::Failed);
        let error = input.errors().last().filter(|_| failed);
        let trouble = |reason: changeover::Reason, at, detail: &changeover::Detail| Trouble {
            reason: reason.name(),
            since: clock(tape.wall(at)),
            detail: printable(&detail.text()).to_string(),
        };
        let returned_to_after = stream.returned_to_after(priority);
        Health {
            priority: input.priority(),
            status: match input.severity() {
                Some(Severity::Impaired) => Severity::Impaired.name(),
                _ => input.status().name(),
            },
            since: clock(tape.wall(input.state_since())),
            disabled: input.disabled(),
            conditions: input
                .conditions()
                .map(|held| trouble(held.condition, held.since, &held.evidence))
                .collect(),
            last_error: error.map(|error| trouble(error.reason, error.at, &error.detail)),
            held_until: stream.held_until(priority, now).map(wall),
            switch_due: stream.switch_due_at(priority).map(wall),
            next_attempt: stream.next_attempt_at(priority).map(wall),
            returned_to_after_seconds: returned_to_after.map(seconds),
            returned_to_after,
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
            text += &format!("; held until {until}, because it failed often");
        }
        if let Some(at) = &self.switch_due {
            text += &format!("; switched to at {at} if it stays well");
        }
        if let Some(at) = &self.next_attempt {
            text += &format!("; tried again at {at}");
        }
        if let Some(after) = self.returned_to_after {
            text += &format!("; returned to once it has been well for {}", Long(after));
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
