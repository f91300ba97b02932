//! The server around the site: HTTP/1.1 on threads of its own, which never hold up anything of the engine's.
//!
//! | file | job |
//! |---|---|
//! | `mod.rs` | the server: its address, its threads, its end |
//! | `connections.rs`, `room.rs` | how many connections there are, and which has to go; how much may wait to be sent |
//! | `patient.rs` | clients that are slow |
//! | `http.rs`, `answer.rs` | one request, from hyper to the site and back; the body of its answer |
//! | `worker.rs` | the threads that make answers |

mod answer;
mod connections;
mod http;
mod patient;
mod room;
mod worker;

use crate::engine::{be_nice, Engine, Thread};
use crate::hot::{is_inherited, next_number};
use crate::site::{Site, SiteOptions};
use crate::vocabulary::Error;
use connections::{Connections, Place};
use crossbeam::channel::Sender;
use http::Service;
use hyper::server::conn::http1::Builder as Http;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use patient::Patient;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use worker::Worker;

/// Connections, unless the host says.
const CONNECTIONS: usize = 256;
/// Room for them is made at once.
const CONNECTIONS_MAX: usize = 1 << 16;
/// How long clients may take, unless the host says.
const PATIENCE: Duration = Duration::from_secs(10);
/// No longer than that: instants have an end.
const PATIENCE_MAX: Duration = Duration::from_secs(365 * 86_400);
/// What a request's line and header fields may have together, in bytes.
const HEAD_MAX: usize = 16 << 10;
/// Header fields of a request.
const FIELDS_MAX: usize = 64;
/// Connections that wait to be taken.
const BACKLOG: i32 = 4096;
/// After an error of the system's, no connection is taken for so long.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the end of a server is waited for.
const END: Duration = Duration::from_secs(2);

/// What a server is made from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ServeOptions {
    /// Who may ask for what; how nice the threads are, the server's, too. Where the address is not a loopback
    /// address, reading needs the token, whatever is said there.
    pub site: SiteOptions,
    /// At most so many connections at once; when there are more, the one goes that has been quiet the
    /// longest. Half of them may follow events; when more do, the oldest of these goes. At most 65,536;
    /// 0: 256.
    pub max_connections: usize,
    /// How long a client may take to ask, or to take the next 16 KiB of an answer; and how long an answer
    /// may take; at most a year. Zero: 10 seconds.
    pub patience: Duration,
}

/// A server. Dropping it ends it: connections are closed, and its threads have ended, or those that still wait
/// for the monitor are left to end by themselves after two seconds.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Dropped, the thread with the sockets ends.
    stop: Option<oneshot::Sender<()>>,
    threads: Vec<Thread>,
    /// A forked child has none of the threads.
    number: u64,
}

/// Serves the page, the API and `/healthz` of an engine at an address such as `127.0.0.1:9180`; port 0 is
/// one that is free. Does not wait. All requests are answered on threads of the server's own.
///
/// The server keeps no engine alive; with it gone, or shut down, requests are answered by 503. If a request
/// is being answered when the last other owner drops the engine, the server's thread is the one on which it
/// ends.
///
/// # Errors
/// [`Error::Address`]: it is no IP address with a port, or the system refuses it. [`Error::NeedsToken`]: it is
/// not a loopback address, so a token is needed. [`Error::Token`]: it is too short. [`Error::Config`]: a number is
/// out of its range. [`Error::System`]; [`Error::Forked`].
pub fn serve(engine: &Arc<Engine>, address: &str, options: ServeOptions) -> Result<Server, Error> {
    engine.check_process()?;
    let address = parse(address)?;
    if options.max_connections > CONNECTIONS_MAX {
        return Err(Error::Config);
    }
    let mut site = options.site;
    if !address.ip().to_canonical().is_loopback() {
        if site.token.is_none() {
            return Err(Error::NeedsToken);
        }
        site.reads_need_token = true;
    }
    let nice = site.nice;
    let site = Arc::new(Site::new(engine, &site)?);
    let listener = TcpListener::bind(address).map_err(|_| Error::Address)?;
    let bound = listener.local_addr().map_err(|_| Error::System)?;
    listener.set_nonblocking(true).map_err(|_| Error::System)?;
    // More than the usual 128, or a rush of clients has others wait for a second or more. Advice.
    // SAFETY: the descriptor is open.
    unsafe { libc::listen(listener.as_raw_fd(), BACKLOG) };
    let most = if options.max_connections == 0 { CONNECTIONS } else { options.max_connections };
    let patience =
        if options.patience.is_zero() { PATIENCE } else { options.patience.min(PATIENCE_MAX) };
    let (reader, reading) = Worker::spawn("changeover-ask", site.clone(), most, nice)?;
    let (waiter, waiting) = Worker::spawn("changeover-act", site.clone(), most, nice)?;
    let (stop, stopped) = oneshot::channel();
    let service = Service { site, reader, waiter, patience };
    let (tell, told) = crossbeam::channel::bounded(1);
    let sockets = Thread::spawn("changeover-web", move || {
        be_nice(nice);
        // Made and dropped there: the caller's thread may be one of a runtime, which allows neither.
        if let Ok(runtime) = Builder::new_current_thread().enable_io().enable_time().build() {
            run(&runtime, listener, service, Connections::new(most), stopped, &tell);
        }
    })?;
    let (stop, threads, number) = (Some(stop), vec![sockets, reading, waiting], next_number());
    let server = Server { address: bound, stop, threads, number };
    // It ends without a word where the system refuses it something.
    told.recv().map_err(|_| Error::System)?;
    Ok(server)
}

/// An IP address and a port; `localhost` is 127.0.0.1.
fn parse(address: &str) -> Result<SocketAddr, Error> {
    if let Some(port) = address.strip_prefix("localhost:") {
        let port = port.parse().map_err(|_| Error::Address)?;
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    address.parse().map_err(|_| Error::Address)
}

fn run(
    runtime: &Runtime,
    listener: TcpListener,
    service: Service,
    connections: Connections,
    stopped: oneshot::Receiver<()>,
    ready: &Sender<()>,
) {
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async {
        if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
            tokio::task::spawn_local(accept(listener, service, connections));
            if ready.send(()).is_ok() {
                // Neither a word nor an error: the other end is dropped.
                let _ = stopped.await;
            }
        }
    });
    // With the tasks all connections are dropped.
}

async fn accept(listener: tokio::net::TcpListener, service: Service, connections: Connections) {
    let service = Rc::new(service);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No descriptor left, or a client that has gone already.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Some(place) = connections.admit() else {
            // As much as fits, without waiting.
            let _ = stream.try_write(b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            continue;
        };
        let task = tokio::task::spawn_local(talk(stream, service.clone(), place.clone()));
        place.is_of(task.abort_handle());
    }
}

/// What the system does for it: small pieces go at once; a client that takes nothing of what it was sent, or has
/// gone without a word, loses its connection. Advice.
fn be_quick(stream: &TcpStream, patience: Duration) {
    let _ = stream.set_nodelay(true);
    let millis = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX).max(1);
    // SAFETY: the descriptor is open; the option is an int, which is read.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_USER_TIMEOUT,
            (&raw const millis).cast(),
            size_of::<u32>() as libc::socklen_t,
        )
    };
}

/// All that comes on one connection.
async fn talk(stream: TcpStream, service: Rc<Service>, place: Rc<Place>) {
    let patience = service.patience;
    be_quick(&stream, patience);
    let connection = Http::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_MAX)
        .max_headers(FIELDS_MAX)
        .serve_connection(
            Patient::new(stream, place.clone(), patience),
            service_fn(move |request| {
                let (service, place) = (service.clone(), place.clone());
                async move { Ok::<_, Infallible>(service.answer(&place, request).await) }
            }),
        );
    // What goes wrong with a client is its own affair.
    let _ = connection.await;
}

impl Server {
    /// Where it listens, with the port that it has got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, as dropping it does.
    pub fn close(self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        let threads = std::mem::take(&mut self.threads);
        if is_inherited(self.number) {
            // The parent's: neither woken nor waited for.
            std::mem::forget((self.stop.take(), threads));
            return;
        }
        self.stop = None;
        let deadline = Instant::now().checked_add(END);
        for thread in threads {
            // One that goes on waits for the monitor, and ends with that.
            let _ = thread.join(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// The status line of what is answered, and the rest.
    fn ask(server: &Server, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
        let fields =
            "Host: localhost\r\nAuthorization: Bearer correct-horse-battery\r\nConnection: close";
        write!(stream, "{request} HTTP/1.1\r\n{fields}\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    }

    #[test]
    fn who_waits_for_the_monitor_holds_up_no_reader() {
        let engine = Arc::new(Engine::new().unwrap());
        let mut options = ServeOptions::default();
        options.site.token = Some("correct-horse-battery".into());
        options.patience = Duration::from_millis(200);
        let server = serve(&engine, "127.0.0.1:0", options).unwrap();
        engine.hang(Duration::from_secs(4));
        let given_up = ask(&server, "POST /api/streams/news/clear");
        assert!(given_up.contains("it may still be done"), "{given_up}");
        let read = ask(&server, "GET /api/streams");
        assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    }

    #[test]
    fn the_system_gives_a_client_up_that_acknowledges_nothing() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            be_quick(&stream, Duration::from_secs(10));
            let (mut millis, mut length) = (0_u32, size_of::<u32>() as libc::socklen_t);
            // SAFETY: the descriptor is open; what is written to is valid and as long as is said.
            let result = unsafe {
                libc::getsockopt(
                    stream.as_raw_fd(),
                    libc::IPPROTO_TCP,
                    libc::TCP_USER_TIMEOUT,
                    (&raw mut millis).cast(),
                    &raw mut length,
                )
            };
            assert_eq!((result, millis), (0, 10_000));
        });
    }
}
