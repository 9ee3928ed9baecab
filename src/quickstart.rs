//! The tutorial: set, get and delete a secret, in the order and the words of `kv_secrets.py`.

use crate::{deletion::BeginDeleteSecret as _, guard::Guard, transcript::say};
use anyhow::{Context as _, Result};
use azure_core::http::RequestContent;
use azure_security_keyvault_secrets::models::{DeletedSecret, SetSecretParameters};

const NAME: &str = "Input a name for your secret > ";
const VALUE: &str = "Input a value for your secret > ";

/// Asks for a secret's name and value; creates, retrieves and deletes that secret, and may purge it. Returns what the
/// vault said of the deleted secret.
///
/// # Errors
/// Those of the [`Guard`]; the SDK's errors, as they are, from the vault.
pub async fn run(guard: &Guard<'_>, purge: bool) -> Result<DeletedSecret> {
    let Guard { client, vault, prompt, .. } = guard;

    let (mut secret_name, secret_value) = guard.name_and_value(NAME, VALUE).await?;
    let shown = prompt.shown(&secret_value);

    loop {
        say!("Creating a secret in {vault} called '{secret_name}' with the value '{shown}' ...");
        let Err(error) = client.set_secret(&secret_name, parameters(&secret_value)?, None).await else { break };
        secret_name = guard.another_name(error, &secret_name, NAME).await?;
    }

    say!(" done.");

    say!("Retrieving your secret from {vault}.");

    let retrieved_secret = client.get_secret(&secret_name, None).await?.into_model()?;
    let retrieved_value = retrieved_secret.value.context("the vault's answer holds no value")?;

    say!("Your secret is '{}'.", prompt.shown(&retrieved_value));
    say!("Deleting your secret from {vault} ...");

    let poller = client.begin_delete_secret(&secret_name).await?;
    let deleted_secret = poller.result().await?;

    say!(" done.");

    if purge {
        say!("Purging your secret from {vault} ...");
        client.purge_deleted_secret(&secret_name, None).await?;
        say!(" done.");
    }
    Ok(deleted_secret)
}

/// The body of `set_secret`.
fn parameters(secret_value: &str) -> azure_core::Result<RequestContent<SetSecretParameters>> {
    SetSecretParameters { value: Some(secret_value.to_owned()), ..Default::default() }.try_into()
}
