//! One request: from hyper to the site, and back.

use super::answer::Answer;
use super::connections::{Answering, Place};
use super::worker::{OwnedRequest, Worker};
use crate::site::{Body, Response, Site, BODY_MAX, TARGET_MAX};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::StatusCode;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What all connections have in common.
pub(super) struct Service {
    pub(super) site: Arc<Site>,
    /// Answers what does not wait for the monitor.
    pub(super) reader: Worker,
    /// Answers what does.
    pub(super) waiter: Worker,
    pub(super) patience: Duration,
}

impl Service {
    pub(super) async fn answer(
        &self,
        place: &Rc<Place>,
        request: hyper::Request<Incoming>,
    ) -> hyper::Response<Answer> {
        let response = match self.read(request).await {
            Ok(request) => {
                place.is_asked();
                self.ask(request).await
            }
            Err(refused) => refused,
        };
        let (bytes, shared) = match &response.body {
            Body::Whole(Cow::Owned(bytes)) => (bytes.len(), None),
            Body::Shared(text) => (text.len(), Some(text)),
            // What is in memory anyway, or not yet.
            Body::Whole(Cow::Borrowed(_)) | Body::Events(_) => (0, None),
        };
        if matches!(response.body, Body::Events(_)) {
            place.follows();
        }
        let mut answering = place.answers();
        let response = if answering.takes(bytes, shared) { response } else { busy() };
        said(response, answering)
    }

    /// All that the site looks at.
    async fn read(&self, request: hyper::Request<Incoming>) -> Result<OwnedRequest, Response> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("", |target| target.as_str());
        if target.len() > TARGET_MAX {
            return Err(Response::refused(414, "target", "the target is too long"));
        }
        let host = match head.uri.authority() {
            Some(authority) => Some(authority.as_str().to_owned()),
            None => field(&head.headers, "host")?,
        };
        let long = || close(Response::refused(413, "body", "the body is too long"));
        if body.size_hint().lower() > BODY_MAX as u64 {
            return Err(long());
        }
        let body = match timeout(self.patience, Limited::new(body, BODY_MAX).collect()).await {
            Ok(Ok(body)) => body.to_bytes().into(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return Err(long()),
            Ok(Err(_)) => return Err(close(Response::refused(400, "body", "the body is broken"))),
            Err(_) => return Err(close(Response::refused(408, "slow", "the body was too slow"))),
        };
        Ok(OwnedRequest {
            method: head.method.as_str().into(),
            target: target.into(),
            host,
            origin: field(&head.headers, "origin")?,
            fetch_site: field(&head.headers, "sec-fetch-site")?,
            authorization: field(&head.headers, "authorization")?,
            last_event_id: field(&head.headers, "last-event-id")?,
            body,
        })
    }

    async fn ask(&self, request: OwnedRequest) -> Response {
        if self.site.answers_at_once(&request.borrow()) {
            return self.site.answer(&request.borrow());
        }
        let waits = self.site.waits(&request.borrow());
        let worker = if waits { &self.waiter } else { &self.reader };
        let Some(answered) = worker.ask(request) else {
            return busy();
        };
        match timeout(self.patience, answered).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => Response::refused(500, "panic", "a bug was met"),
            Err(_) if waits => Response::refused(503, "timeout", "timed out: it may still be done"),
            Err(_) => busy(),
        }
    }
}

fn busy() -> Response {
    Response::refused(503, "busy", "too much is asked at once")
}

fn close(response: Response) -> Response {
    response.with("connection", "close")
}

/// A header field that may be there once.
fn field(headers: &HeaderMap, name: &str) -> Result<Option<String>, Response> {
    let mut all = headers.get_all(name).iter();
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned);
    match (all.next().map(text).transpose(), all.next()) {
        (Ok(value), None) => Ok(value),
        _ => Err(Response::refused(400, "header", "a header field is broken, or there twice")),
    }
}

/// An answer in hyper's words.
fn said(response: Response, answering: Answering) -> hyper::Response<Answer> {
    let answer = Answer::new(response.body, answering);
    let mut said = hyper::Response::new(answer);
    *said.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let fields = response.headers.into_iter().chain([("content-type", response.content_type)]);
    for (name, value) in fields {
        said.headers_mut().append(name, HeaderValue::from_static(value));
    }
    said
}
