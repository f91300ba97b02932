//! The site: what an engine shows to browsers, dashboards and programs. A request goes in, an answer comes
//! out; sockets are not its business: the server of `serve` is around it, or any other.
//!
//! | file | job |
//! |---|---|
//! | `mod.rs` | the site, and which path is what |
//! | `message.rs`, `refusal.rs` | requests and answers; what is refused |
//! | `access.rs` | who may ask for what |
//! | `listing.rs`, `row.rs`, `streams.rs` | all streams; one of them as a row; the list in pages |
//! | `action.rs` | what can be done with a stream |

mod access;
mod action;
mod listing;
mod message;
mod refusal;
mod row;
mod streams;

pub use message::{Request, Response, BODY_MAX, TARGET_MAX};

use crate::engine::Engine;
use crate::print::json::to_json;
use crate::vocabulary::Error;
use access::{Access, Intent};
use action::Action;
use listing::Listings;
use message::JSON;
use percent_encoding::percent_decode_str;
use refusal::Refusal;
use row::Row;
use serde::Serialize;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};
use streams::{About, Query};

/// The monitor is late, and the engine not healthy, from here on.
const LATE: Duration = Duration::from_millis(1000);

/// What a site is made from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SiteOptions {
    /// Who sends it (`Authorization: Bearer …`) may change things; 16 to 255 printable ASCII
    /// characters. `None`: nobody may.
    pub token: Option<String>,
    /// Reading needs the token, too, but for the page itself, which says nothing of any stream, and
    /// `/healthz`.
    pub reads_need_token: bool,
    /// By which names the site may be asked, besides `localhost` and addresses. `*`: by any; then the
    /// server around it checks that, or another site could have its name lead here and read.
    pub hosts: Vec<String>,
}

/// What an engine shows. All threads.
#[derive(Debug)]
pub struct Site {
    engine: Weak<Engine>,
    access: Access,
    listings: Listings,
}

#[derive(Serialize)]
struct Health {
    alive: bool,
    late_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Site {
    /// The site of an engine. It keeps no engine alive: when that is gone, it says so.
    ///
    /// # Errors
    /// [`Error::Token`]: it is too short, or missing where reads need it.
    pub fn new(engine: &Arc<Engine>, options: &SiteOptions) -> Result<Site, Error> {
        let SiteOptions { token, reads_need_token, hosts } = options;
        let access = Access::new(token.as_deref(), *reads_need_token, hosts)?;
        Ok(Site { engine: Arc::downgrade(engine), access, listings: Listings::default() })
    }

    /// Answers a request. Waits for the monitor, but for `/healthz` and the page.
    pub fn answer(&self, request: &Request) -> Response {
        self.route(request).unwrap_or_else(|refusal| refusal.response())
    }

    /// Whether [`Site::answer`] does not wait for this request.
    pub fn answers_at_once(&self, request: &Request) -> bool {
        matches!(path(request.target), "/healthz" | "/")
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
            ["api", "streams"] => {
                self.reads(request, Intent::Read)?;
                self.list(&Query::parse(query)?)
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
        let listing = self.listings.get(&engine)?;
        let about = About {
            version: env!("CARGO_PKG_VERSION"),
            now: SystemTime::now(),
            started_at: engine.started_at(),
            streams: listing.len(),
            late_ms: millis(engine.alive()?),
            writable: self.access.has_token(),
        };
        Ok(Response::text(200, JSON, streams::list(&listing, query, about)))
    }

    fn stream(&self, id: &str) -> Result<Response, Refusal> {
        let status = self.engine()?.runtime_status(id)?;
        let (trouble, why) = row::trouble(&status, SystemTime::now());
        // The status writes itself, with its secrets left out.
        let detail = format!(
            "{{\"status\":{},\"trouble\":{trouble},\"why\":{}}}",
            status.to_json(),
            to_json(&why)
        );
        Ok(Response::text(200, JSON, detail))
    }

    fn act(&self, id: &str, action: Action, body: &[u8]) -> Result<Response, Refusal> {
        let engine = self.engine()?;
        let done = action.carry_out(&engine, id, body);
        self.listings.outdate();
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

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
