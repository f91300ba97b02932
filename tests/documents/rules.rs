//! `docs/rules.md`: the files it names exist, the rules that the code cites are in it, and so are all
//! settings, which decisions depend on.

use super::{assert_same, code, quoted, read, root, rows, sources};
use changeover::vocabulary::all_settings;
use std::collections::BTreeSet;

/// The rules by their headings, each with its text.
fn chapters(text: &str) -> impl Iterator<Item = (u32, &str)> {
    text.split("\n### Rule ").skip(1).map(|chapter| {
        let (number, _) = chapter.split_once(':').expect("### Rule N: …");
        let chapter = chapter.split("\n## ").next().unwrap();
        (number.parse().expect("a rule's number"), chapter)
    })
}

/// "6c" for each rule with clauses, "13" for each without.
pub(super) fn clauses(text: &str) -> BTreeSet<String> {
    let of_chapter = |(number, chapter): (u32, &str)| {
        let letter = |line: &str| line.strip_prefix("- ")?.split_once(". ").map(|(l, _)| l.len());
        let letters = chapter.lines().filter(|line| letter(line) == Some(1));
        let mut found: Vec<_> =
            letters.map(|line| format!("{number}{}", line.chars().nth(2).unwrap())).collect();
        found.push(number.to_string());
        found
    };
    chapters(text).flat_map(of_chapter).collect()
}

/// What a line of code cites: "Rules 6d and 13: …", "(8b)".
fn cited(line: &str) -> impl Iterator<Item = &str> {
    let clause = |word: &&str| {
        word.trim_end_matches(|c: char| c.is_ascii_lowercase()).len() + 1 == word.len()
            && word.starts_with(|c: char| c.is_ascii_digit())
            && word[..word.len() - 1].chars().all(|c| c.is_ascii_digit())
    };
    let whole = line.split("ule ").skip(1).filter_map(|rest| {
        let number = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        number.chars().all(|c| c.is_ascii_digit()).then_some(number)
    });
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(clause).chain(whole.filter(|number| !number.is_empty()))
}

#[test]
fn rules_are_numbered_in_order_and_their_clauses_lettered() {
    let text = read("docs/rules.md");
    let mut last = 0;
    for (number, chapter) in chapters(&text) {
        // Some numbers are not taken yet.
        assert!(number > std::mem::replace(&mut last, number), "{number}");
        let bullets = chapter.lines().filter_map(|line| line.strip_prefix("- "));
        let letters: Vec<_> = bullets.filter_map(|bullet| bullet.split_once(". ")).collect();
        let letters = letters.iter().map(|(letter, _)| *letter).filter(|letter| letter.len() == 1);
        let expected: Vec<_> = ('a'..='z').map(String::from).collect();
        letters.zip(expected).for_each(|(letter, expected)| assert_eq!(letter, expected));
    }
}

#[test]
fn each_rule_names_its_code_and_its_test() {
    let text = read("docs/rules.md");
    for (number, chapter) in chapters(&text) {
        let place = chapter.lines().nth(2).unwrap_or_default();
        let mut folder = "";
        for path in quoted(place) {
            // A name without a folder is in the one before.
            let path = match path.rsplit_once('/') {
                Some((before, _)) => {
                    folder = before;
                    path.into()
                }
                None => format!("{folder}/{path}"),
            };
            assert!(root().join(&path).exists(), "rule {number}: {path}");
        }
        assert!(place.contains(&format!("`tests/core/rules/rule_{number:02}_")), "rule {number}");
    }
}

#[test]
fn files_and_folders_exist() {
    let text = read("docs/rules.md");
    let paths = quoted(&text).filter(|word| word.contains('/') && !word.contains(' '));
    for path in paths {
        assert!(root().join(path).exists(), "{path}");
    }
}

#[test]
fn what_the_core_cites_is_there_and_every_rule_is_cited() {
    let text = read("docs/rules.md");
    let clauses = clauses(&text);
    let mut rules = BTreeSet::new();
    for path in sources("src/core", "rs") {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let says = line.trim_start().starts_with("//") || line.contains("(\"rule ");
            for clause in cited(line).filter(|_| says) {
                assert!(clauses.contains(clause), "{}: {clause} in: {line}", path.display());
                rules.insert(clause.trim_end_matches(|c: char| c.is_ascii_lowercase()).to_owned());
            }
        }
    }
    let all: BTreeSet<_> = chapters(&text).map(|(number, _)| number.to_string()).collect();
    assert_eq!(rules, all, "rules that no code carries out");
}

#[test]
fn each_setting_is_in_the_table_and_read_by_decisions() {
    let rules = read("docs/rules.md");
    let (_, chapter) = rules.split_once("\n## 4. Settings\n").expect("the settings' chapter");
    let table = rows(chapter.split("\n## ").next().unwrap());
    let settings: BTreeSet<_> = all_settings().iter().map(|one| one.name.to_owned()).collect();
    let listed = table.iter().flat_map(|row| quoted(row[0])).map(str::to_owned).collect();
    assert_same("settings", &settings, &listed);

    let core: Vec<_> = sources("src/core", "rs").iter().map(|path| code(path)).collect();
    let is_read = |name: &str| {
        let mut words = core.iter().flat_map(|text| text.split(|c: char| !is_of_a_name(c)));
        words.any(|word| word == name)
    };
    for name in settings {
        assert!(is_read(&name), "nothing in src/core reads {name}");
    }
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
