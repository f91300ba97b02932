//! `docs/reference.md`: every setting, event, reason, status, error and flag.

use super::header::constant;
use super::text::{spell, string, Language};
use super::{all_lists, choices};
use changeover::vocabulary::{
    all_settings, Backlog, EventTag, Form, Scope, WordList, ERRORS, FLAGS,
};

const TOP: &str = "\
# Reference

Generated from `src/vocabulary` by `make generated`: do not edit.

What every language calls by the same words. Numbers are permanent. A name such as `probe_timeout` is
`Config::probe_timeout` in Rust, `changeover_config.probe_timeout` in C, `config::probe_timeout` in C++ and
`Config.ProbeTimeout` in Go. [rules.md](rules.md) says what the words do.
";

pub fn generate() -> String {
    let mut out = TOP.to_owned();
    out += &settings();
    out += &events();
    for list in all_lists() {
        if list.name != "EventTag" && choices().iter().all(|choice| choice.name != list.name) {
            out += &words(title(&list), &list);
        }
    }
    out += &errors();
    out + &words("Packet flags", &FLAGS)
}

fn title(list: &WordList) -> &str {
    match list.name {
        "Reason" => "Reasons",
        "Status" => "Input statuses",
        "ProbeAnswer" => "Answers to probes",
        "Level" => "Log levels",
        "Severity" => "Severities",
        "Condition" => "Conditions",
        "Obstacle" => "Obstacles",
        "StartReason" => "Start reasons",
        name => name,
    }
}

fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn table<const N: usize>(heads: [&str; N]) -> String {
    row(heads) + &row(["---"; N])
}

fn settings() -> String {
    let mut out = String::from(
        "\n## Settings\n\n\
         What is not set is inherited: an input's from its stream, a stream's from the engine, the \
         engine's from the library's\ndefault. Durations are from 1 ms to a year.\n\n",
    );
    out += &table(["setting", "values", "default", "levels", "meaning"]);
    for setting in all_settings() {
        let values = match setting.form {
            Form::Timeout => "a duration".to_owned(),
            Form::Wait => "a duration, or 0".to_owned(),
            Form::Number => "a number, 0 too".to_owned(),
            Form::Percent => "0 to 100".to_owned(),
            Form::Choice(words) => {
                let names = words.words.iter().map(|word| format!("`{}`", string(word.name)));
                names.collect::<Vec<_>>().join(", ")
            }
        };
        let levels = match setting.scope {
            Scope::Input => "engine, stream, input",
            Scope::Stream => "engine, stream",
            Scope::Engine => "engine",
        };
        let name = format!("`{}`", setting.name);
        let docs = spell(setting.docs, Language::Markdown);
        out += &row([&name, &values, &setting.default, levels, &docs]);
    }
    for choice in choices() {
        out += &format!("\n### `{}`\n\n", choice.name.to_lowercase());
        out += &word_table(&choice);
    }
    out
}

fn words(title: &str, list: &WordList) -> String {
    let docs = spell(list.docs, Language::Markdown);
    format!("\n## {title}\n\n{docs}\n\n") + &word_table(list)
}

fn word_table(list: &WordList) -> String {
    let mut out = table(["number", "name", "in C", "meaning"]);
    for word in list.words {
        let name = string(word.name);
        out += &row([
            &word.number.to_string(),
            &format!("`{name}`"),
            &format!("`{}`", constant(list, name)),
            &spell(word.docs, Language::Markdown),
        ]);
    }
    out
}

fn events() -> String {
    let mut out = String::from(
        "\n## Events\n\n\
         The fields are those of `changeover_event`; each event has its stream, registration and \
         time, too. In Rust, commands\nare `EventKind::Start`, `Stop` and `Probe`, and what was \
         decided is a `Notice`.\n\n",
    );
    out += &table(["number", "name", "logged as", "while the host is slow", "fields", "meaning"]);
    for tag in EventTag::ALL {
        let backlog = match tag.backlog() {
            Backlog::Command => "kept, or undone",
            Backlog::Kept => "kept",
            Backlog::Paired => "kept, or undone by its opposite",
            Backlog::Droppable => "may be dropped",
        };
        let fields: Vec<_> = tag.fields().iter().map(|field| format!("`{field}`")).collect();
        let words = changeover::vocabulary::LISTS.iter().find(|list| list.name == "EventTag");
        let word = words.and_then(|list| list.words.iter().find(|word| word.number == tag.code()));
        out += &row([
            &tag.code().to_string(),
            &format!("`{}`", tag.name()),
            tag.level().name(),
            backlog,
            &fields.join(", "),
            &spell(word.expect("it has a word").docs, Language::Markdown),
        ]);
    }
    out
}

fn errors() -> String {
    let mut out = String::from(
        "\n## Errors\n\n\
         A refused operation changes nothing. Where Rust has no name, only the C functions can fail \
         that way.\n\n",
    );
    out += &table(["number", "in C", "in Rust", "in Go", "meaning"]);
    let mut errors = ERRORS.to_vec();
    errors.sort_by_key(|error| -error.number);
    let name = |name: &str| match name {
        "" => String::new(),
        name => format!("`{name}`"),
    };
    for error in errors {
        out += &row([
            &error.number.to_string(),
            &name(string(error.name)),
            &name(error.rust),
            &name(error.go),
            &spell(error.docs, Language::Markdown),
        ]);
    }
    out
}
