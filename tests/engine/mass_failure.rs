//! Rule 26: very many streams fail at once. How they are counted is in `monitor/mass_failure.rs`, what
//! follows in `tests/core/`.

use crate::rig::*;
use changeover::{Config, Engine, EngineBuilder, Error, Event, EventKind, ProbeOutcome, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

const STREAMS: usize = 40;
const COOLDOWN: Duration = Duration::from_millis(400);

fn id(n: usize) -> String {
    format!("channel/{n}")
}

fn builder(config: Config) -> EngineBuilder {
    let config = config.packet_timeout(ms(500)).connect_timeout(ms(20_000)).failback_stable(ms(0));
    Engine::builder().defaults(config.probe_cooldown(COOLDOWN))
}

/// All are on air on input 0.
fn on_air(host: &Host) {
    for n in 0..STREAMS {
        host.send(&id(n), &[0, 1]);
        host.probes_find(&id(n), 0, ProbeOutcome::Failed("down".into()));
        host.engine.register(&id(n), "", cold(&[0, 1]), Config::new()).unwrap();
    }
    eventually("all are on air", || {
        let verdict = |n| host.verdicts(&id(n)).get(&0).copied().unwrap_or(Verdict::DROP);
        (0..STREAMS).all(|n| verdict(n).forward()).then_some(())
    });
    host.a_round();
    host.engine.sync(PATIENCE).unwrap();
}

fn mass_failures(events: &[Event]) -> Vec<(u64, u64, u64)> {
    let fits = |event: &Event| match event.kind {
        EventKind::MassFailure { failed, limit, on_air } => Some((failed, limit, on_air)),
        _ => None,
    };
    events.iter().filter_map(fits).collect()
}

#[test]
fn one_event_says_so_and_what_follows_is_spread() {
    let host = Host::new(builder(Config::new()));
    on_air(&host);
    let failing = 20;
    (0..failing).for_each(|n| host.hush(&id(n), 0));
    let told = host.wait("mass_failure");
    assert_eq!((&*told.stream, told.registration), ("", 0));
    let line = "mass_failure (20 of 40 streams on air failed within a second)";
    assert_eq!(told.to_string(), line);
    (0..failing).for_each(|n| {
        eventually("a failover", || (host.status(&id(n)).active_input_priority == 1).then_some(()));
    });
    // From the failure of each to its first probe.
    let waits = eventually("all are probed", || {
        let (mut failed, mut waits) = (BTreeMap::new(), BTreeMap::new());
        for event in host.events() {
            let what = brief(&event);
            if what == "degraded 0 timeout" {
                failed.entry(event.stream.clone()).or_insert(event.at);
            } else if what == "probe 0" {
                waits.entry(event.stream.clone()).or_insert(event.at - failed[&event.stream]);
            }
        }
        (waits.len() == failing).then(|| waits.into_values().collect::<Vec<_>>())
    });
    assert!(waits.iter().all(|wait| *wait >= nanos(COOLDOWN)), "{waits:?}");
    // Without it none waits for longer than a jitter of an eighth.
    let longer = waits.iter().filter(|wait| **wait > nanos(COOLDOWN) * 5 / 4).count();
    assert!(longer > failing / 4, "{waits:?}");
    assert_eq!(mass_failures(&host.events()), [(20, 12, 40)]);
}

#[test]
fn what_fails_of_its_own_is_none() {
    let host = Host::new(builder(Config::new()));
    on_air(&host);
    // Nine, and those that are changed, taken out of use or unregistered.
    (0..9).for_each(|n| host.engine.report_input_error(&id(n), 0, "gone").unwrap());
    (9..20).for_each(|n| host.engine.update_buffer_write_id(&id(n), "b").unwrap());
    (20..30).for_each(|n| host.engine.set_input_enabled(&id(n), 0, false).unwrap());
    (30..STREAMS).for_each(|n| host.engine.unregister(&id(n)).unwrap());
    let since = host.engine.now();
    eventually("more than a second", || (host.engine.now() > since + 1_100_000_000).then_some(()));
    host.engine.sync(PATIENCE).unwrap();
    assert_eq!(mass_failures(&host.events()), []);
}

#[test]
fn the_share_is_the_engines_alone_and_0_turns_it_off() {
    let off = Config::new().mass_share(0);
    let host = Host::new(builder(off.clone()));
    on_air(&host);
    (0..STREAMS).for_each(|n| host.engine.report_input_error(&id(n), 0, "gone").unwrap());
    let since = host.engine.now();
    eventually("more than a second", || (host.engine.now() > since + 1_100_000_000).then_some(()));
    host.engine.sync(PATIENCE).unwrap();
    assert_eq!(mass_failures(&host.events()), []);

    assert_eq!(host.engine.set_config(Some(&id(0)), off.clone()), Err(Error::Config));
    assert_eq!(host.engine.register("s", "", vec![], off.clone()), Err(Error::Config));
    let input = cold(&[0]).remove(0).config(off.clone());
    assert_eq!(host.engine.register("s", "", vec![input], Config::new()), Err(Error::Config));
    assert_eq!(off.check_for_stream().unwrap_err().error(), Error::Config);
    let beyond = Config::new().mass_share(101);
    assert_eq!(host.engine.set_config(None, beyond), Err(Error::Config));
    host.engine.set_config(None, Config::new().mass_share(100)).unwrap();
}
