//! The outcome of each credential of a chain.

use super::{failure::CredentialFailure, kind::CredentialKind};
use azure_core::{Error, error::ErrorKind};
use std::{fmt, time::Duration};

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
/// Its `Display` has a line for each credential, and how to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInFailed {
    /// The outcomes in the order in which the credentials were tried.
    pub outcomes: Vec<CredentialOutcome>,
    /// The last of them was there and refused, which ended the search.
    pub refused: bool,
}

impl fmt::Display for SignInFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot sign in to Azure")?;
        for CredentialOutcome { credential, failure, .. } in &self.outcomes {
            if let Some(failure) = failure {
                write!(f, "\n    {credential}: {failure}")?;
            }
        }
        if self.refused { Ok(()) } else { f.write_str("\nTo sign in as yourself, run `az login`.") }
    }
}

impl std::error::Error for SignInFailed {}

impl From<SignInFailed> for Error {
    fn from(failed: SignInFailed) -> Self {
        Self::new(ErrorKind::Credential, failed)
    }
}
