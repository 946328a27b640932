//! Compares the received letters with the sent ones.

use std::fs;
use std::path::Path;

use crate::error::{Error, ensure};
use crate::files::Source;

/// A text or a file to send.
pub enum Letter<'a> {
    /// A text.
    Text(&'a str),
    /// A file.
    File(&'a Source),
}

impl Letter<'_> {
    /// Its line in the output of `mailbox receive`.
    fn shown(&self) -> String {
        match self {
            Letter::Text(text) => (*text).to_string(),
            Letter::File(file) => format!("file {} of {} bytes", file.name(), file.size),
        }
    }
}

/// The log numbers of `letters` in the recipient's output. It must show all of them, in their order, and nothing else.
///
/// # Errors
///
/// [`Error::Wrong`].
pub fn numbers(received: &str, sender: &str, letters: &[Letter]) -> Result<Vec<u64>, Error> {
    let mut lines = received.lines();
    let mut numbers = Vec::with_capacity(letters.len());
    for letter in letters {
        let (line, shown) = (lines.next().unwrap_or("nothing"), letter.shown());
        let number = line.strip_suffix(&format!("\t{sender}: {shown}")).and_then(|number| number.parse().ok());
        numbers.push(number.ok_or_else(|| Error::Wrong(format!("{line} came instead of {shown}")))?);
    }
    match lines.next() {
        Some(line) => Err(Error::Wrong(format!("{line} came and was not sent"))),
        None => Ok(numbers),
    }
}

/// Compares a saved file with the sent one, byte by byte.
///
/// # Errors
///
/// [`Error::Wrong`]; [`Error::System`] if one cannot be read.
pub fn compare(sent: &Path, saved: &Path) -> Result<(), Error> {
    let [expected, came] = [sent, saved].map(|path| fs::read(path).map_err(Error::at(path)));
    let (expected, came) = (expected?, came?);
    ensure(expected.len() == came.len(), || {
        format!("{} has {} bytes, and {} came", sent.display(), expected.len(), came.len())
    })?;
    let differs = expected.iter().zip(&came).position(|(expected, came)| expected != came);
    differs.map_or(Ok(()), |place| Err(Error::Wrong(format!("byte {place} of {} has changed", sent.display()))))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn file(name: &str, size: u64) -> Source {
        Source { path: PathBuf::from(format!("folder/{name}")), size }
    }

    #[test]
    fn exactly_the_sent_letters_must_come_in_their_order() {
        let [one, two] = [file("one", 1), file("two", 20)];
        let letters = [Letter::Text("hello: 1"), Letter::File(&one), Letter::File(&two)];
        let came = |received: &str| numbers(received, "alice", &letters).map_err(|error| error.to_string());
        let [text, first, second] =
            ["7\talice: hello: 1\n", "8\talice: file one of 1 bytes\n", "9\talice: file two of 20 bytes\n"];
        assert_eq!(came(&[text, first, second].concat()), Ok(vec![7, 8, 9]));
        for (received, wrong) in [
            ([text, first].concat(), "nothing came instead of file two of 20 bytes"),
            ([text, second, first].concat(), "9\talice: file two of 20 bytes came instead of file one of 1 bytes"),
            ([text, first, second, second].concat(), "9\talice: file two of 20 bytes came and was not sent"),
            (first.to_string(), "8\talice: file one of 1 bytes came instead of hello: 1"),
            ("7\tmallory: hello: 1\n".to_string(), "7\tmallory: hello: 1 came instead of hello: 1"),
            ("mailbox: hello: 1\n".to_string(), "mailbox: hello: 1 came instead of hello: 1"),
        ] {
            assert_eq!(came(&received), Err(wrong.to_string()));
        }
    }

    #[test]
    fn a_different_or_missing_byte_is_an_error_of_the_project() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let sent = write("sent", b"every byte");
        compare(&sent, &write("same", b"every byte")).unwrap();
        for (bytes, wrong) in [
            (&b"every bytf"[..], "byte 9 of "),
            (b"every byt", "has 10 bytes, and 9 came"),
            (b"every bytes", "has 10 bytes, and 11 came"),
        ] {
            let error = compare(&sent, &write("saved", bytes)).unwrap_err();
            assert!(error.to_string().contains(wrong), "{error}");
            assert_eq!(format!("{:?}", error.exit_code()), format!("{:?}", std::process::ExitCode::from(1)));
        }
    }
}
