//! Escape sequences that the line editor does not know, and the rest of which it would take for keys.

use rustyline::{KeyCode, KeyEvent, Modifiers};
use std::time::{Duration, Instant};

/// The longest time between the parts of a sequence.
const BETWEEN_PARTS: Duration = Duration::from_millis(20);

/// Detects the parts of unknown sequences, such as the report of a mouse, or of what a terminal says about itself.
#[derive(Default)]
pub(super) struct UnknownSequence {
    /// The sequence whose rest may follow, and the time of its last part.
    open: Option<(Kind, Instant)>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// A control sequence, such as a key's, which ends with a letter.
    Control,
    /// A control string, such as a terminal's report about itself.
    String,
}

impl UnknownSequence {
    /// Tells whether the key that comes `now` is part of an unknown sequence.
    pub(super) fn takes(&mut self, KeyEvent(code, modifiers): &KeyEvent, now: Instant) -> bool {
        let begins = match code {
            KeyCode::UnknownEscSeq => Some(Kind::Control),
            KeyCode::Char(c) if *modifiers == Modifiers::ALT && "]P_^X".contains(*c) => Some(Kind::String),
            _ => None,
        };
        let Some((kind, last)) = self.open.take() else {
            self.open = begins.map(|kind| (kind, now));
            return begins.is_some();
        };
        let follows = now.duration_since(last) < BETWEEN_PARTS;
        let ends = match kind {
            Kind::Control => matches!(code, KeyCode::Char('@'..='~')),
            // BEL, or ESC and a backslash.
            Kind::String => matches!(
                (code, *modifiers),
                (KeyCode::Char('G'), Modifiers::CTRL) | (KeyCode::Char('\\'), Modifiers::ALT)
            ),
        };
        self.open = begins.or((follows && !ends).then_some(kind)).map(|kind| (kind, now));
        begins.is_some() || follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(c: char, modifiers: Modifiers) -> KeyEvent {
        KeyEvent(KeyCode::Char(c), modifiers)
    }

    const BEGIN: KeyEvent = KeyEvent(KeyCode::UnknownEscSeq, Modifiers::NONE);

    #[test]
    fn an_unknown_key_is_taken_up_to_its_letter() {
        let (mut sequence, now) = (UnknownSequence::default(), Instant::now());
        assert!(!sequence.takes(&key('a', Modifiers::NONE), now));
        for part in [BEGIN, key('1', Modifiers::NONE), key(';', Modifiers::NONE), key('M', Modifiers::NONE)] {
            assert!(sequence.takes(&part, now), "{part:?}");
        }
        assert!(!sequence.takes(&key('a', Modifiers::NONE), now));
    }

    #[test]
    fn a_control_string_is_taken_up_to_its_terminator() {
        for end in [key('G', Modifiers::CTRL), key('\\', Modifiers::ALT)] {
            let (mut sequence, now) = (UnknownSequence::default(), Instant::now());
            for part in [key(']', Modifiers::ALT), key('r', Modifiers::NONE), end] {
                assert!(sequence.takes(&part, now), "{part:?}");
            }
            assert!(!sequence.takes(&key('a', Modifiers::NONE), now));
        }
    }

    #[test]
    fn a_key_that_comes_later_is_no_part() {
        let (mut sequence, now) = (UnknownSequence::default(), Instant::now());
        assert!(sequence.takes(&BEGIN, now));
        assert!(!sequence.takes(&key('1', Modifiers::NONE), now + BETWEEN_PARTS));
    }
}
