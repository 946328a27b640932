//! The letters of `mailbox send`: one, or the lines of standard input as they come.

use super::Failure;
use super::arguments::Send;
use mailbox::Letter;
use mailbox::wire::content::{MAX_FILE, MAX_TEXT};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes of standard input that are read at once: those of a pipe.
const BUFFER: usize = 64 << 10;
/// Groups of lines that are read ahead.
const GROUPS: usize = 16;
/// Lines after which no further group is added: as many as one transaction seals.
const LINES: usize = 1_000;

/// Letters, in groups that are sealed at once.
pub enum Letters {
    /// One letter. `None`: it was taken.
    One(Option<Letter>),
    /// The lines of standard input.
    Lines {
        /// The lines that were read.
        groups: Receiver<Vec<Letter>>,
        /// The thread that reads them. `None`: it has ended.
        reader: Option<JoinHandle<Result<(), Failure>>>,
    },
}

impl Letters {
    /// Reads the letter, or begins to read lines.
    pub fn of(send: &Send) -> Result<Self, Failure> {
        let is_stdin = send.file.as_deref() == Some(Path::new("-"));
        if send.lines && !is_stdin {
            return Err(Failure::error("--lines goes with -, standard input"));
        }
        let letter = match (&send.message, &send.file) {
            (Some(text), _) => Letter::Text(text.clone()),
            (None, Some(_)) if send.lines => return Ok(Self::lines(std::io::stdin())),
            (None, Some(_)) if is_stdin => Letter::Text(text(std::io::stdin())?),
            (None, Some(path)) => file(path)?,
            (None, None) => unreachable!("the parser asks for one of them"),
        };
        Ok(Self::One(Some(letter)))
    }

    fn lines(input: impl Read + std::marker::Send + 'static) -> Self {
        let (sender, groups) = channel(GROUPS);
        let reader = std::thread::spawn(move || read_lines(BufReader::with_capacity(BUFFER, input), &sender));
        Self::Lines { groups, reader: Some(reader) }
    }

    /// The next letters, as soon as there are any. `None`: there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<Letter>>, Failure> {
        match self {
            Self::One(letter) => Ok(letter.take().map(|letter| vec![letter])),
            Self::Lines { groups, reader } => {
                let Some(mut letters) = groups.recv().await else {
                    let end = reader.take().map(|reader| reader.join().expect("reading does not panic"));
                    return end.transpose().map(|_| None);
                };
                while letters.len() < LINES
                    && let Ok(group) = groups.try_recv()
                {
                    letters.extend(group);
                }
                Ok(Some(letters))
            }
        }
    }
}

/// Reads lines to the end. Lines that are there at once are a group.
fn read_lines(mut input: BufReader<impl Read>, groups: &Sender<Vec<Letter>>) -> Result<(), Failure> {
    let mut number = 0;
    loop {
        let mut group = Vec::new();
        let end = loop {
            number += 1;
            match line(&mut input, number) {
                Ok(Some(text)) if text.is_empty() => {}
                Ok(Some(text)) => group.push(Letter::Text(text)),
                Ok(None) => break Some(Ok(())),
                Err(failure) => break Some(Err(failure)),
            }
            // The next line may be long in coming.
            if !input.buffer().contains(&b'\n') {
                break None;
            }
        };
        // Nobody takes the group if the command has failed.
        if !group.is_empty() && groups.blocking_send(group).is_err() {
            return Ok(());
        }
        if let Some(end) = end {
            return end;
        }
    }
}

/// The next line, without its end. `None`: there are no more.
fn line(input: &mut impl BufRead, number: u64) -> Result<Option<String>, Failure> {
    const END: usize = 2;
    let bad = |why: String| Failure::error(format!("line {number} of standard input {why}"));
    let mut line = Vec::new();
    input.by_ref().take((MAX_TEXT + END) as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.len() > MAX_TEXT {
        return Err(bad(format!("has more than {MAX_TEXT} bytes: send it as a file")));
    }
    std::str::from_utf8(text).map(|text| Some(text.to_owned())).map_err(|_| bad("is not UTF-8".into()))
}

/// A text. No more is read than the longest one has.
fn text(input: impl Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    input.take(MAX_TEXT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_TEXT {
        return Err(Failure::error(format!("standard input has more than {MAX_TEXT} bytes: send it as a file")));
    }
    String::from_utf8(bytes).map_err(|_| Failure::error("standard input is not UTF-8: send it as a file"))
}

/// A file, which may be a pipe. No more is read than the largest one has.
fn file(path: &Path) -> Result<Letter, Failure> {
    let bad = |why: String| Failure::error(format!("{}: {why}", path.display()));
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| bad("a file needs a name, in UTF-8".into()))?;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| bad(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(bad(format!("a file has at most {} MiB", MAX_FILE >> 20)));
    }
    Ok(Letter::File { name: name.into(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all groups, or the error that ends them.
    async fn groups(mut letters: Letters) -> (Vec<Vec<String>>, Option<String>) {
        let mut groups = Vec::new();
        loop {
            let text = |letter| match letter {
                Letter::Text(text) => text,
                Letter::File { .. } => panic!("a line is a text"),
            };
            match letters.next().await {
                Ok(Some(group)) => groups.push(group.into_iter().map(text).collect()),
                Ok(None) => return (groups, None),
                Err(failure) => return (groups, Some(failure.text)),
            }
        }
    }

    async fn lines_of(bytes: &[u8]) -> (Vec<Vec<String>>, Option<String>) {
        groups(Letters::lines(std::io::Cursor::new(bytes.to_vec()))).await
    }

    #[tokio::test]
    async fn lines_that_are_there_at_once_are_one_group_without_their_ends_and_without_empty_ones() {
        let (groups, error) = lines_of(b"a\n\nb\r\n\r\nc").await;
        assert_eq!((groups.concat(), error), (vec!["a".into(), "b".into(), "c".into()], None));
        let (groups, error) = lines_of("x\n".repeat(5_000).as_bytes()).await;
        assert_eq!((groups.len(), groups.concat().len(), error), (1, 5_000, None));
        assert_eq!(lines_of(b"").await, (Vec::new(), None));
    }

    #[tokio::test]
    async fn the_lines_before_one_that_cannot_be_sent_are_returned_before_the_error() {
        let long = [&b"a\n"[..], &vec![b'x'; MAX_TEXT], b"\r\n", &vec![b'y'; MAX_TEXT + 1], b"\nb\n"].concat();
        let (groups, error) = lines_of(&long).await;
        assert_eq!(groups.concat().iter().map(String::len).collect::<Vec<_>>(), [1, MAX_TEXT]);
        assert_eq!(error.unwrap(), "line 3 of standard input has more than 1000000 bytes: send it as a file");
        let (groups, error) = lines_of(b"a\n\xff\nb\n").await;
        assert_eq!(
            (groups.concat(), error.unwrap()),
            (vec!["a".into()], "line 2 of standard input is not UTF-8".into())
        );
    }

    #[tokio::test]
    async fn a_line_is_returned_while_the_next_one_has_not_come() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let mut letters = Letters::lines(reader);
        for text in ["first", "second"] {
            // Half of the next line is there.
            std::io::Write::write_all(&mut writer, format!("{text}\n").as_bytes()).unwrap();
            let group = letters.next().await.unwrap_or_else(|failure| panic!("{}", failure.text)).unwrap();
            assert!(matches!(&group[..], [Letter::Text(line)] if line == text));
        }
    }

    #[test]
    fn a_text_and_a_file_are_read_no_further_than_the_largest_one() {
        assert_eq!(text(&vec![b'x'; MAX_TEXT][..]).ok().map(|text| text.len()), Some(MAX_TEXT));
        assert!(text(std::io::repeat(b'x')).is_err_and(|failure| failure.text.contains("more than 1000000 bytes")));
        let endless = file(Path::new("/dev/zero"));
        assert!(endless.is_err_and(|failure| failure.text == "/dev/zero: a file has at most 64 MiB"));
    }
}
