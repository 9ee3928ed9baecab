//! From an error to what the user does next.

mod azure;

use crate::{remains::Left, vault::VaultAddress};
use dialoguer::console::style;
use std::{
    error::Error,
    fmt::{self, Arguments},
    io::{Write as _, stderr},
    process::ExitCode,
};

pub(crate) use azure::Connection;

/// Says a line on stderr, about the transcript.
macro_rules! note {
    ($($line:tt)*) => { $crate::remedy::write(format_args!("{}\n", format_args!($($line)*))) };
}
pub(crate) use note;

/// Writes `text` to stderr, or nowhere when nobody reads it: what is being done to a secret must go on.
pub(crate) fn write(text: Arguments<'_>) {
    let _ = stderr().lock().write_fmt(text);
}

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

/// The name belongs to a secret that the program did not make, and nobody can be asked whether to delete it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretExists {
    /// The secret's name.
    pub secret_name: String,
    /// The vault, as it is shown.
    pub vault: String,
}

impl fmt::Display for SecretExists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secret_name, vault } = self;
        write!(f, "the secret '{secret_name}' exists in {vault}, and would be deleted with all its versions.")
    }
}

impl Error for SecretExists {}

/// What the user is told of an error.
#[derive(Debug, Default)]
struct Remedy {
    /// What happened, in one sentence.
    sentence: String,
    /// What to do about it, with commands to paste.
    advice: String,
    /// What the service or the network said.
    details: String,
    /// Where to read more.
    link: &'static str,
}

/// Says on stderr what went wrong, what to do about it, and what is `left` in the vault. Returns the exit status: 2 for
/// [`WrongUse`], 130 for [`Interrupted`], else 1.
pub fn report(error: &anyhow::Error, vault: Option<&VaultAddress>, left: &Left) -> ExitCode {
    let status = if error.is::<WrongUse>() {
        ExitCode::from(2)
    } else if error.is::<Interrupted>() {
        ExitCode::from(130)
    } else {
        ExitCode::FAILURE
    };
    let shown = vault.map(ToString::to_string).unwrap_or_default();
    let Remedy { sentence, advice, details, link } = match vault {
        Some(vault) => azure::remedy(error, vault),
        None => Remedy::of_own(error),
    };
    note!("error: {sentence}");
    for paragraph in [advice.as_str(), &statement(left, &shown)] {
        if !paragraph.is_empty() {
            note!("\n{paragraph}");
        }
    }
    if !details.is_empty() {
        note!("\n{}", style(format!("details: {}", details.replace('\n', "\n    "))).for_stderr().dim());
    }
    if !link.is_empty() {
        note!("\n{}", style(format!("See {link}")).for_stderr().dim());
    }
    status
}

impl Remedy {
    /// What is told of the program's own errors.
    fn of_own(error: &anyhow::Error) -> Self {
        let advice = if let Some(wrong_use) = error.downcast_ref::<WrongUse>() {
            wrong_use.advice.clone()
        } else if error.is::<SecretExists>() {
            "Nothing was changed. Choose another name, or, to have that secret overwritten and deleted, add --overwrite."
                .into()
        } else {
            String::new()
        };
        Self { sentence: one_line(&format!("{error:#}")), advice, ..Self::default() }
    }
}

/// What the vault now holds of ours, and the command that removes it.
fn statement(left: &Left, vault: &str) -> String {
    let command = |verb: &str, name: &str| format!("    az keyvault secret {verb} --vault-name {vault} --name {name}");
    match left {
        Left::Nothing => String::new(),
        Left::PerhapsSecret(name) => format!(
            "The secret '{name}' may be in {vault}: the request to create it was not answered. To delete it:\n\n{}",
            command("delete", name)
        ),
        Left::Secret(name) => {
            format!("The secret '{name}' is still in {vault}. To delete it:\n\n{}", command("delete", name))
        }
        Left::PerhapsDeletion(name) => format!(
            "The secret '{name}' is still in {vault}, unless its deletion has begun: the request to delete it was not \
             answered. To delete it:\n\n{}",
            command("delete", name)
        ),
        Left::Deletion(name) => format!(
            "The deletion of the secret '{name}' from {vault} has begun. Once it is complete, this removes the secret for \
             good:\n\n{}",
            command("purge", name)
        ),
    }
}

/// The first line of a text from another program or the network, fit for a terminal: without control characters, and
/// not endless.
pub fn one_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    clean(line.strip_prefix("ERROR: ").unwrap_or(line))
}

/// Text from the network, fit for a terminal. Lines stay lines.
pub(crate) fn clean(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).take(2000).collect();
    text.trim().to_owned()
}
