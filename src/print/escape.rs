//! Escapes what would leave its line, or turn its direction.

use std::fmt::{Result, Write};

/// Escapes what is written to it.
pub(super) struct Escaping<'a, W>(pub(super) &'a mut W);

impl<W: Write> Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> Result {
        let Escaping(out) = self;
        let mut written = 0;
        for (at, c) in text.char_indices().filter(|(_, c)| leaves_its_line(*c)) {
            out.write_str(&text[written..at])?;
            match c {
                '\n' | '\r' | '\t' => write!(out, "{}", c.escape_default())?,
                _ => write!(out, "{}", c.escape_unicode())?,
            }
            written = at + c.len_utf8();
        }
        out.write_str(&text[written..])
    }
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and marks of text direction.
pub(super) fn leaves_its_line(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}
