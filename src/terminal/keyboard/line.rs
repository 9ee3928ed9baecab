//! The line that is being edited: how the editor takes its keys, shows it, and accepts it as the answer.

use super::{
    keys::{ends_question, has_meaning, is_enter, is_interrupt, pasted},
    screen::mask,
    unknown_sequence::UnknownSequence,
};
#[cfg(unix)]
use crate::terminal::suspension;
use crate::terminal::{mode, question::Question};
use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, RepeatCount,
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

/// The longest time between two characters of a paste; a Ctrl-C after a longer one was pressed.
const PASTED_TOGETHER: Duration = Duration::from_millis(100);

/// The line that is being edited.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<Mutex<Open>>);

/// The state of an open question.
#[derive(Default)]
pub(super) struct Open {
    /// The question; `None` before the first, between two, and once it has been taken away.
    pub question: Option<Question>,
    /// The question is on the screen.
    pub shown: bool,
    /// The part of the answer before the cursor, as it is shown.
    pub before_cursor: String,
    /// The answer, once Enter was pressed.
    pub entered: Option<String>,
    /// Further input followed the answer.
    pub more: bool,
    /// The moment of the last key.
    pub last_key: Option<Instant>,
    /// The text of a paste that has not ended.
    pub paste: Option<String>,
    /// The escape sequence whose rest may follow.
    pub unknown: UnknownSequence,
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
            // It has been taken away, and what is still typed answers nothing.
            return Some(Cmd::Noop);
        }
        let key = event.get(0)?;
        if open.entered.is_some() {
            if is_interrupt(key) {
                open.entered = None;
                return Some(Cmd::Interrupt);
            }
            open.more = true;
            return Some(Cmd::Noop);
        }
        if let KeyEvent(KeyCode::BracketedPasteEnd, _) = key {
            let text = open.paste.take().unwrap_or_default();
            return Some(Cmd::Insert(1, text.replace("\r\n", "\n").replace('\r', "\n")));
        }
        let pause = open.last_key.replace(Instant::now()).map_or(Duration::MAX, |last| last.elapsed());
        if is_interrupt(key) && pause > PASTED_TOGETHER {
            // Also in a paste whose end does not come.
            open.paste = None;
        } else if let Some(paste) = &mut open.paste {
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
        #[cfg(unix)]
        if super::keys::suspends(key) {
            drop(open);
            suspension::suspend();
            return Some(Cmd::Noop);
        }
        let repeats = n != 1 || !positive;
        if open.unknown.takes(key, Instant::now()) || repeats && !ends_question(key) {
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

impl Highlighter for Line {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        let mut open = self.open();
        open.shown = true;
        let masked = open.question.is_none_or(|question| question.masked);
        let shown = |text| if masked { Cow::Owned(mask(text)) } else { Cow::Borrowed(text) };
        open.before_cursor = shown(line.get(..pos).unwrap_or(line)).into_owned();
        shown(line)
    }

    /// Tells whether a change of the line needs [`highlight`](Self::highlight); a long line is shown faster without.
    fn highlight_char(&self, line: &str, _pos: usize, _kind: CmdKind) -> bool {
        line.len() < 1000 || self.open().question.is_none_or(|question| question.masked)
    }
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
