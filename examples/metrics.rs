//! A scrape of an engine whose inputs have failed in several ways, as a host would serve it: `cargo run
//! --example metrics`. With `--each`, each stream and each input has series of its own.

use changeover::{Condition, Config, Engine, Flags, Input, MetricsOptions, ProbeOutcome};
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let each = std::env::args().any(|argument| argument == "--each");
    let engine = Engine::builder()
        .defaults(Config::new().packet_timeout(Duration::from_millis(50)))
        .event_limit(4)
        .build()?;
    let ids = ["news", "sports \"live\"", "back\\slash", "two\nlines", "Żółć"];
    for id in ids {
        let inputs = (0..3).map(|n| Input::new(n, format!("srt://backup-{n}:9000?passphrase=no")));
        // One of them stays on air.
        let patient = Config::new().packet_timeout(Duration::from_secs(60));
        let config = if id == "back\\slash" { patient } else { Config::new() };
        engine.register(id, "", inputs.map(Input::hot).collect(), config)?;
        for _ in 0..3 {
            let _ = engine.record_packet(id, 0, 1316, Flags::VIDEO | Flags::KEY)?;
            let _ = engine.record_packet(id, 1, 1316, Flags::VIDEO)?;
        }
    }
    engine.sync(Duration::MAX)?;
    engine.report_input_error("news", 0, "connection refused")?;
    engine.set_condition("two\nlines", 0, 0, Condition::Frozen, true, "for 10 s")?;
    engine.switch_input("back\\slash", 1)?;
    engine.set_input_enabled("Żółć", 2, false)?;
    let probe = |event: &changeover::Event| match &event.kind {
        changeover::EventKind::Probe(probe) => Some((event.stream.clone(), probe.probe)),
        _ => None,
    };
    // By silence: the others are given up, and tried again.
    while let Some(event) = engine.next_event(Duration::from_millis(100))? {
        if let Some((stream, probe)) = probe(&event) {
            // Too late, if it was called off.
            let _ = engine.probe_result(&stream, probe, ProbeOutcome::Failed("refused".into()));
        }
    }
    print!("{}", engine.metrics(MetricsOptions::new().streams(each).inputs(each)));
    Ok(())
}
