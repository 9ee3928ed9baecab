//! The terminal: what the user sees and types.

pub(crate) mod az;
pub(crate) mod capabilities;
pub(crate) mod input;
pub(crate) mod keyboard;
mod mode;
pub(crate) mod next_steps;
pub(crate) mod output;
pub(crate) mod prompt;
mod question;
pub(crate) mod secret_value;
pub(crate) mod shell;
pub(crate) mod signal_mask;

pub(crate) use output::{note, say};
