//! A host in async Rust: changeover's events, sockets and timers in one tokio runtime of one thread.
//! `cargo run --example tokio`: two sources send over UDP, the first one dies, the second one takes over.

use changeover::{Config, Engine, EventKind, Flags, Input, InputHandle, Notice};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { timeout(Duration::from_secs(30), host()).await? })
}

async fn host() -> Result<(), Failure> {
    let mut sources = Vec::new();
    for _ in 0..2 {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        sources.push((socket.local_addr()?, tokio::spawn(source(socket.local_addr()?)), socket));
    }
    let engine = Engine::new()?;
    let inputs = (0..)
        .zip(&sources)
        .map(|(priority, (address, ..))| Input::new(priority, format!("udp://{address}")).hot());
    let config = Config::new().packet_timeout(Duration::from_millis(500));
    engine.register("news", "", inputs.collect(), config)?;

    let mut sessions: HashMap<u64, JoinHandle<()>> = HashMap::new();
    // SAFETY: a BorrowedFd is always the same descriptor, and is open as long as the engine, which it borrows.
    // (Before tokio 1.54 this was the safe `AsyncFd::with_interest`.) Dropping it does not close the descriptor.
    let descriptor =
        unsafe { AsyncFd::register_with_interest(engine.event_fd()?, Interest::READABLE) }
            .map_err(std::io::Error::from)?;
    loop {
        let mut readable = descriptor.readable().await?;
        // Until there is none: only then does the descriptor cease to be readable, and tokio, which
        // waits for an edge, learns of the next event.
        while let Some(event) = engine.next_event(Duration::ZERO)? {
            println!("{event}");
            match event.kind {
                EventKind::Start(start) => {
                    let priority = start.input.priority;
                    let input = engine.open_input(&event.stream, priority, start.session)?;
                    // Here you connect to `start.input.url`: in the task, so that nothing waits for it.
                    let socket = Arc::clone(&sources[priority as usize].2);
                    sessions.insert(start.session, tokio::spawn(ingest(socket, input)));
                }
                EventKind::Stop(stop) => {
                    if let Some(session) = sessions.remove(&stop.session) {
                        session.abort();
                    }
                }
                EventKind::Notice(Notice::Active { priority: 0, .. }) => sources[0].1.abort(),
                EventKind::Notice(Notice::Active { priority: 1, .. }) => return Ok(()),
                _ => {}
            }
        }
        readable.clear_ready();
    }
}

/// Receives a source for as long as its session lasts.
async fn ingest(socket: Arc<UdpSocket>, mut input: InputHandle) {
    let mut datagram = [0; 2048];
    while let Ok(bytes) = socket.recv(&mut datagram).await {
        // No lock, no system call: there is nothing to await. In a runtime of several threads the
        // output also compares the verdict's number, see docs/c-api.md.
        if input.record(bytes as u32, Flags::NONE).forward() {
            // Here you write the datagram to the output.
        }
    }
}

/// Sends a datagram every 20 ms.
async fn source(to: std::net::SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let mut ticks = interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        // Nobody may be listening yet.
        let _ = socket.send_to(&[0x47; 1316], to).await;
    }
}
