//! From an error to what the user does next.

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

/// Says on stderr what went wrong and what to do about it, and returns the exit status: 2 for [`WrongUse`], else 1.
pub fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    match error.downcast_ref::<WrongUse>() {
        Some(wrong_use) => {
            if !wrong_use.advice.is_empty() {
                eprintln!("\n{}", wrong_use.advice);
            }
            ExitCode::from(2)
        }
        None => ExitCode::FAILURE,
    }
}
