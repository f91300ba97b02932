//! The site: what an engine shows to browsers, dashboards and programs. A request goes in, an answer comes
//! out; sockets are not its business: the server of `serve` is around it, or any other.
//!
//! | file | job |
//! |---|---|
//! | `mod.rs` | the site, and which path is what |
//! | `message.rs`, `refusal.rs` | requests and answers; what is refused |
//! | `access.rs` | who may ask for what |
//! | `listing.rs`, `row.rs`, `streams.rs` | all streams; one of them as a row; the list in pages |
//! | `fresh.rs` | what many ask for, made once for all |
//! | `detail.rs` | one stream, with what became of it |
//! | `follow.rs`, `history.rs`, `timeline.rs`, `spark.rs` | the thread that follows the engine; what it keeps: changes of the last quarter of an hour, bitrates |
//! | `feed.rs` | events as they come |
//! | `action.rs` | what can be done with a stream |

mod access;
mod action;
mod detail;
mod feed;
mod follow;
mod fresh;
mod history;
mod listing;
mod message;
mod refusal;
mod row;
mod spark;
mod streams;
mod timeline;

pub use feed::Feed;
pub use message::{Body, Request, Response, BODY_MAX, TARGET_MAX};

use crate::engine::{Engine, TapOptions};
use crate::metrics::MetricsOptions;
use crate::print::json::to_json;
use crate::vocabulary::Error;
use access::{Access, Intent};
use action::Action;
use detail::Detail;
use follow::Follower;
use fresh::Fresh;
use listing::Listing;
use message::{EVENTS, JSON};
use percent_encoding::percent_decode_str;
use refusal::Refusal;
use row::{millis, Row};
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};
use streams::{About, Query};

/// The monitor is late, and the engine not healthy, from here on.
const LATE: Duration = Duration::from_millis(1000);

/// The system knows no more.
const NICE_MAX: i32 = 19;

const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a site is made from.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct SiteOptions {
    /// Who sends it (`Authorization: Bearer …`) may change things; 16 to 255 printable ASCII
    /// characters. `None`: nobody may.
    pub token: Option<String>,
    /// Reading needs the token, too, but for the page itself, which says nothing of any stream, and
    /// `/healthz`.
    pub reads_need_token: bool,
    /// By which names the site may be asked, besides `localhost` and addresses. `*`: by any; then the
    /// server around it checks that, or another site could have its name lead here and read. What goes by
    /// a name is asked by others than this machine: reading needs the token then, see
    /// [`SiteOptions::open_reads`].
    pub hosts: Vec<String>,
    /// Reading needs no token though there are `hosts`: the server in front asks who it is.
    /// [`SiteOptions::reads_need_token`] comes before it.
    pub open_reads: bool,
    /// What `/metrics` tells of each stream and each input.
    pub metrics: MetricsOptions,
    /// How nice the site's threads are: from 0, as their process, to 19, only when nobody else wants the
    /// processor.
    pub nice: i32,
}

/// Without the token.
impl fmt::Debug for SiteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteOptions")
            .field("has_token", &self.token.is_some())
            .field("reads_need_token", &self.reads_need_token)
            .field("hosts", &self.hosts)
            .field("metrics", &self.metrics)
            .field("nice", &self.nice)
            .finish_non_exhaustive()
    }
}

/// What an engine shows. All threads. Dropping it waits for its own thread to end, which does not take long.
#[derive(Debug)]
pub struct Site {
    engine: Weak<Engine>,
    access: Access,
    options: MetricsOptions,
    listing: Arc<Fresh<Listing>>,
    metrics: Arc<Fresh<String>>,
    follower: Follower,
}

#[derive(Serialize)]
struct Health {
    alive: bool,
    late_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Site {
    /// The site of an engine. It keeps no engine alive: when that is gone, it says so. A thread of its own
    /// follows the engine. Blocks for the monitor.
    ///
    /// # Errors
    /// [`Error::Token`]: it is too short, or missing where reads need it. [`Error::Config`]: `nice` is out of its
    /// range. [`Error::System`];
    /// [`Error::ShutDown`], [`Error::MonitorDied`], [`Error::Forked`].
    pub fn new(engine: &Arc<Engine>, options: &SiteOptions) -> Result<Site, Error> {
        let SiteOptions { token, reads_need_token, hosts, open_reads, metrics, nice } = options;
        let reads_need_token = *reads_need_token || !(hosts.is_empty() || *open_reads);
        if !(0..=NICE_MAX).contains(nice) {
            return Err(Error::Config);
        }
        let access = Access::new(token.as_deref(), reads_need_token, hosts)?;
        let listing = Arc::<Fresh<Listing>>::default();
        let text = Arc::<Fresh<String>>::default();
        let follower = Follower::new(engine, listing.clone(), text.clone(), *nice)?;
        Ok(Site {
            engine: Arc::downgrade(engine),
            access,
            options: *metrics,
            listing,
            metrics: text,
            follower,
        })
    }

    /// Answers a request. Waits for the monitor if [`Site::waits`] says so.
    pub fn answer(&self, request: &Request) -> Response {
        self.route(request).unwrap_or_else(|refusal| refusal.response())
    }

    /// Whether [`Site::answer`] does not wait for this request.
    pub fn answers_at_once(&self, request: &Request) -> bool {
        matches!(path(request.target), "/healthz" | "/")
    }

    /// Whether [`Site::answer`] waits for the monitor for this request: it changes something, or follows events.
    pub fn waits(&self, request: &Request) -> bool {
        request.method == "POST" || path(request.target) == "/api/events"
    }

    fn route(&self, request: &Request) -> Result<Response, Refusal> {
        if request.target.len() > TARGET_MAX {
            return Err(Refusal::new(414, "target", "the target is too long"));
        }
        if request.body.len() > BODY_MAX {
            return Err(Refusal::new(413, "body", "the body is too long"));
        }
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let mut segments = path(request.target).split('/');
        if segments.next() != Some("") {
            return Err(Refusal::not_found());
        }
        match segments.collect::<Vec<_>>()[..] {
            [""] => {
                self.reads(request, Intent::Look)?;
                none_of(query)?;
                Ok(Response::page())
            }
            ["healthz"] => {
                self.reads(request, Intent::Look)?;
                none_of(query)?;
                Ok(self.health())
            }
            ["metrics"] => {
                self.reads(request, Intent::Read)?;
                none_of(query)?;
                let engine = self.engine()?;
                let text = self.metrics.get(|| engine.metrics(self.options));
                Ok(Response::shared(METRICS, text))
            }
            ["api", "streams"] => {
                self.reads(request, Intent::Read)?;
                self.list(&Query::parse(query)?)
            }
            ["api", "events"] => {
                self.reads(request, Intent::Read)?;
                self.events(request, query)
            }
            ["api", "streams", id] => {
                self.reads(request, Intent::Read)?;
                none_of(query)?;
                self.stream(&decoded(id)?)
            }
            ["api", "streams", id, action] => {
                let action = Action::named(action).ok_or_else(Refusal::not_found)?;
                if request.method != "POST" {
                    self.access.check(request, Intent::Read)?;
                    return Err(Refusal::method("POST"));
                }
                self.access.check(request, Intent::Change)?;
                none_of(query)?;
                self.act(&decoded(id)?, action, request.body)
            }
            _ => {
                self.access.check(request, Intent::Look)?;
                Err(Refusal::not_found())
            }
        }
    }

    /// Whether a request that reads may do so.
    fn reads(&self, request: &Request, intent: Intent) -> Result<(), Refusal> {
        self.access.check(request, intent)?;
        if !["GET", "HEAD"].contains(&request.method) {
            return Err(Refusal::method("GET, HEAD"));
        }
        Ok(())
    }

    fn engine(&self) -> Result<Arc<Engine>, Refusal> {
        self.engine.upgrade().ok_or_else(|| Error::ShutDown.into())
    }

    fn health(&self) -> Response {
        let alive = self.engine.upgrade().ok_or(Error::ShutDown).and_then(|engine| engine.alive());
        let (late, error) = match alive {
            Ok(late) => (late, None),
            Err(error) => (Duration::ZERO, Some(error.to_string())),
        };
        let healthy = error.is_none() && late < LATE;
        let health = Health { alive: error.is_none(), late_ms: millis(late), error };
        Response::text(if healthy { 200 } else { 503 }, JSON, to_json(&health))
    }

    fn list(&self, query: &Query) -> Result<Response, Refusal> {
        let engine = self.engine()?;
        self.follower.is_looked_at();
        let listing = self.listing.get(|| Listing::of(&engine));
        let (alive, late) = match engine.alive() {
            Ok(late) => (true, late),
            // The state in which it ended is still there.
            Err(Error::MonitorDied) => (false, Duration::ZERO),
            Err(error) => return Err(error.into()),
        };
        let about = About {
            version: env!("CARGO_PKG_VERSION"),
            now: SystemTime::now(),
            started_at: engine.started_at(),
            streams: listing.len(),
            alive,
            late_ms: millis(late),
            writable: self.access.has_token(),
        };
        Ok(Response::text(200, JSON, streams::list(&listing, query, about)))
    }

    fn stream(&self, id: &str) -> Result<Response, Refusal> {
        let status = self.engine()?.runtime_status(id)?;
        self.follower.is_looked_at();
        let now = SystemTime::now();
        let detail = self.follower.with(|seen| {
            let timeline = seen.history.timeline(&status, now);
            let spark = seen.sparks.of(id, status.registration);
            Detail::new(&status, timeline, spark, now)
        });
        Ok(Response::text(200, JSON, to_json(&detail)))
    }

    fn events(&self, request: &Request, query: &str) -> Result<Response, Refusal> {
        let mut stream = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name != "stream" {
                return Err(streams::unknown_parameter());
            }
            stream = Some(value.into_owned());
        }
        let mut options = TapOptions::new();
        if let Some(id) = request.last_event_id {
            let wrong = |_| Refusal::new(400, "last_event_id", "Last-Event-ID is a number");
            options = options.after(id.trim().parse().map_err(wrong)?);
        }
        let engine = self.engine()?;
        if request.method == "HEAD" {
            return Ok(Response::text(200, EVENTS, String::new()));
        }
        Ok(Response::events(Feed::new(engine.tap(options)?, stream.as_deref())))
    }

    fn act(&self, id: &str, action: Action, body: &[u8]) -> Result<Response, Refusal> {
        let engine = self.engine()?;
        let done = action.carry_out(&engine, id, body);
        self.listing.clear();
        done?;
        let status = engine.runtime_status(id)?;
        Ok(Response::text(200, JSON, to_json(&Row::of(&status, SystemTime::now()))))
    }
}

fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

/// A segment of a path, as it was before it was put into a URL.
fn decoded(segment: &str) -> Result<String, Refusal> {
    let text = percent_decode_str(segment).decode_utf8();
    text.map(String::from).map_err(|_| Refusal::new(400, "path", "an id is UTF-8"))
}

/// For what takes no parameters.
fn none_of(query: &str) -> Result<(), Refusal> {
    if query.is_empty() {
        Ok(())
    } else {
        Err(streams::unknown_parameter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_so_when_the_monitor_died_can_be_read() {
        let engine = Arc::new(Engine::new().unwrap());
        let site = Site::new(&engine, &SiteOptions::default()).unwrap();
        engine.end_monitor();
        while engine.alive().is_ok() {
            std::thread::yield_now();
        }
        let list = Request { method: "GET", target: "/api/streams", ..Request::default() };
        let list = site.answer(&Request { host: Some("localhost"), ..list });
        assert_eq!(list.status, 200);
        let text = String::from_utf8_lossy(list.body.bytes());
        assert!(text.contains("\"alive\":false"), "{text}");
    }

    #[test]
    fn a_token_is_not_printed() {
        const TOKEN: &str = "correct-horse-battery";
        let options = SiteOptions { token: Some(TOKEN.into()), ..SiteOptions::default() };
        let engine = Arc::new(Engine::new().unwrap());
        let site = Site::new(&engine, &options).unwrap();
        let bearer = format!("Bearer {TOKEN}");
        let target = format!("/?token={TOKEN}");
        let request = Request {
            method: "GET",
            target: &target,
            authorization: Some(&bearer),
            ..Request::default()
        };
        for printed in [format!("{options:?}"), format!("{site:?}"), format!("{request:?}")] {
            assert!(!printed.contains(TOKEN), "{printed}");
        }
    }
}
