//! Questions by the terminal's own means, where it knows no escape sequences.

use crate::terminal::{
    mode::{TerminalMode, is_input_waiting},
    output::about,
    question::{Question, Unanswered},
};
use std::io::{BufRead as _, stdin};

/// Asks until the answer is good, while the terminal edits the line. A masked answer is not echoed.
///
/// # Errors
/// [`Unanswered`].
pub(super) fn ask(mode: &TerminalMode, question: Question) -> Result<String, Unanswered> {
    loop {
        mode.set_echo(!question.masked);
        about(format_args!("{}", question.text));
        let mut answer = String::new();
        let outcome = stdin().lock().read_line(&mut answer);
        mode.quiet();
        if question.masked {
            about(format_args!("\n"));
        }
        if outcome? == 0 {
            return Err(Unanswered::Interrupted);
        }
        let answer = answer.trim_end_matches(['\r', '\n']);
        match (question.check)(answer) {
            Ok(()) if question.last && is_input_waiting() => return Err(Unanswered::SeveralLines),
            Ok(()) => return Ok(answer.to_owned()),
            Err(why) => about(format_args!("{why}\n")),
        }
    }
}
