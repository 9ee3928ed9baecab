//! A question to the user, and the reasons why it may have no answer.

use std::io;

/// A question to which the user types one line.
#[derive(Clone, Copy)]
pub(super) struct Question {
    /// The words that stand before the answer.
    pub text: &'static str,
    /// Masks the answer, with a `*` for each character.
    pub masked: bool,
    /// No other question follows, so that further input means a paste in several lines.
    pub last: bool,
    /// Checks an answer, and returns what is wrong with it, in a sentence. Such an answer stays for editing.
    pub check: fn(&str) -> Result<(), String>,
}

/// The reason why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// The user pressed Ctrl-C, or Ctrl-D on an empty line, or the terminal went away.
    #[error("the question was interrupted")]
    Interrupted,
    /// Further input followed the answer at once: a paste in several lines. All of it was thrown away.
    #[error("several lines were pasted")]
    SeveralLines,
    /// The terminal failed.
    #[error(transparent)]
    Failed(#[from] io::Error),
}
