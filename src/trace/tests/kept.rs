//! Traces that are kept, in `tests/traces/`: every version reads them, and decides the same. How one is made
//! anew, and when, is said there.

use super::*;
use crate::core::{with_notices, Notice};
use crate::trace::record::kind::OF_STREAM;
use crate::trace::stimulus::{kind_of, LAST};
use crate::vocabulary::{EventTag, Reason, Role, Source};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn traces_of_earlier_versions_are_decided_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    if std::env::var_os("CHANGEOVER_WRITE_TRACE").is_some() {
        let trace = concat!(env!("CARGO_PKG_VERSION"), ".trace");
        std::fs::write(folder.join(trace), with_everything()).unwrap();
    }
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found = BTreeSet::new();
    for path in files.filter(|path| path.extension().is_some_and(|its| its == "trace")) {
        let (records, damage) = read(&std::fs::read(&path).unwrap());
        assert!(damage.is_none(), "{}: {damage:?}", path.display());
        let mut replay = Replay::new();
        for record in &records {
            if let Err(difference) = replay.apply(record) {
                panic!("{}: decided otherwise at {}: {difference}", path.display(), difference.at);
            }
        }
        let decided = replay.summary().decided;
        println!("{}: {decided} decided", path.display());
        let kinds = kinds(&records);
        assert!(!kinds.contains("Unknown"), "{}: not all of it can be read", path.display());
        found.extend(kinds);
    }
    let missing: Vec<_> = everything().difference(&found).cloned().collect();
    assert!(missing.is_empty(), "no trace has {missing:?}");
}

/// What there has to be in a trace, by the names that [`kinds`] gives it.
fn everything() -> BTreeSet<String> {
    macro_rules! names_of_notices {
        ($($kind:ident { $($field:tt: $name:ident),* })*) => { [$(EventTag::$kind.name()),*] };
    }
    let records = ["Began", "Checkpoint", "State", "Lost", "Urls", "MassFailure"];
    let registrations = ["registered", "refused"];
    let acts = ["Start", "Stop", "Probe", "CancelProbe", "Gate", "Await", "AwaitInput"];
    let mut all: BTreeSet<String> =
        [&records[..], &registrations, &acts, &with_notices!(names_of_notices)]
            .concat()
            .into_iter()
            .map(String::from)
            .collect();
    all.remove(EventTag::Bug.name());
    all.extend((OF_STREAM..=LAST).map(|kind| format!("stimulus {kind}")));
    let degraded = [Reason::Error, Reason::Timeout, Reason::StartFailed, Reason::Frozen];
    all.extend(degraded.map(|reason| format!("degraded: {}", reason.name())));
    let switched = [
        Reason::Initial,
        Reason::Error,
        Reason::Timeout,
        Reason::Manual,
        Reason::Failback,
        Reason::Recovery,
        Reason::InputRemoved,
        Reason::StartGrace,
    ];
    all.extend(switched.map(|reason| format!("switched: {}", reason.name())));
    all
}

/// A trace that has everything.
fn with_everything() -> Vec<u8> {
    let place = Place::new("everything");
    let traces = (0..20_000).map(|seed| told_everything(seed, &place));
    let has_everything = |trace: &Vec<u8>| kinds(&read(trace).0).is_superset(&everything());
    traces.into_iter().find(has_everything).expect("chance comes by it")
}

/// Streams that are told this and that, between two checkpoints and after a gap.
fn told_everything(seed: u64, place: &Place) -> Vec<u8> {
    let mut told = Told::new(seed, Urls::Kept);
    let limits = TraceLimits::new().files(1).urls(true);
    let mut file = TraceFile::create(&place.file(), limits).unwrap();
    file.checkpoint(&told.checkpoint()).unwrap();
    let input = |priority| Input::new(priority, format!("udp://{priority}"));
    told.register(vec![input(0).hot(), input(1).hot(), input(2)]);
    let pushed = input(0).config(Config::new().source(Source::Pushed));
    let fill = input(2).config(Config::new().role(Role::Fill));
    told.register(vec![pushed, input(1), fill.hot()]);
    told.register(vec![input(0), input(0)]);
    (0..60).for_each(|_| told.live_on());
    let added = InputsUpdate { added: vec![input(3).hot()], ..InputsUpdate::default() };
    told.tell(0, Stimulus::UpdateInputs(added));
    (0..60).for_each(|_| told.live_on());
    file.append(told.encoder.take()).unwrap();
    (0..3).for_each(|_| told.live_on());
    let lost = told.encoder.take();
    told.encoder.lost(lost.count(), told.now);
    told.live_on();
    file.append(told.encoder.take()).unwrap();
    file.checkpoint(&told.checkpoint()).unwrap();
    (0..40).for_each(|_| told.live_on());
    let removed = InputsUpdate { removed: vec![0], ..InputsUpdate::default() };
    told.tell(0, Stimulus::UpdateInputs(removed));
    (0..40).for_each(|_| told.live_on());
    told.tell(0, Stimulus::Unregister);
    told.streams.remove(0);
    (0..10).for_each(|_| told.live_on());
    file.append(told.encoder.take()).unwrap();
    std::fs::read(place.file()).unwrap()
}

impl Told {
    /// Time passes, with all its deadlines, and something happens.
    fn live_on(&mut self) {
        let until = self.now + self.random.u64(0..300) * MS;
        loop {
            let due =
                self.streams.iter().map(|stream| stream.next_deadline().unwrap_or(Nanos::MAX));
            let (deadline, index) = due.zip(0..).min().unwrap();
            if deadline > until {
                break;
            }
            self.now = self.now.max(deadline);
            self.tell(index, Stimulus::Tick);
        }
        self.now = until;
        self.go_on();
    }
}

/// What kinds of things are in a trace, by their names.
fn kinds(records: &[Record]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for record in records {
        let (kind, acts) = match record {
            Record::Registered { registration: Err(_), .. } => ("refused".into(), Vec::new()),
            Record::Registered { acts, .. } => ("registered".into(), acts.clone()),
            Record::Told(told) => (format!("stimulus {}", kind_of(&told.stimulus)), told.acts()),
            record => (variant(record), Vec::new()),
        };
        kinds.insert(kind);
        for act in acts {
            kinds.extend(match &act {
                Act::Notify(Notice::Switched(switch)) => {
                    Some(format!("switched: {}", switch.reason.name()))
                }
                Act::Notify(Notice::Degraded { error, .. }) => {
                    Some(format!("degraded: {}", error.reason.name()))
                }
                _ => None,
            });
            kinds.insert(match act {
                Act::Notify(notice) => notice.tag().name().into(),
                act => variant(&act),
            });
        }
    }
    kinds
}

/// Its name.
fn variant(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap().into()
}
