//! `include/changeover.h`: what cbindgen makes of `src/ffi`, behind the constants and the settings,
//! which it can't see: macros make them. Its version is Cargo.toml's.

use super::text::{c_comment, spell, string, Language};
use super::{all_lists, checked_in, root};
use changeover::ffi::changeover_config;
use changeover::vocabulary::{
    all_settings, EventTag, Form, Scope, Setting, WordList, ERRORS, FLAGS, LONGEST,
};

/// In the order of the header.
const SOURCES: [&str; 23] = [
    "result",
    "constants",
    "abi_types",
    "abi_status",
    "version",
    "config",
    "check",
    "engine",
    "control",
    "maintenance",
    "trace",
    "shadow",
    "input",
    "loss",
    "event",
    "print",
    "status",
    "stream_list",
    "text",
    "tap",
    "observe",
    "site",
    "serve",
];

pub fn generate() -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let conventions: String = checked_in("src/ffi/conventions.md")
        .lines()
        .map(|line| format!(" * {line}").trim_end().replace('`', "") + "\n")
        .collect();
    config.header = Some(format!(
        "/* changeover: input failover for live video ingest.\n \
         *\n \
         * Generated from src/ffi and src/vocabulary by tests/generated (make generated): do not edit.\n \
         *\n\
         {conventions} */"
    ));
    config.after_includes = Some(format!("{}\n{}{}", version(), constants(), settings()));
    let builder = SOURCES.iter().fold(cbindgen::Builder::new(), |builder, source| {
        builder.with_src(root().join(format!("src/ffi/{source}.rs")))
    });
    let mut text = Vec::new();
    builder.with_config(config).generate().expect("cbindgen reads src/ffi").write(&mut text);
    let text: String =
        String::from_utf8(text).unwrap().lines().map(|line| finish(line) + "\n").collect();
    one_line_comments(&text)
}

fn version() -> String {
    let part = |text: &str| text.parse::<u32>().unwrap();
    let (major, minor, patch) = (
        part(env!("CARGO_PKG_VERSION_MAJOR")),
        part(env!("CARGO_PKG_VERSION_MINOR")),
        part(env!("CARGO_PKG_VERSION_PATCH")),
    );
    format!(
        "\n/** The version of this header; changeover_version() is the library's. */\n\
         #define CHANGEOVER_VERSION \"{}\"\n\
         #define CHANGEOVER_VERSION_MAJOR {major}\n\
         #define CHANGEOVER_VERSION_MINOR {minor}\n\
         #define CHANGEOVER_VERSION_PATCH {patch}\n\
         /** MAJOR * 10000 + MINOR * 100 + PATCH */\n\
         #define CHANGEOVER_VERSION_NUMBER {}\n",
        env!("CARGO_PKG_VERSION"),
        major * 10_000 + minor * 100 + patch,
    )
}

fn define(docs: &str, name: &str, value: &str) -> String {
    format!("{}#define {name} {value}\n\n", c_comment(docs, ""))
}

/// So that `0-CODE` is an expression.
fn in_brackets(number: i32) -> String {
    if number < 0 {
        format!("({number})")
    } else {
        number.to_string()
    }
}

/// What its words are called in C.
pub fn constant(list: &WordList, name: &str) -> String {
    format!("{}_{}", list.prefix, name.to_uppercase())
}

fn heading(docs: &str) -> String {
    format!("/* --- {docs} */\n\n")
}

fn constants() -> String {
    let mut out = heading("Results.");
    let mut errors = ERRORS.to_vec();
    errors.sort_by_key(|error| -error.number);
    for error in errors {
        out += &define(
            &spell(error.docs, Language::C),
            string(error.name),
            &in_brackets(error.number),
        );
    }
    for list in [FLAGS].into_iter().chain(all_lists()) {
        out += &heading(&spell(list.docs, Language::C));
        for word in list.words {
            let mut docs = spell(word.docs, Language::C);
            let fields = match EventTag::from_code(word.number) {
                Some(tag) if list.name == "EventTag" => tag.fields(),
                _ => &[],
            };
            if !fields.is_empty() {
                docs += &format!(" Fields: {}.", fields.join(", "));
            }
            let number = in_brackets(word.number);
            let number = if list.name == FLAGS.name { number + "u" } else { number };
            out += &define(&docs, &constant(&list, string(word.name)), &number);
        }
    }
    out
}

/// What its values are, in C.
fn values(setting: &Setting) -> String {
    match setting.form {
        Form::Timeout | Form::Wait | Form::Number | Form::Percent => {
            let range = string(setting.range).split(" (").next().unwrap_or_default();
            format!("{}{}.", range[..1].to_uppercase(), &range[1..])
        }
        Form::Choice(words) => format!("{}_*.", words.prefix),
    }
}

/// What durations are made of: constants, which cgo can see, of the type they are used as.
fn units() -> String {
    let millisecond: u128 = 1_000_000;
    let define = |name: &str, docs: &str, nanos: u128| {
        define(docs, &format!("CHANGEOVER_{name}"), &format!("UINT64_C({nanos})"))
    };
    define("MILLISECOND", "A duration: 500 * CHANGEOVER_MILLISECOND.", millisecond)
        + &define("SECOND", "A duration: 2 * CHANGEOVER_SECOND.", 1_000 * millisecond)
        + &define("MINUTE", "A duration.", 60_000 * millisecond)
        + &define(
            "NEVER",
            "The longest duration a setting may have, a year: a timeout that never comes.",
            LONGEST.as_nanos(),
        )
}

fn settings() -> String {
    let settings = all_settings();
    let of_input: Vec<_> = settings
        .iter()
        .filter(|setting| setting.scope == Scope::Input)
        .map(|setting| setting.name)
        .collect();
    let (last, others) = of_input.split_last().expect("some are");
    let about = format!(
        "Settings of the engine, of a stream or of an input. Durations are nanoseconds, e.g. 500 * \
         CHANGEOVER_MILLISECOND; they and numbers may be CHANGEOVER_INHERIT, choices CHANGEOVER_INHERIT_CHOICE. An input takes {} \
         and {last}; the rest must be inherited there, and mass_share in a stream's, too.",
        others.join(", ")
    );
    let mut out = units() + &c_comment(&about, "") + "typedef struct changeover_config {\n";
    for (field, _) in changeover_config::OFFSETS {
        let setting = settings.iter().find(|setting| setting.name == *field);
        let (docs, of_type) = match setting {
            Some(setting) => {
                let docs = spell(setting.docs, Language::C);
                let default = &setting.default;
                let docs = format!("{docs} {} Default {default}.", values(setting));
                let choice = matches!(setting.form, Form::Choice(_));
                (docs, if choice { "int32_t" } else { "uint64_t" })
            }
            None if *field == "struct_size" => {
                ("Set by changeover_config_init.".to_owned(), "size_t")
            }
            None => ("0.".to_owned(), "int32_t"),
        };
        out += &c_comment(&docs, "  ");
        out += &format!("  {of_type} {field};\n");
    }
    out + "} changeover_config;"
}

/// What cbindgen has no setting for.
fn finish(line: &str) -> String {
    if let Some(directive) = line.strip_suffix(" // __cplusplus") {
        return directive.to_owned();
    }
    match line.strip_prefix("#define ").and_then(|rest| rest.rsplit_once(' ')) {
        // So that `0-CODE` is an expression.
        Some((name, value)) if value.starts_with('-') => format!("#define {name} ({value})"),
        _ => line.replace('`', ""),
    }
}

/// A comment with one line of text, on one line.
fn one_line_comments(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let mut at = 0;
    let mut out = String::new();
    while at < lines.len() {
        match &lines[at..] {
            [open, text, close, ..] if open.trim_start() == "/**" && close.trim_start() == "*/" => {
                out += &format!("{open} {} */\n", text.trim_start().trim_start_matches("* "));
                at += 3;
            }
            _ => {
                out += lines[at];
                out.push('\n');
                at += 1;
            }
        }
    }
    out
}
