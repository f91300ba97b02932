//! The log: levels, order, replacement, and that a log callback can't harm anything.

use crate::rig::*;
use changeover::{Config, Engine, EngineBuilder, Flags, Input, Level};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::time::Duration;

type Line = (Level, String);

fn inputs() -> Vec<Input> {
    vec![Input::new(0, "udp://a").hot(), Input::new(1, "udp://b").hot()]
}

fn log() -> (impl FnMut(Level, &str) + Send + 'static, Receiver<Line>) {
    let (sender, lines) = channel();
    // The receiver may be gone.
    (move |level, line: &str| drop(sender.send((level, line.to_owned()))), lines)
}

fn logged(level: Level) -> (EngineBuilder, Receiver<Line>) {
    let (callback, lines) = log();
    (Engine::builder().log(level, callback), lines)
}

/// One of everything that is logged.
fn incident(engine: &Engine) {
    engine.register("s", "", inputs(), Config::new()).unwrap();
    let _ = engine.record_packet("s", 0, 1, Flags::NONE).unwrap();
    engine.report_input_error("s", 0, "cable cut").unwrap();
    engine.report_input_error("s", 1, "cable cut").unwrap();
    let _ = engine.record_packet("s", 1, 1, Flags::NONE).unwrap();
    engine.sync(PATIENCE).unwrap();
    engine.unregister("s").unwrap();
}

/// All lines; the engine's end flushes them.
fn lines(engine: Engine, lines: &Receiver<Line>) -> Vec<Line> {
    drop(engine);
    lines.try_iter().collect()
}

#[test]
fn each_level_has_its_lines_in_order() {
    let mut before = 0;
    for level in [Level::Error, Level::Warn, Level::Info, Level::Debug] {
        let (builder, receiver) = logged(level);
        let engine = builder.build().unwrap();
        incident(&engine);
        let lines = lines(engine, &receiver);
        assert!(lines.iter().all(|(of, _)| *of <= level), "{lines:?}");
        assert!(lines.iter().any(|(of, _)| *of == level), "{level:?} in {lines:?}");
        assert!(lines.len() > before, "{level:?}");
        before = lines.len();
        if level == Level::Debug {
            let text: Vec<_> = lines.iter().map(|(_, line)| line.as_str()).collect();
            let at = |start: &str| {
                let position = text.iter().position(|line| line.starts_with(start));
                position.unwrap_or_else(|| panic!("{start} in {text:#?}"))
            };
            let order = [
                "s: start input 0 session 1 (initial) udp://a -> s",
                "s: active input 0 session 1 after ",
                "s: degraded input 0 reason error (cable cut)",
                "s: switched input 0 -> 1 ",
                "s: degraded input 1 reason error (cable cut)",
                "s: exhausted",
                "s: restored input 1",
                "s: stop input 0 session 1",
                "s: unregistered registration 1",
            ];
            assert!(order.map(at).is_sorted(), "{text:#?}");
        }
    }
}

#[test]
fn it_is_off_by_default_and_can_be_changed_while_running() {
    let engine = Engine::new().unwrap();
    engine.register("quiet", "", inputs(), Config::new()).unwrap();
    let (callback, first) = log();
    engine.set_log_callback(Some((Level::Info, Box::new(callback)))).unwrap();
    engine.register("a", "", inputs(), Config::new()).unwrap();
    assert!(first.recv_timeout(PATIENCE).unwrap().1.starts_with("a: switched"));

    // When the call returns, the old one was dropped and gets nothing any more.
    let (callback, second) = log();
    engine.set_log_callback(Some((Level::Debug, Box::new(callback)))).unwrap();
    assert_eq!(first.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Disconnected));
    engine.register("b", "", inputs(), Config::new()).unwrap();
    assert!(second.recv_timeout(PATIENCE).unwrap().1.starts_with("b: start"));
    engine.set_log_callback(None).unwrap();
    assert!(second.iter().count() > 0, "and its end");
    engine.register("c", "", inputs(), Config::new()).unwrap();
}

#[test]
fn a_panic_or_a_blocked_log_callback_harms_nothing() {
    let (builder, receiver) = logged(Level::Debug);
    let engine = builder.build().unwrap();
    // As many lines as the backlog holds, and more, while the callback blocks.
    let (go, gate) = channel::<()>();
    let lines = Arc::new(AtomicUsize::new(0));
    let (callback, told) = {
        let (sender, told) = channel();
        let lines = lines.clone();
        let callback = move |level: Level, line: &str| {
            if lines.fetch_add(1, Ordering::SeqCst) == 0 {
                gate.recv_timeout(PATIENCE).unwrap();
            }
            sender.send((level, line.to_owned())).unwrap();
            panic!("planted");
        };
        (callback, told)
    };
    engine.set_log_callback(Some((Level::Debug, Box::new(callback)))).unwrap();
    assert_eq!(receiver.iter().count(), 0);
    for n in 0..1500 {
        engine.register(&n.to_string(), "", inputs(), Config::new()).unwrap();
        engine.unregister(&n.to_string()).unwrap();
        take_all(&engine);
    }
    go.send(()).unwrap();
    // Later lines come again, and say what was lost.
    eventually("the backlog is written", || {
        engine.register("next", "", vec![], Config::new()).unwrap();
        engine.unregister("next").unwrap();
        told.try_iter()
            .find(|(level, line)| *level == Level::Warn && line.contains("log lines dropped"))
    });
    drop(engine);
}

#[test]
fn a_host_that_takes_no_events_is_logged() {
    let (builder, receiver) = logged(Level::Warn);
    let engine = builder.event_limit(1).build().unwrap();
    for n in 0..5 {
        engine.register(&n.to_string(), "", inputs(), Config::new()).unwrap();
    }
    take_all(&engine);
    for n in 5..8 {
        engine.register(&n.to_string(), "", inputs(), Config::new()).unwrap();
    }
    let slow = |line: &Line| line.1 == "the host is slow: events are dropped";
    let lines = lines(engine, &receiver);
    assert_eq!(lines.iter().filter(|line| slow(line)).count(), 2, "once a gap: {lines:?}");
}
