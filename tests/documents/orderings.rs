//! Every memory ordering other than `Relaxed` stands in ARCHITECTURE.md, with the function that has it, and
//! has a model that fails without it.

use super::{assert_same, chapter, code, quoted, read, rows, sources};
use std::collections::BTreeSet;

const ORDERINGS: [&str; 4] = ["Acquire", "Release", "AcqRel", "SeqCst"];

/// The words of a line of code.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The type of `impl<S> Trait for Type<S> {`.
fn implemented(line: &str) -> &str {
    let head = line.trim_end_matches(['{', ' ']);
    // Without the parameters of `impl`.
    let head = head.strip_prefix("impl").unwrap();
    let head = match head.strip_prefix('<') {
        Some(rest) => {
            let mut depth = 1;
            let end = rest.find(|c| {
                depth += match c {
                    '<' => 1,
                    '>' => -1,
                    _ => 0,
                };
                depth == 0
            });
            &rest[end.unwrap() + 1..]
        }
        None => head,
    };
    let name = head.rsplit(" for ").next().unwrap();
    words(name).next().unwrap()
}

/// `Type::function ORDERING`, of all of src.
fn in_rust() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in sources("src", "rs") {
        let (mut of, mut function) = (None, "");
        let text = code(&path);
        for line in text.lines() {
            let start = line.trim_start();
            if start.starts_with("impl") && !start.starts_with("impl_") {
                of = Some(implemented(start));
            } else if line.starts_with('}') {
                of = None;
            }
            let mut all = words(line);
            if all.any(|word| word == "fn") {
                function = all.next().unwrap_or(function);
            }
            for ordering in words(line).filter(|word| ORDERINGS.contains(word)) {
                let of = of.map_or(String::new(), |of| format!("{of}::"));
                found.insert(format!("{of}{function} {ordering}"));
            }
        }
    }
    found
}

/// The same of the inline path in C.
fn in_c() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in sources("include", "h") {
        let mut function = "";
        let text = code(&path);
        for line in text.lines() {
            if let Some((head, _)) = line.split_once('(') {
                if head.contains("changeover_") && !line.starts_with([' ', '#']) {
                    function = words(head).last().unwrap();
                }
            }
            for ordering in words(line).filter_map(|word| word.strip_prefix("__ATOMIC_")) {
                let known = ORDERINGS
                    .iter()
                    .find(|known| known.eq_ignore_ascii_case(&ordering.replace('_', "")));
                if let Some(ordering) = known {
                    found.insert(format!("{function} {ordering}"));
                }
            }
        }
    }
    found
}

/// Go's atomics have one ordering. Those on plain words are the ones that are shared with the engine,
/// or with who closes an Input.
fn in_go() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in sources("go", "go").iter().filter(|path| path.parent().unwrap().ends_with("go")) {
        let mut function = String::new();
        let text = code(path);
        for line in text.lines() {
            if let Some(head) = line.strip_prefix("func ") {
                let (of, head) = match head.strip_prefix('(') {
                    Some(method) => method.split_once(") ").unwrap(),
                    None => ("", head),
                };
                let of = of.rsplit(['*', ' ']).next().filter(|of| !of.is_empty());
                let name = words(head).next().unwrap();
                function = of.map_or(name.into(), |of| format!("{of}.{name}"));
            }
            let operations = ["Load", "Store", "Swap", "CompareAndSwap", "Add", "And", "Or"];
            let calls = line.split("atomic.").skip(1).filter(|call| {
                let name = words(call).next().unwrap_or("");
                let plain =
                    name.ends_with("32") || name.ends_with("64") || name.ends_with("Pointer");
                plain && operations.iter().any(|operation| name.starts_with(operation))
            });
            if calls.count() > 0 {
                found.insert(format!("{function} atomic"));
            }
        }
    }
    found
}

/// `` `A`, `B` Release; `C` Acquire `` of the columns for writers and readers.
fn in_the_table() -> BTreeSet<String> {
    let text = chapter("Memory orderings");
    let mut found = BTreeSet::new();
    for row in rows(&text) {
        let [_, writer, reader, _] = row[..] else { panic!("not four cells: {row:?}") };
        for item in [writer, reader].iter().flat_map(|cell| cell.split(';')) {
            let said: String = item.split('`').step_by(2).collect::<Vec<_>>().join(" ");
            let mut orderings = words(&said)
                .filter(|word| ORDERINGS.contains(word) || *word == "atomic")
                .peekable();
            assert!(
                quoted(item).next().is_none() || orderings.peek().is_some(),
                "no ordering is named: {item}"
            );
            for ordering in orderings {
                found.extend(quoted(item).map(|function| format!("{function} {ordering}")));
            }
        }
    }
    found
}

#[test]
fn the_table_has_the_orderings_of_the_code() {
    let mut of_code = in_rust();
    assert!(of_code.len() > 20, "{of_code:?}");
    of_code.extend(in_c());
    of_code.extend(in_go());
    assert_same("memory orderings", &of_code, &in_the_table());
}

/// Those that no model needs, and why they stand.
const WITHOUT_A_TWIN: [(&str, &str); 14] = [
    ("Attention::raise Release", "read-modify-writes: loom runs them in the order of the program"),
    ("Attention::take Acquire", "as above"),
    ("Cell::arm Release", "what it is to pass on is passed on by the gate, too"),
    ("Cell::do_no_more_than AcqRel", "as above"),
    ("Clock::publish SeqCst", "for who reads the system's clock"),
    ("Reader::prepare_to_wait AcqRel", "the kernel's lock of the eventfd orders it, too"),
    ("Reader::wake AcqRel", "as above"),
    ("RuntimeStatus::read SeqCst", "the model of `Cell::retire` has a copy of it"),
    ("Signal::assign Release", "cells are handed over by what orders that, too"),
    ("Signal::raise Acquire", "as above"),
    ("Slot::is_of_short Acquire", "`Slot::shows` acquires the same"),
    ("Table::supersede Release", "the fences of presence order it, too"),
    ("View::table Acquire", "as above"),
    ("light_fence SeqCst", "a compiler fence, for which models have the full one"),
];

#[test]
fn each_ordering_has_a_model_that_fails_without_it() {
    let models = ["src/hot/models/orderings.rs", "src/engine/models/orderings.rs"].map(read);
    let rows = models.iter().flat_map(|text| text.split('"').skip(1).step_by(2));
    let mut shown: BTreeSet<String> = rows.map(String::from).collect();
    for (row, _) in WITHOUT_A_TWIN {
        assert!(shown.insert(row.into()), "{row} has one");
    }
    assert_same("orderings that a model needs", &in_rust(), &shown);
}
