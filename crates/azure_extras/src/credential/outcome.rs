//! The outcome of each credential of a chain.

use super::{failure::CredentialFailure, kind::CredentialKind};
use azure_core::{Error, error::ErrorKind};
use std::time::Duration;

/// The outcome of one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialOutcome {
    /// The credential.
    pub credential: CredentialKind,
    /// The reason why it gave no token; `None` if it gave one.
    pub failure: Option<CredentialFailure>,
    /// The time until it answered.
    pub took: Duration,
}

/// No credential gave a token.
///
/// Its `Display` has a line for each credential, and how to sign in with the Azure CLI, if that was tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no credential gave a token{}", lines(outcomes, *refused))]
pub struct SignInFailed {
    /// The outcomes in the order in which the credentials were tried.
    pub outcomes: Vec<CredentialOutcome>,
    /// The last of them was there and refused, which ended the search.
    pub refused: bool,
}

fn lines(outcomes: &[CredentialOutcome], refused: bool) -> String {
    let line = |CredentialOutcome { credential, failure, .. }: &CredentialOutcome| {
        failure.as_ref().map(|failure| format!("\n    {credential}: {failure}"))
    };
    let has_cli = outcomes.iter().any(|outcome| outcome.credential == CredentialKind::AzureCli);
    let login = if has_cli && !refused { "\nTo sign in as yourself, run `az login`." } else { "" };
    outcomes.iter().filter_map(line).collect::<String>() + login
}

impl From<SignInFailed> for Error {
    fn from(failed: SignInFailed) -> Self {
        Self::with_error(ErrorKind::Credential, failed, "cannot sign in to Azure")
    }
}
