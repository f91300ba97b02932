//! Who may ask for what: which names the site goes by, pages of which origin may ask it, and who has the
//! token.

use super::message::Request;
use super::refusal::Refusal;
use crate::vocabulary::Error;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use subtle::ConstantTimeEq;

/// The shortest token.
const TOKEN_MIN: usize = 16;
/// The longest one.
const TOKEN_MAX: usize = 255;

/// What a request is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// Read what says nothing of any stream.
    Look,
    /// Read.
    Read,
    /// Change something.
    Change,
}

/// Is not printed.
struct Token(Box<str>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[derive(Debug)]
pub(super) struct Access {
    token: Option<Token>,
    reads_need_token: bool,
    /// Without ports. `*`: any.
    hosts: Box<[String]>,
}

impl Access {
    /// # Errors
    /// [`Error::Token`].
    pub(super) fn new(
        token: Option<&str>,
        reads_need_token: bool,
        hosts: &[String],
    ) -> Result<Access, Error> {
        let is_token = |token: &str| {
            let fits = (TOKEN_MIN..=TOKEN_MAX).contains(&token.len());
            fits && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if token.is_some_and(|token| !is_token(token)) || (reads_need_token && token.is_none()) {
            return Err(Error::Token);
        }
        let hosts = hosts.iter().map(|host| split_port(host).0.to_owned()).collect();
        Ok(Access { token: token.map(|token| Token(token.into())), reads_need_token, hosts })
    }

    /// Whether there is a token, with which things can be changed.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether a request may do that.
    pub(super) fn check(&self, request: &Request, intent: Intent) -> Result<(), Refusal> {
        self.check_host(request.host)?;
        if let Some(origin) = request.origin {
            if !is_of_host(origin, request.host.unwrap_or_default()) {
                return Err(Refusal::new(403, "cross_origin", "a page of another origin asked"));
            }
        }
        let of_a_page = request.fetch_site.unwrap_or("none");
        let may = match intent {
            // A link on another page may lead to the page.
            Intent::Look => true,
            // What may not read the answer has it made all the same, and takes a place.
            Intent::Read => of_a_page != "cross-site",
            Intent::Change => ["none", "same-origin"].contains(&of_a_page),
        };
        if !may {
            return Err(Refusal::new(403, "cross_origin", "a page of another origin asked"));
        }
        if intent == Intent::Change && !self.has_token() {
            return Err(Refusal::new(403, "read_only", "read-only: no token is set"));
        }
        let needed = match intent {
            Intent::Look => false,
            Intent::Read => self.reads_need_token,
            Intent::Change => true,
        };
        match (self.is_known(request), needed) {
            (Some(false), _) => Err(Refusal::new(401, "token", "the token is wrong")),
            (None, true) => {
                Err(Refusal::new(401, "token", "send the token: Authorization: Bearer …"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the request's token is right; `None` if it has none, or there is none to compare it with.
    fn is_known(&self, request: &Request) -> Option<bool> {
        let Token(token) = self.token.as_ref()?;
        let (scheme, sent) = request.authorization?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            // A proxy's.
            return None;
        }
        Some(token.as_bytes().ct_eq(sent.trim_ascii().as_bytes()).into())
    }

    /// A name that the host has not said is its own may be anybody's, who has had it lead to here: pages
    /// loaded by it would be of our origin ("DNS rebinding"). An address can't be made to lead elsewhere.
    fn check_host(&self, host: Option<&str>) -> Result<(), Refusal> {
        let name = host.map_or("", |host| split_port(host).0);
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let is_address = address
            .map_or(name.parse::<IpAddr>().is_ok(), |address| address.parse::<Ipv6Addr>().is_ok());
        let is_ours = is_address
            || name.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|ours| ours == "*" || ours.eq_ignore_ascii_case(name));
        if is_ours {
            return Ok(());
        }
        Err(Refusal::new(403, "host", "asked by a name that is not allowed here"))
    }
}

/// `name:port`, the port as it stands; an IPv6 address keeps its brackets.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

/// Whether an origin (`scheme://name:port`) is the one that answers by that host.
fn is_of_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let usual = if scheme == "https" { "443" } else { "80" };
    let parts = |authority| {
        let (name, port): (&str, _) = split_port(authority);
        (name.to_ascii_lowercase(), port.filter(|port| !port.is_empty()).unwrap_or(usual))
    };
    parts(authority) == parts(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(hosts: &[&str]) -> Access {
        Access::new(None, false, &hosts.iter().map(|host| host.to_string()).collect::<Vec<_>>())
            .unwrap()
    }

    #[test]
    fn tokens_that_guessing_finds_are_refused() {
        let with = |token: &str| Access::new(Some(token), false, &[]).map(drop);
        for token in ["", "fifteen-letters", "with a blank in it", "umlauts-äöü-and-so-on"] {
            assert_eq!(with(token), Err(Error::Token), "{token:?}");
        }
        assert_eq!(with(&"x".repeat(256)), Err(Error::Token));
        assert_eq!(with(&"x".repeat(255)), Ok(()));
        assert_eq!(Access::new(None, true, &[]).map(drop), Err(Error::Token));
    }

    #[test]
    fn it_answers_by_addresses_and_its_own_names() {
        let access = open(&["ops.example", "Other.example:9180"]);
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:9180",
            "10.0.0.1",
            "[::1]:9180",
            "[::1]",
            "ops.example",
            "OPS.example:80",
            "other.example",
        ] {
            assert!(access.check_host(Some(host)).is_ok(), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "ops.example.",
            "[::1",
            "localhost:x",
            "127.1",
            "0x7f.1",
            "ops.example:80:80",
            "[evil]",
            "*",
        ] {
            assert!(access.check_host(Some(host)).is_err(), "{host}");
        }
        assert!(access.check_host(None).is_err());
        assert!(open(&["*"]).check_host(None).is_ok());
    }

    #[test]
    fn an_origin_is_ours_with_its_port() {
        for (origin, host) in [
            ("http://localhost:9180", "localhost:9180"),
            ("https://ops.example", "ops.example"),
            ("https://ops.example", "OPS.example:443"),
            ("http://[::1]:1", "[::1]:1"),
        ] {
            assert!(is_of_host(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "localhost"),
            ("", ""),
            ("http://localhost:8000", "localhost:9180"),
            ("https://ops.example", "ops.example:80"),
            ("http://localhost.evil.example", "localhost"),
            ("http://evil.example", "localhost"),
        ] {
            assert!(!is_of_host(origin, host), "{origin} {host}");
        }
    }
}
