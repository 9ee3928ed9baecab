//! Asking for the secret's name and value: at a terminal, or at a pipe.

use crate::{
    remedy::{Interrupted, WrongUse, note},
    transcript,
};
use dialoguer::{Confirm, Input, Password, console, theme::Theme};
use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// The characters of the longest value that Key Vault takes, and the bytes that they need at most in UTF-8.
/// See <https://learn.microsoft.com/azure/key-vault/secrets/about-secrets>.
pub(crate) const VALUE_CHARS: usize = 25_600;
const VALUE_BYTES: u64 = 4 * VALUE_CHARS as u64;

/// What is shown in place of a hidden value.
pub const HIDDEN: &str = "********";

/// Where the secret's name and value come from: from the command line where it gives them, and else from a person.
pub struct Prompt {
    name: Option<String>,
    value: GivenValue,
    hide_value: bool,
}

enum GivenValue {
    None,
    Read(String),
    Stdin,
}

impl Prompt {
    /// Takes the `name`, and the value from the file at `value_file`, in place of asking for them. The path `-` means
    /// all of stdin that follows the name. A line ending at the value's very end is not part of it. With `hide_value`
    /// the value is asked for without echo.
    ///
    /// # Errors
    /// [`WrongUse`] when the name or the value breaks a rule, or the file cannot be read.
    pub fn new(name: Option<String>, value_file: Option<PathBuf>, hide_value: bool) -> Result<Self, WrongUse> {
        if let Some(name) = &name {
            check_name(name)?;
        }
        let value = match value_file {
            None => GivenValue::None,
            Some(path) if path == Path::new("-") => GivenValue::Stdin,
            Some(path) => {
                let unreadable =
                    |error| WrongUse::new(format!("the value cannot be read from {}: {error}.", path.display()), "");
                let file = File::open(&path).map_err(unreadable)?;
                GivenValue::Read(read(BufReader::new(file), Until::End).map_err(unreadable).and_then(checked_value)?)
            }
        };
        Ok(Self { name, value, hide_value })
    }

    /// The secret's name: 1 to 127 letters, digits and hyphens.
    ///
    /// At a terminal it asks with `text` until the name keeps the rule. At a pipe it says `text` on stdout, as Python's
    /// `input` does, and reads a line from stdin.
    ///
    /// # Errors
    /// [`WrongUse`] at a pipe, when the input ends, is not UTF-8 or breaks the rule. At a terminal, [`Interrupted`] by
    /// Ctrl-C, and an I/O error when it goes away.
    pub async fn secret_name(&self, text: &'static str) -> anyhow::Result<String> {
        match &self.name {
            Some(name) => Ok(name.clone()),
            None => self.another_name(text).await,
        }
    }

    /// A name that is asked for even if the command line gives one.
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name).
    pub async fn another_name(&self, text: &'static str) -> anyhow::Result<String> {
        ask(text, check_name).await
    }

    /// Asks at a terminal for yes or no, which is what Enter means.
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name) at a terminal.
    pub async fn confirm(&self, text: &'static str) -> anyhow::Result<bool> {
        let confirm = move || Confirm::new().with_prompt(text).default(false).interact().map_err(terminal_error);
        spawn_blocking(confirm).await?
    }

    /// The value as it may be shown.
    pub fn shown<'a>(&self, secret_value: &'a str) -> &'a str {
        if self.hide_value { HIDDEN } else { secret_value }
    }

    /// Whether a person can be asked: at a terminal, on stdin and stderr both.
    pub fn is_terminal(&self) -> bool {
        is_terminal()
    }

    /// The secret's value: 0 to 25,600 characters, asked for like [the name](Self::secret_name).
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name).
    pub async fn secret_value(&self, text: &'static str) -> anyhow::Result<String> {
        match &self.value {
            GivenValue::None if self.hide_value && is_terminal() => {
                let ask = move || {
                    let password = Password::with_theme(&TutorialTheme).with_prompt(text).allow_empty_password(true);
                    password.validate_with(|answer: &String| check_value(answer)).interact().map_err(terminal_error)
                };
                spawn_blocking(ask).await?
            }
            GivenValue::None => ask(text, check_value).await,
            GivenValue::Read(value) => Ok(value.clone()),
            GivenValue::Stdin => spawn_blocking(|| Ok(checked_value(from_stdin(Until::End)?)?)).await?,
        }
    }
}

type Check = fn(&str) -> Result<(), WrongUse>;

/// See <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers>.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=127).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn check_name(name: &str) -> Result<(), WrongUse> {
    if is_name(name) {
        Ok(())
    } else {
        Err(WrongUse::new("a secret's name has 1 to 127 letters, digits and hyphens.", ""))
    }
}

fn check_value(value: &str) -> Result<(), WrongUse> {
    if value.len() <= VALUE_CHARS || value.chars().count() <= VALUE_CHARS {
        Ok(())
    } else {
        Err(WrongUse::new("a secret's value has at most 25,600 characters.", ""))
    }
}

fn checked_value(value: String) -> Result<String, WrongUse> {
    check_value(&value).map(|()| value)
}

/// Asks in a thread of its own, so that the runtime goes on while a person types.
async fn ask(text: &'static str, check: Check) -> anyhow::Result<String> {
    spawn_blocking(move || {
        if is_terminal() {
            let input = Input::with_theme(&TutorialTheme).with_prompt(text).allow_empty(true);
            let answer = input.validate_with(|answer: &String| check(answer)).interact_text();
            return answer.map_err(terminal_error);
        }
        transcript::write(format_args!("{text}"));
        let answer = from_stdin(Until::EndOfLine).and_then(|answer| check(&answer).map(|()| answer));
        if answer.is_err() && io::stderr().is_terminal() {
            note!(""); // The error belongs on a line of its own, not beside the question.
        }
        Ok(answer?)
    })
    .await?
}

fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn terminal_error(dialoguer::Error::IO(error): dialoguer::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::Interrupted => Interrupted.into(),
        _ => error.into(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    EndOfLine,
    End,
}

fn from_stdin(until: Until) -> Result<String, WrongUse> {
    read(io::stdin().lock(), until).map_err(|error| WrongUse::new(format!("stdin cannot be read: {error}."), ""))
}

/// Reads a line or everything, without the line ending (LF or CRLF) at its end. Stops early after more bytes than any
/// valid answer has.
fn read(input: impl BufRead, until: Until) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut input = input.take(VALUE_BYTES + "\r\n".len() as u64);
    match until {
        Until::EndOfLine if input.read_until(b'\n', &mut bytes)? == 0 => {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the input has ended"));
        }
        Until::EndOfLine => {}
        Until::End => drop(input.read_to_end(&mut bytes)?),
    }
    if bytes.pop_if(|last| *last == b'\n').is_some() {
        bytes.pop_if(|last| *last == b'\r');
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Shows the tutorial's prompts as they are, without dialoguer's own punctuation.
struct TutorialTheme;

impl Theme for TutorialTheme {
    fn format_input_prompt(&self, f: &mut dyn fmt::Write, prompt: &str, _default: Option<&str>) -> fmt::Result {
        f.write_str(prompt)
    }

    fn format_input_prompt_selection(&self, f: &mut dyn fmt::Write, prompt: &str, answer: &str) -> fmt::Result {
        // dialoguer has cleared the last line of what was typed; a long answer has more lines above it.
        let line = format!("{prompt}{answer}");
        let columns = usize::from(console::Term::stderr().size().1).max(1);
        match console::measure_text_width(&line).saturating_sub(1) / columns {
            0 => {}
            above => write!(f, "\x1b[{above}A\r\x1b[J")?,
        }
        f.write_str(&line)
    }

    fn format_password_prompt_selection(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{prompt}{HIDDEN}")
    }

    fn format_error(&self, f: &mut dyn fmt::Write, error: &str) -> fmt::Result {
        f.write_str(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(input: &[u8]) -> Result<String, io::ErrorKind> {
        read(input, Until::EndOfLine).map_err(|error| error.kind())
    }

    #[test]
    fn a_line_is_read_without_its_ending_and_with_everything_else() {
        assert_eq!(line(b"name\nvalue\n"), Ok("name".into()));
        assert_eq!(line(b"name\r\nvalue\r\n"), Ok("name".into()));
        assert_eq!(line(b"  two  words\t\n"), Ok("  two  words\t".into()));
        assert_eq!(line(b"a\rb\r\r\n"), Ok("a\rb\r".into()));
        assert_eq!(line("¿qué? 🔑".as_bytes()), Ok("¿qué? 🔑".into()));
        assert_eq!(line(b"\n"), Ok(String::new()));
    }

    #[test]
    fn no_line_and_no_text_are_errors() {
        assert_eq!(line(b""), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(line(b"\xff\xfe\n"), Err(io::ErrorKind::InvalidData));
    }

    #[test]
    fn everything_is_read_but_the_last_line_ending() {
        let all = |input: &[u8]| read(input, Until::End).unwrap();
        assert_eq!(all(b"one\ntwo\n\n"), "one\ntwo\n");
        assert_eq!(all(b""), "");
    }

    #[test]
    fn endless_input_ends() {
        let endless = read(BufReader::new(io::repeat(b'a')), Until::End).unwrap();
        assert!(check_value(&endless).is_err());
    }

    #[test]
    fn names_keep_azures_rule() {
        for name in ["a", "A-1", "-", &"n".repeat(127)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "a_b", "a b", "ñ", "a/b", "..", &"n".repeat(128)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn values_are_counted_in_characters() {
        assert!(check_value("").is_ok());
        assert!(check_value(&"🔑".repeat(VALUE_CHARS)).is_ok());
        assert!(check_value(&"a".repeat(VALUE_CHARS + 1)).is_err());
    }
}
