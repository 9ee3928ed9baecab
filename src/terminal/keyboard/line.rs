//! The line that is being edited: which keys have a meaning, how it is shown, and when it is an answer.

use crate::terminal::{mode, question::Question};
use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, RepeatCount,
    completion::Completer,
    highlight::{CmdKind, Highlighter},
    hint::Hinter,
    validate::{ValidationContext, ValidationResult, Validator},
};
use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// How soon the rest of an unknown key follows its beginning.
const REST_OF_KEY: Duration = Duration::from_millis(20);

/// The line that is being edited.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<Mutex<Open>>);

/// What is known of an open question.
#[derive(Default)]
pub(super) struct Open {
    pub question: Option<Question>,
    /// Whether it is on the screen.
    pub shown: bool,
    /// What is shown of the answer before the cursor.
    pub before_cursor: String,
    /// The answer, once Enter was pressed.
    pub entered: Option<String>,
    /// Whether further input followed.
    pub more: bool,
    /// The text of a paste that has not ended.
    pub paste: Option<String>,
    /// When the last part of an unknown key came, while its rest may follow.
    pub unknown: Option<(Unknown, Instant)>,
}

impl Line {
    pub(super) fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConditionalEventHandler for Line {
    /// Lets the keys pass that have a meaning here, and takes a paste as it is.
    fn handle(&self, event: &Event, n: RepeatCount, positive: bool, context: &EventContext) -> Option<Cmd> {
        let mut open = self.open();
        if open.question.is_none() {
            // It has been taken away, and what is still typed is nobody's.
            return Some(Cmd::Noop);
        }
        let key = event.get(0)?;
        if open.entered.is_some() {
            open.more = true;
            return Some(Cmd::Noop);
        }
        if let KeyEvent(KeyCode::BracketedPasteEnd, _) = key {
            let text = open.paste.take().unwrap_or_default();
            return Some(Cmd::Insert(1, text.replace("\r\n", "\n").replace('\r', "\n")));
        }
        if let Some(paste) = &mut open.paste {
            // A number that the editor has read as an argument was an escape sequence.
            let escape = if n == 1 && positive { "" } else { "\x1b" };
            *paste += escape;
            paste.extend(pasted(key));
            return Some(Cmd::Noop);
        }
        if let KeyEvent(KeyCode::BracketedPasteStart, _) = key {
            open.paste = Some(String::new());
            return Some(Cmd::Noop);
        }
        // The editor takes Alt and a digit for a number of repetitions.
        let repeats = n != 1 || !positive;
        if open.is_rest_of_unknown(key) || repeats && !ends(key) {
            return Some(Cmd::Noop);
        }
        if is_enter(key)
            && open.question.is_some_and(|question| question.last && (question.check)(context.line()).is_ok())
        {
            #[cfg(windows)]
            if mode::discard_more() {
                (open.entered, open.more) = (Some(context.line().to_owned()), true);
                return Some(Cmd::AcceptLine);
            }
            // The editor's next read gives what is waiting, or nothing, which ends the question.
            #[cfg(unix)]
            if mode::read_without_waiting() {
                open.entered = Some(context.line().to_owned());
                return Some(Cmd::Move(rustyline::Movement::EndOfBuffer));
            }
        }
        (!has_meaning(key)).then_some(Cmd::Noop)
    }
}

impl Open {
    /// Whether the key is what the editor has left of a key that it does not know, such as the report of a mouse, or of
    /// what a terminal says about itself.
    fn is_rest_of_unknown(&mut self, KeyEvent(code, modifiers): &KeyEvent) -> bool {
        let begins = match code {
            KeyCode::UnknownEscSeq => Some(Unknown::Key),
            KeyCode::Char(c) if *modifiers == Modifiers::ALT && "]P_^X".contains(*c) => Some(Unknown::Report),
            _ => None,
        };
        let Some((unknown, last)) = self.unknown.take() else {
            self.unknown = begins.map(|unknown| (unknown, Instant::now()));
            return begins.is_some();
        };
        let follows = last.elapsed() < REST_OF_KEY;
        let ends = match unknown {
            Unknown::Key => matches!(code, KeyCode::Char('@'..='~')),
            // BEL, or ESC and a backslash.
            Unknown::Report => matches!(
                (code, *modifiers),
                (KeyCode::Char('G'), Modifiers::CTRL) | (KeyCode::Char('\\'), Modifiers::ALT)
            ),
        };
        self.unknown = begins.or((follows && !ends).then_some(unknown)).map(|unknown| (unknown, Instant::now()));
        begins.is_some() || follows
    }
}

/// What the editor does not know.
#[derive(Clone, Copy)]
pub(super) enum Unknown {
    /// A key, which ends with a letter.
    Key,
    /// What a terminal says about itself.
    Report,
}

/// Whether the key ends a question.
fn ends(key: &KeyEvent) -> bool {
    is_enter(key) || matches!(key, KeyEvent(KeyCode::Char('C' | 'D'), Modifiers::CTRL))
}

fn is_enter(key: &KeyEvent) -> bool {
    matches!(key, KeyEvent(KeyCode::Enter, _) | KeyEvent(KeyCode::Char('J' | 'M'), Modifiers::CTRL))
}

fn has_meaning(KeyEvent(code, modifiers): &KeyEvent) -> bool {
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

/// The characters that the editor has read as a key.
fn pasted(KeyEvent(code, modifiers): &KeyEvent) -> impl Iterator<Item = char> {
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

impl Highlighter for Line {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        let mut open = self.open();
        open.shown = true;
        let masked = open.question.is_none_or(|question| question.masked);
        let shown = |text| if masked { Cow::Owned(mask(text)) } else { Cow::Borrowed(text) };
        open.before_cursor = shown(line.get(..pos).unwrap_or(line)).into_owned();
        shown(line)
    }

    /// Whether a change of the line needs [`highlight`](Self::highlight); a long line is shown faster without.
    fn highlight_char(&self, line: &str, _pos: usize, _kind: CmdKind) -> bool {
        line.len() < 1000 || self.open().question.is_none_or(|question| question.masked)
    }
}

/// A `*` for each character, as wide as the character, so that the cursor keeps its place.
pub(super) fn mask(line: &str) -> String {
    let star = |character: &str| match character {
        "\n" | "\r\n" => "\n".to_owned(),
        _ => format!("{:<1$}", "*", character.width().max(1)),
    };
    line.graphemes(true).map(star).collect()
}

impl Validator for Line {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let Some(question) = self.open().question else { return Ok(ValidationResult::Valid(None)) };
        Ok(match (question.check)(context.input()) {
            Ok(()) => ValidationResult::Valid(None),
            Err(why) => ValidationResult::Invalid(Some(format!("\n{why}"))),
        })
    }
}

impl Completer for Line {
    type Candidate = String;
}

impl Hinter for Line {
    type Hint = String;
}

impl rustyline::Helper for Line {}
