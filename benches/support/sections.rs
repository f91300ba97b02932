//! Each part of a bench in a process of its own, so that none finds the memory, the threads or
//! the caches of another; and each with a time after which it is given up.

use super::bar::Figure;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::time::{Duration, Instant};

/// A part of a bench.
pub struct Section {
    pub name: &'static str,
    pub limit: Duration,
    /// Shows its figures as it has them.
    pub measure: fn(Effort, Show<'_>),
}

pub type Show<'a> = &'a mut dyn FnMut(Vec<Figure>);

pub const fn section(name: &'static str, seconds: u64, measure: fn(Effort, Show<'_>)) -> Section {
    Section { name, limit: Duration::from_secs(seconds), measure }
}

/// How often to repeat what can be repeated.
#[derive(Clone, Copy)]
pub struct Effort(pub usize);

impl Effort {
    pub fn rounds(self, rounds: usize) -> usize {
        // Odd, for the median.
        (rounds * self.0) | 1
    }
}

const CHILD: &str = "--section=";

/// The main function of a bench that consists of sections. Arguments: `--json=FILE` also writes
/// the figures there, a line each; `--thorough` takes three times the rounds; names choose
/// sections. It ends within `limit` (three times that, if thorough).
pub fn run(title: &str, sections: &[Section], limit: Duration) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let effort = Effort(if arguments.iter().any(|a| a == "--thorough") { 3 } else { 1 });
    if let Some(name) = arguments.iter().find_map(|a| a.strip_prefix(CHILD)) {
        let section = sections.iter().find(|section| section.name == name);
        (section.expect("a name the parent knows").measure)(effort, &mut print_lines);
        // Not through the end of `main`: nobody waits for what is left to be taken apart.
        std::process::exit(0);
    }
    let limit = limit * effort.0 as u32;
    let names: Vec<_> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    let chosen = |section: &&Section| names.is_empty() || names.iter().any(|n| *n == section.name);
    let json = arguments.iter().find_map(|a| a.strip_prefix("--json="));
    let mut json = json.map(|path| std::fs::File::create(path).expect("a file to write to"));
    println!("{title}: {}", super::machine::describe());
    let began = Instant::now();
    let (mut shown, mut short) = (0, 0);
    for section in sections.iter().filter(chosen) {
        let show = |figure: &Figure, line: &str| {
            println!("{figure}");
            shown += 1;
            short += usize::from(figure.is_short());
            if let Some(file) = &mut json {
                writeln!(file, "{line}").expect("space on the disk");
            }
        };
        let left = limit.saturating_sub(began.elapsed());
        let left = left.min(section.limit * effort.0 as u32);
        if let Err(why) = run_child(section, left, &arguments, show) {
            println!("{:<52} {:>12}  {:<7} short  {why}", section.name, "none", "");
            short += 1;
        }
    }
    println!("{title}: {shown} figures, {short} short, {:.0?}", began.elapsed());
    ExitCode::from(u8::from(short > 0))
}

fn print_lines(figures: Vec<Figure>) {
    for figure in figures {
        println!("{}", serde_json::to_string(&figure).expect("numbers and strings"));
    }
}

/// Runs one section, shows its figures as they come; says why if it did not end well.
fn run_child(
    section: &Section,
    limit: Duration,
    arguments: &[String],
    mut show: impl FnMut(&Figure, &str),
) -> Result<(), String> {
    let program = std::env::current_exe().expect("a path to this program");
    let mut child = Command::new(program)
        .args(arguments)
        .arg(format!("{CHILD}{}", section.name))
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // The receiver gave up.
            let _ = sender.send(line);
        }
    });
    let deadline = Instant::now() + limit;
    loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(figure) => show(&figure, &line),
                Err(_) => println!("{line}"),
            },
            Err(RecvTimeoutError::Timeout) => return Err(give_up(&mut child, limit)),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("it ended with {status}"))
    }
}

fn give_up(child: &mut Child, limit: Duration) -> String {
    // Either fails only if it has just ended.
    let _ = child.kill();
    let _ = child.wait();
    format!("not all measured in {limit:.0?}")
}
