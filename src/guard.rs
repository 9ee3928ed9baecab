//! Keeps the run from destroying a secret that it did not make.
//!
//! `kv_secrets.py` deletes every version of whatever name is typed, a production secret's too. Here a name is looked up
//! before it is used.

use crate::{
    failure::SecretExists,
    pipeline::prefetch::{Prefetch, PrefetchTask},
    terminal::{
        note,
        prompt::{Conflict, Prompt},
        secret_value::SecretValue,
    },
};
use anyhow::Result;
use azure_core::{
    Error, Uuid,
    credentials::TokenCredential,
    http::{ClientMethodOptions, Context, Pager, StatusCode, pager::PagerOptions},
};
use azure_extras::{
    VaultAddress,
    secrets::{ServiceError, is_missing_permission},
};
use azure_security_keyvault_secrets::{
    SecretClient,
    models::{
        ListSecretPropertiesResult, SecretClientGetSecretOptions, SecretClientListSecretPropertiesVersionsOptions,
    },
};
use futures::TryStreamExt as _;
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{select, time::Instant, try_join};

/// Asks for a secret's name and value, and sees to it that the name is free.
pub(crate) struct Guard<'a> {
    client: &'a SecretClient,
    vault: &'a VaultAddress,
    prompt: &'a Prompt,
    choices: Choices,
    prefetch: PrefetchTask,
    nobodys_name: String,
}

/// The user's choices beyond the tutorial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices {
    /// A secret that exists may be overwritten and deleted.
    pub overwrite: bool,
    /// The deleted secret is purged.
    pub purge: bool,
    /// Each exchange is shown in its place, so that none may be made ahead.
    pub watched: bool,
}

impl<'a> Guard<'a> {
    /// Guards the secrets in `vault`. From now on, while the user types the name, a token is fetched; and where the user
    /// types it and the exchanges are not shown, the connection and its challenge are made ready too.
    ///
    /// # Errors
    /// None that a name of this module's can cause.
    pub fn new(
        client: &'a SecretClient,
        vault: &'a VaultAddress,
        credential: Arc<dyn TokenCredential>,
        prompt: &'a Prompt,
        choices: Choices,
    ) -> azure_core::Result<Self> {
        // Nobody's: a list of the versions of a name that nobody has is empty, and reading it changes nothing.
        let nobodys_name = format!("nobodys-name-{}", Uuid::new_v4());
        let options = SecretClientListSecretPropertiesVersionsOptions {
            maxresults: Some(1),
            method_options: PagerOptions { context: ahead(), ..Default::default() },
        };
        let versions = client.list_secret_properties_versions(&nobodys_name, Some(options))?;
        let connects = prompt.asks_for_name() && !choices.watched;
        let scope = vault.scope();
        let sign_in = async move {
            match scope {
                Some(scope) => credential.get_token(&[&scope], None).await.map(drop),
                None => Ok(()),
            }
        };
        let connect = async move { if connects { count(versions, 1).await.map(drop) } else { Ok(()) } };
        let prefetch = PrefetchTask::start(async { try_join!(sign_in, connect).map(drop) });
        Ok(Self { client, vault, prompt, choices, prefetch, nobodys_name })
    }

    /// Asks for a name. At a terminal it is looked up at once, before anyone types a value; and what is known to fail by
    /// then takes the question away.
    ///
    /// # Errors
    /// The prompt's, the SDK's, and [`SecretExists`].
    pub async fn secret_name(&self, question: &'static str) -> Result<String> {
        if !self.prompt.is_terminal() {
            return self.prompt.secret_name(question).await;
        }
        let secret_name = select! {
            biased;
            error = self.failure() => {
                self.prompt.take_away();
                return Err(error.into());
            }
            secret_name = self.prompt.secret_name(question) => secret_name?,
        };
        self.free(secret_name, question).await
    }

    /// Waits until it is known that the run cannot succeed, and why. A missing permission to list alone is no reason.
    async fn failure(&self) -> Error {
        let error = self.prefetch.failure().await;
        if !is_missing_permission(&error) {
            return error;
        }
        let method_options = ClientMethodOptions { context: ahead() };
        let options = SecretClientGetSecretOptions { method_options, ..Default::default() };
        match self.client.get_secret(&self.nobodys_name, Some(options)).await {
            Err(error) if is_missing_permission(&error) => error,
            _ => pending().await,
        }
    }

    /// Asks for the value of the secret of that name. At a pipe the name is looked up only now, so that bad input sends
    /// nothing.
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name).
    pub async fn secret_value(&self, question: &'static str, secret_name: &str) -> Result<SecretValue> {
        let secret_value = self.prompt.secret_value(question).await?;
        if !self.prompt.is_terminal() {
            select! {
                biased;
                error = self.failure() => return Err(error.into()),
                free = self.free(secret_name.to_owned(), question) => drop(free?),
            }
        }
        Ok(secret_value)
    }

    /// Settles what to do when the vault would not create the secret because the name belongs to a deleted one. Returns
    /// the name to go on with.
    ///
    /// # Errors
    /// `error` itself, when that is not what it says, there is no user to ask, or the user stops.
    pub async fn settled_name(&self, error: Error, secret_name: String, question: &'static str) -> Result<String> {
        if !self.prompt.is_terminal() || !ServiceError::of(&error).is_some_and(|error| error.is_recoverable()) {
            return Err(error.into());
        }
        let vault = self.vault;
        note!("The name '{secret_name}' belongs to a deleted secret in {vault} that can be recovered.");
        loop {
            match self.prompt.conflict().await? {
                Conflict::Stop => return Err(error.into()),
                Conflict::AnotherName => return self.free(self.prompt.another_name(question).await?, question).await,
                Conflict::Purge => {
                    note!("That purges the deleted secret '{secret_name}', which cannot be undone.");
                    if self.prompt.is_retyped(&secret_name).await? {
                        self.client.purge_deleted_secret(&secret_name, None).await?;
                        return Ok(secret_name);
                    }
                }
            }
        }
    }

    /// The name if it is free or may be overwritten; at a terminal, another in its place.
    async fn free(&self, mut secret_name: String, question: &'static str) -> Result<String> {
        while let Some(versions) = self.existing(&secret_name).await? {
            let vault = self.vault;
            if self.choices.overwrite {
                break;
            }
            if !self.prompt.is_terminal() {
                return Err(SecretExists { secret_name }.into());
            }
            let all = versions.map_or("all its versions".to_owned(), |count| format!("all {} versions", count + 1));
            let purge = if self.choices.purge { ", then their purge, which cannot be undone" } else { "" };
            note!(
                "The secret '{secret_name}' exists in {vault}. To use its name would mean a new version of it, then the \
                 deletion of {all}{purge}."
            );
            if self.prompt.is_retyped(&secret_name).await? {
                break;
            }
            secret_name = self.prompt.another_name(question).await?;
        }
        Ok(secret_name)
    }

    /// Looks whether the secret exists, without its value: then how many versions it has, counted only where the user is
    /// asked about them. Where listing is forbidden, getting must do, and the count is not known.
    async fn existing(&self, secret_name: &str) -> Result<Option<Option<usize>>> {
        let options = SecretClientListSecretPropertiesVersionsOptions { maxresults: Some(1), ..Default::default() };
        match count(self.client.list_secret_properties_versions(secret_name, Some(options))?, 1).await {
            Ok(Some(0)) => Ok(None),
            Ok(None) => Err(EndlessList.into()),
            Ok(_) if self.choices.overwrite || !self.prompt.is_terminal() => Ok(Some(None)),
            Ok(_) => {
                let versions = self.client.list_secret_properties_versions(secret_name, None)?;
                Ok(Some(count(versions, usize::MAX).await?))
            }
            // An emulator says 404 for the versions of an unknown name, where Azure gives an empty page.
            Err(error) if is_missing_permission(&error) || error.http_status() == Some(StatusCode::NotFound) => {
                match self.client.get_secret(secret_name, None).await {
                    Ok(_) => Ok(Some(None)),
                    Err(error) if error.http_status() == Some(StatusCode::NotFound) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The most pages of a list of versions that are read, and the longest time for those after the first.
const PAGES: usize = 1000;
const PAGES_TAKE: Duration = Duration::from_secs(60);

/// The versions in a list, counted until there are `enough`; `None` if it has more pages than are read.
///
/// # Errors
/// Those of the SDK.
async fn count(versions: Pager<ListSecretPropertiesResult>, enough: usize) -> azure_core::Result<Option<usize>> {
    let mut pages = versions.into_pages();
    let (mut count, mut began) = (0, None);
    for _ in 0..PAGES {
        let Some(page) = pages.try_next().await? else { return Ok(Some(count)) };
        count += page.into_model()?.value.len();
        if count >= enough {
            return Ok(Some(count));
        }
        if began.get_or_insert_with(Instant::now).elapsed() > PAGES_TAKE {
            break;
        }
    }
    Ok(None)
}

/// The vault's list of a secret's versions has no version, and no end.
#[derive(Debug, thiserror::Error)]
#[error("the vault's list of the secret's versions does not end")]
struct EndlessList;

/// The context of a prefetch.
fn ahead() -> Context<'static> {
    Context::new().with_value(Prefetch)
}
