//! An engine with a server, and a client of bytes.

use changeover::{serve, Config, Engine, Input, ServeOptions, Server};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whatever takes longer does not come.
pub const DEADLINE: Duration = Duration::from_secs(30);

pub const TOKEN: &str = "correct-horse-battery";

pub struct Rig {
    pub engine: Arc<Engine>,
    pub server: Server,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (its, value) = line.split_once(": ")?;
            its.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Rig {
    pub fn new(options: ServeOptions) -> Rig {
        let engine = Arc::new(Engine::new().unwrap());
        let server = serve(&engine, "127.0.0.1:0", options).unwrap();
        Rig { engine, server }
    }

    /// Read-only, with the usual limits.
    pub fn open() -> Rig {
        Rig::new(ServeOptions::default())
    }

    /// With a token.
    pub fn with_token() -> Rig {
        let mut options = ServeOptions::default();
        options.site.token = Some(TOKEN.into());
        Rig::new(options)
    }

    pub fn register(&self, stream: &str) {
        let inputs =
            vec![Input::new(0, "srt://user:secret@a.example:9000").hot(), Input::new(1, "b").hot()];
        self.engine.register(stream, "", inputs, Config::new()).unwrap();
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn connect(&self) -> TcpStream {
        connect(self.address())
    }

    pub fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[], "")
    }

    pub fn post(&self, target: &str, token: &str, body: &str) -> Answer {
        self.ask("POST", target, &[("Authorization", &format!("Bearer {token}"))], body)
    }

    pub fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.connect();
        let fields: String =
            fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = if fields.contains("Host: ") { "" } else { "Host: localhost\r\n" };
        let length = body.len();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\n{host}{fields}Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        read_answer(&mut stream, method == "HEAD")
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// An answer, to its end.
pub fn read_answer(stream: &mut TcpStream, only_head: bool) -> Answer {
    let head = read_head(stream);
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer { status, head, body: String::new() };
    let length = answer.field("content-length").map_or(0, |length| length.parse().unwrap());
    if !only_head {
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        answer.body = String::from_utf8(body).unwrap();
    }
    answer
}

/// The status of an answer, if one comes.
pub fn try_read_answer(stream: &mut TcpStream) -> Option<u16> {
    let mut line = [0; 12];
    stream.read_exact(&mut line).ok()?;
    std::str::from_utf8(&line[9..]).ok()?.parse().ok()
}

/// A status line and header fields.
pub fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Waits until the other end has closed the connection; the bytes that came before that.
pub fn read_until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    bytes
}

/// Waits for a condition.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "{what}: it did not come");
        std::thread::yield_now();
    }
}
