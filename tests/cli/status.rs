//! `changeover status` and `changeover top`, of an engine that is served.

use crate::rig::*;
use changeover::{serve, Config, Engine, Flags, Input, ServeOptions, Server};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;

const TOKEN: &str = "correct-horse-battery";

/// Of "news", input 0 is on air, of "sport" nothing is.
fn served(options: ServeOptions) -> (Arc<Engine>, Server, String) {
    let engine = Arc::new(Engine::new().unwrap());
    for stream in ["news", "sport"] {
        engine
            .register(stream, "", vec![Input::new(0, "a"), Input::new(1, "b")], Config::new())
            .unwrap();
    }
    let _ = engine.record_packet("news", 0, 1000, Flags::VIDEO).unwrap();
    eventually(|| engine.runtime_status("news").unwrap().inputs[0].status.name() == "active");
    let server = serve(&engine, "127.0.0.1:0", options).unwrap();
    let url = format!("http://{}", server.address());
    (engine, server, url)
}

#[test]
fn streams_are_told_of_and_darkness_is_trouble() {
    let (_engine, _server, url) = served(ServeOptions::default());
    let said = changeover(&["status", &url]);
    assert_eq!((said.code, &*said.err), (1, ""), "{said:?}");
    assert!(said.out.contains(": 2 streams, 1 in trouble, 1 dark; version 0."), "{said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    assert!(lines[1].starts_with("sport: nothing is on air"), "{said:?}");
    assert!(lines[2].starts_with("news: well [0* "), "{said:?}");

    let said = changeover(&["status", "--search", "NEWS", "--json", &url]);
    let list = said.json();
    assert_eq!((said.code, &list["streams"][0]["stream"]), (0, &"news".into()), "{list}");
    let said = changeover(&["status", "--limit", "1", &url]);
    assert!(said.out.ends_with("and 1 more: --limit, --search\n"), "{said:?}");

    let said = changeover(&["top", "--count", "3", "--every", "1ms", "--json", &url]);
    assert_eq!((said.code, said.out.lines().count()), (1, 3), "{said:?}");
}

#[test]
fn an_engine_that_has_ended_is_said() {
    // A bug is not to be had here: a host that says what its site says then.
    let engine =
        r#""engine":{"version":"0.1.0","now":"","started_at":"","alive":false,"late_ms":0}"#;
    let list = format!(r#"{{{engine},"total":0,"troubles":[0,0,0,0,0],"streams":[]}}"#);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let host = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut head = BufReader::new(client.try_clone().unwrap()).lines();
        while !head.next().unwrap().unwrap().is_empty() {}
        let length = list.len();
        write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{list}").unwrap();
    });
    let said = changeover(&["status", &url]);
    host.join().unwrap();
    assert_eq!((said.code, &*said.err), (1, ""), "{said:?}");
    assert!(said.out.contains("THE ENGINE HAS ENDED by a bug"), "{said:?}");
}

#[test]
fn a_token_comes_from_a_file() {
    let mut options = ServeOptions::default();
    options.site.token = Some(TOKEN.into());
    options.site.reads_need_token = true;
    let (_engine, _server, url) = served(options);
    let place = Place::new("token");
    let (right, wrong) = (place.file("right"), place.file("wrong"));
    fs::write(&right, format!("{TOKEN}\n")).unwrap();
    fs::write(&wrong, "battery-horse-correct").unwrap();
    let said = changeover(&["status", &url]);
    assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
    assert_eq!(said.err, format!("changeover: {url} needs a token: --token-file\n"));
    let said = changeover(&["status", &url, "--token-file", &wrong]);
    assert_eq!(
        (said.code, said.err.contains("the token is not the right one")),
        (2, true),
        "{said:?}"
    );
    let said = changeover(&["status", &url, "--token-file", &right]);
    assert_eq!((said.code, said.out.lines().count()), (1, 3), "{said:?}");
}

#[test]
fn who_does_not_answer_is_named() {
    let (_engine, server, url) = served(ServeOptions::default());
    server.close();
    let said = changeover(&["status", &url]);
    assert_eq!((said.code, &*said.out), (1, ""), "{said:?}");
    assert!(said.err.starts_with(&format!("changeover: {url}: ")), "{said:?}");
    let said = changeover(&["status", "news"]);
    assert_eq!((said.code, &*said.err), (2, "changeover: news does not begin with http://\n"));
}
