//! From an error to what the user does next.

use crate::credential::SignInFailed;
use std::{error::Error, fmt, process::ExitCode};

/// The program was used in a way that cannot work; found before anything was sent to a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongUse {
    what: String,
    advice: String,
}

impl WrongUse {
    /// `what` is wrong, in one sentence; `advice` says what to do about it, and may be empty.
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into() }
    }
}

impl fmt::Display for WrongUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for WrongUse {}

/// The program was interrupted, by Ctrl-C or a request to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted.")
    }
}

impl Error for Interrupted {}

/// Says on stderr what went wrong and what to do about it, and returns the exit status: 2 for [`WrongUse`],
/// 130 for [`Interrupted`], else 1.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let (sentence, advice, status) = if let Some(wrong_use) = find::<WrongUse>(error) {
        (wrong_use.to_string(), wrong_use.advice.clone(), ExitCode::from(2))
    } else if let Some(interrupted) = find::<Interrupted>(error) {
        (interrupted.to_string(), String::new(), ExitCode::from(130))
    } else if let Some(failed) = find::<SignInFailed>(error) {
        (failed.to_string(), failed.advice(), ExitCode::FAILURE)
    } else {
        (format!("{error:#}"), String::new(), ExitCode::FAILURE)
    };
    eprintln!("error: {sentence}");
    if !advice.is_empty() {
        eprintln!("\n{advice}");
    }
    status
}

/// The cause of that type, however deep the SDK has wrapped it.
fn find<E: Error + 'static>(error: &anyhow::Error) -> Option<&E> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

/// The first line of a text from another program or the network, fit for a terminal: without control characters, and
/// not endless.
pub fn one_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let line = line.strip_prefix("ERROR: ").unwrap_or(line);
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}
