//! From an error to what the user does next: the one place where errors are put into words.

mod left;
mod network;
mod service;
mod sign_in;
mod wrong_use;

use crate::{
    azure::{self, VaultAddress, clean, connection::ConnectionError, credential::SignInFailed, find, first_line},
    guard::SecretExists,
    session::Failure,
    terminal::{note, prompt::Interrupted},
};
use dialoguer::console::style;
use std::{error::Error, process::ExitCode};

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

impl Remedy {
    fn new(sentence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), advice: advice.into(), ..Self::default() }
    }
}

/// Says on stderr what went wrong, what to do about it, and what is left in the vault. Returns the exit status: 2 when
/// the program was used in a way that cannot work, and sent nothing; 130 when it was interrupted; else 1.
pub fn report(failure: &Failure) -> ExitCode {
    let wrong_use = wrong_use::remedy(failure.error.as_ref());
    let status = match &wrong_use {
        Some(_) => ExitCode::from(2),
        None if failure.error.is::<Interrupted>() => ExitCode::from(130),
        None => ExitCode::FAILURE,
    };
    let Remedy { sentence, advice, details, link } = wrong_use.unwrap_or_else(|| remedy(failure));
    note!("{} {sentence}", style("error:").for_stderr().red().bold());
    let left = failure.vault.as_ref().map(|vault| left::statement(&failure.leftover, vault)).unwrap_or_default();
    for paragraph in [&advice, &left] {
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
        network::remedy(connection, vault, causes(connection))
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

/// An `az keyvault secret` command for the secret of that name: by the vault's name in Azure, and elsewhere by the
/// secret's URL, which emulators understand.
pub fn az_secret(verb: &str, vault: &VaultAddress, name: &str) -> String {
    if vault.is_in_azure() {
        return format!("az keyvault secret {verb} --vault-name {vault} --name {name}");
    }
    let folder = if matches!(verb, "delete" | "show") { "secrets" } else { "deletedsecrets" };
    format!("az keyvault secret {verb} --id {}/{folder}/{name}", vault.url())
}
