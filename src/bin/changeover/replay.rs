//! `changeover replay`: whether the same is decided again, and what became of the streams.

use crate::answer::{Answer, Failure};
use crate::fate::{Fared, Fate};
use crate::story::Story;
use crate::tape::{About, Tape};
use crate::whatif;
use crate::words::{clock, count, seconds, Long};
use changeover::trace::{Act, Difference, Summary};
use changeover::{printable, Nanos};
use serde::Serialize;
use std::path::PathBuf;

/// So many streams are listed for people.
const LISTED: usize = 20;

/// Decide again what a trace has recorded: is it the same? And how did the streams fare? Or, with --set:
/// what would have been decided otherwise under other settings?
///
/// Exit code 1: something is decided otherwise; what it is, is told.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A trace, as the engine wrote it
    trace: PathBuf,
    /// Only whether the decisions are the same, not how the streams fared
    #[arg(long, conflicts_with = "set")]
    check: bool,
    /// A setting that is to be another one: for every stream, and in place of what inputs set themselves
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Only this stream
    #[arg(long, value_name = "ID", requires = "set")]
    stream: Option<String>,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    about: About,
    identical: bool,
    decided: u64,
    actions: u64,
    skipped: u64,
    lost: u64,
    difference: Option<Other>,
    #[serde(skip_serializing_if = "Option::is_none")]
    streams: Option<Vec<Fared>>,
}

/// The first decision that is another one.
#[derive(Serialize)]
struct Other {
    at: String,
    after_seconds: f64,
    stream: String,
    told: String,
    recorded: Answered,
    replayed: Answered,
}

#[derive(Serialize)]
struct Answered {
    error: i32,
    actions: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Answer, Failure> {
    if !arguments.set.is_empty() {
        let Arguments { trace, set, stream, .. } = arguments;
        return whatif::run(trace, set, stream.as_deref(), json);
    }
    let mut tape = Tape::open(&arguments.trace)?;
    let (mut story, mut difference) = (Story::default(), None);
    while let Some(applied) = tape.next()? {
        match applied {
            Ok(_) if arguments.check => {}
            Ok(record) => story.observe(&record, &tape.replay, tape.at()),
            Err(found) => {
                difference = Some(Other::new(&found, &tape));
                break;
            }
        }
    }
    let Summary { decided, actions, skipped, lost, .. } = tape.replay.summary();
    let fates = || {
        let mut fates: Vec<_> = story
            .lives
            .values()
            .map(|life| Fate::new(life, tape.at()).by_the_wall(&tape))
            .collect();
        fates.sort_by_key(Fate::worst_first);
        let told = |fate| Fared::new(fate, |outage| outage.told(tape.at(), &tape));
        fates.into_iter().map(told).collect()
    };
    let streams = (!arguments.check && difference.is_none()).then(fates);
    let (about, identical) = (tape.about(), difference.is_none());
    let report = Report { about, identical, decided, actions, skipped, lost, difference, streams };
    drop(tape);
    match json {
        true => Ok(Answer::json(&report, identical)),
        false => Ok(Answer { text: report.text(), well: identical }),
    }
}

impl Other {
    fn new(difference: &Difference, tape: &Tape) -> Other {
        // In full, where the words are the same.
        let said = |acts: &[Act]| acts.iter().map(Act::to_string).collect::<Vec<_>>();
        let in_full = said(&difference.recorded.1) == said(&difference.replayed.1);
        let word = |act: &Act| {
            let text = if in_full { format!("{act:?}") } else { act.to_string() };
            printable(&text).to_string()
        };
        let answered = |(error, acts): &(i32, Vec<Act>)| Answered {
            error: *error,
            actions: acts.iter().map(word).collect(),
        };
        Other {
            at: clock(tape.wall(difference.at)),
            after_seconds: seconds(difference.at.saturating_sub(tape.begin())),
            stream: difference.stream.to_string(),
            told: printable(&difference.told).to_string(),
            recorded: answered(&difference.recorded),
            replayed: answered(&difference.replayed),
        }
    }
}

impl Answered {
    fn text(&self) -> String {
        match (self.error, &self.actions[..]) {
            (0, []) => "nothing to be done".to_owned(),
            (0, actions) => actions.join(", "),
            (error, actions) => [&[format!("error {error}")], actions].concat().join(", "),
        }
    }
}

impl Report {
    fn text(&self) -> String {
        let mut text = self.about.text();
        let lasted = Long((self.about.seconds * 1e9) as Nanos);
        match &self.difference {
            None => {
                let decided = count(self.decided as usize, "decision", "decisions");
                text += &format!("identical: {decided} in {lasted}\n");
            }
            Some(Other { at, after_seconds, stream, told, recorded, replayed }) => {
                let stream = printable(stream);
                text += &format!("different at {at} (+{after_seconds:.3}), after ");
                text += &count(self.decided as usize, "decision", "decisions");
                text += &format!(" that are the same: stream {stream} was told {told}\n");
                text += &format!("  recorded: {}\n", recorded.text());
                text += &format!("  replayed: {}\n", replayed.text());
            }
        }
        if self.lost > 0 {
            text +=
                &format!("  {} were not written\n", count(self.lost as usize, "record", "records"));
        }
        if self.skipped > 0 {
            text += &format!("  {} could not be decided again\n", self.skipped);
        }
        let streams = self.streams.as_deref().unwrap_or_default();
        text.extend(streams.iter().take(LISTED).map(Fared::text));
        if let Some(more @ 1..) = streams.len().checked_sub(LISTED) {
            text += &format!("and {more} more; --json has all of them\n");
        }
        text
    }
}
