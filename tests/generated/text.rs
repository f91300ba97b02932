//! One text for all languages, as each of them spells it.

use super::checked_in;
use std::ffi::CStr;
use std::sync::LazyLock;

#[derive(Clone, Copy, PartialEq)]
pub enum Language {
    C,
    Go,
    Markdown,
}

/// The operations of the engine, by their names without `changeover_`.
static OPERATIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let symbols = checked_in("ffi-tests/symbols.txt");
    symbols.lines().filter_map(|name| name.strip_prefix("changeover_")).map(Into::into).collect()
});

pub fn string(name: &CStr) -> &str {
    name.to_str().unwrap()
}

/// The lines of a documentation comment as one line, in the spelling of a language.
pub fn spell(docs: &[&str], language: Language) -> String {
    let text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    assert!(text.ends_with('.'), "a sentence: {text}");
    let parts = text.split('`').enumerate().map(|(at, part)| match (at % 2, language) {
        (0, _) => part.to_owned(),
        (_, Language::C) if OPERATIONS.iter().any(|name| name == part) => {
            format!("changeover_{part}")
        }
        (_, Language::C) => part.to_owned(),
        (_, Language::Go) => camel(part),
        (_, Language::Markdown) => format!("`{part}`"),
    });
    parts.collect()
}

/// A name in snake case as Go and Rust have it, with Go's initialisms.
pub fn camel(name: &str) -> String {
    let word = |word: &str| match word {
        "id" | "url" | "fps" | "utf8" => word.to_uppercase(),
        _ => word[..1].to_uppercase() + &word[1..],
    };
    name.split('_').map(word).collect()
}

/// What follows a colon: without a capital, unless it begins with a name.
pub fn after_colon(sentence: &str) -> String {
    let (first, rest) = sentence.split_at(1);
    let word = rest.split(' ').next().unwrap_or_default();
    if word.contains(char::is_uppercase) {
        return sentence.to_owned();
    }
    first.to_lowercase() + rest
}

/// Wraps words into lines of at most `width`, each behind `prefix`.
pub fn wrap(text: &str, prefix: &str, width: usize) -> Vec<String> {
    let mut lines = vec![prefix.to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("one at least");
        if line.len() > prefix.len() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(format!("{prefix}{word}"));
        } else {
            if line.len() > prefix.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A C comment, in one line if it fits.
pub fn c_comment(text: &str, indent: &str) -> String {
    let one = format!("{indent}/** {text} */");
    if one.len() <= 100 {
        return one + "\n";
    }
    let lines = wrap(text, &format!("{indent} * "), 98).join("\n");
    format!("{indent}/**\n{lines}\n{indent} */\n")
}
