//! The terminal: what the user sees and types.

pub(crate) mod az;
pub(crate) mod capabilities;
pub(crate) mod input;
pub(crate) mod keyboard;
pub(crate) mod mode;
pub(crate) mod next_steps;
pub(crate) mod output;
pub(crate) mod prompt;
mod question;
pub(crate) mod secret_value;
pub(crate) mod shell;
pub(crate) mod signal_mask;
#[cfg(unix)]
pub(crate) mod signals;
mod stream;
#[cfg(unix)]
mod suspension;

pub(crate) use output::{note, say};

/// A number of versions, in words.
pub(crate) fn versions(count: usize) -> String {
    if count == 1 { "1 version".to_owned() } else { format!("{count} versions") }
}
