//! The tutorial: set, get and delete a secret, in the order and the words of `kv_secrets.py`.

use crate::{
    azure::{BeginDeleteSecret as _, CredentialOptions, DefaultAzureCredential, VaultAddress},
    guard::{Choices, Guard},
    terminal::{prompt::Prompt, say},
};
use anyhow::{Context as _, Result};
use azure_core::http::ClientOptions;
use azure_security_keyvault_secrets::models::DeletedSecret;

const NAME: &str = "Input a name for your secret > ";
const VALUE: &str = "Input a value for your secret > ";

/// Asks for a secret's name and value; creates, retrieves and deletes that secret in the vault called `key_vault_name`,
/// and may purge it. Returns what the vault said of the deleted secret.
///
/// # Errors
/// Those of the address, the credential, the prompt and the [`Guard`]; the SDK's, as they are, from the vault.
pub async fn run(
    key_vault_name: &str,
    credential_options: CredentialOptions,
    client_options: ClientOptions,
    prompt: &Prompt,
    choices: Choices,
) -> Result<DeletedSecret> {
    let vault = VaultAddress::parse(key_vault_name)?;

    let credential = DefaultAzureCredential::new(credential_options)?;
    let client = vault.secret_client(credential.clone(), client_options)?;

    let guard = Guard::new(&client, &vault, credential, prompt, choices)?;
    let mut secret_name = guard.secret_name(NAME).await?;
    let secret_value = guard.secret_value(VALUE, &secret_name).await?;

    loop {
        say!("Creating a secret in {vault} called '{secret_name}' with the value '{secret_value}' ...");
        let Err(error) = client.set_secret(&secret_name, secret_value.to_parameters()?, None).await else { break };
        secret_name = guard.settled_name(error, secret_name, NAME).await?;
    }

    say!(" done.");

    say!("Retrieving your secret from {vault}.");

    let retrieved_secret = client.get_secret(&secret_name, None).await?.into_model()?;
    let retrieved_value = retrieved_secret.value.context("the vault's answer holds no value")?;

    say!("Your secret is '{}'.", secret_value.shown_like(retrieved_value));
    say!("Deleting your secret from {vault} ...");

    let poller = client.begin_delete_secret(&secret_name).await?;
    let deleted_secret = poller.await?;

    say!(" done.");

    if choices.purge {
        say!("Purging your secret from {vault} ...");
        client.purge_deleted_secret(&secret_name, None).await?;
        say!(" done.");
    }
    Ok(deleted_secret)
}
