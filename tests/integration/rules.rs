//! The table of rules in `docs/security.md` names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;
use test_support::artifact::root;

/// Folders whose tests the table may name.
const FOLDERS: [&str; 6] =
    ["src", "tests", "crates/stable", "crates/canister-base", "crates/client/tests", "crates/proofs/tests"];

/// The names of the test functions in a folder.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("it is text");
            // An attribute of a test ends in `test]`. Its function follows, perhaps behind further attributes.
            let after = text.split("test]\n").skip(1);
            found.extend(after.filter_map(|rest| {
                let (_, name) = rest.lines().find(|line| line.contains("fn "))?.split_once("fn ")?;
                Some(name.split('(').next()?.to_string())
            }));
        }
    }
}

/// The cells of each row of the table.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let (_, section) = page.split_once("\n## Rules and their tests\n").expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The names in a cell.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_rule_has_tests_and_an_attacker() {
    let mut found = BTreeSet::new();
    for folder in FOLDERS {
        tests(&root().join(folder), &mut found);
    }
    assert!(found.contains("every_rule_has_tests_and_an_attacker"), "this test is found");
    let page = std::fs::read_to_string(root().join("docs/security.md")).expect("the page is there");
    let rows = rows(&page);
    assert!(rows.len() >= 20, "{} rules", rows.len());
    for row in rows {
        let [rule, kept, attacked] = row[..] else { panic!("{row:?} has not three cells") };
        for cell in [kept, attacked] {
            assert!(names(cell).next().is_some(), "a cell of \"{rule}\" names no test: {cell}");
            for name in names(cell) {
                assert!(found.contains(name), "\"{rule}\" names a test that there is not: {name}");
            }
        }
    }
}
