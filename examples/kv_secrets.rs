//! `kv_secrets.py`, line by line, on `azure_extras`.

use anyhow::{Context as _, Result};
use azure_extras::{BeginDeleteSecret as _, CredentialOptions, DefaultAzureCredential, VaultAddress, client_options};
use azure_security_keyvault_secrets::models::SetSecretParameters;
use std::{env, io, io::Write as _};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let key_vault_name = env::var("KEY_VAULT_NAME").context("KEY_VAULT_NAME")?;
    let kv_uri = VaultAddress::parse(&key_vault_name)?;

    let credential = DefaultAzureCredential::new(CredentialOptions::from_env()?);
    let client = kv_uri.secret_client(credential, client_options()?)?;

    let secret_name = input("Input a name for your secret > ")?;
    let secret_value = input("Input a value for your secret > ")?;

    println!("Creating a secret in {key_vault_name} called '{secret_name}' with the value '{secret_value}' ...");

    let parameters = SetSecretParameters { value: Some(secret_value), ..Default::default() };
    client.set_secret(&secret_name, parameters.try_into()?, None).await?;

    println!(" done.");

    println!("Retrieving your secret from {key_vault_name}.");

    let retrieved_secret = client.get_secret(&secret_name, None).await?.into_model()?;

    println!("Your secret is '{}'.", retrieved_secret.value.unwrap_or_default());
    println!("Deleting your secret from {key_vault_name} ...");

    let poller = client.begin_delete_secret(&secret_name).await?;
    let _deleted_secret = poller.await?;

    println!(" done.");
    Ok(())
}

fn input(prompt: &str) -> io::Result<String> {
    print!("{prompt}");
    io::stdout().flush()?;
    io::stdin().lines().next().unwrap_or(Err(io::ErrorKind::UnexpectedEof.into()))
}
