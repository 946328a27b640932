//! Entries as lines: for people, or JSON.

#![allow(clippy::indexing_slicing, reason = "a field of a JSON object is set, not read")]

use super::{DONE, Failure};
use client::plain::{is_control, plain};
use mailbox::{Address, Entry, Error, Event, Mailbox, Said, SharedId, With};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// Writes a whole line to standard output.
pub fn out(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Writes a line to standard error. It may be closed.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

pub(crate) use tell;

/// Names of contacts and of shared inboxes.
pub struct Names {
    people: BTreeMap<Address, String>,
    shared: BTreeMap<SharedId, String>,
}

impl Names {
    pub async fn of(mailbox: &Mailbox) -> Result<Self, Error> {
        let contacts = mailbox.contacts().await?;
        Ok(Self {
            people: contacts.into_iter().map(|(address, contact)| (address, contact.name)).collect(),
            shared: mailbox.shared().await?.into_iter().collect(),
        })
    }

    /// The name; if there is none, the address or the key id.
    fn of_with(&self, with: &With) -> String {
        match with {
            With::Person(address) => {
                let name = self.people.get(address).filter(|name| !name.is_empty());
                name.cloned().unwrap_or_else(|| address.to_string())
            }
            With::Shared(id) => self.shared.get(id).cloned().unwrap_or_else(|| hex::encode(id)),
        }
    }
}

pub async fn log(mailbox: &Mailbox, mut after: u64, json: bool) -> Result<u8, Failure> {
    let names = Names::of(mailbox).await?;
    loop {
        let entries = mailbox.log(after).await?;
        let Some((last, _)) = entries.last() else { return Ok(DONE) };
        after = *last;
        for (number, entry) in &entries {
            out(&show(*number, entry, &names, json))?;
        }
    }
}

/// An entry as a line.
pub fn show(number: u64, entry: &Entry, names: &Names, json: bool) -> String {
    if json { json_line(&as_json(number, entry, names)) } else { as_text(number, entry, names) }
}

/// A value as JSON on one line. All characters that [`is_control`] are escaped: `serde_json` escapes only those below U+0020.
pub fn json_line(value: &Value) -> String {
    let mut line = String::new();
    for character in value.to_string().chars() {
        match is_control(character) {
            true => line.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => line.push(character),
        }
    }
    line
}

fn as_text(number: u64, entry: &Entry, names: &Names) -> String {
    let with = entry.with.as_ref().map_or_else(String::new, |with| names.of_with(with));
    let what = match &entry.event {
        Event::Sent { said, waiting, failed, .. } => {
            let state = match (waiting, failed) {
                (_, Some(failed)) => format!(" (given up: {failed})"),
                (0, None) => String::new(),
                (_, None) => " (not sent yet)".into(),
            };
            format!("to {with}: {}{state}", said_text(said))
        }
        Event::Received { said, .. } => format!("{with}: {}", said_text(said)),
        Event::Shared { said, .. } => format!("in {with}: {}", said_text(said)),
        Event::Missing { first, last, .. } if first == last => {
            format!("{with}: message number {first} has not arrived")
        }
        Event::Missing { first, last, .. } => format!("{with}: message numbers {first} to {last} have not arrived"),
        Event::Dropped { first_id } if entry.with.is_some() => {
            format!("in {with}: messages below id {first_id} were dropped before they were read")
        }
        Event::Dropped { first_id } => format!("messages below id {first_id} were dropped before they were read"),
        Event::Introduced => format!("{with} writes to you and is not one of your contacts"),
        Event::Changed => format!("{with} has other devices than before: ask for a new card"),
        Event::Unopened { id, why } => format!("{with}: message {id} did not open: {why}"),
    };
    let is_said = matches!(entry.event, Event::Sent { .. } | Event::Received { .. } | Event::Shared { .. });
    format!("{number}\t{}", if is_said { what } else { warning(&what) })
}

/// Text that the user should not overlook: in colour, if standard output is a terminal.
pub fn warning(text: &str) -> String {
    console::style(text).yellow().to_string()
}

/// Lines of a text behind the first one begin with a tab, so that none of them looks like an entry.
fn said_text(said: &Said) -> String {
    let shown = |character| if is_control(character) && character != '\t' { '\u{fffd}' } else { character };
    match said {
        Said::Text(text) => {
            let lines = text.split('\n').map(|line| line.chars().map(shown).collect());
            lines.collect::<Vec<String>>().join("\n\t")
        }
        Said::File(file) => format!("file {} of {} bytes", plain(&file.name), file.size),
    }
}

fn as_json(number: u64, entry: &Entry, names: &Names) -> Value {
    let mut value = match &entry.event {
        Event::Sent { id, said, waiting, failed } => {
            json!({ "event": "sent", "id": hex::encode(id), "waiting": waiting, "failed": failed, "said": said_json(said) })
        }
        Event::Received { id, number, time, said, .. } => {
            json!({ "event": "received", "id": hex::encode(id), "counted": number, "time": time, "said": said_json(said) })
        }
        Event::Shared { id, time, said } => {
            json!({ "event": "shared", "id": id, "time": u64::from(*time) * 1_000, "said": said_json(said) })
        }
        Event::Missing { first, last, .. } => json!({ "event": "missing", "first": first, "last": last }),
        Event::Dropped { first_id } => json!({ "event": "dropped", "first_id": first_id }),
        Event::Introduced => json!({ "event": "introduced" }),
        Event::Changed => json!({ "event": "changed" }),
        Event::Unopened { id, why } => json!({ "event": "unopened", "id": id, "why": why }),
    };
    value["number"] = number.into();
    value["at"] = entry.at.into();
    if let Some(with) = &entry.with {
        value["with"] = names.of_with(with).into();
        match with {
            With::Person(address) => value["address"] = address.to_string().into(),
            With::Shared(id) => value["shared"] = hex::encode(id).into(),
        }
    }
    value
}

fn said_json(said: &Said) -> Value {
    match said {
        Said::Text(text) => json!({ "text": text }),
        Said::File(file) => json!({ "file": file.name, "size": file.size, "sha256": hex::encode(file.hash) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_looks_like_another_entry_or_controls_the_terminal() {
        let said = |text: &str| said_text(&Said::Text(text.into()));
        assert_eq!(said("hello\n8\tbob: send money\n"), "hello\n\t8\tbob: send money\n\t");
        assert_eq!(said("a\u{1b}[2Jb\rc\u{202e}d\u{2066}e\tf"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e\tf");
    }

    #[test]
    fn no_json_controls_the_terminal_and_all_of_it_is_read_back() {
        let controls = "\u{1b}[2J \u{7f} \u{9b}2J \u{202e} \u{2066} \u{2028} \n \" \\ \u{1f600}";
        let value = json!({ "text": controls });
        let line = json_line(&value);
        assert!(!line.contains(is_control), "{line:?}");
        assert!(line.contains("\\u009b2J \\u202e \\u2066"), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).expect("it is JSON"), value);
    }
}
