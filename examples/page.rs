//! A host whose sources are made up, for a look at the page:
//!
//! ```sh
//! cargo run --features serve --example page -- --streams 100 --every 2000
//! ```
//!
//! Each stream has a primary, a backup that runs, and one that does not. Every so many milliseconds
//! (`--every`) one stream loses the input that is on air: some by an error, some by silence, some by a picture
//! that stands still. What was lost comes back when it is probed. `--http ADDRESS` says where the page is,
//! `--token-file FILE` lets it change things, `--seconds N` ends it.

use changeover::{
    serve, Condition, Config, Engine, EventKind, Flags, Input, Priority, ProbeOutcome, ServeOptions,
};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A packet of each input in so much time.
const PACKETS: Duration = Duration::from_millis(100);

struct Options {
    streams: usize,
    every: Duration,
    http: String,
    token: Option<String>,
    length: Duration,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        streams: 20,
        every: Duration::from_secs(5),
        http: "127.0.0.1:9180".into(),
        token: None,
        length: Duration::MAX,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--streams" => options.streams = value.parse()?,
            "--every" => options.every = Duration::from_millis(value.parse()?),
            "--http" => options.http = value,
            "--token-file" => {
                options.token = Some(std::fs::read_to_string(value)?.trim().to_owned())
            }
            "--seconds" => options.length = Duration::from_secs(value.parse()?),
            _ => return Err(format!("no such option: {name}").into()),
        }
    }
    Ok(options)
}

/// Ids as they may be: any text.
fn id(number: usize) -> String {
    match number {
        0 => "<b>bold</b> & \"quoted\"".into(),
        1 => "Zürich/Studio 1?#%2f".into(),
        _ => format!("channel-{number:05}"),
    }
}

/// Which inputs deliver, and those that the host has made fall silent.
type Running = Mutex<HashMap<(Arc<str>, Priority), bool>>;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let engine = Arc::new(Engine::new()?);
    let mut serving = ServeOptions::default();
    serving.site.token = options.token.clone();
    let server = serve(&engine, &options.http, serving)?;
    println!("http://{}/", server.address());

    let config = Config::new().packet_timeout(Duration::from_millis(500));
    for number in 0..options.streams {
        let input = |priority: Priority, from: &str| {
            Input::new(
                priority,
                format!("srt://user:secret@{from}.example:{}", 9000 + number % 900),
            )
        };
        let inputs = vec![input(0, "primary").hot(), input(1, "backup").hot(), input(2, "slate")];
        engine.register(&id(number), "", inputs, config.clone())?;
    }

    let running = Running::default();
    let end = Instant::now().checked_add(options.length);
    let over = || end.is_some_and(|end| Instant::now() >= end);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !over() {
                deliver(&engine, &running);
                std::thread::sleep(PACKETS);
            }
        });
        threads.spawn(|| {
            for turn in 0.. {
                std::thread::sleep(options.every);
                if over() {
                    break;
                }
                fail(&engine, &running, &id(turn % options.streams.max(1)), turn);
            }
        });
        while !over() {
            if let Some(event) = engine.next_event(Duration::from_millis(100))? {
                carry_out(&engine, &running, event)?;
            }
        }
        Ok::<_, changeover::Error>(())
    })?;
    Ok(())
}

fn carry_out(
    engine: &Engine,
    running: &Running,
    event: changeover::Event,
) -> Result<(), changeover::Error> {
    let stream = event.stream;
    match event.kind {
        EventKind::Start(start) => {
            running.lock().unwrap().insert((stream, start.input.priority), true);
        }
        EventKind::Stop(stop) => {
            running.lock().unwrap().remove(&(stream, stop.priority));
        }
        EventKind::Probe(probe) => {
            // Refused where it is not wanted any more.
            let _ = engine.probe_result(&stream, probe.probe, ProbeOutcome::Ok);
        }
        _ => {}
    }
    Ok(())
}

/// A packet of each input that delivers. What it says of them may be over, then it is refused.
fn deliver(engine: &Engine, running: &Running) {
    for ((stream, priority), _) in running.lock().unwrap().iter().filter(|(_, delivers)| **delivers)
    {
        let bytes = 50_000 / (*priority as u32 + 1);
        let _ = engine.record_packet(stream, *priority, bytes, Flags::VIDEO | Flags::KEY);
    }
}

/// Has a stream lose the input on air, in one way or another; or has what was lost come back.
fn fail(engine: &Engine, running: &Running, stream: &str, turn: usize) {
    let Ok(status) = engine.runtime_status(stream) else {
        return;
    };
    let active = status.active_input_priority;
    let _ = match turn % 3 {
        0 => engine.report_input_error(
            stream,
            active,
            "rtmp://user:secret@cdn.example/live/key: <script>alert(1)</script> refused",
        ),
        1 => {
            if let Some(delivers) = running.lock().unwrap().get_mut(&(Arc::from(stream), active)) {
                *delivers = false;
            }
            Ok(())
        }
        _ => {
            let frozen = status.inputs.iter().find(|input| !input.conditions.is_empty());
            let (input, holds) =
                frozen.map_or((active, true), |input| (input.input_priority, false));
            engine.set_condition(stream, input, 0, Condition::Frozen, holds, "the picture <stands>")
        }
    };
}
