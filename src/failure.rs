//! A run that failed, with every fact that is known of it. `session` makes it, `report` puts it into words.

mod misuse;

pub(crate) use misuse::{InvalidDotenv, InvalidInput, Misuse};

use azure_extras::{
    VaultAddress,
    credential::{CredentialKind, CredentialOutcome, SignInFailed},
    find_cause,
    network::ConnectionError,
    secrets::{CallTimedOut, DeletionPending, ForeignChallenge, ForeignLink, NotKeyVault, Operation, ServiceError},
};
use std::time::Duration;

/// A run that did not come to its end.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The error, as it arrived.
    pub error: anyhow::Error,
    /// The vault; `None` if nothing was to be sent yet.
    pub vault: Option<VaultAddress>,
    /// The last call; `None` if there was none.
    pub call: Option<LastCall>,
    /// The outcome of each credential that was tried; the one that signed in is the last.
    pub credentials: Vec<CredentialOutcome>,
    /// The attempts of the last call.
    pub attempts: Attempts,
    /// The secrets of which something is left in the vault.
    pub leftovers: Vec<Leftover>,
}

/// The last call of the SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastCall {
    /// The operation.
    pub operation: Operation,
    /// The name of the secret that was sent.
    pub secret_name: String,
}

/// The attempts of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// Their number.
    pub count: u32,
    /// The time until the last one ended.
    pub took: Duration,
}

/// A secret that the run has left in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// The secret's name.
    pub secret_name: String,
    /// The state in which it is left.
    pub state: LeftoverState,
    /// Somebody else has made versions of it that may not be deleted.
    pub shared: bool,
}

/// The state in which a secret is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LeftoverState {
    /// Nothing: it was not created, or its deletion is complete.
    #[default]
    Nothing,
    /// Perhaps the secret: a request to create it has not been answered.
    PerhapsSecret,
    /// The secret.
    Secret,
    /// The secret or its deletion: a request to delete it has not been answered.
    PerhapsDeletion,
    /// The deletion, which has begun.
    Deletion,
}

/// The cause of a failure, by its type.
#[derive(Debug)]
pub(crate) enum Cause<'a> {
    /// The program was used in a way that cannot work.
    Misuse(&'a Misuse),
    /// The user ended it.
    Interrupted,
    /// The name belongs to a secret that the run did not make.
    SecretExists(&'a SecretExists),
    /// The secret has versions that the run did not make.
    SharedSecret(&'a SharedSecret),
    /// A version that the run did not make was deleted.
    OthersDeleted(&'a OthersDeleted),
    /// No credential gave a token.
    SignIn(&'a SignInFailed),
    /// There was no connection.
    Connection(&'a ConnectionError),
    /// The call took too long.
    TimedOut(CallTimedOut),
    /// The service responded with an error.
    Response(ServiceError),
    /// Something other than Key Vault responded.
    NotKeyVault(&'a NotKeyVault),
    /// A token for another domain was asked for.
    ForeignChallenge(&'a ForeignChallenge),
    /// A response led outside the vault.
    ForeignLink,
    /// The deletion was not complete in time.
    DeletionPending(&'a DeletionPending),
    /// The SDK failed in another way.
    Sdk(&'a azure_core::Error),
    /// Another error.
    Other,
}

impl Failure {
    /// The credential that signed in; `None` if none did, or it is the demo's.
    pub fn signed_in(&self) -> Option<CredentialKind> {
        self.credentials.last().filter(|outcome| outcome.failure.is_none()).map(|outcome| outcome.credential)
    }

    /// The operation that was called last.
    pub fn operation(&self) -> Option<Operation> {
        self.call.as_ref().map(|call| call.operation)
    }

    /// The cause of the failure.
    pub fn cause(&self) -> Cause<'_> {
        let error = self.error.as_ref();
        if let Some(misuse) = find_cause(error) {
            Cause::Misuse(misuse)
        } else if find_cause::<Interrupted>(error).is_some() {
            Cause::Interrupted
        } else if let Some(exists) = find_cause(error) {
            Cause::SecretExists(exists)
        } else if let Some(shared) = find_cause(error) {
            Cause::SharedSecret(shared)
        } else if let Some(others) = find_cause(error) {
            Cause::OthersDeleted(others)
        } else if let Some(failed) = find_cause(error) {
            Cause::SignIn(failed)
        } else if let Some(connection) = find_cause(error) {
            Cause::Connection(connection)
        } else if let Some(timed_out) = find_cause::<CallTimedOut>(error) {
            Cause::TimedOut(*timed_out)
        } else if let Some(other) = find_cause(error) {
            Cause::NotKeyVault(other)
        } else if let Some(challenge) = find_cause(error) {
            Cause::ForeignChallenge(challenge)
        } else if find_cause::<ForeignLink>(error).is_some() {
            Cause::ForeignLink
        } else if let Some(pending) = find_cause(error) {
            Cause::DeletionPending(pending)
        } else if let Some(sdk) = find_cause::<azure_core::Error>(error) {
            ServiceError::of(sdk).map_or(Cause::Sdk(sdk), Cause::Response)
        } else {
            Cause::Other
        }
    }
}

/// A failure before there was anything to know but the misuse.
impl From<Misuse> for Box<Failure> {
    fn from(misuse: Misuse) -> Self {
        let (error, attempts, leftovers) = (misuse.into(), Attempts::default(), Vec::new());
        Self::new(Failure { error, vault: None, call: None, credentials: Vec::new(), attempts, leftovers })
    }
}

/// The run was interrupted: by Ctrl-C, a request to end, or Ctrl-D at a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted.")]
pub(crate) struct Interrupted;

/// The name belongs to a secret that the run did not make, and there is no user to ask whether to delete it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret '{secret_name}' exists")]
pub(crate) struct SecretExists {
    /// The secret's name.
    pub secret_name: String,
}

/// The secret has got versions that the run did not make, and is not deleted, or purged, with them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret '{secret_name}' has got versions that this run did not make")]
pub(crate) struct SharedSecret {
    /// The secret's name.
    pub secret_name: String,
    /// The number of those versions.
    pub versions: usize,
    /// The secret is deleted, and it is not purged with them.
    pub is_deleted: bool,
}

/// The secret got a version that the run did not make, after the last look at it; the deletion took that too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret '{secret_name}' was deleted with a version that this run did not make")]
pub(crate) struct OthersDeleted {
    /// The secret's name.
    pub secret_name: String,
    /// It can be recovered.
    pub is_recoverable: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_extras::credential::CredentialFailure;

    #[test]
    fn the_credential_that_gave_the_token_has_signed_in() {
        let outcome = |credential, failure| CredentialOutcome { credential, failure, took: Duration::ZERO };
        let missing = outcome(CredentialKind::AzureCli, Some(CredentialFailure::NotInstalled));
        let given = outcome(CredentialKind::AzureDeveloperCli, None);
        let mut failure = *Box::<Failure>::from(Misuse::from(InvalidInput::Ended));
        assert_eq!((failure.signed_in(), failure.operation()), (None, None));
        failure.credentials = vec![missing.clone(), given];
        assert_eq!(failure.signed_in(), Some(CredentialKind::AzureDeveloperCli));
        failure.credentials = vec![missing];
        assert_eq!(failure.signed_in(), None);
        failure.call = Some(LastCall { operation: Operation::Purge, secret_name: "n".into() });
        assert_eq!(failure.operation(), Some(Operation::Purge));
    }
}
