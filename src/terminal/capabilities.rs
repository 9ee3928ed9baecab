//! The capabilities of the terminal.

#[cfg(windows)]
use crossterm_winapi::{ConsoleMode, Handle};
use std::{env, ffi::OsString};

/// Tells whether the terminal knows no escape sequences, by its type in `TERM`.
pub(crate) fn is_dumb() -> bool {
    let is_dumb = |term: OsString| ["", "dumb", "cons25", "emacs"].iter().any(|dumb| term == *dumb);
    cfg!(unix) && env::var_os("TERM").is_none_or(is_dumb)
}

/// Tells whether the run may use the terminal on stdin. One in the background is stopped when it tries.
#[cfg(unix)]
pub(crate) fn is_in_foreground() -> bool {
    nix::unistd::tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == nix::unistd::getpgrp())
}

/// Tells whether the run may use the console. All may.
#[cfg(windows)]
pub(crate) fn is_in_foreground() -> bool {
    true
}

/// Tells whether a terminal that is not [dumb](is_dumb) understands escape sequences.
#[cfg(unix)]
pub(crate) fn understands_escapes() -> bool {
    true
}

/// Has the console understand escape sequences, and tells whether it does.
#[cfg(windows)]
pub(crate) fn understands_escapes() -> bool {
    /// `ENABLE_PROCESSED_OUTPUT` and `ENABLE_VIRTUAL_TERMINAL_PROCESSING`.
    const UNDERSTANDS_ESCAPES: u32 = 0x1 | 0x4;
    let switched_on = Handle::current_out_handle().map(ConsoleMode::from).and_then(|output| {
        let mode = output.mode()?;
        output.set_mode(mode | UNDERSTANDS_ESCAPES)
    });
    switched_on.is_ok()
}
