//! What is written from the code, checked in, and the same in the tree: the C header, and what the
//! other languages and the documentation say of the vocabulary (`src/vocabulary`).
//!
//! `make generated` writes all of it anew.

#![cfg(feature = "capi")]

mod go;
mod header;
mod hpp;
mod layout;
mod page;
mod reference;
mod text;

use changeover::vocabulary::{all_settings, Form, WordList, LISTS};
use std::fs::{read_to_string, write};
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file, relative to the repository's root, as it is checked in.
fn checked_in(path: &str) -> String {
    read_to_string(root().join(path)).unwrap_or_default()
}

/// Whether to write what differs.
fn is_writing() -> bool {
    std::env::var_os("CHANGEOVER_WRITE_GENERATED").is_some()
}

/// Fails unless the file is what it should be.
fn is_checked_in(path: &str, generated: &str) {
    if is_writing() {
        write(root().join(path), generated).unwrap();
    }
    let checked_in = checked_in(path);
    let first = generated.lines().zip(checked_in.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or(generated.lines().count().min(checked_in.lines().count())) + 1;
    assert!(
        generated == checked_in,
        "{path} is out of date (first at line {line}): run `make generated`"
    );
}

/// The values of settings that are a choice.
fn choices() -> Vec<WordList> {
    let mut choices: Vec<WordList> = Vec::new();
    for setting in all_settings() {
        if let Form::Choice(words) = setting.form {
            if choices.iter().all(|known| known.name != words.name) {
                choices.push(words);
            }
        }
    }
    choices
}

/// Every list of words.
fn all_lists() -> Vec<WordList> {
    choices().into_iter().chain(LISTS.iter().copied()).collect()
}

#[test]
fn the_header() {
    is_checked_in("include/changeover.h", &header::generate());
}

#[test]
fn the_cpp_header() {
    is_checked_in("include/changeover.hpp", &hpp::generate());
}

#[test]
fn the_go_package() {
    is_checked_in("go/vocabulary_generated.go", &go::generate());
}

#[test]
fn the_layout_checks() {
    layout::numbers_are_permanent();
    is_checked_in("ffi-tests/layout_generated.h", &layout::generate());
}

#[test]
fn the_reference() {
    is_checked_in("docs/reference.md", &reference::generate());
}

#[test]
fn the_policy_of_the_page() {
    is_checked_in("src/site/page.csp", &page::generate());
}

/// A list that nothing is generated from would be one that is forgotten in four languages.
#[test]
fn every_list_of_words_is_generated_from() {
    let known: Vec<_> = all_lists().iter().map(|list| list.name).collect();
    let mut declared = 0;
    for file in std::fs::read_dir(root().join("src/vocabulary")).unwrap() {
        let source = read_to_string(file.unwrap().path()).unwrap();
        for line in source.lines().filter(|line| line.contains(": CHANGEOVER_")) {
            let name =
                line.trim().strip_prefix("pub enum ").and_then(|rest| rest.split(':').next());
            let name = name.unwrap_or_else(|| panic!("what is this? {line}"));
            assert!(known.contains(&name), "{name} is missing from LISTS");
            declared += 1;
        }
    }
    assert_eq!(declared, known.len());
}

/// A number or a name that stands for two words would be a silent mistake in some language.
#[test]
fn no_list_has_a_number_or_a_name_twice() {
    for list in all_lists() {
        let mut numbers: Vec<_> = list.words.iter().map(|word| word.number).collect();
        let mut names: Vec<_> = list.words.iter().map(|word| word.name).collect();
        numbers.dedup();
        names.sort_unstable();
        names.dedup();
        assert!(numbers.is_sorted(), "{} is not in order", list.name);
        assert_eq!((numbers.len(), names.len()), (list.words.len(), list.words.len()));
    }
}
