//! `changeover plot`: what was on air, and what each input was, as a picture.

use crate::answer::{Answer, Failure};
use crate::outage::Outage;
use crate::svg::Picture;
use crate::tape::Tape;
use crate::timeline::{Inputs, Shown, Timeline};
use crate::words::{clock, count, time_of_day, way, why};
use changeover::trace::Difference;
use changeover::whatif::{Life, OnAir};
use changeover::{printable, Nanos, Priority, Status};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Draw who was on air and what each input was, with every switch and its reason
///
/// The picture is SVG: point at something in it, and it says what it is.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A trace, as the engine wrote it
    trace: PathBuf,
    /// The file to write
    #[arg(short, long)]
    output: PathBuf,
    /// Only this stream
    #[arg(long)]
    stream: Option<String>,
}

const STYLE: &str = "\
text{font:11px sans-serif;fill:#222}.h{font-weight:bold;font-size:13px}\
.paper{fill:#fff}.tick{stroke:#8886;fill:none}.mark{stroke:#000;stroke-width:1.5;fill:none}\
.dark{fill:#222}.none{fill:#ddd}.idle{fill:#cfd8dc}.runs{fill:#a5d6a7}.active{fill:#2e7d32}\
.impaired{fill:#f9a825}.failed{fill:#c62828}.stopped{fill:#9e9e9e}\
.i0{fill:#1565c0}.i1{fill:#ef6c00}.i2{fill:#6a1b9a}.i3{fill:#00838f}.i4{fill:#ad1457}.i5{fill:#558b2f}\
@media(prefers-color-scheme:dark){.paper{fill:#181818}text{fill:#ddd}.mark{stroke:#fff}.dark{fill:#000}}";

/// So many streams fit into a picture.
const STREAMS: usize = 200;

const LANE: f64 = 12.0;

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Answer, Failure> {
    let Arguments { trace, output, stream } = arguments;
    let Drawn { timeline, difference, drawn, streams } =
        draw_all(Tape::open(trace)?, stream.as_deref(), output)?;
    let well = difference.is_none();
    if json {
        let (from, until) = timeline.span();
        let report = json!({
            "output": output.display().to_string(),
            "drawn": drawn,
            "streams": streams,
            "from": clock(timeline.wall(from)),
            "until": clock(timeline.wall(until)),
            "identical": well,
        });
        return Ok(Answer::json(&report, well));
    }
    let mut text = format!("{}: {}", output.display(), count(drawn, "stream", "streams"));
    if drawn < streams {
        text += &format!(" of {streams}, the first; --stream chooses one");
    }
    if let Some(difference) = difference {
        text += &format!(", up to where this version decides otherwise:\n{difference}");
    }
    Ok(Answer { text: text + "\n", well })
}

/// What was drawn.
pub(crate) struct Drawn {
    timeline: Timeline,
    /// Up to where this version decides otherwise.
    difference: Option<Box<Difference>>,
    drawn: usize,
    /// Of so many.
    streams: usize,
}

/// Draws a trace, or one stream of it.
pub(crate) fn draw_all(
    mut tape: Tape,
    only: Option<&str>,
    output: &Path,
) -> Result<Drawn, Failure> {
    let (mut timeline, mut difference) = (Timeline::default(), None);
    while let Some(applied) = tape.next()? {
        match applied {
            Ok(record) => timeline.note(&record, &tape.replay, tape.at(), tape.wall(tape.at())),
            Err(found) => {
                difference = Some(found);
                break;
            }
        }
    }
    let wanted = |id: &str| only.is_none_or(|stream| *stream == *id);
    let lines: Vec<_> = timeline.streams().filter(|(life, _)| wanted(life.id())).collect();
    if lines.is_empty() {
        return Err(Failure::Usage("there is no such stream in the trace".to_owned()));
    }
    let (from, until) = timeline.span();
    let mut picture = Picture::new(from, until);
    let (streams, drawn) = (lines.len(), lines.len().min(STREAMS));
    for (life, inputs) in &lines[..drawn] {
        draw(&mut picture, &timeline, life, inputs);
    }
    picture.axis(&ticks(&timeline));
    let title = format!("{} to {}", clock(timeline.wall(from)), clock(timeline.wall(until)));
    std::fs::write(output, picture.finish(&title, STYLE))
        .map_err(|error| Failure::Trouble(format!("{}: {error}", output.display())))?;
    Ok(Drawn { timeline, difference, drawn, streams })
}

fn draw(picture: &mut Picture, timeline: &Timeline, life: &Life, inputs: &Inputs) {
    let until = life.until().unwrap_or(timeline.span().1);
    picture.heading(&printable(life.id()).to_string());
    let top = picture.depth();
    let name = |at: Nanos| time_of_day(timeline.wall(at));
    let on_air: Vec<_> = life.on_air().iter().map(|change| (change.at, change.what)).collect();
    let on_air = pieces(&on_air, until, |from, to, input| {
        let (class, what) = match input {
            OnAir::Input(priority) => {
                (format!("i{}", priority.rem_euclid(6)), format!("input {priority} on air"))
            }
            OnAir::Dark => ("dark".to_owned(), "nothing on air".to_owned()),
            OnAir::Unknown => ("none".to_owned(), "not known".to_owned()),
        };
        (class, format!("{what}, {} to {}", name(from), name(to)))
    });
    picture.lane("on air", LANE + 4.0, &on_air);
    for (priority, states) in inputs {
        let lane = pieces(states, until, |from, to, shown| {
            let (class, what) = look(*priority, *shown);
            (class.to_owned(), format!("{what}, {} to {}", name(from), name(to)))
        });
        picture.lane(&format!("input {priority}"), LANE, &lane);
    }
    let height = picture.depth() - top;
    for switch in life.switches() {
        let mut says = format!("{}  {}  {}", name(switch.at), way(switch), why(switch));
        let mut outages = life.outages().iter().map(Outage::from);
        if let Some(outage) = outages.find(|outage| outage.spans(switch.at)) {
            says += &format!("; {}", outage.text(&name(outage.since), until));
        }
        picture.mark(switch.at, height, &says);
    }
}

fn look(priority: Priority, shown: Option<Shown>) -> (&'static str, String) {
    let Some(shown) = shown else { return ("none", format!("input {priority} is not there")) };
    let condition = shown.condition.map_or(String::new(), |reason| format!(", {}", reason.name()));
    let class = match (shown.status, shown.condition, shown.runs) {
        (Status::Degraded, Some(_), _) => "impaired",
        (Status::Degraded, None, _) => "failed",
        (Status::Active, ..) => "active",
        (Status::Stopped, ..) => "stopped",
        (_, _, true) => "runs",
        _ => "idle",
    };
    let runs = if shown.runs { ", running" } else { "" };
    (class, format!("input {priority}: {}{runs}{condition}", shown.status.name()))
}

type Pieces = Vec<(u64, u64, String, String)>;

fn pieces<T>(
    states: &[(Nanos, T)],
    end: Nanos,
    look: impl Fn(Nanos, Nanos, &T) -> (String, String),
) -> Pieces {
    let ends = states.iter().skip(1).map(|(at, _)| *at).chain([end]);
    let piece = |((from, state), until): (&(Nanos, T), Nanos)| {
        let (class, says) = look(*from, until, state);
        (*from, until, class, says)
    };
    states.iter().zip(ends).map(piece).collect()
}

/// About ten, at round times.
fn ticks(timeline: &Timeline) -> Vec<(u64, String)> {
    const SECOND: u64 = 1_000_000_000;
    let (from, until) = timeline.span();
    let steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400, 604_800];
    let fits = |step: &u64| (until - from) / (step * SECOND) <= 10;
    let step = steps.into_iter().find(fits).unwrap_or(2_592_000) * SECOND;
    let unix = timeline.wall(from).duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let into = (unix.as_nanos() % u128::from(step)) as u64;
    let first = if into == 0 { from } else { from + (step - into) };
    let at = (first..=until).step_by(step as usize);
    at.map(|at| (at, time_of_day(timeline.wall(at))[..8].to_owned())).collect()
}
