//! Lines that a person types at the terminal, by a line editor that keeps no history.
//!
//! The editor is `rustyline`, on the terminal itself: stdout may lead elsewhere. What is added here: keys without a meaning
//! do nothing, a hidden line is masked, nothing that is typed while nobody asks is echoed or left for the shell, and a
//! paste of several lines is told from an answer where the terminal does not mark pastes.

use super::restore::Settings;
use rustyline::{
    Cmd, ColorMode, ConditionalEventHandler, Config, Editor, Event, EventContext, EventHandler, KeyCode, KeyEvent,
    Modifiers, Movement, RepeatCount,
    completion::Completer,
    config::Behavior,
    error::ReadlineError,
    highlight::{CmdKind, Highlighter},
    hint::Hinter,
    history::MemHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use std::{
    borrow::Cow,
    env, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// How long the next byte of a key may take, in milliseconds, before an Escape is just that.
const KEY_MS: u16 = 100;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question {
    /// The words that stand before the answer.
    pub text: &'static str,
    /// Whether the answer is masked, by a `*` for each character.
    pub masked: bool,
    /// Whether no other question follows, so that further input means a paste in several lines.
    pub last: bool,
    /// What is wrong with an answer, in a sentence; then it stays for editing.
    pub check: fn(&str) -> Result<(), String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// Ctrl-C, or Ctrl-D on an empty line, or the terminal went away.
    Interrupted,
    /// Further input followed the answer at once: a paste in several lines. All of it was thrown away.
    SeveralLines,
    /// The terminal failed.
    Failed(io::Error),
}

/// A person's keyboard, from the first question to the end of the run.
pub struct Keyboard {
    editor: Mutex<Option<Editor<Line, MemHistory>>>,
    line: Line,
    settings: Settings,
}

impl Keyboard {
    /// Opens the keyboard, and stops the terminal from echoing what is typed while nobody asks.
    pub fn open() -> Self {
        let settings = Settings::now();
        settings.quiet();
        Self { editor: Mutex::default(), line: Line::default(), settings }
    }

    /// Asks, in the calling thread, until the answer is good. What was typed ahead is part of the answer. `before` is in
    /// the line already, for editing.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn ask(&self, question: Question, before: &str) -> Result<String, NoAnswer> {
        if is_dumb() {
            return self.settings.ask_plainly(question);
        }
        loop {
            *self.line.open() = Open { question: Some(question), ..Open::default() };
            let outcome = self.read_line(question.text, before);
            let Open { entered, more, .. } = std::mem::take(&mut *self.line.open());
            return match (outcome, entered) {
                (_, Some(_)) if more => Err(NoAnswer::SeveralLines),
                (_, Some(answer)) | (Ok(answer), None) => {
                    // The editor breaks the line after one that fills the screen's width, as the screen has.
                    if rows(&format!("{}{answer} ", question.text)) > rows(&format!("{}{answer}", question.text)) {
                        super::output::about(format_args!("\x1b[A"));
                    }
                    Ok(answer)
                }
                (Err(ReadlineError::Interrupted | ReadlineError::Eof), None) => Err(NoAnswer::Interrupted),
                // Bytes that are not UTF-8 are no key.
                (Err(ReadlineError::Io(error)), None) if error.kind() == io::ErrorKind::InvalidData => continue,
                (Err(error), None) => Err(NoAnswer::Failed(io::Error::other(error))),
            };
        }
    }

    fn read_line(&self, text: &str, before: &str) -> rustyline::Result<String> {
        let mut editor = self.editor.lock().unwrap_or_else(PoisonError::into_inner);
        if editor.is_none() {
            *editor = Some(new_editor(&self.line)?);
        }
        match &mut *editor {
            Some(editor) => editor.readline_with_initial(text, (before, "")),
            None => Err(ReadlineError::Eof),
        }
    }

    /// Throws away what was typed ahead.
    pub fn discard(&self) {
        // The editor may have read some of it.
        *self.editor.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.settings.discard_input();
    }

    /// Makes the terminal as it was before, without any input that is left. It need not wait for an open question, which
    /// is ended, or `taken_away`.
    pub fn restore(&self, take_away: bool) {
        let open = std::mem::take(&mut *self.line.open());
        if let Some(question) = open.question.filter(|_| !is_dumb()) {
            if take_away {
                erase(&format!("{}{}", question.text, open.before_cursor));
            } else {
                super::output::about(format_args!("\r\n"));
            }
        }
        self.settings.restore();
    }
}

/// Whether the terminal knows no escape sequences.
pub(super) fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| ["", "dumb", "cons25", "emacs"].iter().any(|dumb| term == *dumb))
        && cfg!(unix)
}

/// Erases a text that ends at the cursor, and what stands after it.
fn erase(text: &str) {
    let up = match rows(text) - 1 {
        0 => String::new(),
        rows => format!("\x1b[{rows}A"),
    };
    super::output::about(format_args!("{up}\r\x1b[J"));
}

/// How many rows of the screen a text takes.
fn rows(text: &str) -> usize {
    let columns = usize::from(dialoguer::console::Term::stderr().size().1).max(1);
    text.split('\n').map(|line| 1 + line.width().saturating_sub(1) / columns).sum()
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

/// The line that is being edited.
#[derive(Clone, Default)]
struct Line(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    question: Option<Question>,
    /// What is shown of the answer before the cursor.
    before_cursor: String,
    /// The answer, once Enter was pressed.
    entered: Option<String>,
    /// Whether further input followed.
    more: bool,
}

impl Line {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConditionalEventHandler for Line {
    /// Lets the keys pass that have a meaning here.
    fn handle(&self, event: &Event, _n: RepeatCount, _positive: bool, context: &EventContext) -> Option<Cmd> {
        let mut open = self.open();
        if open.entered.is_some() {
            open.more = true;
            return Some(Cmd::Noop);
        }
        let key = event.get(0)?;
        let is_enter = matches!(key, KeyEvent(KeyCode::Enter, _) | KeyEvent(KeyCode::Char('J' | 'M'), Modifiers::CTRL));
        if is_enter && open.question.is_some_and(|question| question.last && (question.check)(context.line()).is_ok()) {
            // The editor's next read gives what is waiting, or nothing, which ends the question.
            if Settings::read_without_waiting() {
                open.entered = Some(context.line().to_owned());
                return Some(Cmd::Move(Movement::EndOfBuffer));
            }
        }
        (!has_meaning(key)).then_some(Cmd::Noop)
    }
}

fn has_meaning(KeyEvent(code, modifiers): &KeyEvent) -> bool {
    match (code, *modifiers) {
        (KeyCode::Char(c), Modifiers::NONE | Modifiers::SHIFT) => !c.is_control(),
        (KeyCode::Char(c), Modifiers::CTRL) => "ABCDEFHJKMUWY".contains(c.to_ascii_uppercase()),
        (KeyCode::Char(c), Modifiers::ALT) => "bdfBDF".contains(*c),
        (KeyCode::Left | KeyCode::Right, Modifiers::NONE | Modifiers::CTRL | Modifiers::ALT) => true,
        (KeyCode::Backspace, Modifiers::NONE | Modifiers::ALT) => true,
        (KeyCode::Home | KeyCode::End | KeyCode::Delete | KeyCode::Enter, Modifiers::NONE) => true,
        (KeyCode::BracketedPasteStart, _) => true,
        _ => false,
    }
}

impl Highlighter for Line {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        let mut open = self.open();
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
fn mask(line: &str) -> String {
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
