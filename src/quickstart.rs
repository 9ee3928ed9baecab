//! The tutorial: set, get and delete a secret, in the order and the words of `kv_secrets.py`.

use crate::{
    guard::{Choices, Guard},
    pipeline::record::Record,
    terminal::{prompt::Prompt, say},
};
use anyhow::{Context as _, Result};
use azure_core::{credentials::TokenCredential, http::ClientOptions};
use azure_extras::{BeginDeleteSecret as _, VaultAddress};
use azure_security_keyvault_secrets::models::DeletedSecret;
use std::sync::Arc;

const NAME: &str = "Input a name for your secret > ";
const VALUE: &str = "Input a value for your secret > ";

/// Asks for a secret's name and value; creates, retrieves and deletes that secret in `vault`, signed in by `credential`,
/// which is a `DefaultAzureCredential` unless the vault is the demo's; and may purge it. Returns the deleted secret.
///
/// # Errors
/// Those of the prompt and the [`Guard`]; the SDK's, as they are, from the vault.
pub(crate) async fn run(
    vault: &VaultAddress,
    credential: Arc<dyn TokenCredential>,
    client_options: ClientOptions,
    prompt: &Prompt,
    record: &Record,
    choices: Choices,
) -> Result<DeletedSecret> {
    let client = vault.secret_client(credential.clone(), client_options)?;

    let guard = Guard::new(&client, vault, credential, prompt, record, choices)?;
    let mut secret_name = guard.secret_name(NAME).await?;
    let secret_value = guard.secret_value(VALUE, &secret_name).await?;

    loop {
        say!("Creating a secret in {vault} called '{secret_name}' with the value '{secret_value}' ...");
        let Err(error) = client.set_secret(&secret_name, secret_value.to_parameters()?, None).await else { break };
        secret_name = guard.settled_name(error, secret_name, NAME).await?;
    }

    say!(" done.");

    say!("Retrieving your secret from {vault}.");

    let retrieving = client.get_secret(&secret_name, None);
    let retrieved_secret = guard.retrieved(retrieving, &secret_name, &secret_value).await?;
    let retrieved_value = retrieved_secret.value.context("the vault's answer holds no value")?;

    say!("Your secret is '{}'.", secret_value.shown_like(retrieved_value));
    say!("Deleting your secret from {vault} ...");

    let poller = client.begin_delete_secret(&secret_name).await?;
    let deleted_secret = poller.await?;

    say!(" done.");

    guard.check_deleted(&deleted_secret, &secret_name)?;
    if choices.purge {
        say!("Purging your secret from {vault} ...");
        client.purge_deleted_secret(&secret_name, None).await?;
        say!(" done.");
    }
    Ok(deleted_secret)
}
