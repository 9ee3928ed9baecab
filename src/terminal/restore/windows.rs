//! The Windows console, whose settings are the modes of its input and its output.

use super::Settings;
use crate::terminal::question::{Question, Unanswered};
use crossterm_winapi::{Console, ConsoleMode, Handle, InputRecord};
use std::{io, thread, time::Duration};

/// How long the rest of a paste may take to arrive.
const IN_FLIGHT: Duration = Duration::from_millis(30);
/// `ENABLE_PROCESSED_OUTPUT` and `ENABLE_VIRTUAL_TERMINAL_PROCESSING`.
const UNDERSTANDS_ESCAPES: u32 = 0x1 | 0x4;

impl Settings {
    /// The settings as they are now, of a console that understands escape sequences from now on.
    pub fn now() -> Self {
        understands_escapes();
        Self { before: input().and_then(|input| ConsoleMode::from(input).mode()).ok() }
    }

    /// The console echoes nothing while nobody reads a line from it.
    pub(in crate::terminal) fn quiet(&self) {}

    /// No read is without waiting here.
    pub(in crate::terminal) fn read_without_waiting() -> bool {
        false
    }

    /// Whether more was pasted than the line that ends here. It is thrown away.
    pub(in crate::terminal) fn is_more_waiting() -> bool {
        thread::sleep(IN_FLIGHT);
        is_key_waiting()
    }

    /// Throws away the input that nobody has read, until no more comes.
    pub(in crate::terminal) fn discard_input(&self) {
        while self.before.is_some() && is_key_waiting() {
            thread::sleep(IN_FLIGHT);
        }
    }

    /// Makes the settings as they were, without input.
    pub fn restore(&self) {
        self.discard_input();
        if let (Some(before), Ok(input)) = (self.before, input()) {
            // A console that has gone away needs no settings.
            let _ = ConsoleMode::from(input).set_mode(before);
        }
    }

    /// Every console is asked by the line editor.
    pub(in crate::terminal) fn ask_plainly(&self, _question: Question) -> Result<String, Unanswered> {
        Err(Unanswered::Interrupted)
    }
}

fn input() -> io::Result<Handle> {
    Handle::current_in_handle()
}

/// Whether a key is pressed in the input that is waiting, all of which is read.
fn is_key_waiting() -> bool {
    let records = input().and_then(|input| Console::from(input).read_console_input()).unwrap_or_default();
    records.iter().any(|record| matches!(record, InputRecord::KeyEvent(key) if key.key_down))
}

/// Has the console understand escape sequences, and tells whether it does.
pub fn understands_escapes() -> bool {
    let switched_on = Handle::current_out_handle().map(ConsoleMode::from).and_then(|output| {
        let mode = output.mode()?;
        output.set_mode(mode | UNDERSTANDS_ESCAPES)
    });
    switched_on.is_ok()
}
