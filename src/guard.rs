//! Never to destroy a secret that the program did not make.
//!
//! `kv_secrets.py` deletes every version of whatever name is typed, a production secret's too. Here a name is looked up
//! before it is used. That first call also finds a missing sign-in, vault or permission before anyone types a value.

use crate::{
    prompt::Prompt,
    remedy::{SecretExists, note},
    service::ServiceError,
    vault::VaultAddress,
};
use anyhow::Result;
use azure_core::{Error, http::StatusCode};
use azure_security_keyvault_secrets::{SecretClient, models::SecretClientListSecretPropertiesVersionsOptions};
use futures::TryStreamExt as _;

/// Asks for a secret's name and value, and sees to it that the name is free.
pub struct Guard<'a> {
    /// The client of the vault's secrets.
    pub client: &'a SecretClient,
    /// The vault, to be named.
    pub vault: &'a VaultAddress,
    /// Who is asked.
    pub prompt: &'a Prompt,
    /// Whether a secret that exists may be overwritten and deleted.
    pub overwrite: bool,
}

impl Guard<'_> {
    /// Asks for a name and a value. At a terminal the name is looked up before the value is asked for; at a pipe both
    /// are read first, so that bad input sends nothing.
    ///
    /// # Errors
    /// The prompts', and [`SecretExists`] when nobody can be asked whether to overwrite it.
    pub async fn name_and_value(&self, name: &'static str, value: &'static str) -> Result<(String, String)> {
        let secret_name = self.prompt.secret_name(name).await?;
        if self.prompt.is_terminal() {
            let secret_name = self.free(secret_name, name).await?;
            return Ok((secret_name, self.prompt.secret_value(value).await?));
        }
        let secret_value = self.prompt.secret_value(value).await?;
        Ok((self.free(secret_name, name).await?, secret_value))
    }

    /// Asks for another name when the vault would not create the secret because the name belongs to a deleted one.
    ///
    /// # Errors
    /// `error` itself, when that is not what it says or nobody can be asked.
    pub async fn another_name(&self, error: Error, secret_name: &str, name: &'static str) -> Result<String> {
        if !self.prompt.is_terminal() || !ServiceError::of(&error).is_some_and(|error| error.is_recoverable()) {
            return Err(error.into());
        }
        note!("The name '{secret_name}' belongs to a deleted secret that can be recovered. Choose another name.");
        self.free(self.prompt.another_name(name).await?, name).await
    }

    /// The name if it is free or may be overwritten; at a terminal, another in its place.
    async fn free(&self, mut secret_name: String, name: &'static str) -> Result<String> {
        while let Some(versions) = self.existing(&secret_name).await? {
            let vault = self.vault;
            if self.overwrite {
                break;
            }
            if !self.prompt.is_terminal() {
                return Err(SecretExists { secret_name, vault: vault.to_string() }.into());
            }
            note!("The secret '{secret_name}' exists in {vault}. The quickstart would delete {versions} of it.");
            if self.prompt.confirm("Delete it?").await? {
                break;
            }
            secret_name = self.prompt.another_name(name).await?;
        }
        Ok(secret_name)
    }

    /// Looks whether the secret exists, without its value: then which versions it has, in words, counted only where a
    /// person is asked about them. Where listing is forbidden, getting must do.
    async fn existing(&self, secret_name: &str) -> Result<Option<String>> {
        let every_version = || Ok(Some("every version".to_owned()));
        let options = SecretClientListSecretPropertiesVersionsOptions { maxresults: Some(1), ..Default::default() };
        match self.client.list_secret_properties_versions(secret_name, Some(options))?.try_next().await {
            Ok(None) => Ok(None),
            Ok(Some(_)) if self.overwrite || !self.prompt.is_terminal() => every_version(),
            Ok(Some(_)) => {
                let all: Vec<_> = self.client.list_secret_properties_versions(secret_name, None)?.try_collect().await?;
                Ok(Some(match all.len() {
                    1 => "the 1 version".into(),
                    count => format!("all {count} versions"),
                }))
            }
            Err(error) if is_missing_permission(&error) => match self.client.get_secret(secret_name, None).await {
                Ok(_) => every_version(),
                Err(error) if error.http_status() == Some(StatusCode::NotFound) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }
}

fn is_missing_permission(error: &Error) -> bool {
    ServiceError::of(error).is_some_and(|error| error.status == StatusCode::Forbidden && !error.is_network_rule())
}
