//! Events as they come, and what became of a stream.

use super::rig::{read_head, until, Rig};
use changeover::{Config, Input};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A client that follows events.
struct Client {
    stream: TcpStream,
    /// What came, without the lengths of its chunks.
    text: String,
}

#[derive(Debug)]
struct Sent {
    id: Option<u64>,
    event: String,
    data: String,
}

impl Client {
    fn new(rig: &Rig, query: &str, after: Option<u64>) -> Client {
        let mut stream = rig.connect();
        let after = after.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        write!(stream, "GET /api/events{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{after}\r\n")
            .unwrap();
        let head = read_head(&mut stream);
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        let mut client = Client { stream, text: String::new() };
        assert_eq!(client.block(), "retry: 1000");
        client
    }

    /// All up to an empty line.
    fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return block;
            }
            let mut line = String::new();
            while !line.ends_with("\r\n") {
                let mut byte = [0];
                self.stream.read_exact(&mut byte).unwrap();
                line.push(byte[0] as char);
            }
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            assert!(length > 0, "it ended");
            let mut chunk = vec![0; length + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            self.text += std::str::from_utf8(&chunk[..length]).unwrap();
        }
    }

    fn next(&mut self) -> Sent {
        let block = self.block();
        let field =
            |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        Sent {
            id: field("id").map(|id| id.parse().unwrap()),
            event: field("event").unwrap().into(),
            data: field("data").unwrap().into(),
        }
    }

    /// The next one of a kind.
    fn next_of(&mut self, kind: &str) -> Sent {
        loop {
            let sent = self.next();
            if sent.event == kind {
                return sent;
            }
        }
    }
}

#[test]
fn events_come_in_their_order_each_with_its_number() {
    let rig = Rig::open();
    let mut client = Client::new(&rig, "", None);
    rig.register("news");
    rig.engine.unregister("news").unwrap();
    let (mut last, mut kinds) = (None, Vec::new());
    while kinds.last().is_none_or(|kind| kind != "unregistered") {
        let sent = client.next();
        assert!(last.is_none_or(|last| sent.id == Some(last + 1)), "{last:?} {sent:?}");
        last = sent.id;
        let json: serde_json::Value = serde_json::from_str(&sent.data).unwrap();
        assert_eq!((&json["stream"], &json["event"]), (&"news".into(), &sent.event.clone().into()));
        kinds.push(sent.event);
    }
    assert!(kinds.iter().any(|kind| kind == "start") && kinds.iter().any(|kind| kind == "stop"));
}

#[test]
fn a_client_that_comes_back_goes_on_where_it_was() {
    let rig = Rig::open();
    let mut first = Client::new(&rig, "", None);
    // Keeps the events, as the page's other clients do.
    let _other = Client::new(&rig, "", None);
    rig.register("one");
    let seen = first.next_of("switched").id.unwrap();
    drop(first);
    rig.register("two");
    rig.engine.unregister("two").unwrap();
    let mut again = Client::new(&rig, "", Some(seen));
    let sent = again.next();
    assert_eq!((sent.id, sent.event == "missed"), (Some(seen + 1), false));
    assert!(again.next_of("unregistered").data.contains("\"two\""));
}

#[test]
fn what_is_not_kept_any_more_is_told() {
    let rig = Rig::open();
    let mut client = Client::new(&rig, "", None);
    rig.register("one");
    let seen = client.next_of("switched").id.unwrap();
    // More than any tap keeps, while nobody reads.
    for _ in 0..2_500 {
        let inputs = (0..16).map(|priority| Input::new(priority, "a").hot()).collect();
        rig.engine.register("two", "", inputs, Config::new()).unwrap();
        rig.engine.unregister("two").unwrap();
    }
    let mut again = Client::new(&rig, "", Some(seen));
    let sent = again.next();
    assert_eq!((sent.event.as_str(), sent.id), ("missed", None));
    let missed: serde_json::Value = serde_json::from_str(&sent.data).unwrap();
    let next = again.next();
    assert_eq!(next.id, Some(seen + 1 + missed["missed"].as_u64().unwrap()));
}

#[test]
fn events_of_one_stream_alone() {
    let rig = Rig::open();
    let mut client = Client::new(&rig, "?stream=two%26%3D", None);
    for stream in ["one", "two&=", "three"] {
        rig.register(stream);
        rig.engine.unregister(stream).unwrap();
    }
    assert!(client.next_of("unregistered").data.contains("two&="));
    rig.register("four");
    rig.register("two&=");
    assert!(client.next().data.contains("two&="));
}

#[test]
fn a_number_that_is_none_is_refused() {
    let rig = Rig::open();
    let answer = rig.ask("GET", "/api/events", &[("Last-Event-ID", "x")], "");
    assert_eq!(answer.status, 400);
}

#[test]
fn events_end_with_the_engine() {
    let rig = Rig::open();
    let mut client = Client::new(&rig, "", None);
    rig.register("news");
    client.next_of("switched");
    rig.engine.shutdown().unwrap();
    let mut rest = String::new();
    client.stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("event: unregistered") && rest.ends_with("0\r\n\r\n"), "{rest}");
}

#[test]
fn what_became_of_a_stream_is_in_its_timeline() {
    let rig = Rig::open();
    rig.register("news");
    rig.engine.report_input_error("news", 0, "http://user:secret@a/b <i>broke</i>").unwrap();
    until("the switch is seen", || {
        let stream = rig.get("/api/streams/news").json();
        let timeline = &stream["timeline"];
        let given_up = &timeline["inputs"]["0"][1];
        timeline["complete"] == true
            && timeline["switches"][1]["to"] == 1
            && given_up["status"] == "degraded"
            && given_up["text"] == "http://***@a/*** <i>broke</i>"
    });
    let stream = rig.get("/api/streams/news").json();
    assert_eq!(stream["row"]["stream"], "news");
    // It is said there alone.
    assert!(stream.get("trouble").is_none() && stream["row"]["trouble"].is_number());
}

#[test]
fn bitrates_are_sampled_once_somebody_looks() {
    let rig = Rig::open();
    rig.register("news");
    rig.get("/api/streams");
    until("the first sample", || {
        let stream = rig.get("/api/streams/news").json();
        stream["spark"]["inputs"]["0"].as_array().is_some_and(|samples| samples.len() == 1)
    });
}
