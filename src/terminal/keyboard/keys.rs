//! The keys by their meaning in a line.

use rustyline::{KeyCode, KeyEvent, Modifiers};

/// Tells whether the key ends a question, with an answer or without one.
pub(super) fn ends_question(key: &KeyEvent) -> bool {
    is_enter(key) || matches!(key, KeyEvent(KeyCode::Char('C' | 'D'), Modifiers::CTRL))
}

/// Tells whether the key is Ctrl-C.
pub(super) fn is_interrupt(key: &KeyEvent) -> bool {
    matches!(key, KeyEvent(KeyCode::Char('C'), Modifiers::CTRL))
}

/// Tells whether the key is Ctrl-Z.
#[cfg(unix)]
pub(super) fn suspends(key: &KeyEvent) -> bool {
    matches!(key, KeyEvent(KeyCode::Char('Z'), Modifiers::CTRL))
}

/// Tells whether the key is Enter, or one of the control keys that stand for it.
pub(super) fn is_enter(key: &KeyEvent) -> bool {
    matches!(key, KeyEvent(KeyCode::Enter, _) | KeyEvent(KeyCode::Char('J' | 'M'), Modifiers::CTRL))
}

/// Tells whether the key types a character, or edits the line, or ends the question. The editor knows more keys, such
/// as those of its history; they do nothing here.
pub(super) fn has_meaning(KeyEvent(code, modifiers): &KeyEvent) -> bool {
    match (code, *modifiers) {
        (KeyCode::Char(c), Modifiers::NONE | Modifiers::SHIFT) => !c.is_control(),
        (KeyCode::Char(c), Modifiers::CTRL) => "ABCDEFHJKMUWY".contains(c.to_ascii_uppercase()),
        (KeyCode::Char(c), Modifiers::ALT) => "bdfBDF".contains(*c),
        (KeyCode::Left | KeyCode::Right, Modifiers::NONE | Modifiers::CTRL | Modifiers::ALT) => true,
        (KeyCode::Backspace, Modifiers::NONE | Modifiers::ALT) => true,
        (KeyCode::Home | KeyCode::End | KeyCode::Delete | KeyCode::Enter, Modifiers::NONE) => true,
        _ => false,
    }
}

/// Returns the pasted characters that the editor has read as a key.
pub(super) fn pasted(KeyEvent(code, modifiers): &KeyEvent) -> impl Iterator<Item = char> {
    let c = match code {
        // Ctrl-J is the line feed, and so on.
        KeyCode::Char(c) if modifiers.contains(Modifiers::CTRL) => {
            char::from(u8::try_from(*c).unwrap_or_default() & 0x1f)
        }
        KeyCode::Char(c) => *c,
        KeyCode::Enter => '\r',
        KeyCode::Tab => '\t',
        KeyCode::Backspace => '\x7f',
        KeyCode::Null => '\0',
        _ => '\x1b',
    };
    modifiers.contains(Modifiers::ALT).then_some('\x1b').into_iter().chain([c])
}
