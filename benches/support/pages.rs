//! Clients of a server, in a process of their own that is nicer than the engine's: pages as the one in
//! `src/site/page` asks, and a scraper. What they take of the machine is theirs.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{scope, sleep, Scope};
use std::time::{Duration, Instant};

const CLIENTS: &str = "--clients=";
const NICE: libc::c_int = 10;

/// What the page does: `list.js` and `details.js` say why.
const REFRESH: Duration = Duration::from_secs(1);
const DETAILS: Duration = Duration::from_millis(250);
const DETAILS_AT_ONCE: usize = 3;
const FRESH: Duration = Duration::from_secs(10);
/// Rows in sight on a large screen.
const IN_SIGHT: usize = 18;
const LIST: &str = "/api/streams?sort=trouble&offset=0&limit=100";
const SCRAPE: Duration = Duration::from_secs(1);

/// What all clients together have got.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Answered {
    pub lists: u64,
    pub details: u64,
    pub events: u64,
    pub scrapes: u64,
    /// Refused, or the connection was closed.
    pub failed: u64,
    /// Of a processor, in percent.
    pub cpu: f64,
}

/// The process with the clients.
pub struct Clients {
    child: Child,
    lines: io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Clients {
    /// So many pages and a scraper; returns when all of them follow.
    pub fn spawn(address: SocketAddr, pages: usize) -> Clients {
        let program = std::env::current_exe().expect("a path to this program");
        let mut child = Command::new(program)
            .args(["--bench".into(), format!("{CLIENTS}{address}/{pages}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program again");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let ready = lines.next().expect("a line").expect("a line of text");
        assert_eq!(ready, "ready");
        Clients { child, lines }
    }

    /// Ends them.
    pub fn end(mut self) -> Answered {
        drop(self.child.stdin.take());
        let line = self.lines.next().expect("a line").expect("a line of text");
        assert!(self.child.wait().expect("it ends").success());
        serde_json::from_str(&line).expect("what was answered")
    }
}

/// If this process is to be the clients: it is, until its standard input ends.
pub fn run_if_asked() -> bool {
    let mut arguments = std::env::args();
    let Some(asked) = arguments.find_map(|a| a.strip_prefix(CLIENTS).map(str::to_owned)) else {
        return false;
    };
    let (address, pages) = asked.split_once('/').expect("an address and a number");
    let (address, pages) = (address.parse().expect("an address"), pages.parse().expect("a number"));
    // SAFETY: integers only. Threads made from here on are as nice.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    let all = All { address, ..All::default() };
    scope(|scope| all.run(scope, pages));
    true
}

struct All {
    address: SocketAddr,
    lists: AtomicU64,
    details: AtomicU64,
    events: AtomicU64,
    scrapes: AtomicU64,
    failed: AtomicU64,
    following: AtomicU64,
}

impl Default for All {
    fn default() -> All {
        let zero = AtomicU64::default;
        let address = ([127, 0, 0, 1], 0).into();
        let [lists, details, events, scrapes, failed, following] = std::array::from_fn(|_| zero());
        All { address, lists, details, events, scrapes, failed, following }
    }
}

impl All {
    fn run<'s>(&'s self, scope: &'s Scope<'s, '_>, pages: u64) {
        let began = Instant::now();
        for _ in 0..pages {
            let changed: &AtomicBool = Box::leak(Box::default());
            scope.spawn(move || self.try_again(|| self.follow(changed)));
            scope.spawn(move || self.try_again(|| self.look(changed)));
        }
        scope.spawn(|| self.try_again(|| self.scrape()));
        while self.following.load(Relaxed) < pages {
            sleep(Duration::from_millis(10));
        }
        println!("ready");
        let mut until_it_ends = Vec::new();
        io::stdin().read_to_end(&mut until_it_ends).expect("it can be read");
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        let answered = Answered {
            lists: count(&self.lists),
            details: count(&self.details),
            events: count(&self.events),
            scrapes: count(&self.scrapes),
            failed: count(&self.failed),
            cpu: processor_seconds() / began.elapsed().as_secs_f64() * 100.0,
        };
        println!("{}", serde_json::to_string(&answered).expect("numbers"));
        std::process::exit(0);
    }

    fn try_again(&self, what: impl Fn() -> io::Result<()>) {
        while what().is_err() {
            self.failed.fetch_add(1, Relaxed);
            sleep(Duration::from_millis(250));
        }
    }

    /// The page's stream of events.
    fn follow(&self, changed: &AtomicBool) -> io::Result<()> {
        let mut connection = Connection::open(self.address)?;
        connection.ask("/api/events")?;
        self.following.fetch_add(1, Relaxed);
        let mut line = Vec::new();
        while connection.from.read_until(b'\n', &mut line)? > 0 {
            if line.starts_with(b"event: ") {
                self.events.fetch_add(1, Relaxed);
                changed.store(true, Relaxed);
            }
            line.clear();
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// The page's list, and what is in sight of it.
    fn look(&self, changed: &AtomicBool) -> io::Result<()> {
        let mut connection = Connection::open(self.address)?;
        connection.get("/")?;
        let mut known: HashMap<String, Instant> = HashMap::new();
        let (mut listed, mut in_sight) = (None::<Instant>, Vec::new());
        loop {
            let is_due = listed.is_none_or(|at| at.elapsed() >= REFRESH);
            if is_due && (changed.swap(false, Relaxed) || listed.is_none()) {
                in_sight = streams_of(&connection.get(LIST)?);
                listed = Some(Instant::now());
                self.lists.fetch_add(1, Relaxed);
            }
            known.retain(|_, at| at.elapsed() < FRESH);
            let wanted = in_sight.iter().filter(|stream| !known.contains_key(*stream));
            for stream in wanted.take(DETAILS_AT_ONCE).cloned().collect::<Vec<_>>() {
                connection.get(&format!("/api/streams/{}", stream.replace('/', "%2F")))?;
                known.insert(stream, Instant::now());
                self.details.fetch_add(1, Relaxed);
            }
            sleep(DETAILS);
        }
    }

    fn scrape(&self) -> io::Result<()> {
        let mut connection = Connection::open(self.address)?;
        loop {
            connection.get("/metrics")?;
            self.scrapes.fetch_add(1, Relaxed);
            sleep(SCRAPE);
        }
    }
}

/// The ids of the first rows of a list.
fn streams_of(list: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct List {
        streams: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        stream: String,
    }
    let list: List = serde_json::from_slice(list).expect("a list of streams");
    list.streams.into_iter().take(IN_SIGHT).map(|row| row.stream).collect()
}

/// One that is kept.
struct Connection {
    to: TcpStream,
    from: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Connection> {
        let to = TcpStream::connect(address)?;
        Ok(Connection { from: BufReader::new(to.try_clone()?), to })
    }

    /// The length of the body, if it is said.
    fn ask(&mut self, target: &str) -> io::Result<Option<usize>> {
        write!(self.to, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.from.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if !head.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other(head));
        }
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        Ok(fields.find(|(name, _)| *name == "content-length").and_then(|(_, n)| n.parse().ok()))
    }

    fn get(&mut self, target: &str) -> io::Result<Vec<u8>> {
        let length = self.ask(target)?.ok_or(io::ErrorKind::InvalidData)?;
        let mut body = vec![0; length];
        self.from.read_exact(&mut body)?;
        Ok(body)
    }
}

/// That this process has used.
fn processor_seconds() -> f64 {
    // SAFETY: numbers, of which any value is one.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: into memory of that type.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut used) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(used.ru_utime) + seconds(used.ru_stime)
}
