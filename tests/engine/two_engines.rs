//! Promise 6 between engines: a callback of one does not wait for the callbacks of another, which may
//! be waiting for it.

use crate::rig::*;
use crate::script::{Logbook, Script};
use changeover::{Config, Engine, Error, Input, Level};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Arc, Barrier, Mutex, OnceLock};

/// Two engines whose callbacks call the other one.
type Pair = Arc<OnceLock<[Arc<Engine>; 2]>>;

fn register(engine: &Engine, id: &str) {
    engine.register(id, "", vec![Input::new(0, "a")], Config::new()).unwrap();
}

fn answers<T>() -> (Receiver<T>, Sender<T>) {
    let (sender, receiver) = channel();
    (receiver, sender)
}

#[test]
fn callbacks_unregister_each_others_streams() {
    let (pair, both) = (Pair::default(), Arc::new(Barrier::new(2)));
    let (told, tell) = answers();
    let logbooks = [Logbook::default(), Logbook::default()];
    let make = |own: usize| {
        let (pair, both, tell) = (pair.clone(), both.clone(), tell.clone());
        let script = Script::new(&logbooks[own], move |event| {
            if brief(event) == "start 0" {
                let other = &pair.wait()[1 - own];
                both.wait();
                assert_eq!(other.sync(ms(10)), Err(Error::InCallback));
                assert_eq!(other.shutdown(), Err(Error::InCallback));
                other.unregister("s").unwrap();
                tell.send(own).unwrap();
            }
            Ok(())
        });
        Arc::new(Engine::builder().ingestor(script).build().unwrap())
    };
    let engines = [make(0), make(1)];
    pair.set(engines.clone()).ok().unwrap();
    engines.iter().for_each(|engine| register(engine, "s"));
    for _ in 0..2 {
        told.recv_timeout(PATIENCE).expect("neither waits for the other");
    }
    for (engine, logbook) in engines.iter().zip(&logbooks) {
        logbook.wait("s", "unregistered");
        engine.shutdown().unwrap();
    }
}

#[test]
fn log_callbacks_unregister_each_others_streams_and_replace_each_other() {
    let both = Arc::new(Barrier::new(2));
    let (told, tell) = answers();
    let logbooks = [Logbook::default(), Logbook::default()];
    let engines = [0, 1].map(|own: usize| {
        let script = Script::new(&logbooks[own], |_| Ok(()));
        Arc::new(Engine::builder().ingestor(script).build().unwrap())
    });
    for own in 0..2 {
        let (other, both, tell) = (engines[1 - own].clone(), both.clone(), tell.clone());
        let mut done = false;
        let log = move |_: Level, line: &str| {
            if line.starts_with("s: start input 0") && !std::mem::replace(&mut done, true) {
                both.wait();
                other.unregister("s").unwrap();
                other.set_log_callback(None).unwrap();
                tell.send(other.sync(ms(10))).unwrap();
            }
        };
        engines[own].set_log_callback(Some((Level::Debug, Box::new(log)))).unwrap();
    }
    engines.iter().for_each(|engine| register(engine, "s"));
    for _ in 0..2 {
        let synced = told.recv_timeout(PATIENCE).expect("neither waits for the other");
        assert_eq!(synced, Err(Error::InCallback));
    }
    for (engine, logbook) in engines.iter().zip(&logbooks) {
        logbook.wait("s", "unregistered");
        engine.shutdown().unwrap();
    }
}

/// Says what the other engine answers while an engine's thread destroys it.
struct Destroyed(Arc<Engine>, Sender<Result<(), Error>>);

impl Drop for Destroyed {
    fn drop(&mut self) {
        self.1.send(self.0.sync(ms(10))).unwrap();
    }
}

#[test]
fn a_destructor_on_an_engines_thread_is_a_callback() {
    let other = Arc::new(Engine::new().unwrap());
    let (told, tell) = answers();
    let logbook = Logbook::default();
    let [script, log] = [0, 1].map(|_| Destroyed(other.clone(), tell.clone()));
    let script = Script::new(&logbook, move |_| {
        let _ = &script;
        Ok(())
    });
    let log = move |_: Level, _: &str| {
        let _ = &log;
    };
    let engine = Engine::builder().ingestor(script).log(Level::Warn, log).build().unwrap();
    engine.shutdown().unwrap();
    for _ in 0..2 {
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), Err(Error::InCallback));
    }
}

#[test]
fn an_engine_dropped_in_another_ones_callback_ends_without_a_wait() {
    let (told, tell) = answers();
    let (go, gate) = channel::<()>();
    let logbooks = [Logbook::default(), Logbook::default()];
    // Its callback does not return before the other one's has.
    let slow = Script::new(&logbooks[0], move |_| {
        let _ = gate.recv_timeout(PATIENCE);
        Ok(())
    });
    let slow = Engine::builder().ingestor(slow).build().unwrap();
    register(&slow, "s");
    let slow = Mutex::new(Some(slow));
    let dropping = Script::new(&logbooks[1], move |_| {
        drop(slow.lock().unwrap().take());
        tell.send(()).unwrap();
        Ok(())
    });
    let dropping = Engine::builder().ingestor(dropping).build().unwrap();
    register(&dropping, "s");
    told.recv_timeout(PATIENCE).expect("it does not wait");
    drop(go);
    logbooks[0].wait("s", "unregistered");
    dropping.shutdown().unwrap();
}
