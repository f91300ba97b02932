//! A request as the site reads it, and what it answers.

use super::feed::Feed;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A request, as a server has read it. Header fields that it does not have are `None`.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// `GET`, `HEAD`, `POST`.
    pub method: &'a str,
    /// What was asked for: the path as it was sent, percent-encoded, and the query behind `?`.
    pub target: &'a str,
    /// `Host`, or the authority of a target in absolute form.
    pub host: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `Last-Event-ID`.
    pub last_event_id: Option<&'a str>,
    /// The body. [`BODY_MAX`] bytes are enough for any: a server need read no more.
    pub body: &'a [u8],
}

/// Without what may be secret.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.host)
            .field("origin", &self.origin)
            .field("fetch_site", &self.fetch_site)
            .field("last_event_id", &self.last_event_id)
            .finish_non_exhaustive()
    }
}

/// More than this a request's body need not have, in bytes.
pub const BODY_MAX: usize = 4096;

/// More than this a request's target need not have, in bytes.
pub const TARGET_MAX: usize = 4096;

/// What the site answers.
#[derive(Debug)]
pub struct Response {
    /// 200, or why not.
    pub status: u16,
    /// The body's.
    pub content_type: &'static str,
    /// The other header fields, security's among them.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: Body,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Cow<'static, [u8]>),
    /// All of it, which many are answered by.
    Shared(Arc<String>),
    /// It goes on, piece by piece.
    Events(Box<Feed>),
}

impl Body {
    /// All of it; nothing of one that goes on.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Body::Whole(bytes) => bytes,
            Body::Shared(text) => text.as_bytes(),
            Body::Events(_) => &[],
        }
    }
}

pub(super) const JSON: &str = "application/json";

pub(super) const EVENTS: &str = "text/event-stream";

/// Sent with every answer.
const ALWAYS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

/// What is no page loads nothing and is shown nowhere.
const NO_PAGE: (&str, &str) =
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'");

/// Its script and its style by their hashes. Written by `make generated`.
const PAGE: (&str, &str) = ("content-security-policy", include_str!("page.csp").trim_ascii_end());

impl Response {
    fn new(
        status: u16,
        content_type: &'static str,
        policy: (&'static str, &'static str),
        body: Body,
    ) -> Response {
        let headers = ALWAYS.into_iter().chain([policy]).collect();
        Response { status, content_type, headers, body }
    }

    /// The page.
    pub(super) fn page() -> Response {
        let page = Body::Whole(Cow::Borrowed(include_bytes!("page.html")));
        Response::new(200, "text/html; charset=utf-8", PAGE, page)
    }

    /// A text of so many bytes.
    pub(super) fn text(status: u16, content_type: &'static str, text: String) -> Response {
        Response::new(status, content_type, NO_PAGE, Body::Whole(Cow::Owned(text.into_bytes())))
    }

    /// A text that is shared.
    pub(super) fn shared(content_type: &'static str, text: Arc<String>) -> Response {
        Response::new(200, content_type, NO_PAGE, Body::Shared(text))
    }

    /// Events as they come.
    pub(super) fn events(feed: Feed) -> Response {
        Response::new(200, EVENTS, NO_PAGE, Body::Events(Box::new(feed)))
    }

    /// With one more field.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Response {
        self.headers.push((name, value));
        self
    }
}
