//! Lines that the user types at the terminal, by a line editor that keeps no history.
//!
//! The editor is `rustyline`, on the terminal itself: stdout may lead elsewhere. This module adds:
//! - Keys without a meaning do nothing.
//! - A hidden line is masked.
//! - Input between two questions is not echoed, and none is left for the shell.
//! - A paste of several lines is told from an answer, also where the terminal does not mark pastes.

mod keys;
mod line;
#[cfg(unix)]
mod plain;
mod screen;
mod unknown_sequence;

use super::{
    capabilities::is_dumb,
    mode::TerminalMode,
    output::{about, note},
    question::{Question, Unanswered},
    signal_mask::SignalMask,
};
use dialoguer::console::{Key, Term};
use line::{Line, Open};
use rustyline::{
    ColorMode, Config, Editor, Event, EventHandler, config::Behavior, error::ReadlineError, history::MemHistory,
};
use screen::{erase, mask, mend_full_row};
use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The longest time between the bytes of a key, in milliseconds; an Escape that stands alone longer is just that.
const KEY_MS: u16 = 100;

/// The longest wait for a question that opens to be on the screen, so that it can be erased.
const TO_SHOW: Duration = Duration::from_millis(500);
/// The time that the writing of a question takes.
const SHOWS: Duration = Duration::from_millis(2);

/// The user's keyboard, from the first question to the end of the run.
pub(crate) struct Keyboard {
    editor: Mutex<Option<Editor<Line, MemHistory>>>,
    line: Line,
    mode: TerminalMode,
    closed: AtomicBool,
}

impl Keyboard {
    /// Opens the keyboard, and stops the terminal from echoing what is typed while no question is open.
    pub(super) fn open() -> Self {
        let mode = TerminalMode::now();
        mode.quiet();
        Self { editor: Mutex::default(), line: Line::default(), mode, closed: AtomicBool::new(false) }
    }

    /// Asks, in the calling thread, until the answer is good. What was typed ahead is part of the answer.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) fn ask(&self, question: Question) -> Result<String, Unanswered> {
        // Windows has no dumb terminal.
        #[cfg(unix)]
        if is_dumb() {
            *self.line.open() = Open { question: Some(question), shown: true, ..Open::default() };
            let _signals = SignalMask::unblock();
            let answer = plain::ask(&self.mode, question);
            *self.line.open() = Open::default();
            return answer;
        }
        loop {
            *self.line.open() = Open { question: Some(question), ..Open::default() };
            if self.closed.load(Ordering::SeqCst) {
                return Err(Unanswered::Interrupted);
            }
            let outcome = self.read_line(question.text);
            let Open { entered, more, .. } = std::mem::take(&mut *self.line.open());
            return match (outcome, entered) {
                (_, Some(_)) if more => {
                    self.discard();
                    Err(Unanswered::SeveralLines)
                }
                (_, Some(answer)) | (Ok(answer), None) => {
                    let shown = if question.masked { mask(&answer) } else { answer.clone() };
                    mend_full_row(&format!("{}{shown}", question.text));
                    Ok(answer)
                }
                (Err(ReadlineError::Interrupted | ReadlineError::Eof | ReadlineError::Signal(_)), None) => {
                    Err(Unanswered::Interrupted)
                }
                (Err(ReadlineError::Io(error)), None) if error.kind() == io::ErrorKind::InvalidData => {
                    self.discard();
                    note!("That was not text in UTF-8, and nothing of it was taken.");
                    continue;
                }
                (Err(error), None) => Err(Unanswered::Failed(io::Error::other(error))),
            };
        }
    }

    fn read_line(&self, text: &str) -> rustyline::Result<String> {
        let mut editor = self.editor.lock().unwrap_or_else(PoisonError::into_inner);
        if editor.is_none() {
            *editor = Some(new_editor(&self.line)?);
        }
        let _signals = SignalMask::unblock();
        match &mut *editor {
            Some(editor) => editor.readline(text),
            None => Err(ReadlineError::Eof),
        }
    }

    /// Throws away what was typed ahead.
    pub(crate) fn discard(&self) {
        // The editor may have read some of it.
        *self.editor.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.mode.discard_input();
    }

    /// Gives the terminal back as it was while `suspend` runs; then an open question is asked on, with what was typed.
    #[cfg(unix)]
    pub(super) fn suspended(&self, suspend: &dyn Fn()) {
        if self.closed.load(Ordering::SeqCst) {
            return suspend();
        }
        self.mode.suspended(suspend, || !self.closed.load(Ordering::SeqCst));
        let open = self.line.open();
        if let Some(question) = open.question.filter(|_| open.shown) {
            let paste = if is_dumb() { "" } else { "\x1b[?2004h" };
            about(format_args!("{paste}{}{}", question.text, open.before_cursor));
        }
    }

    /// Waits for Enter, in the calling thread; no other key does anything. What was typed before counts, unless it is
    /// [thrown away](Self::discard).
    ///
    /// # Errors
    /// [`Unanswered::Interrupted`] by Ctrl-C or Ctrl-D, and when the terminal goes away.
    pub(crate) fn wait_for_enter(&self) -> Result<(), Unanswered> {
        loop {
            match Term::stderr().read_key_raw() {
                Ok(Key::Enter) => return Ok(()),
                Ok(Key::CtrlC | Key::Char('\u{4}')) | Err(_) => return Err(Unanswered::Interrupted),
                #[cfg(unix)]
                Ok(Key::Char('\u{1a}')) => super::suspension::suspend(),
                Ok(_) => {}
            }
        }
    }

    /// Makes the terminal as it was before, without any input that is left. An open question need not be answered: it
    /// ends, or is erased with `take_away`.
    pub(super) fn restore(&self, take_away: bool) {
        self.closed.store(true, Ordering::SeqCst);
        let opening = || self.line.open().question.is_some() && !self.line.open().shown;
        let began = Instant::now();
        while opening() && began.elapsed() < TO_SHOW {
            thread::sleep(SHOWS);
        }
        thread::sleep(SHOWS);
        let open = std::mem::take(&mut *self.line.open());
        if let Some(question) = open.question {
            if take_away && !is_dumb() {
                erase(&format!("{}{}", question.text, open.before_cursor));
            } else {
                about(format_args!("\r\n"));
            }
        }
        self.mode.restore();
    }
}

fn new_editor(line: &Line) -> rustyline::Result<Editor<Line, MemHistory>> {
    let config = Config::builder()
        .behavior(Behavior::PreferTerm)
        .auto_add_history(false)
        .keyseq_timeout(Some(KEY_MS))
        // It is what masks a line.
        .color_mode(ColorMode::Forced)
        .build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history)?;
    editor.set_helper(Some(line.clone()));
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(line.clone())));
    Ok(editor)
}
