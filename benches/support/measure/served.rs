//! The packet path and the monitor while pages look at the engine and streams fail over: 10,000 streams, one of
//! which falls silent every 10 ms. The server's threads are nice, and so are the clients, in their own process:
//! the two processors are theirs when nobody else wants them.

use super::lateness::{evaluate, record, take_failovers, Lateness};
use crate::support::bar::{Bar, Figure};
use crate::support::floor::{Bare, Floor};
use crate::support::host::{engine, open, record as record_inline, record_by_id, undisturbed};
use crate::support::ids::{id, Walk};
use crate::support::interleave::{Race, Results};
use crate::support::pages::{Answered, Clients};
use crate::support::process::{shares, Thread};
use crate::support::sections::{Effort, Show};
use changeover::{serve, Engine, InputHandle, MetricsOptions, ServeOptions};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const STREAMS: usize = 10_000;
const PAGES: usize = 20;
const NICE: i32 = 10;
/// One stream falls silent every
const EVERY: Duration = Duration::from_millis(10);
/// for longer than all of this takes.
const FAILING: usize = 4_000;
/// How long lateness is measured.
const WATCHED: Duration = Duration::from_secs(6);
const THREADS: [&str; 4] = ["changeover-web", "changeover-ask", "changeover-act", "changeover-see"];
const LIMIT: f64 = 3.0;

pub fn with_pages(effort: Effort, show: Show<'_>) {
    let engine = engine(undisturbed());
    let mut handles = open(&engine, 0..STREAMS + 1);
    let [mut raced, _] = handles.pop().expect("one more than that");
    engine.set_config(Some(&id(STREAMS)), undisturbed()).expect("good settings");
    let mut options = ServeOptions::default();
    options.site.nice = NICE;
    let server = serve(&engine, "127.0.0.1:0", options).expect("a free port");
    let (silent, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let every = EVERY.as_nanos() as u64;
    let ends: Vec<u64> = (1..=STREAMS as u64)
        .map(|n| if n <= FAILING as u64 { n * every } else { u64::MAX })
        .collect();
    std::thread::scope(|scope| {
        let recorder = scope.spawn(|| record(&engine, handles, &ends, &silent));
        let watcher = scope.spawn(|| take_failovers(&engine, |_| over.load(Ordering::Acquire)));
        // The first silences are over.
        std::thread::sleep(Duration::from_secs(1));
        let without = race(&engine, &mut raced, effort);
        let clients = Clients::spawn(server.address(), PAGES);
        let woken = Woken::of(&engine);
        let (from, threads) = (engine.now(), THREADS.map(Thread::named));
        let used = shares(threads.each_ref(), WATCHED);
        let (until, woken) = (engine.now(), Woken::of(&engine).since(&woken));
        let with = race(&engine, &mut raced, effort);
        let answered = clients.end();
        over.store(true, Ordering::Release);
        let mut failovers = watcher.join().expect("no panic");
        silent.store(true, Ordering::Release);
        let last = recorder.join().expect("no panic");
        failovers.retain(|failover| (from..until).contains(&failover.at));
        show(in_race(&with, &without));
        show(in_time(&evaluate(&failovers, &last), &woken));
        show(vec![answers(&answered, used)]);
    });
}

fn race(engine: &Engine, raced: &mut InputHandle, effort: Effort) -> [Results; 2] {
    let floor = Floor::new();
    let inline = Race::new(Duration::from_micros(500))
        .lane("floor", |n| floor.run(n))
        .lane("inline", |n| record_inline(raced, n))
        .run(effort.rounds(301));
    // Not to those who are to be silent.
    let mut walk = Walk::over((FAILING..STREAMS).collect(), 1);
    let mut bare = Bare::new(STREAMS, walk.clone());
    let by_id = Race::new(Duration::from_millis(3))
        .warm_up(2 * STREAMS)
        .lane("lookup", |n| bare.run(n))
        .lane("by id", |n| record_by_id(engine, &mut walk, n))
        .run(effort.rounds(51));
    [inline, by_id]
}

/// What pages cost the packet path, as a multiple of what it costs without them; each is told by what it is
/// compared with, which runs beside it in both.
fn in_race(with: &[Results; 2], without: &[Results; 2]) -> Vec<Figure> {
    let bar = |name: &str, race: usize, lane, to| {
        let (with, without) = (&with[race], &without[race]);
        let (ratio, before) = (with.ratio(lane, to), without.ratio(lane, to));
        let (ns, ns_before) = (with.nanos(lane), without.nanos(lane));
        let note = format!(
            "{ns} ns, vs the {to} {ratio}; without pages {ns_before} ns, vs the {to} {before}"
        );
        Figure::new(name, ratio.median / before.median, "×", Bar::AtMost(1.15), note)
    };
    vec![
        bar("inline record, 20 pages look on vs none", 0, "inline", "floor"),
        bar("by id, 20 pages look on vs none", 1, "by id", "lookup"),
    ]
}

/// Detection, by the events' own stamps and by the system's clock in a thread that waits for them; and how late
/// the monitor woke, by the engine's own count.
fn in_time(lateness: &Lateness, woken: &Woken) -> Vec<Figure> {
    let (n, latest) = (lateness.decided.len(), lateness.decided.max() as f64 / 1000.0);
    assert!(
        n as u128 > WATCHED.as_nanos() / EVERY.as_nanos() * 9 / 10,
        "{n} failovers are too few"
    );
    let p99 = |of: &hdrhistogram::Histogram<u64>| of.value_at_quantile(0.99) as f64 / 1000.0;
    let note = format!("{n} failovers, latest {latest:.2} ms");
    let [p50, seen_p50] = [&lateness.decided, &lateness.seen].map(|of| of.value_at_quantile(0.5));
    let figure = |name, measured, note| Figure::new(name, measured, "ms", Bar::AtMost(LIMIT), note);
    let median = |micros: u64| format!("p50 {:.2} ms", micros as f64 / 1000.0);
    let (woke, ticks) = woken.quantile(0.99);
    vec![
        figure(
            "detection lateness, 20 pages look on, p99",
            p99(&lateness.decided),
            format!("{}; {note}", median(p50)),
        ),
        figure(
            "the host knows, 20 pages look on, p99",
            p99(&lateness.seen),
            format!("{}; by the system's clock, in a thread that waits", median(seen_p50)),
        ),
        figure(
            "monitor wakes late, 20 pages look on, p99",
            woke,
            format!("or less, by its own count of {ticks} wake-ups"),
        ),
    ]
}

fn answers(answered: &Answered, used: [f64; 4]) -> Figure {
    let Answered { lists, details, events, scrapes, failed, cpu } = answered;
    // Each page has had its list each second, and the details of what was in sight.
    let seconds = WATCHED.as_secs();
    assert!(*lists >= PAGES as u64 * seconds / 2 && *scrapes >= seconds / 2, "{answered:?}");
    assert!(*details >= *lists && *events >= PAGES as u64 * 100 * seconds, "{answered:?}");
    let [web, ask, act, see] = used;
    let note = format!(
        "{lists} lists, {details} streams, {events} events, {scrapes} scrapes; CPU, all at nice {NICE}: sockets \
         {web:.0} %, answers {ask:.0} %, {act:.0} %, timelines {see:.0} %, the clients {cpu:.0} %"
    );
    Figure::new(
        "20 pages and a scraper, requests that failed",
        *failed as f64,
        "",
        Bar::AtMost(0.0),
        note,
    )
}

/// How late the monitor woke, how often: by upper bounds in milliseconds, all that were no later.
struct Woken(Vec<(f64, u64)>);

impl Woken {
    fn of(engine: &Engine) -> Woken {
        const BUCKET: &str = "changeover_monitor_lateness_seconds_bucket{le=\"";
        let text = engine.metrics(MetricsOptions::new());
        let buckets = text.lines().filter_map(|line| line.strip_prefix(BUCKET)).map(|rest| {
            let (bound, count) = rest.split_once("\"} ").expect("a bound and a count");
            let bound: f64 = bound.replace("+Inf", "inf").parse().expect("seconds");
            (bound * 1000.0, count.parse().expect("a number"))
        });
        Woken(buckets.collect())
    }

    fn since(mut self, before: &Woken) -> Woken {
        self.0.iter_mut().zip(&before.0).for_each(|(now, before)| now.1 -= before.1);
        self
    }

    /// The bound that so many are within, and how many there are.
    fn quantile(&self, part: f64) -> (f64, u64) {
        let all = self.0.last().expect("buckets").1;
        let within = self.0.iter().find(|(_, count)| *count as f64 >= all as f64 * part);
        (within.expect("all are within the last").0, all)
    }
}
