//! The host's value on an input: it comes back with starts, stops and probes, and ends on no thread that
//! must not run host code.

use crate::rig::{eventually, take_all, take_until};
use changeover::{
    Config, Engine, Error, Event, EventKind, Ingestor, Input, InputsUpdate, Probe, ProbeOutcome,
    Start, Stop, UserData,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where values ended: their names, and the threads.
#[derive(Clone, Default)]
struct Ends(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Ends {
    fn value(&self, name: &'static str) -> Value {
        Value { name, ends: self.clone() }
    }

    fn take(&self) -> Vec<(&'static str, String)> {
        let mut ends = std::mem::take(&mut *self.0.lock().unwrap());
        ends.sort();
        ends
    }
}

struct Value {
    name: &'static str,
    ends: Ends,
}

impl Drop for Value {
    fn drop(&mut self) {
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        self.ends.0.lock().unwrap().push((self.name, thread));
    }
}

fn here(names: &[&'static str]) -> Vec<(&'static str, String)> {
    let thread = std::thread::current().name().unwrap_or_default().to_owned();
    names.iter().map(|name| (*name, thread.clone())).collect()
}

fn name_in(event: &Event) -> Option<&'static str> {
    let user_data: &UserData = match &event.kind {
        EventKind::Start(start) => start.input.user_data()?,
        EventKind::Stop(stop) => stop.user_data.as_ref()?,
        EventKind::Probe(probe) => probe.input.user_data()?,
        _ => return None,
    };
    user_data.get::<Value>().map(|value| value.name)
}

fn replaced_by(input: Input) -> InputsUpdate {
    InputsUpdate { updated: vec![input], ..InputsUpdate::default() }
}

#[test]
fn a_polling_host_gets_it_back_and_ends_it() {
    let engine = Engine::new().unwrap();
    let ends = Ends::default();
    let cold = Input::new(1, "").with_user_data(ends.value("cold"));
    let inputs = vec![Input::new(0, "").with_user_data(ends.value("first")), cold];
    engine.register("s", "", inputs, Config::new()).unwrap();
    let taken = take_until(&engine, "a start", |event| name_in(event) == Some("first"));
    let second = Input::new(0, "").with_user_data(ends.value("second"));
    engine.update_inputs("s", replaced_by(second)).unwrap();
    let stop = take_until(&engine, "its stop", |event| matches!(event.kind, EventKind::Stop(_)));
    assert_eq!(stop.last().and_then(name_in), Some("first"));
    assert_eq!(ends.take(), []);
    // Its events are the last that have it.
    drop((taken, stop));
    assert_eq!(ends.take(), here(&["first"]));
    let start = take_until(&engine, "the next", |event| name_in(event) == Some("second"));
    engine.unregister("s").unwrap();
    assert_eq!(ends.take(), here(&["cold"]));
    drop((start, take_all(&engine)));
    assert_eq!(ends.take(), here(&["second"]));
}

#[test]
fn what_is_refused_ends_before_the_call_returns() {
    let engine = Engine::new().unwrap();
    engine.register("s", "", Vec::new(), Config::new()).unwrap();
    let ends = Ends::default();
    let input = |name| Input::new(0, "").with_user_data(ends.value(name));
    let twice = vec![input("a"), input("b")];
    assert_eq!(engine.register("t", "", twice, Config::new()), Err(Error::DuplicatePriority));
    assert_eq!(ends.take(), here(&["a", "b"]));
    let refused = engine.update_inputs("s", replaced_by(input("c")));
    assert_eq!(refused, Err(Error::UnknownInput));
    assert_eq!(ends.take(), here(&["c"]));
    engine.shutdown().unwrap();
    assert_eq!(engine.register("t", "", vec![input("d")], Config::new()), Err(Error::ShutDown));
    assert_eq!(ends.take(), here(&["d"]));
}

/// Notes what the commands carry.
struct Notes(Arc<Mutex<Vec<(&'static str, &'static str)>>>);

impl Notes {
    fn take(&self, event: &Event) {
        let note = name_in(event).map(|name| (event.kind.name(), name));
        self.0.lock().unwrap().extend(note);
    }
}

impl Ingestor for Notes {
    fn start(&mut self, event: &Event, _: &Start) -> Result<(), String> {
        self.take(event);
        Ok(())
    }

    fn stop(&mut self, event: &Event, _: &Stop) {
        self.take(event);
    }

    fn probe(&mut self, event: &Event, _: &Probe) -> Option<ProbeOutcome> {
        self.take(event);
        Some(ProbeOutcome::Unsupported)
    }
}

#[test]
fn with_callbacks_it_ends_after_its_stop_and_never_on_the_monitor() {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let config = Config::new()
        .probe_cooldown(Duration::from_millis(1))
        .connect_timeout(Config::NEVER)
        .start_grace(Config::NEVER);
    let notes = Notes(noted.clone());
    let engine = Engine::builder().defaults(config).ingestor(notes).build().unwrap();
    let ends = Ends::default();
    let cold = Input::new(1, "").with_user_data(ends.value("cold"));
    let inputs = vec![Input::new(0, "").with_user_data(ends.value("first")), cold];
    engine.register("s", "", inputs, Config::new()).unwrap();
    engine.report_input_error("s", 1, "down").unwrap();
    eventually("a probe", || noted.lock().unwrap().contains(&("probe", "cold")).then_some(()));
    engine.unregister("s").unwrap();
    let of_first = |note: &&(&str, &str)| note.1 == "first";
    let noted: Vec<_> = noted.lock().unwrap().iter().filter(of_first).copied().collect();
    assert_eq!(noted, [("start", "first"), ("stop", "first")]);
    let ended = eventually("the end of both", || {
        let ended = ends.0.lock().unwrap().clone();
        (ended.len() == 2).then_some(ended)
    });
    let here = std::thread::current().name().unwrap_or_default().to_owned();
    let allowed = ["changeover-evt", &here];
    assert!(ended.iter().all(|(_, thread)| allowed.contains(&thread.as_str())), "{ended:?}");
    drop(engine);
    assert_eq!(ends.take().len(), 2);
}

#[test]
fn the_end_of_the_engine_is_its_end_too() {
    let ends = Ends::default();
    let engine = Engine::new().unwrap();
    let input = Input::new(0, "").with_user_data(ends.value("a"));
    engine.register("s", "", vec![input], Config::new()).unwrap();
    drop(engine);
    assert_eq!(ends.take(), here(&["a"]));
}
