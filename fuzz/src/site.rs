//! Any request to the site of an engine.

use super::shown::{choices, engine, options, restore, tells_no_secret, STREAMS, TOKEN};
use arbitrary::{Arbitrary, Result, Unstructured};
use changeover::site::{Body, Request, Site};
use changeover::Engine;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

static SHOWN: LazyLock<(Arc<Engine>, Site)> = LazyLock::new(|| {
    let engine = engine();
    let site = Site::new(&engine, &options()).expect("a site");
    (engine, site)
});

/// One of the usual ones, mostly.
fn one_of<'a>(chance: &mut Unstructured<'a>, usual: &[&'a str]) -> Result<&'a str> {
    let which = chance.int_in_range(0..=usual.len())?;
    match usual.get(which) {
        Some(usual) => Ok(usual),
        None => chance.arbitrary(),
    }
}

fn maybe<'a>(chance: &mut Unstructured<'a>, usual: &[&'a str]) -> Result<Option<&'a str>> {
    Ok(if chance.arbitrary()? { Some(one_of(chance, usual)?) } else { None })
}

fn encoded(id: &str) -> String {
    id.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn target(chance: &mut Unstructured) -> Result<String> {
    const PATHS: [&str; 5] = ["/", "/healthz", "/metrics", "/api/streams", "/api/events"];
    const ACTIONS: [&str; 6] = ["/switch", "/clear", "/failback", "/enable", "/disable", ""];
    const QUERIES: [&str; 8] = [
        "?sort=id",
        "?sort=trouble&limit=2&offset=1",
        "?search=new",
        "?limit=18446744073709551615",
        "?stream=news",
        "?offset=-1",
        "?",
        "?token=correct-horse-battery",
    ];
    let mut target = match chance.int_in_range(0..=2)? {
        0 => one_of(chance, &PATHS)?.to_owned(),
        1 => {
            let stream = encoded(chance.choose(&STREAMS[..])?);
            format!("/api/streams/{stream}{}", one_of(chance, &ACTIONS)?)
        }
        _ => {
            let (stream, action) = (chance.arbitrary::<&str>()?, one_of(chance, &ACTIONS)?);
            format!("/api/streams/{stream}{action}")
        }
    };
    if chance.arbitrary()? {
        target += one_of(chance, &QUERIES)?;
    }
    Ok(target)
}

/// What may be asked by that name, as `shown::options` has it: said otherwise than the site does.
fn is_ours(host: &str) -> bool {
    let name = host.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let name = name.strip_suffix(':').unwrap_or(host);
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bare {
        Some(address) => address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()),
        None => {
            ["localhost", "ops.example"].contains(&name.to_ascii_lowercase().as_str())
                || name.parse::<IpAddr>().is_ok()
        }
    }
}

fn has_token(authorization: &str) -> bool {
    let mut words = authorization.splitn(2, ' ');
    let is_bearer = words.next().is_some_and(|word| word.eq_ignore_ascii_case("bearer"));
    is_bearer && words.next().is_some_and(|word| word.trim_ascii() == TOKEN)
}

fn ask(chance: &mut Unstructured) -> Result<()> {
    let (engine, site) = &*SHOWN;
    let target = target(chance)?;
    let method = one_of(chance, &["GET", "POST", "HEAD", "PUT", "get"])?;
    let host = maybe(
        chance,
        &["localhost", "127.0.0.1:9180", "[::1]:80", "ops.example", "evil.example", "localhost:"],
    )?;
    let origin = maybe(
        chance,
        &["http://localhost", "http://127.0.0.1:9180", "null", "https://evil.example"],
    )?;
    let fetch_site = maybe(chance, &["none", "same-origin", "same-site", "cross-site"])?;
    let authorization = maybe(
        chance,
        &["Bearer correct-horse-battery", "bearer  correct-horse-battery", "Bearer x"],
    )?;
    let last_event_id = maybe(chance, &["0", "18446744073709551615", "-1", "x"])?;
    let body = match chance.arbitrary::<Option<u8>>()? {
        Some(_) => {
            let bodies = [
                "{\"input\":1}",
                "{\"input\":2,\"seconds\":60}",
                "",
                "{\"input\":0}",
                "{\"input\":-1}",
            ];
            one_of(chance, &bodies)?.as_bytes()
        }
        None => <&[u8]>::arbitrary(chance)?,
    };
    let before = choices(engine);
    let request = Request {
        method,
        target: &target,
        host,
        origin,
        fetch_site,
        authorization,
        last_event_id,
        body,
    };
    let response = site.answer(&request);
    let said = response.body.bytes();
    let status = response.status;
    let known = [200, 400, 401, 403, 404, 405, 409, 413, 414];
    assert!(known.contains(&status), "{status}: {request:?}");
    tells_no_secret(said);
    if response.content_type == "application/json" && !matches!(response.body, Body::Events(_)) {
        serde_json::from_slice::<serde_json::Value>(said).expect("JSON");
    }
    assert!(response.headers.contains(&("cache-control", "no-store")));
    let by_our_name = host.is_some_and(is_ours);
    if !by_our_name {
        assert_ne!(status, 200, "asked by another name: {request:?}");
    }
    let of_another_page = fetch_site.is_some_and(|site| !["none", "same-origin"].contains(&site));
    let may = by_our_name && !of_another_page && authorization.is_some_and(has_token);
    if !may {
        assert!(method != "POST" || status != 200, "changed something: {request:?}");
        assert_eq!(choices(engine), before, "{request:?}");
    } else if method == "POST" && status == 200 {
        restore(engine);
    } else {
        assert_eq!(choices(engine), before, "refused, and changed all the same: {request:?}");
    }
    Ok(())
}

pub fn run(bytes: &[u8]) {
    // What has come to its end asks no more.
    let _ = ask(&mut Unstructured::new(bytes));
}
