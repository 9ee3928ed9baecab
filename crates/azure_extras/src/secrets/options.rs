//! The options of a client of Key Vault's secrets.

use super::{attempt::EachAttempt, authenticity::Authenticity, challenge::OwnChallenges, retry::Retry};
use crate::{
    network::{NoTrust, https},
    redaction::{Redaction, Redactor},
};
use azure_core::http::{ClientOptions, RetryOptions, Transport};
use std::sync::Arc;

/// Options for a [`SecretClient`](azure_security_keyvault_secrets::SecretClient) that sends by [`https`]:
///
/// - A transient failure is retried, up to four attempts and 30 seconds, signing in aside; then a call that is not
///   answered is [`CallTimedOut`](super::CallTimedOut). The SDK's own retries are off: after a connection that broke before
///   the challenge they would repeat a request without its body.
/// - To the operations in [`Operation`](super::Operation) only Key Vault's responses are taken: a proxy's or a sign-in
///   page's is the error [`NotKeyVault`](super::NotKeyVault). A token for another domain than the vault's is given to no
///   server; that is [`ForeignChallenge`](super::ForeignChallenge).
/// - No error holds a value, or a token, that was sent or received, whoever writes it back.
/// - A failure of the network is a [`ConnectionError`](crate::network::ConnectionError).
///
/// Policies that are added in front of `per_call_policies` see each call once; in front of `per_try_policies`, each
/// request that is sent.
///
/// # Errors
/// [`NoTrust`] when no trust anchor can be loaded.
pub fn client_options() -> Result<ClientOptions, NoTrust> {
    Ok(client_options_with(https()?))
}

/// The same [options](client_options) for a client that sends by `transport`.
pub fn client_options_with(transport: Transport) -> ClientOptions {
    let redactor = Redactor::from_env();
    ClientOptions {
        retry: RetryOptions::none(),
        per_call_policies: vec![Arc::new(Retry)],
        per_try_policies: vec![
            Arc::new(EachAttempt),
            Arc::new(OwnChallenges::from_env(redactor.clone())),
            Arc::new(Authenticity(redactor.clone())),
            Arc::new(Redaction(redactor)),
        ],
        transport: Some(transport),
        ..ClientOptions::default()
    }
}
