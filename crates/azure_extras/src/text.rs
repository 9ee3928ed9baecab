//! Text from a network, another program or a file, made safe to show.

use crate::redaction::{redactor::Redactor, visible::is_visible};
use std::{fmt, ops::Deref};

/// The most characters of a text that are kept.
const LONGEST: usize = 8_000;

/// Text that others wrote: without what a terminal would obey or hide, redacted, at most 8,000 characters.
/// It has no control characters but line breaks, and none that are invisible or turn the direction of writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutsideText(String);

impl OutsideText {
    /// Makes a text safe that cannot hold a known secret, or has been redacted.
    pub fn new(text: &str) -> Self {
        Self::redacted(text, &Redactor::default())
    }

    /// Makes a text safe that may hold known secrets.
    pub(crate) fn redacted(text: &str, redactor: &Redactor) -> Self {
        let beginning = text.char_indices().nth(8 * LONGEST).map_or(text, |(end, _)| &text[..end]);
        let shown = redactor.redact(beginning).replace("\r\n", "\n");
        let shown = shown.chars().map(|c| if c.is_whitespace() && c != '\n' { ' ' } else { c });
        Self(shown.filter(|c| is_visible(*c)).take(LONGEST).collect::<String>().trim().to_owned())
    }

    /// Its first line, cut after 200 characters.
    pub fn first_line(&self) -> Self {
        let line = self.lines().next().unwrap_or_default();
        Self(line.chars().take(200).collect::<String>().trim_end().to_owned())
    }

    /// Its lines in one, each apart from the next by a space.
    pub fn in_a_line(&self) -> String {
        self.replace('\n', " ")
    }
}

impl From<&str> for OutsideText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for OutsideText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl Deref for OutsideText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OutsideText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Tells whether a text is a GUID, in its usual form of five groups.
pub fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}

/// The text between `start` and `end`, or the end of `text`.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end).map_or(rest, |(found, _)| found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, test_runner::Config};

    #[test]
    fn what_a_terminal_obeys_or_hides_is_taken_out() {
        for (raw, safe) in [
            ("a\u{1b}[31mb\u{7}\r\nc\u{9b}d\t", "a[31mb\ncd"),
            ("a\tb\rc\u{a0}d", "a b c d"),
            ("a\u{202e}cba\u{2066}\u{200f}", "acba"),
            ("pass\u{200b}wo\u{ad}rd\u{feff}\u{e0041}", "password"),
            ("one\u{2028}error: two", "one error: two"),
            ("¿Qué? 密码 🔑 é", "¿Qué? 密码 🔑 é"),
        ] {
            assert_eq!(&*OutsideText::new(raw), safe);
        }
    }

    #[test]
    fn no_text_has_what_a_terminal_obeys() {
        proptest!(Config { cases: 512, failure_persistence: None, ..Config::default() }, |(raw in "(?s).{0,40}")| {
            let safe = OutsideText::new(&raw);
            prop_assert!(safe.chars().all(|c| c == '\n' || !c.is_control() && !"\u{200b}\u{200d}\u{202e}\u{2066}\u{feff}\u{ad}".contains(c)), "{safe:?}");
            prop_assert!(!safe.first_line().contains('\n') && !safe.in_a_line().contains('\n'));
        });
    }

    #[test]
    fn a_guid_has_five_groups() {
        assert!(is_guid("00d88624-f0d7-46f6-a641-6232c2608928"));
        for other in
            ["", "11-22", "00d88624-f0d7-46f6-a641-6232c260892", "00d88624-f0d7-46f6-a641-6232c260892g", "$(id)"]
        {
            assert!(!is_guid(other), "{other}");
        }
    }
}
