//! The mode of the terminal on stdin: echo, line discipline, special keys, and the input that waits.
//!
//! Questions change it, and no end of the run may leave it changed.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::TerminalMode;
#[cfg(unix)]
pub(super) use unix::{is_input_waiting, read_without_waiting};
#[cfg(windows)]
pub(crate) use windows::TerminalMode;
#[cfg(windows)]
pub(super) use windows::discard_more;
