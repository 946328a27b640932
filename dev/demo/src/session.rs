//! Two people at their terminals: their commands, and the output.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{IsTerminal, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use test_support::process;

use crate::error::{Error, ensure};
use crate::files::FOLDER;
use crate::stop::{LOOK_INTERVAL, Stop};

/// Before a command, where somebody reads along.
const PAUSE: Duration = Duration::from_millis(800);
/// Maximum number of output lines that are shown. The rest is counted.
const SHOWN_LINES: usize = 8;

/// The folder that contains the people's folders. Dropping this removes it.
pub struct Stage {
    home: TempDir,
    mailbox: PathBuf,
    stop: Stop,
    pause: Duration,
}

/// A person with a terminal and a folder.
pub struct Person<'a> {
    stage: &'a Stage,
    name: &'static str,
    folder: PathBuf,
}

/// The result of a command.
pub struct Said {
    command: String,
    /// The exit code. `None`: a signal ended the command.
    pub code: Option<i32>,
    /// Standard output and standard error, as a terminal shows them.
    pub text: String,
}

impl Stage {
    /// A stage for the built program `mailbox`.
    ///
    /// # Errors
    ///
    /// [`Error::System`].
    pub fn new(stop: Stop) -> Result<Self, Error> {
        let home =
            TempDir::new().map_err(|error| Error::System(format!("a temporary folder cannot be made: {error}")))?;
        let mailbox = process::program("mailbox").map_err(|error| Error::System(error.to_string()))?;
        let pause = if std::io::stdout().is_terminal() { PAUSE } else { Duration::ZERO };
        Ok(Self { home, mailbox, stop, pause })
    }

    /// Adds a person with an empty folder.
    ///
    /// # Errors
    ///
    /// [`Error::System`].
    pub fn person(&self, name: &'static str) -> Result<Person<'_>, Error> {
        let folder = self.home.path().join(name);
        fs::create_dir(&folder).map_err(Error::at(&folder))?;
        Ok(Person { stage: self, name, folder })
    }

    /// Prints the title of the next act.
    ///
    /// # Errors
    ///
    /// [`Error::System`], [`Error::Stopped`].
    pub fn tell(&self, what: &str) -> Result<(), Error> {
        out(&format!("\n# {what}\n"))?;
        self.stop.wait(self.pause)
    }
}

impl Person<'_> {
    /// The person's folder. Commands run in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `mailbox` with these arguments. Shows the command and its output.
    ///
    /// # Errors
    ///
    /// [`Error::System`], [`Error::Stopped`].
    pub fn types<W: AsRef<OsStr>>(&self, words: &[W]) -> Result<Said, Error> {
        self.stage.stop.wait(self.stage.pause)?;
        out(&format!("{}$ {}\n", self.name, command(words)))?;
        let said = self.runs(words)?;
        out(&shortened(&said.text))?;
        Ok(said)
    }

    /// Runs `mailbox` with these arguments and shows nothing.
    ///
    /// # Errors
    ///
    /// [`Error::System`], [`Error::Stopped`].
    pub fn runs<W: AsRef<OsStr>>(&self, words: &[W]) -> Result<Said, Error> {
        let system = |error: std::io::Error| Error::System(format!("mailbox cannot be run: {error}"));
        let mut output = tempfile::tempfile().map_err(system)?;
        let mut child = Command::new(&self.stage.mailbox)
            .args(words)
            .current_dir(&self.folder)
            .env("MAILBOX", FOLDER)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(system)?)
            .stderr(output.try_clone().map_err(system)?)
            .spawn()
            .map_err(system)?;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(system)? {
                break status;
            }
            if let Err(stopped) = self.stage.stop.check() {
                // The same signal may have ended it already.
                let _ = child.kill();
                let _ = child.wait();
                return Err(stopped);
            }
            thread::sleep(LOOK_INTERVAL);
        };
        let mut text = Vec::new();
        output.rewind().and_then(|()| output.read_to_end(&mut text)).map_err(system)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Said { command: command(words), code: status.code(), text })
    }
}

impl Said {
    /// The output, if the command ended with this exit code.
    ///
    /// # Errors
    ///
    /// [`Error::Wrong`].
    pub fn with_code(self, code: i32) -> Result<String, Error> {
        let Self { command, code: ended, text } = self;
        ensure(ended == Some(code), || {
            let ended = ended.map_or("a signal".into(), |code| format!("exit code {code}"));
            format!("'{command}' ended with {ended}, not {code}: {}", text.trim_end())
        })?;
        Ok(text)
    }
}

/// Writes to standard output and flushes it.
///
/// # Errors
///
/// [`Error::System`]: the reader may be gone.
pub fn out(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Error::System(format!("standard output: {error}")))
}

/// A command as it is typed into a shell.
fn command<W: AsRef<OsStr>>(words: &[W]) -> String {
    words.iter().fold("mailbox".to_string(), |line, word| format!("{line} {}", quoted(word.as_ref())))
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:,+@%=".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The first lines, and the number of the others.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // A line "1 more" would take as much room as the line that it stands for.
    let shown = if lines.len() <= SHOWN_LINES + 1 { lines.len() } else { SHOWN_LINES };
    let mut short: String = lines.iter().take(shown).map(|line| format!("{line}\n")).collect();
    if shown < lines.len() {
        short.push_str(&format!("… {} more lines\n", lines.len() - shown));
    }
    short
}

/// A command's arguments, the last of which is a path.
pub fn words_and(words: &[&str], path: &Path) -> Vec<OsString> {
    words.iter().map(OsString::from).chain([path.into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_they_can_be_typed() {
        let words = ["send", "bob", "docs/a.md", "it's\n", "", "-m"];
        assert_eq!(command(&words), r"mailbox send bob docs/a.md 'it'\''s".to_string() + "\n' '' -m");
    }

    #[test]
    fn a_long_output_is_shortened_and_says_so() {
        let lines = |number: usize| (1..=number).map(|line| format!("{line}\n")).collect::<String>();
        assert_eq!(shortened(&lines(9)), lines(9));
        assert_eq!(shortened(&lines(10)), lines(8) + "… 2 more lines\n");
        assert_eq!(shortened(""), "");
    }
}
