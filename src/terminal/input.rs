//! The secret's name and value: read from a pipe or a file, and checked by the rules of Key Vault.

use crate::failure::InvalidInput;
use azure_extras::secrets::{MAX_VALUE_CHARS, is_secret_name};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// The bytes that the longest value needs at most in UTF-8.
const VALUE_BYTES: u64 = 4 * MAX_VALUE_CHARS as u64;
/// The byte order mark with which some programs begin UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Set until something is read from stdin. The process has one stdin, and so one of this.
static STDIN_AT_START: AtomicBool = AtomicBool::new(true);

/// Checks a name by the rule of Key Vault.
///
/// # Errors
/// [`InvalidInput::Name`].
pub(super) fn check_name(name: &str) -> Result<(), InvalidInput> {
    if is_secret_name(name) { Ok(()) } else { Err(InvalidInput::name(name)) }
}

/// Checks a value by the limit of Key Vault.
///
/// # Errors
/// [`InvalidInput::ValueTooLong`].
pub(super) fn check_value(value: &str) -> Result<(), InvalidInput> {
    let fits = value.len() <= MAX_VALUE_CHARS || value.chars().count() <= MAX_VALUE_CHARS;
    if fits { Ok(()) } else { Err(InvalidInput::ValueTooLong) }
}

/// Reads a line from stdin, without its ending.
///
/// # Errors
/// [`InvalidInput`] when stdin has ended, cannot be read, or is not UTF-8.
pub(super) fn line_from_stdin() -> Result<String, InvalidInput> {
    read(io::stdin().lock(), is_stdin_at_start(), Until::EndOfLine, None)
}

fn is_stdin_at_start() -> bool {
    STDIN_AT_START.swap(false, Ordering::Relaxed)
}

/// Reads a secret's value: all of the file, or of what is left on stdin when the path is `-`. A line ending at the very
/// end, and a byte order mark at the very start, are not part of it.
///
/// # Errors
/// [`InvalidInput`] when it cannot be read, is not UTF-8, or breaks the limit.
pub(super) fn value_from(path: &Path) -> Result<String, InvalidInput> {
    let value = if path == Path::new("-") {
        read(io::stdin().lock(), is_stdin_at_start(), Until::End, None)?
    } else {
        let file = File::open(path).map_err(|error| InvalidInput::Unreadable { file: Some(path.to_owned()), error })?;
        read(BufReader::new(file), true, Until::End, Some(path))?
    };
    check_value(&value).map(|()| value)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    EndOfLine,
    End,
}

/// Reads a line or everything, without the line ending (LF or CRLF) at its end, nor the byte order mark where the input
/// starts. Stops early after more bytes than any valid answer has.
fn read(input: impl BufRead, at_start: bool, until: Until, file: Option<&Path>) -> Result<String, InvalidInput> {
    let file = || file.map(Path::to_owned);
    let unreadable = |error| InvalidInput::Unreadable { file: file(), error };
    let mut bytes = Vec::new();
    let mut input = input.take(VALUE_BYTES + (BOM.len() + "\r\n".len()) as u64);
    match until {
        Until::EndOfLine => {
            if input.read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
                return Err(InvalidInput::Ended);
            }
        }
        Until::End => drop(input.read_to_end(&mut bytes).map_err(unreadable)?),
    }
    if at_start && [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(*mark)) {
        return Err(InvalidInput::Utf16 { file: file() });
    }
    if at_start && bytes.starts_with(BOM) {
        bytes.drain(..BOM.len());
    }
    let is_cut = input.limit() == 0;
    if bytes.pop_if(|last| *last == b'\n').is_some() {
        bytes.pop_if(|last| *last == b'\r');
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The limit may have cut a character in two.
        Err(error) if is_cut && error.utf8_error().error_len().is_none() => Err(InvalidInput::ValueTooLong),
        Err(_) => Err(InvalidInput::NotUtf8 { file: file() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(input: &[u8]) -> Result<String, InvalidInput> {
        read(input, true, Until::EndOfLine, None)
    }

    #[test]
    fn a_line_is_read_without_its_ending_and_with_everything_else() {
        for (input, text) in [
            (b"name\nvalue\n".as_slice(), "name"),
            (b"name\r\nvalue\r\n", "name"),
            (b"  two  words\t\n", "  two  words\t"),
            (b"a\rb\r\r\n", "a\rb\r"),
            ("¿qué? 🔑".as_bytes(), "¿qué? 🔑"),
            (b"\n", ""),
        ] {
            assert_eq!(line(input).unwrap(), text);
        }
    }

    #[test]
    fn no_line_and_no_text_are_errors() {
        assert!(matches!(line(b""), Err(InvalidInput::Ended)));
        assert!(matches!(line(b"\xff\xfe\n"), Err(InvalidInput::Utf16 { .. })));
        assert!(matches!(line(b"\xff\n"), Err(InvalidInput::NotUtf8 { .. })));
        let later = read(b"\xff\xfe\n".as_slice(), false, Until::EndOfLine, None);
        assert!(matches!(later, Err(InvalidInput::NotUtf8 { .. })));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_answer() {
        let marked = "\u{feff}\u{feff}é\r\n".as_bytes();
        assert_eq!(line(marked).unwrap(), "\u{feff}é");
        assert_eq!(read(marked, false, Until::EndOfLine, None).unwrap(), "\u{feff}\u{feff}é");
        assert_eq!(read(marked, true, Until::End, None).unwrap(), "\u{feff}é");
        let longest = format!("\u{feff}{}\r\n", "🔑".repeat(MAX_VALUE_CHARS));
        assert!(check_value(&read(longest.as_bytes(), true, Until::End, None).unwrap()).is_ok());
    }

    #[test]
    fn everything_is_read_but_the_last_line_ending() {
        let all = |input: &[u8]| read(input, true, Until::End, None).unwrap();
        assert_eq!(all(b"one\ntwo\n\n"), "one\ntwo\n");
        assert_eq!(all(b""), "");
    }

    #[test]
    fn endless_input_ends() {
        let endless = read(BufReader::new(io::repeat(b'a')), true, Until::End, None).unwrap();
        assert!(check_value(&endless).is_err());
    }

    #[test]
    fn a_value_that_is_too_long_is_not_taken_for_no_text() {
        for emoji in ["🔑", "é", "密"] {
            let long = emoji.repeat(MAX_VALUE_CHARS + 1 + VALUE_BYTES as usize / emoji.len());
            let error = read(long.as_bytes(), true, Until::End, None).map(|value| check_value(&value).unwrap_err());
            assert!(matches!(error, Ok(InvalidInput::ValueTooLong) | Err(InvalidInput::ValueTooLong)), "{error:?}");
        }
    }

    #[test]
    fn names_keep_azures_rule_and_are_told_what_breaks_it() {
        for name in ["a", "A-1", "-", &"n".repeat(127)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for (name, told) in
            [("", "hyphens."), ("a_b", "'_'"), ("a b", "' '"), ("ñ", "'ñ'"), (&"n".repeat(128), "has 128")]
        {
            assert!(check_name(name).unwrap_err().to_string().contains(told), "{name}");
        }
    }

    #[test]
    fn values_are_counted_in_characters() {
        assert!(check_value("").is_ok());
        assert!(check_value(&"🔑".repeat(MAX_VALUE_CHARS)).is_ok());
        assert!(check_value(&"a".repeat(MAX_VALUE_CHARS + 1)).is_err());
    }
}
