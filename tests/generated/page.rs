//! The page's policy: its one script and its one style by their hashes, and nothing else.

use super::checked_in;
use base64::prelude::{Engine, BASE64_STANDARD};
use sha2::{Digest, Sha256};

/// What stands between the only two tags of that name.
fn element<'a>(page: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts: Vec<_> = page.split(&open).collect();
    assert!(parts.len() == 2, "the page has one <{name}>, without attributes");
    let parts: Vec<_> = parts[1].split(&close).collect();
    assert!(parts.len() == 2, "the page has one </{name}>");
    parts[0]
}

pub fn generate() -> String {
    let page = checked_in("src/site/page.html");
    let hash = |name| {
        let hash = BASE64_STANDARD.encode(Sha256::digest(element(&page, name)));
        format!("{name}-src 'sha256-{hash}'")
    };
    let parts = [
        "default-src 'none'".into(),
        hash("script"),
        hash("style"),
        "connect-src 'self'".into(),
        "img-src data:".into(),
        "base-uri 'none'".into(),
        "form-action 'none'".into(),
        "frame-ancestors 'none'".into(),
    ];
    parts.join("; ") + "\n"
}
