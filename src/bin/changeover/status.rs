//! `changeover status`: how a running engine is. `changeover top`: the same again and again.

use crate::answer::{Answer, Failure};
use crate::client::{Address, Client};
use crate::words::count;
use changeover::printable;
use serde_json::Value;
use std::io::{stdout, ErrorKind, IsTerminal, Write};
use std::time::Duration;

/// How the streams of a running engine are, those in most trouble first.
///
/// Exit code 1: of some, nothing is on air, or the engine has ended by a bug.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    which: Which,
}

/// The status of a running engine, again and again.
#[derive(clap::Args)]
pub(crate) struct TopArguments {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    which: Which,
    /// How long to wait between two answers
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = humantime::parse_duration)]
    every: Duration,
    /// To end after so many answers
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

#[derive(clap::Args)]
struct Which {
    /// Only streams with this in their id
    #[arg(long, value_name = "TEXT", default_value = "")]
    search: String,
    /// How many streams to show
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// The trouble of a stream of which nothing is on air.
const DARK: usize = 4;

pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<Answer, Failure> {
    let client = Client::new(&arguments.address)?;
    ask(&client, &arguments.which, json)
}

/// Ends with its last answer.
pub(crate) fn top(arguments: &TopArguments, json: bool) -> Result<Answer, Failure> {
    let client = Client::new(&arguments.address)?;
    let clear = if stdout().is_terminal() && !json { "\x1b[H\x1b[2J" } else { "" };
    let mut left = arguments.count;
    loop {
        left = left.map(|left| left.saturating_sub(1));
        let answer = match ask(&client, &arguments.which, json) {
            // It may come back.
            Err(failure @ Failure::Trouble(_)) if left != Some(0) => {
                eprintln!("changeover: {failure}");
                None
            }
            answer => Some(answer?),
        };
        if let Some(mut answer) = answer {
            answer.text.insert_str(0, clear);
            if left == Some(0) {
                return Ok(answer);
            }
            let mut out = stdout().lock();
            let written = out.write_all(answer.text.as_bytes()).and_then(|()| out.flush());
            match written {
                // Whoever read it has seen enough.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    return Ok(Answer { text: String::new(), well: answer.well });
                }
                Err(error) => return Err(Failure::Trouble(format!("standard output: {error}"))),
                Ok(()) => {}
            }
        }
        std::thread::sleep(arguments.every);
    }
}

fn ask(client: &Client, which: &Which, json: bool) -> Result<Answer, Failure> {
    let list = client.streams(&which.search, which.limit.into())?;
    let well = list["troubles"][DARK] == 0 && !has_ended(&list);
    match json {
        true => Ok(Answer::json(&list, well)),
        false => Ok(Answer { text: text(&list), well }),
    }
}

/// By a bug: the host still answers.
fn has_ended(list: &Value) -> bool {
    list["engine"]["alive"] == false
}

fn text(list: &Value) -> String {
    let engine = &list["engine"];
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let troubles = |which: usize| number(&list["troubles"][which]);
    let total = number(&list["total"]);
    let mut text = format!(
        "{}: {}, {} in trouble, {} dark; version {}, since {}",
        word(&engine["now"]),
        count(total as usize, "stream", "streams"),
        (1..=DARK).map(troubles).sum::<u64>(),
        troubles(DARK),
        word(&engine["version"]),
        word(&engine["started_at"]),
    );
    match number(&engine["late_ms"]) {
        _ if has_ended(list) => {
            text += "; THE ENGINE HAS ENDED by a bug: nothing is decided any more\n"
        }
        0 => text.push('\n'),
        late => text += &format!("; decisions are {late} ms late\n"),
    }
    let rows = list["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
    text.extend(rows.iter().map(row));
    match total.saturating_sub(rows.len() as u64) {
        0 => text,
        more => text + &format!("and {more} more: --limit, --search\n"),
    }
}

/// A stream, its trouble, its inputs: `*` on air, `!` degraded, `-` stopped.
fn row(row: &Value) -> String {
    let inputs = row["inputs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let inputs = inputs.iter().map(|input| {
        let mark = match (input["on_air"].as_bool(), input["status"].as_str()) {
            (Some(true), _) => "*",
            (_, Some("degraded")) => "!",
            (_, Some("stopped")) => "-",
            _ => "",
        };
        let rate = input["bitrate_kbps"].as_f64().unwrap_or(0.0);
        format!("{}{mark} {rate:.0} kbit/s", input["priority"])
    });
    let inputs = inputs.collect::<Vec<_>>().join(", ");
    let why = match word(&row["why"]) {
        why if why.is_empty() => "well".to_owned(),
        why => why,
    };
    format!("{}: {why} [{inputs}]\n", word(&row["stream"]))
}

fn word(value: &Value) -> String {
    printable(value.as_str().unwrap_or_default()).to_string()
}
