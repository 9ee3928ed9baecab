//! What a person sees and types.

pub mod az;
pub mod capabilities;
pub mod input;
pub mod keyboard;
pub(crate) mod mode;
pub mod next_steps;
pub mod output;
pub mod prompt;
pub(crate) mod question;
pub(crate) mod secret_value;
pub mod shell;
pub(crate) mod signal_mask;

pub(crate) use output::{note, say};
