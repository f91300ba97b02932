//! The program `changeover`: what a trace says, and what a running engine does. `docs/changeover.md` is its
//! manual. It uses what the library has for everybody, and nothing else.
//!
//! | file | job |
//! |---|---|
//! | `answer.rs` | what a command answers, and how it fails |
//! | `client.rs` | asking an engine over HTTP |
//! | `clocks.rs` | which wall clock time an engine time was |
//! | `explain.rs` | `changeover explain` |
//! | `fate.rs` | how a stream fared, in a few numbers |
//! | `outage.rs` | when viewers of a stream were without |
//! | `plot.rs`, `svg.rs` | `changeover plot`; how such a picture is written |
//! | `replay.rs` | `changeover replay` |
//! | `scenario.rs` | a scenario, as its file has it |
//! | `simulate.rs` | `changeover simulate` |
//! | `status.rs` | `changeover status`, and `changeover top`: the same again and again |
//! | `story.rs` | what became of each stream of a trace |
//! | `tape.rs` | a trace from its beginning to its end, decided again |
//! | `timeline.rs` | what each input was at each moment, beside the story of its stream |
//! | `told.rs` | what happened to a stream, in a few words |
//! | `whatif.rs` | `changeover replay --set`: what would have been decided otherwise |
//! | `words.rs` | times and durations as people read them |

mod answer;
mod client;
mod clocks;
mod explain;
mod fate;
mod outage;
mod plot;
mod replay;
mod scenario;
mod simulate;
mod status;
mod story;
mod svg;
mod tape;
mod timeline;
mod told;
mod whatif;
mod words;

use clap::{Parser, Subcommand};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Asks engines of changeover, which does input failover, how they are, and reads their traces.
///
/// Exit codes: 0 all is well, 1 a difference or trouble was found, 2 wrong usage.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Explain(explain::Arguments),
    Plot(plot::Arguments),
    Replay(replay::Arguments),
    Simulate(simulate::Arguments),
    Status(status::Arguments),
    Top(status::TopArguments),
}

fn main() -> ExitCode {
    let Arguments { json, command } = Arguments::parse();
    let answered = match command {
        Command::Explain(arguments) => explain::run(&arguments, json),
        Command::Plot(arguments) => plot::run(&arguments, json),
        Command::Replay(arguments) => replay::run(&arguments, json),
        Command::Simulate(arguments) => simulate::run(&arguments, json),
        Command::Status(arguments) => status::run(&arguments, json),
        Command::Top(arguments) => status::top(&arguments, json),
    };
    let answer = match answered {
        Ok(answer) => answer,
        Err(failure) => {
            eprintln!("changeover: {failure}");
            return failure.code();
        }
    };
    match std::io::stdout().lock().write_all(answer.text.as_bytes()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("changeover: standard output: {error}");
            ExitCode::FAILURE
        }
        _ => answer.code(),
    }
}
