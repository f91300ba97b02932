//! Who is answered: by which name, from which page, with which token.

use super::rig::{read_answer, Rig, TOKEN};
use changeover::{serve, Engine, Error, ServeOptions};
use std::io::Write;
use std::sync::Arc;

#[test]
fn a_name_of_somebody_elses_is_not_answered() {
    let rig = Rig::with_token();
    rig.register("news");
    let bearer = format!("Bearer {TOKEN}");
    for host in ["evil.example", "evil.example:9180", "localhost.evil.example", "127.0.0.1.nip.io"]
    {
        for target in
            ["/", "/api/streams", "/api/streams/news", "/api/events", "/metrics", "/healthz"]
        {
            let answer = rig.ask("GET", target, &[("Host", host)], "");
            assert_eq!(answer.status, 403, "{host} {target}");
            assert!(!answer.body.contains("news"));
        }
        // Not even with the token, and not by a target in absolute form.
        let fields = [("Host", host), ("Authorization", &bearer)];
        assert_eq!(rig.ask("POST", "/api/streams/news/clear", &fields, "").status, 403);
        let target = format!("http://{host}/api/streams");
        assert_eq!(rig.ask("GET", &target, &[("Host", "localhost")], "").status, 403);
    }
    // Nor by none, nor by two.
    for hosts in ["", "Host: localhost\r\nHost: evil.example\r\n"] {
        let mut stream = rig.connect();
        write!(stream, "GET /api/streams HTTP/1.1\r\n{hosts}\r\n").unwrap();
        let answer = read_answer(&mut stream, false);
        assert!([400, 403].contains(&answer.status), "{hosts}: {answer:?}");
    }
    assert_eq!(rig.ask("GET", "/api/streams", &[("Host", "127.0.0.1:1234")], "").status, 200);
}

#[test]
fn a_name_of_its_own_is_answered() {
    let mut options = ServeOptions::default();
    options.site.hosts = vec!["ops.example".into()];
    options.site.open_reads = true;
    let rig = Rig::new(options);
    assert_eq!(rig.ask("GET", "/api/streams", &[("Host", "ops.example:443")], "").status, 200);
    assert_eq!(rig.ask("GET", "/api/streams", &[("Host", "evil.example")], "").status, 403);
}

#[test]
fn what_goes_by_a_name_is_read_with_the_token() {
    let mut options = ServeOptions::default();
    options.site.hosts = vec!["ops.example".into()];
    let engine = Arc::new(Engine::new().unwrap());
    let without = serve(&engine, "127.0.0.1:0", options.clone());
    assert_eq!(without.map(drop), Err(Error::Token));
    options.site.token = Some(TOKEN.into());
    let rig = Rig::new(options);
    let bearer = format!("Bearer {TOKEN}");
    // A proxy passes the name on, or asks by an address of its own.
    for host in ["ops.example", "127.0.0.1:9180", "localhost"] {
        for path in ["/api/streams", "/api/streams/news", "/api/events", "/metrics"] {
            assert_eq!(rig.ask("GET", path, &[("Host", host)], "").status, 401, "{host}{path}");
        }
        let fields = [("Host", host), ("Authorization", &bearer)];
        assert_eq!(rig.ask("GET", "/api/streams", &fields, "").status, 200, "{host}");
        assert_eq!(rig.ask("GET", "/healthz", &[("Host", host)], "").status, 200, "{host}");
    }
}

#[test]
fn pages_of_other_sites_change_nothing() {
    let rig = Rig::with_token();
    rig.register("news");
    let bearer = format!("Bearer {TOKEN}");
    let post = |field: (&str, &str)| {
        let fields = [("Host", "localhost:9180"), ("Authorization", &bearer), field];
        rig.ask("POST", "/api/streams/news/switch", &fields, r#"{"input":1}"#).status
    };
    for origin in ["http://evil.example", "null", "http://localhost", "https://localhost:9180.evil"]
    {
        assert_eq!(post(("Origin", origin)), 403, "{origin}");
    }
    for site in ["cross-site", "same-site"] {
        assert_eq!(post(("Sec-Fetch-Site", site)), 403, "{site}");
    }
    let unchanged = rig.engine.runtime_status("news").unwrap();
    assert_eq!(unchanged.override_input_priority, None);
    // As a form sends it: without the token, which no form can send.
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(rig.ask("POST", "/api/streams/news/switch", &form, "input=1").status, 401);
    // Reading neither, nor following.
    let fields = [("Origin", "http://evil.example")];
    for target in ["/api/streams", "/api/events", "/metrics"] {
        assert_eq!(rig.ask("GET", target, &fields, "").status, 403, "{target}");
    }
    // Nor what they may not read, as a picture, which would be sent without an origin.
    for target in ["/api/streams", "/api/streams/news", "/api/events", "/metrics"] {
        let answer = rig.ask("GET", target, &[("Sec-Fetch-Site", "cross-site")], "");
        assert_eq!(answer.status, 403, "{target}");
    }
    // A link may lead to the page.
    assert_eq!(rig.ask("GET", "/", &[("Sec-Fetch-Site", "cross-site")], "").status, 200);
    // Nothing is said that would let them read; and the page is shown in no frame.
    let page = rig.get("/");
    assert!(!page.head.contains("access-control"), "{page:?}");
    assert!(page.field("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    assert_eq!(post(("Origin", "http://localhost:9180")), 200);
}

#[test]
fn a_token_in_a_url_is_worth_nothing_and_is_not_repeated() {
    let rig = Rig::with_token();
    rig.register("news");
    for target in [
        format!("/api/streams/news/clear?token={TOKEN}"),
        format!("/api/streams/news/clear?access_token={TOKEN}"),
    ] {
        let answer = rig.ask("POST", &target, &[], "");
        assert_eq!(answer.status, 401, "{target}");
        assert!(!answer.body.contains(TOKEN) && !answer.head.contains(TOKEN));
    }
    let target = format!("http://user:{TOKEN}@localhost/api/streams/news/clear");
    assert!(rig.ask("POST", &target, &[], "").status >= 400);
    // Where it would have no effect either, it is refused, so that nobody makes a habit of it.
    for target in [format!("/?token={TOKEN}"), format!("/api/streams?token={TOKEN}")] {
        let answer = rig.get(&target);
        assert_eq!(answer.status, 400, "{target}");
        assert!(!answer.body.contains(TOKEN));
    }
}

#[test]
fn only_the_token_is_the_token() {
    let rig = Rig::with_token();
    rig.register("news");
    for wrong in [
        "",
        "x",
        &TOKEN[1..],
        &TOKEN[..TOKEN.len() - 1],
        &format!("{TOKEN}x"),
        &TOKEN.to_uppercase(),
    ] {
        assert_eq!(rig.post("/api/streams/news/clear", wrong, "").status, 401, "{wrong}");
    }
    let fields = [("Authorization", &*format!("Basic {TOKEN}"))];
    assert_eq!(rig.ask("POST", "/api/streams/news/clear", &fields, "").status, 401);
    // A wrong one is told where none is needed, too.
    let fields = [("Authorization", "Bearer wrong")];
    assert_eq!(rig.ask("GET", "/api/streams", &fields, "").status, 401);
    // Without a token in force nothing can be changed at all.
    let open = Rig::open();
    open.register("news");
    let answer = open.post("/api/streams/news/clear", TOKEN, "");
    assert_eq!((answer.status, &answer.json()["error"]), (403, &"read_only".into()));
}
