//! URLs without their secrets, alone and within texts. They are taken apart as their readers do,
//! libavformat first, not as RFC 3986 wants them; what could be read in two ways is left out.

use super::write_cut;
use std::fmt::{Result, Write};

/// Stands for what is left out.
const LEFT_OUT: &str = "***";

/// A longer part of a path, or a longer name in a query, may be a secret.
const PART_MAX: usize = 32;

/// So many segments of a path, and so many pairs of a query, are printed.
const PARTS_MAX: usize = 16;

/// The longest name of a host.
const HOST_MAX: usize = 255;

/// A text, and the URLs in it without their secrets.
pub(super) fn write_text(out: &mut impl Write, text: &str) -> Result {
    let mut rest = text;
    while let Some(slashes) = rest.find("://") {
        let start = rest[..slashes].trim_end_matches(is_of_scheme).len();
        out.write_str(&rest[..start])?;
        let url = &rest[start..];
        let url = &url[..url.find(char::is_whitespace).unwrap_or(url.len())];
        // The sentence's own; at least the slashes stay.
        let ends_sentence =
            |c| matches!(c, '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '"' | '`' | ')' | '}' | '>');
        let url = url.trim_end_matches(ends_sentence);
        write_url(out, url)?;
        rest = &rest[start + url.len()..];
    }
    out.write_str(rest)
}

/// A URL, or whatever stands in the place of one, without its secrets.
pub(super) fn write_url(out: &mut impl Write, url: &str) -> Result {
    if url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        return write_cut(out, url);
    }
    // Schemes may be nested, as in "async:http://". Without one, "://" may come later, in a query.
    let scheme = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
    let rest = match scheme {
        Some((scheme, rest)) => {
            out.write_str(scheme)?;
            out.write_str("://")?;
            rest
        }
        None => url,
    };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = match after_userinfo(authority) {
        Some(host) => {
            out.write_str(LEFT_OUT)?;
            out.write_char('@')?;
            host
        }
        None => authority,
    };
    if !is_host(host) || may_be_userinfo(authority, rest) {
        return out.write_str(LEFT_OUT);
    }
    out.write_str(host)?;
    let (path, rest) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    write_path(out, path)?;
    let (query, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    if let Some(query) = query.strip_prefix('?') {
        write_query(out, query)?;
    }
    if !fragment.is_empty() {
        write!(out, "#{LEFT_OUT}")?;
    }
    Ok(())
}

fn is_of_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

fn is_scheme(text: &str) -> bool {
    text.len() <= PART_MAX && !text.is_empty() && text.chars().all(|c| is_of_scheme(c) || c == ':')
}

/// The part of an authority behind its userinfo, if it has one.
fn after_userinfo(authority: &str) -> Option<&str> {
    let encoded = authority.rfind("%40").map(|at| at + 3);
    let at = authority.rfind('@').map(|at| at + 1).max(encoded)?;
    Some(&authority[at..])
}

/// A password may have any character, so what looked like the end of the authority may be in its
/// midst: `user:1/2@host`. But a value in the query may well have an '@'.
fn may_be_userinfo(authority: &str, rest: &str) -> bool {
    let before_value = rest.split('=').next().unwrap_or(rest);
    authority.contains([':', '@', '%']) && before_value.contains('@')
}

/// Nothing, a name, or an address, with or without a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(address) => {
            let Some((address, port)) = address.split_once(']') else { return false };
            let of_address =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '%' | '-');
            if !address.chars().all(of_address) || !port.is_empty() && !port.starts_with(':') {
                return false;
            }
            ("", port.trim_start_matches(':'))
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    host.len() <= HOST_MAX
        && name.chars().all(of_name)
        && port.len() <= 5
        && port.bytes().all(|c| c.is_ascii_digit())
}

/// Short, and of the characters that plain words are made of.
fn is_plain(part: &str) -> bool {
    let of_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '~');
    part.len() <= PART_MAX && part.chars().all(of_word)
}

/// All but the last segment.
fn write_path(out: &mut impl Write, path: &str) -> Result {
    let Some((parents, _)) = path.trim_end_matches('/').rsplit_once('/') else {
        return out.write_str(path);
    };
    for (index, segment) in parents.split('/').enumerate() {
        if index > 0 {
            out.write_char('/')?;
        }
        if index > PARTS_MAX {
            out.write_char('…')?;
            break;
        }
        out.write_str(if is_plain(segment) { segment } else { LEFT_OUT })?;
    }
    out.write_char('/')?;
    out.write_str(LEFT_OUT)
}

/// The names.
fn write_query(out: &mut impl Write, query: &str) -> Result {
    for (index, pair) in query.split(['&', ';']).enumerate() {
        out.write_char(if index == 0 { '?' } else { '&' })?;
        if index >= PARTS_MAX {
            return out.write_char('…');
        }
        match pair.split_once('=') {
            Some((name, _)) if is_plain(name) => write!(out, "{name}={LEFT_OUT}")?,
            _ if pair.is_empty() => {}
            _ => out.write_str(LEFT_OUT)?,
        }
    }
    Ok(())
}
