//! The tutorial: set, get and delete a secret, in the order and the words of `kv_secrets.py`.

use crate::{deletion::BeginDeleteSecret as _, prompt::Prompt, transcript::say, vault::VaultAddress};
use anyhow::{Context as _, Result};
use azure_security_keyvault_secrets::{SecretClient, models::SetSecretParameters};

/// Asks for a secret's name and value; creates, retrieves and deletes that secret in `vault`.
///
/// # Errors
/// [`WrongUse`](crate::remedy::WrongUse) from the prompts; the SDK's errors, as they are, from the vault.
pub async fn run(client: &SecretClient, vault: &VaultAddress, prompt: &Prompt) -> Result<()> {
    let secret_name = prompt.secret_name("Input a name for your secret > ").await?;
    let secret_value = prompt.secret_value("Input a value for your secret > ").await?;

    say!("Creating a secret in {vault} called '{secret_name}' with the value '{secret_value}' ...");

    let parameters = SetSecretParameters { value: Some(secret_value), ..Default::default() };
    client.set_secret(&secret_name, parameters.try_into()?, None).await?;

    say!(" done.");

    say!("Retrieving your secret from {vault}.");

    let retrieved_secret = client.get_secret(&secret_name, None).await?.into_model()?;

    say!("Your secret is '{}'.", retrieved_secret.value.context("the answer holds no value")?);
    say!("Deleting your secret from {vault} ...");

    let poller = client.begin_delete_secret(&secret_name).await?;
    let _deleted_secret = poller.result().await?;

    say!(" done.");
    Ok(())
}
