//! Keeps the run from destroying a secret that it did not make.
//!
//! `kv_secrets.py` deletes every version of whatever name is typed, a production secret's too. Here a name is looked up
//! before it is used, and again before it is deleted: somebody else may have given the secret a version meanwhile.

mod versions;

use crate::{
    failure::{OthersDeleted, SecretExists, SharedSecret},
    pipeline::{
        prefetch::{Prefetch, PrefetchTask},
        record::{Deletable, Record},
    },
    terminal::{
        note,
        prompt::{Conflict, Prompt},
        secret_value::SecretValue,
        versions,
    },
};
use anyhow::Result;
use azure_core::{
    Error, Uuid,
    credentials::TokenCredential,
    http::{ClientMethodOptions, Context, Response, pager::PagerOptions},
};
use azure_extras::{
    VaultAddress,
    secrets::{Operation, ServiceError, is_missing_permission},
};
use azure_security_keyvault_secrets::{
    SecretClient,
    models::{DeletedSecret, Secret, SecretClientGetSecretOptions, SecretClientListSecretPropertiesVersionsOptions},
};
use std::{
    future::{Future, pending},
    sync::Arc,
};
use tokio::{join, select, try_join};
use versions::{Versions, read};

/// What the user is asked before a secret of others is destroyed.
const OR_ANOTHER_NAME: &str = "Type its name again to do that, or press Enter for another name > ";
const OR_STOP: &str = "Type its name again to do that, or press Enter to stop > ";

/// Asks for a secret's name and value, and sees to it that the name is free.
pub(crate) struct Guard<'a> {
    client: &'a SecretClient,
    vault: &'a VaultAddress,
    prompt: &'a Prompt,
    record: &'a Record,
    choices: Choices,
    prefetch: PrefetchTask,
    nobodys_name: String,
    versions: Versions<'a>,
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
        record: &'a Record,
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
        let connect = async move { if connects { read(versions, 1).await.1 } else { Ok(()) } };
        let prefetch = PrefetchTask::start(async { try_join!(sign_in, connect).map(drop) });
        if choices.overwrite {
            record.allow(Deletable::All);
        }
        let versions = Versions::new(client, record);
        Ok(Self { client, vault, prompt, record, choices, prefetch, nobodys_name, versions })
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
                    if self.prompt.is_retyped(&secret_name, OR_ANOTHER_NAME).await? {
                        self.record.allow_purge(&secret_name);
                        self.client.purge_deleted_secret(&secret_name, None).await?;
                        return Ok(secret_name);
                    }
                }
            }
        }
    }

    /// The name if it is free or may be overwritten; at a terminal, another in its place.
    async fn free(&self, mut secret_name: String, question: &'static str) -> Result<String> {
        let is_asked = self.prompt.is_terminal() && !self.choices.overwrite;
        while let Some(versions) = self.versions.existing(&secret_name, is_asked).await? {
            let vault = self.vault;
            if self.choices.overwrite {
                break;
            }
            if !is_asked {
                return Err(SecretExists { secret_name }.into());
            }
            let all = match &versions {
                Deletable::These(versions) if self.versions.are_known() => {
                    format!("all {} versions", versions.len() + 1)
                }
                _ => "all its versions".to_owned(),
            };
            let purge = if self.choices.purge { ", then their purge, which cannot be undone" } else { "" };
            note!(
                "The secret '{secret_name}' exists in {vault}. To use its name would mean a new version of it, then the \
                 deletion of {all}{purge}."
            );
            if self.prompt.is_retyped(&secret_name, OR_ANOTHER_NAME).await? {
                self.record.allow(versions);
                break;
            }
            secret_name = self.prompt.another_name(question).await?;
        }
        Ok(secret_name)
    }

    /// Retrieves the secret by `retrieving`; and looks, at the same time where the exchanges are not shown, whether it has
    /// versions that the run did not make. Before those are deleted too, the user must agree.
    ///
    /// # Errors
    /// Those of the SDK and the prompt; [`SharedSecret`] if the user does not agree, or there is none to ask.
    pub async fn retrieved(
        &self,
        retrieving: impl Future<Output = azure_core::Result<Response<Secret>>>,
        secret_name: &str,
        secret_value: &SecretValue,
    ) -> Result<Secret> {
        let retrieving = async { retrieving.await?.into_model() };
        let look = self.versions.others(secret_name, secret_value);
        let (retrieved, others) = match self.choices.watched {
            true => (Ok(retrieving.await?), look.await),
            false => join!(retrieving, look),
        };
        // What others have made is known for the report, whatever failed.
        let retrieved = retrieved.inspect_err(|_| self.record.blame(Operation::Get))?;
        // It may be newer than the list.
        let newer = self.versions.newer(&retrieved, secret_name);
        let mut others = others?;
        others.extend(newer);
        while !others.is_empty() {
            let count = others.len();
            let shared = || SharedSecret { secret_name: secret_name.to_owned(), versions: count, is_deleted: false };
            if !self.prompt.is_terminal() {
                return Err(shared().into());
            }
            note!(
                "The secret '{secret_name}' in {} has got {} meanwhile that this run did not make. To delete the secret \
                 would delete them too.",
                self.vault,
                versions(count)
            );
            if !self.prompt.is_retyped(secret_name, OR_STOP).await? {
                return Err(shared().into());
            }
            self.record.allow(Deletable::These(others));
            others = self.versions.others(secret_name, secret_value).await?;
        }
        Ok(retrieved)
    }

    /// Checks that no version was deleted that the run did not make, in the moment after the last look at the secret.
    ///
    /// # Errors
    /// [`OthersDeleted`].
    pub fn check_deleted(&self, deleted: &DeletedSecret, secret_name: &str) -> Result<(), OthersDeleted> {
        let is_recoverable = deleted.recovery_id.is_some();
        match self.record.is_shared(secret_name) {
            true => Err(OthersDeleted { secret_name: secret_name.to_owned(), is_recoverable }),
            false => Ok(()),
        }
    }
}

/// The context of a prefetch.
fn ahead() -> Context<'static> {
    Context::new().with_value(Prefetch)
}
