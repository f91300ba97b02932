//! The site without a server of ours: a request in, an answer out.

use super::abi_types::{changeover_engine, changeover_response, changeover_site};
use super::convert::{flag, timeout};
use super::guard::{guard, guard_or};
use super::handles::{pointer, Handles, Kind};
use super::live::find;
use super::output::Output;
use super::result::{Code, Outcome, CHANGEOVER_ERR_TIMEOUT, CHANGEOVER_ERR_VALUE};
use super::strings::{text, Text, Texts};
use super::versioned::{check, fill, init, read, read_or_initial};
use crate::metrics::MetricsOptions;
use crate::poison::unpoisoned;
use crate::site::{Body, Feed, Request, Response, Site, SiteOptions};
use crate::vocabulary::Error;
use std::borrow::Cow;
use std::ffi::c_char;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex};

static SITES: Handles<Site> = Handles::new(Kind::Site);
static RESPONSES: Handles<Answered> = Handles::new(Kind::Response);

/// What a server or a site is made from.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_serve_options {
    /// Set by changeover_serve_options_init.
    pub struct_size: usize,
    /// Who sends it (`Authorization: Bearer …`) may change things; 16 to 255 printable ASCII characters.
    /// NULL: nobody may.
    pub token: *const c_char,
    /// Bytes of it.
    pub token_len: usize,
    /// By which names it may be asked, besides localhost and IP addresses, with commas between them. `*`: by
    /// any; only for a site whose server checks that, or another site could have its name lead here. Who goes
    /// by a name is asked by others than this machine: reading needs the token then, see `open_reads`.
    pub hosts: *const c_char,
    /// Bytes of them.
    pub hosts_len: usize,
    /// For changeover_serve: how long, in nanoseconds, a client may take to ask, or to take the next 16 KiB of
    /// an answer; and how long an answer may take; at most a year. 0: 10 seconds.
    pub patience: u64,
    /// For changeover_serve: at most so many connections at once; when there are more, the one goes that has
    /// been quiet the longest. Half of them may follow events; when more do, the oldest of these goes. At most
    /// 65,536; 0: 256.
    pub max_connections: u64,
    /// 1: reading needs the token, too, but for the page itself, which says nothing of any stream, and
    /// /healthz.
    pub reads_need_token: i32,
    /// 1: /metrics has series for each stream.
    pub stream_metrics: i32,
    /// 1: /metrics has series for each input.
    pub input_metrics: i32,
    /// How nice its threads are: from 0, as their process, to 19, only when nobody else wants the processor.
    pub nice: i32,
    /// 1: reading needs no token though there are `hosts`: the server in front asks who it is.
    /// `reads_need_token` comes before it.
    pub open_reads: i32,
    /// 0.
    pub reserved: i32,
}

/// A request, as a server has read it. Texts that it does not have are NULL.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_request {
    /// Set by changeover_request_init.
    pub struct_size: usize,
    /// GET, HEAD or POST.
    pub method: *const c_char,
    /// Bytes of it.
    pub method_len: usize,
    /// What was asked for: the path as it was sent, percent-encoded, and the query behind `?`.
    pub target: *const c_char,
    /// Bytes of it.
    pub target_len: usize,
    /// Host, or the authority of a target in absolute form.
    pub host: *const c_char,
    /// Bytes of it.
    pub host_len: usize,
    /// Origin.
    pub origin: *const c_char,
    /// Bytes of it.
    pub origin_len: usize,
    /// Sec-Fetch-Site.
    pub fetch_site: *const c_char,
    /// Bytes of it.
    pub fetch_site_len: usize,
    /// Authorization.
    pub authorization: *const c_char,
    /// Bytes of it.
    pub authorization_len: usize,
    /// Last-Event-ID.
    pub last_event_id: *const c_char,
    /// Bytes of it.
    pub last_event_id_len: usize,
    /// The body. A server need read no more than 4096 bytes of it.
    pub body: *const u8,
    /// Bytes of it.
    pub body_len: usize,
}

/// What a response consists of. Borrowed until changeover_response_free.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_response_view {
    /// Set by changeover_response_view_init.
    pub struct_size: usize,
    /// 200, or why not.
    pub status: i32,
    /// 1: the body goes on, see changeover_response_next.
    pub goes_on: i32,
    /// Header fields.
    pub fields: *const changeover_field,
    /// How many.
    pub fields_len: usize,
    /// The body, unless it goes on. Never NULL.
    pub body: *const u8,
    /// Bytes of it.
    pub body_len: usize,
    /// Where the body goes on: readable while there may be a piece of it, so that many can be waited for
    /// without a thread for each; take pieces until there is none. Not to be read or closed. Else -1.
    pub fd: i32,
    /// 0.
    pub reserved: i32,
}

/// A header field of a response. Both strings have a NUL behind them.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct changeover_field {
    /// In lower case.
    pub name: *const c_char,
    /// Bytes of it.
    pub name_len: usize,
    /// What it says.
    pub value: *const c_char,
    /// Bytes of it.
    pub value_len: usize,
}

impl changeover_serve_options {
    /// # Safety
    /// The strings are as the caller promises.
    pub(super) unsafe fn site(&self) -> Outcome<SiteOptions> {
        let mut options = SiteOptions::default();
        // SAFETY: by this function's contract.
        let hosts = unsafe {
            options.token = optional(self.token, self.token_len)?.map(str::to_owned);
            text(self.hosts, self.hosts_len)?
        };
        let names = hosts.split(',').map(str::trim).filter(|name| !name.is_empty());
        options.hosts = names.map(str::to_owned).collect();
        options.reads_need_token = flag(self.reads_need_token)?;
        options.open_reads = flag(self.open_reads)?;
        options.metrics = MetricsOptions::new()
            .streams(flag(self.stream_metrics)?)
            .inputs(flag(self.input_metrics)?);
        options.nice = self.nice;
        Ok(options)
    }
}

/// Of all that a site or a server is made from, numbers alone can be out of their range.
pub(super) fn number_out_of_range(error: Error) -> Code {
    match error {
        Error::Config => Code(CHANGEOVER_ERR_VALUE),
        error => error.into(),
    }
}

/// A string that need not be there.
///
/// # Safety
/// As [`text`].
unsafe fn optional<'a>(pointer: *const c_char, len: usize) -> Outcome<Option<&'a str>> {
    if pointer.is_null() && len == 0 {
        return Ok(None);
    }
    // SAFETY: by this function's contract.
    unsafe { text(pointer, len) }.map(Some)
}

/// An answer of the caller's.
struct Answered {
    status: i32,
    fields: Vec<changeover_field>,
    /// Theirs.
    _texts: Texts,
    body: Body,
    events: Option<Events>,
}

/// A body that goes on.
struct Events {
    fd: RawFd,
    /// The rest of it, and the piece that was handed out last.
    rest: Mutex<(Feed, String)>,
}

// SAFETY: the pointers in `fields` point into `_texts`, which moves with them and is never changed again.
unsafe impl Send for Answered {}
// SAFETY: as above.
unsafe impl Sync for Answered {}

impl Answered {
    fn new(response: Response) -> Answered {
        let content_type = ("content-type", response.content_type);
        let fields = || response.headers.iter().copied().chain([content_type]);
        let mut texts = Texts::default();
        texts.restart(fields().flat_map(|(name, value)| [name, value]));
        let fields = fields().map(|(name, value)| field(texts.push(name), texts.push(value)));
        let fields = fields.collect();
        let (body, events) = match response.body {
            Body::Events(feed) => {
                let fd = feed.as_raw_fd();
                (
                    Body::Whole(Cow::default()),
                    Some(Events { fd, rest: Mutex::new((*feed, String::new())) }),
                )
            }
            whole => (whole, None),
        };
        Answered { status: response.status.into(), fields, _texts: texts, body, events }
    }

    /// Its body, so far as it is there.
    fn body(&self) -> (*const u8, usize) {
        let bytes = self.body.bytes();
        match bytes.is_empty() {
            true => (Text::EMPTY.pointer.cast(), 0),
            false => (bytes.as_ptr(), bytes.len()),
        }
    }
}

fn field(name: Text, value: Text) -> changeover_field {
    changeover_field {
        name: name.pointer,
        name_len: name.len,
        value: value.pointer,
        value_len: value.len,
    }
}

/// Makes the site of an engine, for a host that has an HTTP server of its own: what changeover_serve would
/// serve. `site` receives a handle that the caller owns and ends with changeover_site_free. `options` may be
/// NULL. A thread of its own follows the engine, which it does not keep alive.
///
/// Any thread; waits for the monitor.
/// Errors: TOKEN, SYSTEM. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_site_new(
    engine: *mut changeover_engine,
    options: *const changeover_serve_options,
    site: *mut *mut changeover_site,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let engine = find(engine)?;
        let options = read_or_initial(options)?.site()?;
        let site = Output::required(site)?;
        let made = Site::new(engine.shared(), &options).map_err(number_out_of_range)?;
        site.write(pointer(SITES.insert(Arc::new(made))?));
        Ok(())
    })
}

/// Frees a site. Its responses stay until they are freed. NULL, or a handle that is not live: nothing
/// happens.
///
/// Owner only; waits for the site's own thread to end, at most two seconds, but not for the monitor. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_site_free(site: *mut changeover_site) {
    // A handle that is not live has nothing to be freed.
    guard_or((), || drop(SITES.take(site.addr() as u64)));
}

/// Prepares a request: nothing is set.
///
/// Pass sizeof(changeover_request). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_request_init(
    request: *mut changeover_request,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(request, struct_size) })
}

/// Answers a request: `response` receives a handle that the caller owns and ends with
/// changeover_response_free. What is refused is an answer, too. An engine that was freed is answered by 503.
///
/// Any thread; waits for the monitor if the request is a POST or follows events, else does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_site_answer(
    site: *mut changeover_site,
    request: *const changeover_request,
    response: *mut *mut changeover_response,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let site = SITES.find(site.addr() as u64)?;
        let asked = read(request)?;
        let response = Output::required(response)?;
        let request = Request {
            method: text(asked.method, asked.method_len)?,
            target: text(asked.target, asked.target_len)?,
            host: optional(asked.host, asked.host_len)?,
            origin: optional(asked.origin, asked.origin_len)?,
            fetch_site: optional(asked.fetch_site, asked.fetch_site_len)?,
            authorization: optional(asked.authorization, asked.authorization_len)?,
            last_event_id: optional(asked.last_event_id, asked.last_event_id_len)?,
            body: super::arrays::bytes(asked.body, asked.body_len)?,
        };
        let answered = Answered::new(site.answer(&request));
        response.write(pointer(RESPONSES.insert(Arc::new(answered))?));
        Ok(())
    })
}

/// Prepares a struct for changeover_response_get.
///
/// Pass sizeof(changeover_response_view). One at a time; wait-free. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_response_view_init(
    view: *mut changeover_response_view,
    struct_size: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { init(view, struct_size) })
}

/// What a response consists of. What is filled in is borrowed until changeover_response_free.
///
/// Any thread; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_response_get(
    response: *const changeover_response,
    view: *mut changeover_response_view,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let answered = RESPONSES.find(response.addr() as u64)?;
        check(view)?;
        let (body, body_len) = answered.body();
        let filled = changeover_response_view {
            struct_size: 0,
            status: answered.status,
            goes_on: answered.events.is_some().into(),
            fields: answered.fields.as_ptr(),
            fields_len: answered.fields.len(),
            body,
            body_len,
            fd: answered.events.as_ref().map_or(-1, |events| events.fd),
            reserved: 0,
        };
        fill(view, &filled)
    })
}

/// The next piece of a body that goes on (events as they come), waiting at most `timeout` nanoseconds for one:
/// `piece` receives bytes that are borrowed until the next call for this response, or its
/// changeover_response_free; `piece_len` their number. After 15 seconds without one, send the three bytes
/// ":\n\n", so that both ends know the other is there.
///
/// One at a time for each response; waits for events.
/// Errors: TIMEOUT (none came); SHUT_DOWN or MONITOR_DIED at the end; VALUE (the body does not go on).
/// Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_response_next(
    response: *mut changeover_response,
    timeout: u64,
    piece: *mut *const u8,
    piece_len: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let answered = RESPONSES.find(response.addr() as u64)?;
        let (piece, piece_len) = (Output::required(piece)?, Output::required(piece_len)?);
        let events = answered.events.as_ref().ok_or(Code(CHANGEOVER_ERR_VALUE))?;
        let mut rest = unpoisoned(events.rest.lock());
        let next = rest.0.next(self::timeout(timeout))?;
        rest.1 = next.ok_or(Code(CHANGEOVER_ERR_TIMEOUT))?;
        piece.write(rest.1.as_ptr());
        piece_len.write(rest.1.len());
        Ok(())
    })
}

/// Frees a response. NULL, or a handle that is not live: nothing happens.
///
/// Owner only; does not wait. Since 0.1.
#[no_mangle]
pub unsafe extern "C" fn changeover_response_free(response: *mut changeover_response) {
    // A handle that is not live has nothing to be freed.
    guard_or((), || drop(RESPONSES.take(response.addr() as u64)));
}
