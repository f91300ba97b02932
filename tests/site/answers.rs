//! What is answered by which path.

use super::rig::{until, Rig, TOKEN};
use changeover::{serve, Engine, Error, Flags, MetricsOptions, ServeOptions};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn the_list_has_every_stream_those_in_trouble_first() {
    let rig = Rig::open();
    for stream in ["news", "film", "sport"] {
        rig.register(stream);
    }
    while let Some(event) = rig.engine.next_event(Duration::ZERO).unwrap() {
        if &*event.stream == "film" {
            let _ = rig.engine.record_packet("film", 0, 1000, Flags::VIDEO).unwrap();
        }
    }
    let ids = |target: &str| {
        let list = rig.get(target).json();
        let rows = list["streams"].as_array().unwrap().clone();
        rows.iter().map(|row| row["stream"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    until("film is on air", || {
        let list = rig.get("/api/streams").json();
        list["streams"][2]["stream"] == "film" && list["streams"][2]["trouble"] == 0
    });
    assert_eq!(ids("/api/streams?sort=id"), ["film", "news", "sport"]);
    assert_eq!(ids("/api/streams?sort=id&offset=1&limit=1"), ["news"]);
    assert_eq!(ids("/api/streams?search=PO&sort=trouble"), ["sport"]);
    let list = rig.get("/api/streams?limit=1&search=s").json();
    assert_eq!((&list["total"], &list["engine"]["streams"]), (&json!(2), &json!(3)));
    assert_eq!(list["engine"]["writable"], false);
    assert_eq!(list["streams"].as_array().unwrap().len(), 1);
}

#[test]
fn a_stream_has_its_status() {
    let rig = Rig::open();
    rig.register("news/1 ü");
    let stream = rig.get("/api/streams/news%2F1%20%C3%BC").json();
    assert_eq!(stream["status"]["stream"], "news/1 ü");
    assert_eq!(stream["row"]["trouble"], 4);
    assert_eq!(stream["status"]["inputs"][0]["url"], "srt://***@a.example:9000");
    let unknown = rig.get("/api/streams/sport");
    assert_eq!((unknown.status, &unknown.json()["error"]), (404, &json!("unknown_stream")));
}

#[test]
fn metrics_are_those_of_the_engine() {
    let mut options = ServeOptions::default();
    options.site.metrics = MetricsOptions::new().streams(true);
    let rig = Rig::new(options);
    rig.register("news");
    let metrics = rig.get("/metrics");
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(metrics.field("content-type"), Some(content_type));
    assert!(metrics.body.ends_with("# EOF\n"));
    assert!(
        metrics.body.contains("changeover_stream_active_input{stream=\"news\"}"),
        "{metrics:?}"
    );
}

#[test]
fn health_is_that_of_the_engine() {
    let rig = Rig::open();
    let health = rig.get("/healthz");
    assert_eq!((health.status, &health.json()["alive"]), (200, &json!(true)));
    rig.engine.shutdown().unwrap();
    let health = rig.get("/healthz");
    assert_eq!((health.status, &health.json()["alive"]), (503, &json!(false)));
    assert_eq!(rig.get("/api/streams").status, 503);
}

#[test]
fn an_engine_that_is_gone_is_said_to_be() {
    let Rig { engine, server } = Rig::open();
    drop(engine);
    let rig = Rig { engine: Arc::new(Engine::new().unwrap()), server };
    assert_eq!(rig.get("/healthz").status, 503);
    let gone = rig.get("/api/streams");
    assert_eq!((gone.status, &gone.json()["error"]), (503, &json!("shut_down")));
    assert_eq!(rig.get("/").status, 200);
}

#[test]
fn with_the_token_things_are_changed() {
    let rig = Rig::with_token();
    rig.register("news");
    assert_eq!(rig.get("/api/streams").json()["engine"]["writable"], true);
    let row = rig.post("/api/streams/news/switch", TOKEN, r#"{"input":1,"seconds":60}"#);
    assert_eq!((row.status, &row.json()["override"]), (200, &json!(1)));
    assert!(rig.engine.runtime_status("news").unwrap().override_ends_at.is_some());
    // Whoever changed it sees it in the list at once.
    assert_eq!(rig.get("/api/streams").json()["streams"][0]["override"], 1);
    let row = rig.post("/api/streams/news/clear", TOKEN, "").json();
    assert_eq!(row["override"], json!(null));
    assert_eq!(rig.post("/api/streams/news/disable", TOKEN, r#"{"input":1}"#).status, 200);
    assert!(rig.engine.runtime_status("news").unwrap().inputs[1].disabled);
    let refused = rig.post("/api/streams/news/switch", TOKEN, r#"{"input":1}"#);
    assert_eq!((refused.status, &refused.json()["error"]), (409, &json!("input_disabled")));
    assert_eq!(rig.post("/api/streams/news/enable", TOKEN, r#"{"input":1}"#).status, 200);
    assert_eq!(rig.post("/api/streams/news/failback", TOKEN, "").status, 409);
    for (action, body) in [
        ("switch", ""),
        ("switch", "{"),
        ("switch", r#"{"input":"1"}"#),
        ("switch", r#"{"input":1,"secnods":60}"#),
        ("switch", r#"{"input":-1}"#),
        ("switch", r#"{"input":1,"seconds":0}"#),
        ("clear", r#"{"input":1}"#),
        ("enable", r#"{"input":1,"seconds":1}"#),
    ] {
        let answer = rig.post(&format!("/api/streams/news/{action}"), TOKEN, body);
        assert!([400, 404].contains(&answer.status), "{action} {body}: {answer:?}");
    }
    assert_eq!(rig.post("/api/streams/news/explode", TOKEN, "").status, 404);
    assert_eq!(rig.post("/api/streams/sport/clear", TOKEN, "").status, 404);
}

#[test]
fn other_methods_are_refused() {
    let rig = Rig::with_token();
    rig.register("news");
    for (method, target, allow) in [
        ("POST", "/api/streams", "GET, HEAD"),
        ("DELETE", "/api/streams/news", "GET, HEAD"),
        ("PUT", "/", "GET, HEAD"),
        ("TRACE", "/healthz", "GET, HEAD"),
        ("GET", "/api/streams/news/clear", "POST"),
    ] {
        let answer = rig.ask(method, target, &[], "");
        assert_eq!((answer.status, answer.field("allow")), (405, Some(allow)), "{method} {target}");
    }
    let head = rig.ask("HEAD", "/healthz", &[], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn a_server_ends_with_its_connections() {
    let Rig { engine, server } = Rig::open();
    let address = server.address();
    let mut idle = super::rig::connect(address);
    server.close();
    assert!(super::rig::read_until_closed(&mut idle).is_empty());
    assert!(std::net::TcpStream::connect(address).is_err());
    // The address is free again.
    let again = serve(&engine, &address.to_string(), ServeOptions::default()).unwrap();
    assert_eq!(again.address(), address);
}

#[test]
fn addresses_that_cannot_be_served_are_refused() {
    let rig = Rig::with_token();
    let try_at = |address: &str, token: Option<&str>| {
        let mut options = ServeOptions::default();
        options.site.token = token.map(String::from);
        serve(&rig.engine, address, options).map(drop)
    };
    let taken = rig.address().to_string();
    for address in ["", "9180", "127.0.0.1", "localhost", "localhost:x", "news.example:80", &taken]
    {
        assert_eq!(try_at(address, None), Err(Error::Address), "{address}");
    }
    assert_eq!(try_at("0.0.0.0:0", None), Err(Error::NeedsToken));
    assert_eq!(try_at("[::]:0", None), Err(Error::NeedsToken));
    assert_eq!(try_at("0.0.0.0:0", Some("short")), Err(Error::Token));
    assert_eq!(try_at("0.0.0.0:0", Some(TOKEN)), Ok(()));
    assert_eq!(try_at("localhost:0", None), Ok(()));
}

#[test]
fn beyond_loopback_everything_needs_the_token() {
    let engine = Arc::new(Engine::new().unwrap());
    let mut options = ServeOptions::default();
    options.site.token = Some(TOKEN.into());
    let server = serve(&engine, "0.0.0.0:0", options).unwrap();
    let rig = Rig { engine, server };
    for target in ["/api/streams", "/api/streams/news"] {
        let answer = rig.get(target);
        assert_eq!((answer.status, answer.field("www-authenticate")), (401, Some("Bearer")));
    }
    let bearer = format!("bearer {TOKEN}");
    assert_eq!(rig.ask("GET", "/api/streams", &[("Authorization", &bearer)], "").status, 200);
    for target in ["/", "/healthz"] {
        assert_eq!(rig.get(target).status, 200);
    }
}

/// How nice the threads of this process are whose names begin so.
fn niceness(of: &str) -> Vec<i32> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let stats =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok());
    let of_one = |stat: String| {
        // `1 (name) S`, and from there on numbers, of which it is the 16th.
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
        name.starts_with(of).then(|| rest.split(' ').nth(16).unwrap().parse().unwrap())
    };
    stats.filter_map(of_one).collect()
}

#[test]
fn all_threads_are_as_nice_as_was_asked_for() {
    let mut options = ServeOptions::default();
    options.site.nice = 7;
    let _rig = Rig::new(options);
    // There are other tests' servers.
    for name in ["changeover-web", "changeover-ask", "changeover-act", "changeover-see"] {
        until(name, || niceness(name).contains(&7));
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    let rig = Rig::open();
    let refused = |change: fn(&mut ServeOptions)| {
        let mut options = ServeOptions::default();
        change(&mut options);
        serve(&rig.engine, "127.0.0.1:0", options).map(drop)
    };
    assert_eq!(refused(|options| options.site.nice = 20), Err(Error::Config));
    assert_eq!(refused(|options| options.site.nice = -1), Err(Error::Config));
    assert_eq!(refused(|options| options.max_connections = usize::MAX), Err(Error::Config));
    assert_eq!(refused(|options| options.max_connections = (1 << 16) + 1), Err(Error::Config));
    assert_eq!(refused(|options| options.max_connections = 1 << 16), Ok(()));
}

#[test]
fn endless_patience_is_a_year() {
    let mut options = ServeOptions::default();
    options.patience = Duration::MAX;
    let rig = Rig::new(options);
    assert_eq!(rig.get("/api/streams").status, 200);
}
