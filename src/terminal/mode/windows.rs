//! The mode of the Windows console's input.

use crate::terminal::capabilities::understands_escapes;
use crossterm_winapi::{Console, ConsoleMode, Handle, InputRecord};
use std::{io, thread, time::Duration};

/// The longest time for the rest of a paste to arrive.
const IN_FLIGHT: Duration = Duration::from_millis(30);

/// The bit of the mode that shows what is typed.
const ENABLE_ECHO_INPUT: u32 = 0x4;

/// The mode of the console's input, as it was at some moment.
pub(crate) struct TerminalMode {
    /// `None` if there is no console.
    before: Option<u32>,
}

impl TerminalMode {
    /// Takes the mode as it is now, of a console that understands escape sequences from now on.
    pub(crate) fn now() -> Self {
        understands_escapes();
        Self { before: input().and_then(|input| ConsoleMode::from(input).mode()).ok() }
    }

    /// Does nothing: a console echoes only while a line is read from it.
    pub(in crate::terminal) fn quiet(&self) {}

    /// Hides what is typed.
    pub(in crate::terminal) fn hide(&self) {
        if let (Some(before), Ok(input)) = (self.before, input()) {
            let _ = ConsoleMode::from(input).set_mode(before & !ENABLE_ECHO_INPUT);
        }
    }

    /// Throws away the input that was not read, until no more comes.
    pub(in crate::terminal) fn discard_input(&self) {
        while self.before.is_some() && is_key_waiting() {
            thread::sleep(IN_FLIGHT);
        }
    }

    /// Sets the mode as it was, without input.
    pub(in crate::terminal) fn restore(&self) {
        self.discard_input();
        self.give_back();
    }

    /// Sets the mode as it was.
    pub(crate) fn give_back(&self) {
        if let (Some(before), Ok(input)) = (self.before, input()) {
            // A console that has gone away needs no mode.
            let _ = ConsoleMode::from(input).set_mode(before);
        }
    }
}

/// Throws away what was pasted after the line that ends here, and tells whether there was anything.
pub(in crate::terminal) fn discard_more() -> bool {
    thread::sleep(IN_FLIGHT);
    is_key_waiting()
}

fn input() -> io::Result<Handle> {
    Handle::current_in_handle()
}

/// Tells whether a key is pressed in the input that is waiting, all of which is read.
fn is_key_waiting() -> bool {
    let records = input().and_then(|input| Console::from(input).read_console_input()).unwrap_or_default();
    records.iter().any(|record| matches!(record, InputRecord::KeyEvent(key) if key.key_down))
}
