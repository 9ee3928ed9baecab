//! What a person sees and types.

pub mod az;
pub mod input;
pub mod keyboard;
pub mod next_steps;
pub mod output;
pub mod prompt;
pub(crate) mod question;
pub mod restore;
pub mod shell;

pub(crate) use output::{note, say};
