//! What clients try who mean ill. Each has to leave the server answering others.

use super::rig::{connect, read_answer, read_head, read_until_closed, until, Rig, TOKEN};
use changeover::{MetricsOptions, ServeOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Clients are given so little time that tests need not wait for long.
fn impatient(max_connections: usize) -> Rig {
    let mut options = ServeOptions::default();
    options.patience = Duration::from_millis(300);
    options.max_connections = max_connections;
    options.site.token = Some(TOKEN.into());
    Rig::new(options)
}

fn answers_others(rig: &Rig) {
    assert_eq!(rig.get("/healthz").status, 200);
}

/// Sends a byte at a time until the other end has had enough.
fn drip(stream: &mut TcpStream, bytes: impl Iterator<Item = u8>) {
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    for byte in bytes {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        // The pause between two bytes, and whether it is over.
        match stream.read(&mut [0; 4096]) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
            Err(_) => return,
        }
    }
    panic!("all of it was taken");
}

#[test]
fn slow_headers_are_cut_off() {
    let rig = impatient(0);
    let mut stream = rig.connect();
    write!(stream, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    drip(&mut stream, std::iter::repeat_n(b'x', 1_000));
    answers_others(&rig);
}

#[test]
fn a_slow_body_is_cut_off() {
    let rig = impatient(0);
    let mut stream = rig.connect();
    write!(
        stream,
        "POST /api/streams/news/clear HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n"
    )
    .unwrap();
    drip(&mut stream, std::iter::repeat_n(b' ', 1_000));
    answers_others(&rig);
}

#[test]
fn who_says_nothing_is_cut_off() {
    let rig = impatient(0);
    let mut silent = rig.connect();
    let mut after_one = rig.connect();
    write!(after_one, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut after_one, false).status, 200);
    for stream in [&mut silent, &mut after_one] {
        assert!(read_until_closed(stream).is_empty());
    }
    answers_others(&rig);
}

#[test]
fn a_client_that_takes_no_answer_is_cut_off() {
    let rig = impatient(1);
    for number in 0..400 {
        rig.register(&format!("{number:0250}"));
    }
    let stream = rig.connect();
    let mut writer = stream.try_clone().unwrap();
    // Enough answers to fill all buffers there are, none of which is read.
    let asking = std::thread::spawn(move || {
        let request = "GET /api/streams?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n";
        while writer.write_all(request.as_bytes()).is_ok() {}
    });
    asking.join().unwrap();
    // The only place there is is free again.
    answers_others(&rig);
    drop(stream);
}

/// A server with an answer that is longer than all that sockets take.
fn with_a_long_answer(max_connections: usize) -> Rig {
    let mut options = ServeOptions::default();
    options.max_connections = max_connections;
    options.site.metrics = MetricsOptions::new().streams(true).inputs(true);
    let rig = Rig::new(options);
    for number in 0..2000 {
        rig.register(&format!("{number:0250}"));
    }
    rig
}

/// Begins to read that answer; its length.
fn begin_download(rig: &Rig) -> (TcpStream, usize) {
    let mut download = rig.connect();
    write!(download, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let head = read_head(&mut download);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let length: usize = length.parse().unwrap();
    assert!(length > 16 << 20, "more than sockets take: {length}");
    (download, length)
}

#[test]
fn a_download_is_not_quiet_before_its_last_byte_is_sent() {
    let rig = with_a_long_answer(2);
    let (mut download, length) = begin_download(&rig);
    // They have the other place in turn.
    let mut idle: Vec<TcpStream> = (0..4).map(|_| rig.connect()).collect();
    for sent_away in &mut idle[..3] {
        assert!(read_until_closed(sent_away).is_empty());
    }
    let mut body = vec![0; length];
    download.read_exact(&mut body).unwrap();
    assert!(body.ends_with(b"# EOF\n"));
    // After it, it is quiet like any other, and the next but one has its place.
    let _others = [rig.connect(), rig.connect()];
    assert!(read_until_closed(&mut download).is_empty());
}

#[test]
fn clients_that_are_being_answered_are_not_sent_away() {
    let rig = with_a_long_answer(2);
    let [(_first, _), (second, _)] = [begin_download(&rig), begin_download(&rig)];
    assert_eq!(read_answer(&mut rig.connect(), false).status, 503);
    // When one has gone there is room again.
    second.shutdown(Shutdown::Both).unwrap();
    drop(second);
    until("there is room", || {
        let mut stream = rig.connect();
        let asked = write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        asked.is_ok() && super::rig::try_read_answer(&mut stream) == Some(200)
    });
}

/// Raises the limit on descriptors as far as it goes.
fn descriptors() -> u64 {
    // SAFETY: plain data, valid for both calls.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur
    }
}

#[test]
fn ten_thousand_idle_connections_shut_nobody_out() {
    let most = descriptors();
    let connections = 10_000.min(most.saturating_sub(1_000));
    if connections < 10_000 {
        println!("only {connections} connections: the limit on descriptors is {most}");
    }
    assert!(connections > 500, "more than the server lets in");
    // They would be cut off for their silence, but not before the end.
    let rig = Rig::open();
    let mut idle = Vec::new();
    for number in 0..connections {
        idle.push(connect(rig.address()));
        if number % 500 == 0 {
            answers_others(&rig);
        }
    }
    answers_others(&rig);
    // Of the first ones none is left.
    assert!(read_until_closed(&mut idle[0]).is_empty());
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    assert!(open < connections + 700, "{open} descriptors are open");
}

/// Waits for the end of a connection on which beats may come until then.
fn is_sent_away(mut follower: TcpStream) {
    follower.set_nonblocking(true).unwrap();
    until("the follower is sent away", || match follower.read(&mut [0; 4096]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    });
}

#[test]
fn who_follows_events_takes_half_of_the_places() {
    let rig = impatient(4);
    let follow = || {
        let mut stream = rig.connect();
        write!(stream, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert_eq!(read_answer(&mut stream, true).status, 200);
        stream
    };
    let mut followers: Vec<TcpStream> = (0..2).map(|_| follow()).collect();
    for _ in 0..8 {
        followers.push(follow());
        // The oldest goes, which can go on later.
        is_sent_away(followers.remove(0));
    }
    answers_others(&rig);
    // Nor do those who come and say nothing send a follower away.
    let _idle: Vec<TcpStream> = (0..4).map(|_| rig.connect()).collect();
    answers_others(&rig);
    for mut follower in followers {
        follower.set_nonblocking(true).unwrap();
        while let Ok(length) = follower.read(&mut [0; 4096]) {
            assert!(length > 0, "it was sent away");
        }
    }
}

#[test]
fn where_there_is_one_place_a_follower_makes_room() {
    let rig = impatient(1);
    let mut follower = rig.connect();
    write!(follower, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut follower, true).status, 200);
    answers_others(&rig);
    is_sent_away(follower);
}

#[test]
fn a_body_of_a_gigabyte_is_not_taken() {
    let rig = Rig::with_token();
    let post = format!(
        "POST /api/streams/news/clear HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    );
    // Announced.
    let mut stream = rig.connect();
    write!(stream, "{post}Content-Length: 1073741824\r\n\r\n").unwrap();
    let answer = read_answer(&mut stream, false);
    assert_eq!((answer.status, &answer.json()["error"]), (413, &"body".into()));
    // Not announced: it ends long before.
    let mut stream = rig.connect();
    write!(stream, "{post}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    let (mut sent, chunk) = (0_u64, [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat());
    while stream.write_all(&chunk).is_ok() {
        sent += 0x10000;
        assert!(sent < 64 << 20, "much of it was taken");
    }
    answers_others(&rig);
    // A header, or a line, of a megabyte.
    for request in [
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)),
        format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(1 << 20)),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: x\r\n".repeat(1000)),
    ] {
        let mut stream = rig.connect();
        // It need not be taken to its end.
        let _ = stream.write_all(request.as_bytes());
        let answer = String::from_utf8(read_until_closed(&mut stream)).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    answers_others(&rig);
}

#[test]
fn no_path_leads_out() {
    let rig = Rig::open();
    rig.register("news");
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/api//streams",
        "/api/streams/",
        "/api/streams/../streams/news",
        "/api/streams/%2e%2e%2fnews",
        "/./api/streams",
        "/api/./streams",
        "/API/streams",
        "/api/streams/news/",
        "/api/streams/news%00",
        "/api%2fstreams",
        "/page.html",
        "/api/streams/%ff",
        "/api/streams/%",
        "/api/streams/%zz",
        "/healthz/",
        "/metrics/../healthz",
        "/\\..\\healthz",
        "*",
    ] {
        let answer = rig.get(path);
        assert!([400, 404].contains(&answer.status), "{path}: {answer:?}");
        assert!(!answer.body.contains("root:"), "{path}");
    }
    assert_eq!(rig.get("/api/streams/%6eews").status, 200);
}

#[test]
fn what_others_wrote_stays_a_text() {
    let rig = Rig::open();
    let id = "</script><img src=x onerror=alert(1)>\"\u{2028}\n\u{202e}";
    rig.register(id);
    let text = "rtmp://user:secret@cdn/app/key </td><script>alert(1)</script>\r\n\r\ndata: x";
    rig.engine.report_input_error(id, 0, text).unwrap();
    let encoded: String = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for target in ["/api/streams".into(), format!("/api/streams/{encoded}")] {
        let answer = rig.get(&target);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.field("content-type"), Some("application/json"));
        assert_eq!(answer.field("x-content-type-options"), Some("nosniff"));
        assert!(!answer.body.contains(['\n', '\r', '\u{2028}', '\u{202e}']), "{answer:?}");
        assert!(!answer.body.contains("secret"), "{answer:?}");
        let json = answer.json();
        let row = if json["row"].is_object() { &json["row"] } else { &json["streams"][0] };
        assert_eq!(row["stream"], id);
    }
    // What is asked for and is not there is not repeated.
    let answer = rig.get("/api/streams/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(answer.status == 404 && !answer.body.contains("script"), "{answer:?}");
    let answer = rig.get("/<script>");
    assert!(answer.status >= 400 && !answer.body.contains("script"), "{answer:?}");
}

#[test]
fn two_requests_are_never_one() {
    let rig = Rig::with_token();
    rig.register("news");
    // Two lengths, or a length and chunks, may be read in two ways: nothing after the first is answered.
    for fields in [
        "Content-Length: 0\r\nContent-Length: 40\r\n",
        "Content-Length: 4, 5\r\n",
        "Content-Length: +4\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ] {
        let mut stream = rig.connect();
        let post = "POST /api/streams/news/clear HTTP/1.1\r\nHost: localhost\r\n";
        let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        // It may have had enough before the end.
        let _ = stream.write_all(format!("{post}{fields}\r\n{get}").as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let said = String::from_utf8_lossy(&read_until_closed(&mut stream)).into_owned();
        assert!(!said.contains("\"alive\""), "{fields}: {said}");
    }
}

#[test]
fn noise_is_no_request() {
    let rig = impatient(0);
    let mut random = fastrand::Rng::with_seed(17);
    for _ in 0..300 {
        let mut stream = rig.connect();
        let noise: Vec<u8> = (0..random.usize(1..400)).map(|_| random.u8(..)).collect();
        let _ = stream.write_all(&noise);
        let _ = stream.shutdown(Shutdown::Write);
        let said = read_until_closed(&mut stream);
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"), "{said:?}");
    }
    answers_others(&rig);
}
