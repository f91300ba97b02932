//! `changeover simulate`: what would be decided by settings that are to be tried, of sources that do as they are
//! told.

use crate::answer::{Answer, Failure};
use crate::fate::{Fared, Fate};
use crate::plot;
use crate::scenario::{Scenario, BEGIN};
use crate::tape::Tape;
use crate::told::Teller;
use crate::words::{seconds, Long};
use changeover::core::Common;
use changeover::trace::Writer;
use changeover::whatif::Run;
use changeover::{printable, Nanos};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// So many decisions are listed for people.
const LISTED: usize = 100;

/// Try settings in virtual time: what would be decided while sources do what a scenario says?
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The scenario, in TOML
    scenario: PathBuf,
    /// Draw it, as `plot` does
    #[arg(short, long, value_name = "FILE.svg")]
    output: Option<PathBuf>,
    /// Write the trace of it, for all that reads traces
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    scenario: String,
    seconds: f64,
    #[serde(flatten)]
    fared: Fared,
    happened: Vec<Happened>,
    #[serde(skip)]
    lasted: Nanos,
}

#[derive(Serialize)]
struct Happened {
    after_seconds: f64,
    what: String,
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Answer, Failure> {
    let name = arguments.scenario.display().to_string();
    let wrong = |why: String| Failure::Usage(format!("{name}: {}", why.trim_end()));
    let text =
        std::fs::read_to_string(&arguments.scenario).map_err(|error| wrong(error.to_string()))?;
    let scenario = Scenario::read(&text).map_err(wrong)?;
    let registration = scenario.registration().map_err(wrong)?;
    let (end, mut common) = (scenario.end(), Common::default());
    let mut writer = Writer::new(BEGIN, SystemTime::now());
    let stream = writer.register(registration, BEGIN, &mut common);
    let stream = stream.map_err(|error| wrong(format!("no stream is like that: {error}")))?;
    let sources = Arc::new(scenario.sources());
    let run = Run::new(stream, common, sources, BEGIN, Some(writer));
    let (outcome, writer) = run.finish(end);
    let trace = writer.map(Writer::into_bytes).unwrap_or_default();
    let mut tape = Tape::of(&name, trace.clone());
    let (mut happened, mut teller) = (Vec::new(), Teller::default());
    while let Some(applied) = tape.next()? {
        let record = applied.map_err(|difference| tape.is_of_another_mind(&difference))?;
        let after_seconds = seconds(tape.at().saturating_sub(BEGIN));
        happened
            .extend(teller.lines(&record).into_iter().map(|what| Happened { after_seconds, what }));
    }
    let fate = Fate::new(&outcome.life, end).with_false(outcome.false_switches);
    let after = |at: Nanos| format!("+{:.3}", seconds(at.saturating_sub(BEGIN)));
    let fared = Fared::new(fate, |outage| outage.told_by(end, after));
    if let Some(path) = &arguments.trace {
        std::fs::write(path, &trace)
            .map_err(|error| Failure::Trouble(format!("{}: {error}", path.display())))?;
    }
    if let Some(path) = &arguments.output {
        plot::draw_all(Tape::of(&name, trace), None, path)?;
    }
    let lasted = end - BEGIN;
    let report = Report { scenario: name, seconds: seconds(lasted), fared, happened, lasted };
    match json {
        true => Ok(Answer::json(&report, true)),
        false => Ok(Answer { text: report.text(), well: true }),
    }
}

impl Report {
    fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.scenario, Long(self.lasted));
        let listed = self.happened.iter().take(LISTED);
        let line = |Happened { after_seconds, what }: &Happened| {
            format!("  +{after_seconds:.3} {}\n", printable(what))
        };
        text.extend(listed.map(line));
        if let Some(more @ 1..) = self.happened.len().checked_sub(LISTED) {
            text += &format!("  and {more} more; --json has all of them\n");
        }
        text + &self.fared.text()
    }
}
