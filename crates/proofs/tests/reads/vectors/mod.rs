//! The vectors of `crates/proofs/vectors`, which hold this crate and the page's TypeScript to the same verdicts.
//!
//! The naive store makes the answers. The expected verdict is written beside each: by hand for a lie, by the store for
//! the truth. `UPDATE_VECTORS=1` rewrites the files, for a new version of proofs only.

mod format;
mod heads;
mod malformed;
mod pages;
mod pages_lies;
mod seen;
mod told;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs;

fn path(name: &str) -> String {
    format!("{}/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// The vectors of a file, which must be those that are made now.
fn committed<T: Serialize + DeserializeOwned>(name: &str, made: &[T]) -> Vec<T> {
    let path = path(name);
    let values: Vec<Value> = made.iter().map(|vector| serde_json::to_value(vector).expect("it is JSON")).collect();
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let lines: Vec<_> = values.iter().map(Value::to_string).collect();
        fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).expect("the file can be written");
    }
    let text = fs::read_to_string(&path).expect("the file is there");
    let committed: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(committed.len(), values.len(), "vectors of {name}");
    for (committed, made) in committed.iter().zip(&values) {
        assert_eq!(committed, made, "{name}: {}", made["name"]);
    }
    serde_json::from_str(&text).expect("they have the form of vectors")
}

#[test]
fn pages_are_told_truly_and_falsely() {
    let made = [pages::honest(), pages_lies::lies(), malformed::pages()].concat();
    for vector in committed("pages", &made) {
        assert_eq!(vector.verdict(), vector.expected, "{}", vector.name);
    }
}

#[test]
fn heads_are_told_truly_and_falsely() {
    for vector in committed("heads", &[heads::honest(), heads::lies(), malformed::heads()].concat()) {
        assert_eq!(vector.verdict(), vector.expected, "{}", vector.name);
    }
}

#[test]
fn a_later_answer_continues_or_breaks_the_memory() {
    for vector in committed("seen", &seen::vectors()) {
        assert_eq!(vector.verdict(), vector.expected, "{}", vector.page.name);
    }
}

#[test]
fn no_two_vectors_have_one_name() {
    let pages = [pages::honest(), pages_lies::lies(), malformed::pages()].concat();
    let heads = [heads::honest(), heads::lies(), malformed::heads()].concat();
    let pages =
        pages.into_iter().map(|vector| vector.name).chain(seen::vectors().into_iter().map(|seen| seen.page.name));
    let mut names: Vec<_> = pages.chain(heads.into_iter().map(|vector| vector.name)).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
