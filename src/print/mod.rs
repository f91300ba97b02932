//! How words that others wrote are printed: ids, texts of hosts and of their libraries, URLs. What is
//! printed stays on its line, in its direction, and keeps no secret that a URL had.
//!
//! | file | job |
//! |---|---|
//! | `mod.rs` | what is printed how |
//! | `escape.rs` | what would leave the line is escaped |
//! | `json.rs` | what is printed as JSON |
//! | `url.rs` | URLs without their secrets, alone and within texts |

mod escape;
pub(crate) mod json;
#[cfg(test)]
mod tests;
mod url;

use escape::Escaping;
use std::fmt::{Display, Formatter, Result, Write};

/// Whatever is longer is cut there, unless it is the text itself that is printed.
const CUT: usize = 1024;

/// How much of URLs is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urls {
    /// Without secrets.
    Safe,
    /// All of it.
    Full,
}

/// A text as it can be printed: [`printable`] and [`printable_url`] make it, its [`Display`] prints
/// it.
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a> {
    text: &'a str,
    form: Form,
    urls: Urls,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Url,
    Name,
}

/// A text as it can be printed on a line: URLs in it are as in [`printable_url`], and control
/// characters, line separators and marks of text direction are escaped as in Rust (`\n`, `\u{1b}`). A
/// URL in a text begins at a word with `://` in it and ends at white space. What was printed may be
/// printed again.
///
/// ```
/// let said = "rtmp://cdn.example/live/secret-key: refused\n12:00 news: restored";
/// let printed = "rtmp://cdn.example/live/***: refused\\n12:00 news: restored";
/// assert_eq!(changeover::printable(said).to_string(), printed);
/// ```
pub fn printable(text: &str) -> Printable<'_> {
    Printable { text, form: Form::Text, urls: Urls::Safe }
}

/// A URL as it can be printed on a line, without what tends to be secret: `***` stands for
/// userinfo, the last segment of the path (stream keys), values of the query, the fragment, and
/// other parts of the path that are long or unusual. A URL that could be read in more than one way
/// is `***` from there on. Long ones are cut. Escapes are as in [`printable`].
///
/// A name without a slash (`slate.ts`, `239.1.1.1:5000`) and a URL that begins with `file:` are
/// printed in full.
///
/// ```
/// let url = "srt://user:password@[2001:db8::1]:9000?mode=caller&passphrase=secret";
/// let printed = "srt://***@[2001:db8::1]:9000?mode=***&passphrase=***";
/// assert_eq!(changeover::printable_url(url).to_string(), printed);
/// ```
pub fn printable_url(url: &str) -> Printable<'_> {
    Printable { text: url, form: Form::Url, urls: Urls::Safe }
}

/// A name as it can be printed among other words: in quotes if it has white space or a quote in it,
/// or nothing.
pub(crate) fn printable_name(name: &str) -> Printable<'_> {
    Printable { text: name, form: Form::Name, urls: Urls::Safe }
}

/// A text without the secrets of the URLs in it, for where something else escapes.
pub(crate) fn without_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    write_without_secrets(text, &mut out);
    out
}

/// A URL without its secrets, for where something else escapes.
pub(crate) fn url_without_secrets(url: &str) -> String {
    let mut out = String::new();
    write_url_without_secrets(url, &mut out);
    out
}

/// [`without_secrets`], appended.
pub(crate) fn write_without_secrets(text: &str, out: &mut String) {
    // Writing to a string can't fail.
    let _ = url::write_text(out, text);
}

/// [`url_without_secrets`], appended.
pub(crate) fn write_url_without_secrets(url: &str, out: &mut String) {
    // As above.
    let _ = url::write_url(out, url);
}

/// What would leave its line or turn its direction: the characters that printing escapes.
pub(crate) fn leaves_its_line(c: char) -> bool {
    escape::leaves_its_line(c)
}

impl Printable<'_> {
    /// Printed with so much of its URLs.
    pub(crate) fn with(self, urls: Urls) -> Self {
        Printable { urls, ..self }
    }
}

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Printable { text, form, urls } = *self;
        let mut out = Escaping(f);
        match (form, urls) {
            (Form::Text, Urls::Safe) => url::write_text(&mut out, text),
            (Form::Text, Urls::Full) => out.write_str(text),
            (Form::Url, Urls::Safe) => url::write_url(&mut out, text),
            (Form::Url, Urls::Full) => write_cut(&mut out, text),
            (Form::Name, _) => {
                if !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"') {
                    return write_cut(&mut out, text);
                }
                out.0.write_char('"')?;
                for c in cut(text, CUT).chars() {
                    if matches!(c, '"' | '\\') {
                        out.0.write_char('\\')?;
                    }
                    out.write_char(c)?;
                }
                out.0.write_char('"')
            }
        }
    }
}

fn write_cut(out: &mut impl Write, text: &str) -> Result {
    let kept = cut(text, CUT);
    out.write_str(kept)?;
    if kept.len() < text.len() {
        out.write_char('…')?;
    }
    Ok(())
}

/// At most so many bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
