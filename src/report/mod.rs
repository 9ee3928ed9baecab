//! From an error to what the user does next: the one place where errors are put into words.

mod left;
mod network;
mod rows;
mod service;
mod sign_in;
mod wrong_use;

use crate::{
    azure::{
        self, clean,
        connection::{ConnectionError, Reason},
        credential::SignInFailed,
        find, first_line,
    },
    guard::SecretExists,
    session::Failure,
    terminal::{note, output::columns, prompt::Interrupted},
};
use dialoguer::console::style;
use std::{error::Error, process::ExitCode};

/// What the user is told of an error.
#[derive(Clone, Debug, Default)]
struct Remedy {
    /// What happened, in one sentence.
    sentence: String,
    /// What each source of tokens said, a line each.
    sources: Vec<String>,
    /// What to do about it, with commands to paste.
    advice: String,
    /// What the service or the network said.
    details: String,
    /// Where to read more.
    link: &'static str,
}

impl Remedy {
    fn new(sentence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), advice: advice.into(), ..Self::default() }
    }
}

/// Says on stderr what [`told`] gives. Returns the exit status: 2 when the program was used in a way that cannot work, and
/// sent nothing; 130 when it was interrupted; else 1.
pub fn report(failure: &Failure, whole: bool) -> ExitCode {
    note!("{}", told(failure, whole));
    match wrong_use::remedy(failure.error.as_ref()) {
        Some(_) => ExitCode::from(2),
        None if failure.error.is::<Interrupted>() => ExitCode::from(130),
        None => ExitCode::FAILURE,
    }
}

/// What went wrong, what to do about it, and what is left in the vault. Of what others said it has the beginning at a
/// terminal, unless it is to have the `whole`.
pub fn told(failure: &Failure, whole: bool) -> String {
    let remedy = wrong_use::remedy(failure.error.as_ref()).unwrap_or_else(|| remedy(failure));
    let left = failure.vault.as_ref().map(|vault| left::statement(&failure.leftover, vault)).unwrap_or_default();
    let Remedy { sentence, advice, sources, details, link } = match columns().filter(|_| !whole) {
        Some(columns) => rows::shortened(remedy, &left, columns),
        None => remedy,
    };
    let mut paragraphs = vec![format!("{} {sentence}", style("error:").for_stderr().red().bold()), sources.join("\n")];
    paragraphs.extend([&advice, &left].map(|paragraph| with_bold_commands(paragraph)));
    for aside in [rows::details(&details), rows::link(link)] {
        // An empty text in a style is not empty.
        if !aside.is_empty() {
            paragraphs.push(style(aside).for_stderr().dim().to_string());
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n")
}

/// The text with its commands, which stand on indented lines of their own, made bold.
fn with_bold_commands(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("    ") {
        Some(command) => format!("    {}", style(command).for_stderr().bold()),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What is told of an error other than wrong use.
fn remedy(failure: &Failure) -> Remedy {
    let error = failure.error.as_ref();
    let own = || Remedy::new(sentence(&causes(error)), "");
    let Some(vault) = &failure.vault else { return own() };
    if let Some(failed) = find::<SignInFailed>(error) {
        sign_in::remedy(failed)
    } else if let Some(SecretExists { secret_name }) = find(error) {
        Remedy::new(
            format!("The secret '{secret_name}' exists in {vault}, and would be deleted with all its versions."),
            "Nothing was changed. Choose another name, or, to have that secret overwritten and deleted, add --overwrite.",
        )
    } else if let Some(connection) = find::<ConnectionError>(error) {
        // A vault in which something was done exists, so its name is right.
        let was_there = !failure.leftover.is_empty();
        match connection.reason {
            Reason::UnknownHost { .. } if was_there => {
                network::unreachable(vault, failure.effort.as_deref(), causes(connection))
            }
            _ => network::remedy(connection, vault, causes(connection)),
        }
    } else if let Some(sdk) = find::<azure_core::Error>(error) {
        service::remedy(sdk, vault, failure.effort.as_deref(), causes(error))
    } else {
        own()
    }
}

/// What each cause adds to the one before it.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<_> = azure::causes(error).map(ToString::to_string).collect();
    causes.dedup_by(|next, cause| cause.contains(next.as_str()));
    clean(&causes.join(": "))
}

/// The first line of a text, as a sentence.
fn sentence(text: &str) -> String {
    let line = first_line(text);
    let mut characters = line.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if line.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}
