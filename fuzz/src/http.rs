//! Any bytes to the server of an engine, as one connection.

use super::shown::{choices, engine, options, restore, tells_no_secret, TOKEN};
use changeover::{serve, Engine, ServeOptions, Server};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static SERVED: LazyLock<(Arc<Engine>, Server)> = LazyLock::new(|| {
    let engine = engine();
    let mut serve_options = ServeOptions::default();
    serve_options.site = options();
    let server = serve(&engine, "127.0.0.1:0", serve_options).expect("a server");
    (engine, server)
});

/// No answer takes so long; who has sent all and is not let go has met a bug.
const END: Duration = Duration::from_secs(20);

/// All that is answered; whether it was whole.
fn ask(server: &Server, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(server.address()).expect("it listens");
    stream.set_read_timeout(Some(END)).expect("a timeout");
    // The server may have had enough before the end.
    let sent = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut said = Vec::new();
    let read = stream.read_to_end(&mut said);
    if let Err(error) = &read {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    (said, sent.is_ok() && read.is_ok())
}

/// The status of an answer, its header fields in small letters, and what is behind them.
type Head<'a> = (u16, Vec<(String, String)>, &'a [u8]);

fn head(said: &[u8]) -> Option<Head<'_>> {
    let end = said.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&said[..end]).expect("an answer's head is text");
    let mut lines = text.split("\r\n");
    let status = lines.next()?;
    let code = status.strip_prefix("HTTP/1.1 ").or_else(|| status.strip_prefix("HTTP/1.0 "));
    let code = code.expect("a status line").get(..3).and_then(|code| code.parse().ok());
    let field = |line: &str| {
        let (name, value) = line.split_once(':').expect("a field");
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    Some((code.expect("a status"), lines.map(field).collect(), &said[end + 4..]))
}

/// The pieces of a chunked body, up to its end, and what is behind it; `None` if there is no end.
fn chunked(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size, 16).expect("the size of a chunk");
        rest = rest.get(end + 2..)?.get(size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some(rest);
        }
    }
}

/// What is answered to requests of these methods, one after the other; where it stops being known, it ends.
fn check(said: &[u8], whole: bool, only_get: bool) {
    let mut rest = said;
    while !rest.is_empty() {
        let Some((status, fields, body)) = head(rest) else {
            assert!(!whole, "an answer ends within its head: {rest:?}");
            return;
        };
        let known = [200, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 431, 501, 503, 505];
        assert!(known.contains(&status), "{status}");
        let field = |name: &str| {
            let mut all = fields.iter().filter(|(its, _)| its == name);
            let value = all.next().map(|(_, value)| value.as_str());
            assert!(all.next().is_none(), "{name} is there twice");
            value
        };
        // What hyper refuses by itself has none of the site's fields, and no body.
        if field("content-type").is_some() {
            assert_eq!(field("x-content-type-options"), Some("nosniff"));
            assert!(field("content-security-policy").is_some());
        }
        if field("transfer-encoding") == Some("chunked") {
            match chunked(body) {
                Some(behind) => rest = behind,
                // Events go on until the client has gone.
                None => return,
            }
            continue;
        }
        let Some(length) = field("content-length").map(|text| text.parse::<usize>().unwrap())
        else {
            return;
        };
        // An answer to HEAD says a length and has no body.
        if !only_get {
            return;
        }
        match body.get(length..) {
            Some(behind) => rest = behind,
            None => {
                assert!(!whole, "an answer is shorter than it says");
                return;
            }
        }
    }
}

pub fn run(bytes: &[u8]) {
    let (engine, server) = &*SERVED;
    let before = choices(engine);
    let (said, whole) = ask(server, bytes);
    tells_no_secret(&said);
    let has = |what: &[u8]| bytes.windows(what.len()).any(|part| part == what);
    check(&said, whole, !has(b"HEAD"));
    if has(TOKEN.as_bytes()) {
        restore(engine);
    } else {
        assert_eq!(choices(engine), before, "changed without the token");
    }
}
