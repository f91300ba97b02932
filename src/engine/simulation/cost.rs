//! What a trace costs, and a shadow: in the monitor, and in the thread that takes the records. The same engine has the
//! same packets with and without them, in turns and by the virtual clock; counted is processor time, without the states
//! of all streams that a record begins with.
//!
//! ```text
//! CHANGEOVER_COST_STREAMS=10000 cargo test --release --lib what_a_trace_costs -- --nocapture
//! ```

use super::number;
use super::plan::MS;
use super::scene::{turn, Scene};
use crate::core::{Config, Nanos};
use crate::engine::recorder::{ends, recorder, Message, Recorded, TraceWriter, Whose};
use crate::hot::simulated;
use crate::trace::{put_beginning, TraceFile, TraceLimits, Urls};
use crate::vocabulary::Silence;
use crate::whatif::Live;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// With the records, and without, in turns.
const WATCHED: Nanos = 1_000 * MS;

/// Everything that has inputs measured, so that nothing comes of it; or nothing.
fn settings(measured: bool) -> Config {
    let far = Duration::from_secs(3600);
    match measured {
        true => Config::new()
            .min_bitrate(1)
            .min_bitrate_of_baseline(50)
            .max_loss(50)
            .min_fps(1)
            .video_timeout(far)
            .audio_timeout(far)
            .impair_after(far)
            .silence(Silence::Adaptive),
        false => Config::new(),
    }
}

/// Who takes what is recorded.
enum Taker {
    Trace(TraceWriter),
    Shadow(Recorded, Option<Box<Live>>),
}

impl Taker {
    fn begin(whose: Whose, path: &Path, scene: &mut Scene) -> Taker {
        let (recorder, taker) = match whose {
            Whose::Trace => {
                let limits = TraceLimits::new();
                let file = TraceFile::create(path, limits.clone()).unwrap();
                let logger = scene.machine.engine.logger.clone();
                let (recorder, writer) = recorder(file, &limits, logger);
                (recorder, Taker::Trace(writer))
            }
            Whose::Shadow => {
                let (recorder, recorded) = ends(Urls::LeftOut);
                (recorder, Taker::Shadow(recorded, None))
            }
        };
        scene.machine.record(whose, Some(recorder));
        taker
    }

    fn take(&mut self) {
        match self {
            Taker::Trace(writer) => writer.take_what_there_is(),
            Taker::Shadow(recorded, live) => {
                while let Some(message) = recorded.next_there_is() {
                    let live = live.get_or_insert_with(|| {
                        let mut beginning = Vec::new();
                        put_beginning(&mut beginning);
                        let halved = Config::new().packet_timeout(Duration::from_secs(1));
                        Box::new(Live::new(halved, None, &beginning))
                    });
                    let heard = match message {
                        Message::Checkpoint(all) => live.hear_states(&all.frames(Urls::LeftOut)),
                        Message::Chunk(mut chunk) => live.hear(chunk.sealed()),
                        Message::End(_) => continue,
                    };
                    heard.unwrap();
                    live.go_on(&mut |trouble| panic!("{trouble}")).unwrap();
                }
            }
        }
    }
}

/// What was found of a second.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    without: Nanos,
    monitor: Nanos,
    taker: Nanos,
    bytes: u64,
}

fn cost(whose: Whose, streams: usize, measured: bool, rounds: usize) -> Vec<Cost> {
    let folder = Place::new();
    let path = folder.0.join("trace");
    let mut scene = Scene::new(streams, &settings(measured));
    let mut costs = Vec::new();
    for _ in 0..rounds {
        let [before, _] = scene.run(WATCHED, &mut || ());
        let mut taker = Taker::begin(whose, &path, &mut scene);
        // The states of all streams; a shadow follows ten seconds behind.
        let begins = if whose == Whose::Shadow { 12_000 * MS } else { 200 * MS };
        scene.run(begins, &mut || taker.take());
        let length = || std::fs::metadata(&path).map_or(0, |file| file.len());
        let length_before = length();
        let [with, taken] = scene.run(WATCHED, &mut || taker.take());
        let bytes = length() - length_before;
        scene.machine.record(whose, None);
        turn(&mut scene.machine);
        drop(taker);
        let [after, _] = scene.run(WATCHED, &mut || ());
        let without = (before + after) / 2;
        costs.push(Cost { without, monitor: with.saturating_sub(without), taker: taken, bytes });
    }
    simulated::end();
    costs
}

#[test]
fn what_a_trace_costs() {
    let streams = number("CHANGEOVER_COST_STREAMS");
    let rounds = if streams.is_some() { 5 } else { 1 };
    let streams = streams.unwrap_or(40) as usize;
    for (whose, measured) in
        [(Whose::Trace, false), (Whose::Trace, true), (Whose::Shadow, false), (Whose::Shadow, true)]
    {
        let costs = cost(whose, streams, measured, rounds);
        let median = |of: fn(&Cost) -> u64| {
            let mut all: Vec<_> = costs.iter().map(of).collect();
            all.sort_unstable();
            all[all.len() / 2]
        };
        let percent = |nanos: Nanos| nanos as f64 / 1e7;
        let all = median(|cost| cost.monitor) + median(|cost| cost.taker);
        let bytes = median(|cost| cost.bytes) / streams as u64;
        // Ten looks at two inputs.
        assert!(bytes <= if measured { 10 * 45 } else { 10 }, "{bytes} bytes of each stream");
        println!(
            "{whose:?}, {streams} streams, measured: {measured}: {:.2} % of a core = monitor {:.2} (besides {:.2}) + its thread {:.2}; \
             {} bytes a second and stream",
            percent(all),
            percent(median(|cost| cost.monitor)),
            percent(median(|cost| cost.without)),
            percent(median(|cost| cost.taker)),
            bytes,
        );
    }
}

/// A folder for a while.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        let name = format!("changeover-cost-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Place(folder)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
