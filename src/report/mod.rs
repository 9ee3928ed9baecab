//! From a failure to what the user does next: the one place where errors are put into words.

mod leftover;
mod misuse;
mod network;
mod remedy;
mod response;
mod rows;
mod sign_in;

use crate::{
    failure::{Cause, Failure, SecretExists},
    terminal::{note, output::columns},
};
use azure_core::error::ErrorKind;
use azure_extras::{VaultAddress, network::ConnectionFailure};
use dialoguer::console::style;
use remedy::{Remedy, causes, sentence};
use std::process::ExitCode;

/// Says on stderr what [`told`] gives. Returns the exit status: 2 when the program was used in a way that cannot work, and
/// sent nothing; 130 when it was interrupted; else 1.
pub(crate) fn report(failure: &Failure, whole: bool) -> ExitCode {
    note!("{}", told(failure, whole));
    match failure.cause() {
        Cause::Misuse(_) => ExitCode::from(2),
        Cause::Interrupted => ExitCode::from(130),
        _ => ExitCode::FAILURE,
    }
}

/// The failure, what to do about it, and what is left in the vault, in words. At a terminal it has only the beginning of what
/// others said, unless it is to have the `whole`.
pub(crate) fn told(failure: &Failure, whole: bool) -> String {
    let remedy = remedy(failure);
    let leftovers = leftover::statement(&failure.leftovers, failure.vault.as_ref());
    let Remedy { sentence, advice, credentials, details, link } = match columns().filter(|_| !whole) {
        Some(columns) => rows::shortened(remedy, &leftovers, columns),
        None => remedy,
    };
    let mut paragraphs =
        vec![format!("{} {sentence}", style("error:").for_stderr().red().bold()), credentials.join("\n")];
    paragraphs.extend([&advice, &leftovers].map(|paragraph| with_bold_commands(paragraph)));
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

fn remedy(failure: &Failure) -> Remedy {
    match (failure.cause(), &failure.vault) {
        (Cause::Misuse(misuse), _) => misuse::remedy(misuse),
        (Cause::SignIn(failed), _) => sign_in::remedy(failed),
        (cause, Some(vault)) => at_vault(failure, cause, vault),
        (_, None) => Remedy::new(sentence(&causes(failure.error.as_ref())), ""),
    }
}

/// The remedy for a failure of the use of `vault`.
fn at_vault(failure: &Failure, cause: Cause<'_>, vault: &VaultAddress) -> Remedy {
    let details = || causes(failure.error.as_ref());
    match cause {
        Cause::SecretExists(SecretExists { secret_name }) => Remedy::new(
            format!("The secret '{secret_name}' exists in {vault}, and would be deleted with all its versions."),
            "Nothing was changed. Choose another name, or, to have that secret overwritten and deleted, add --overwrite.",
        ),
        Cause::SharedSecret(shared) => leftover::shared(shared, vault),
        Cause::OthersDeleted(others) => leftover::others_deleted(others, vault),
        Cause::Connection(connection) => {
            // A vault in which something was done exists, so its name is right.
            let was_there = !failure.leftovers.is_empty();
            let is_unreachable = match connection.failure {
                ConnectionFailure::UnknownHost { .. } => was_there,
                ConnectionFailure::Refused | ConnectionFailure::TimedOut | ConnectionFailure::Broken => true,
                _ => false,
            };
            if is_unreachable {
                network::unreachable(vault, failure.attempts, network::details(connection))
            } else {
                network::remedy(connection, Some(vault))
            }
        }
        Cause::TimedOut(timed_out) => network::no_answer(vault, timed_out.within.as_secs()),
        Cause::Response(response) => response::remedy(&response, failure, vault),
        Cause::NotKeyVault(other) => response::not_key_vault(other, vault),
        Cause::ForeignChallenge(challenge) => response::foreign_challenge(challenge, vault),
        Cause::ForeignLink => response::foreign_link(vault),
        Cause::DeletionPending(pending) => response::deletion_pending(pending, failure, vault),
        Cause::Sdk(sdk) => match sdk.kind() {
            ErrorKind::Io | ErrorKind::Connection => network::unreachable(vault, failure.attempts, details()),
            // Without the parser's words: they may quote what it read.
            ErrorKind::DataConversion => response::unreadable(vault),
            _ => Remedy::new(sentence(&details()), ""),
        },
        Cause::Misuse(_) | Cause::SignIn(_) | Cause::Interrupted | Cause::Other => {
            Remedy::new(sentence(&details()), "")
        }
    }
}
