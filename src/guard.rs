//! Keeps the run from destroying a secret that it did not make.
//!
//! `kv_secrets.py` deletes every version of whatever name is typed, a production secret's too. Here a name is looked up
//! before it is used, and again before it is deleted: somebody else may have given the secret a version meanwhile.

use crate::{
    failure::{OthersDeleted, SecretExists, SharedSecret},
    pipeline::{
        prefetch::{Prefetch, PrefetchTask},
        record::{Record, version_in},
    },
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
    http::{ClientMethodOptions, Context, Pager, Response, StatusCode, pager::PagerOptions},
};
use azure_extras::{
    VaultAddress,
    secrets::{ServiceError, is_missing_permission},
};
use azure_security_keyvault_secrets::{
    SecretClient,
    models::{
        DeletedSecret, ListSecretPropertiesResult, Secret, SecretClientGetSecretOptions,
        SecretClientListSecretPropertiesVersionsOptions,
    },
};
use futures::TryStreamExt as _;
use std::{
    collections::BTreeSet,
    future::{Future, pending},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{join, select, time::Instant, try_join};

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
    agreed: Mutex<Agreed>,
    /// The name was looked up in a list, so that the versions may be listed.
    may_list: AtomicBool,
}

/// The versions of others that the user has agreed to delete.
#[derive(Debug)]
enum Agreed {
    All,
    These(BTreeSet<String>),
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
        let connect = async move { if connects { read(versions, 1).await.map(drop) } else { Ok(()) } };
        let prefetch = PrefetchTask::start(async { try_join!(sign_in, connect).map(drop) });
        let agreed = Mutex::new(if choices.overwrite { Agreed::All } else { Agreed::These(BTreeSet::new()) });
        Ok(Self {
            client,
            vault,
            prompt,
            record,
            choices,
            prefetch,
            nobodys_name,
            agreed,
            may_list: AtomicBool::new(false),
        })
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
            let all = match &versions {
                Agreed::All => "all its versions".to_owned(),
                Agreed::These(versions) => format!("all {} versions", versions.len() + 1),
            };
            let purge = if self.choices.purge { ", then their purge, which cannot be undone" } else { "" };
            note!(
                "The secret '{secret_name}' exists in {vault}. To use its name would mean a new version of it, then the \
                 deletion of {all}{purge}."
            );
            if self.prompt.is_retyped(&secret_name, OR_ANOTHER_NAME).await? {
                *self.agreed() = versions;
                break;
            }
            secret_name = self.prompt.another_name(question).await?;
        }
        Ok(secret_name)
    }

    /// Looks whether the secret exists, without its value: then which versions it has, listed only where the user is asked
    /// about them. Where listing is forbidden, getting must do, and the versions are not known.
    async fn existing(&self, secret_name: &str) -> Result<Option<Agreed>> {
        let options = SecretClientListSecretPropertiesVersionsOptions { maxresults: Some(1), ..Default::default() };
        let versions = self.client.list_secret_properties_versions(secret_name, Some(options))?;
        let listed = read(versions, 1).await;
        self.may_list.store(listed.is_ok(), Ordering::Relaxed);
        match listed {
            Ok(Some(versions)) if versions.is_empty() => Ok(None),
            Ok(None) => Err(EndlessList.into()),
            Ok(_) if self.choices.overwrite || !self.prompt.is_terminal() => Ok(Some(Agreed::All)),
            Ok(_) => {
                let versions = self.client.list_secret_properties_versions(secret_name, None)?;
                Ok(Some(read(versions, usize::MAX).await?.map_or(Agreed::All, Agreed::These)))
            }
            Err(error) if cannot_list(&error) => match self.client.get_secret(secret_name, None).await {
                Ok(_) => Ok(Some(Agreed::All)),
                Err(error) if error.http_status() == Some(StatusCode::NotFound) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
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
        let look = self.others(secret_name, secret_value);
        let (retrieved, others) = match self.choices.watched {
            true => (Ok(retrieving.await?), look.await),
            false => join!(retrieving, look),
        };
        let mut others = others.or_else(|error| if retrieved.is_err() { Ok(BTreeSet::new()) } else { Err(error) })?;
        // It may be newer than the list.
        let newest = retrieved.as_ref().ok().and_then(|secret| version_in(secret.id.as_deref()?));
        others.extend(newest.filter(|version| !self.may_delete(version)).map(str::to_owned));
        while !others.is_empty() {
            let versions = others.len();
            if !self.prompt.is_terminal() || retrieved.is_err() {
                return Err(SharedSecret { secret_name: secret_name.to_owned(), versions }.into());
            }
            note!(
                "The secret '{secret_name}' in {} has got {versions} version{} meanwhile that this run did not make. To \
                 delete the secret would delete them too.",
                self.vault,
                if versions == 1 { "" } else { "s" }
            );
            if !self.prompt.is_retyped(secret_name, OR_STOP).await? {
                return Err(SharedSecret { secret_name: secret_name.to_owned(), versions }.into());
            }
            self.agree(others);
            others = self.others(secret_name, secret_value).await?;
        }
        Ok(retrieved?)
    }

    /// The versions of the secret that the run did not make, and whose deletion was not agreed to.
    async fn others(&self, secret_name: &str, secret_value: &SecretValue) -> Result<BTreeSet<String>> {
        if matches!(*self.agreed(), Agreed::All) {
            return Ok(BTreeSet::new());
        }
        let versions = self.client.list_secret_properties_versions(secret_name, None)?;
        let mut others = match read(versions, usize::MAX).await {
            Ok(Some(versions)) => versions,
            Ok(None) => return Err(EndlessList.into()),
            // Of a secret whose versions may not be listed, the newest shows whether somebody has set it since.
            Err(error) if cannot_list(&error) && !self.may_list.load(Ordering::Relaxed) => {
                let newest = self.client.get_secret(secret_name, None).await?.into_model()?;
                newest.id.as_deref().and_then(version_in).map(str::to_owned).into_iter().collect()
            }
            Err(error) => return Err(error.into()),
        };
        others.retain(|version| !self.may_delete(version));
        // A request that was not answered may have made a version too. Then it has this run's value.
        for version in others.iter().take(self.record.unanswered_sets()).cloned().collect::<Vec<_>>() {
            let options = SecretClientGetSecretOptions { secret_version: Some(version.clone()), ..Default::default() };
            let secret = self.client.get_secret(secret_name, Some(options)).await?.into_model()?;
            if secret.value.is_some_and(|value| secret_value.is(&value)) {
                others.remove(&version);
                self.agree([version]);
            }
        }
        Ok(others)
    }

    /// Checks that no version was deleted that the run did not make, in the moment after the last look at the secret.
    ///
    /// # Errors
    /// [`OthersDeleted`].
    pub fn check_deleted(&self, deleted: &DeletedSecret, secret_name: &str) -> Result<(), OthersDeleted> {
        let newest = deleted.id.as_deref().and_then(version_in);
        if newest.is_none_or(|version| self.may_delete(version)) {
            return Ok(());
        }
        let is_recoverable = deleted.recovery_id.is_some();
        Err(OthersDeleted { secret_name: secret_name.to_owned(), is_recoverable })
    }

    fn agreed(&self) -> MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn agree(&self, to: impl IntoIterator<Item = String>) {
        if let Agreed::These(versions) = &mut *self.agreed() {
            versions.extend(to);
        }
    }

    fn may_delete(&self, version: &str) -> bool {
        let is_agreed = match &*self.agreed() {
            Agreed::All => true,
            Agreed::These(versions) => versions.contains(version),
        };
        is_agreed || self.record.has_made(version)
    }
}

/// Tells whether an error means that the versions of a secret cannot be listed. An emulator says 404 for those of an unknown
/// name, where Azure gives an empty page.
fn cannot_list(error: &Error) -> bool {
    is_missing_permission(error) || error.http_status() == Some(StatusCode::NotFound)
}

/// The most pages of a list of versions that are read, and the longest time for those after the first.
const PAGES: usize = 1000;
const PAGES_TAKE: Duration = Duration::from_secs(60);

/// The versions in a list, until there are `enough`; `None` if it has more pages than are read.
///
/// # Errors
/// Those of the SDK.
async fn read(
    versions: Pager<ListSecretPropertiesResult>,
    enough: usize,
) -> azure_core::Result<Option<BTreeSet<String>>> {
    let mut pages = versions.into_pages();
    let (mut versions, mut began) = (BTreeSet::new(), None);
    for _ in 0..PAGES {
        let Some(page) = pages.try_next().await? else { return Ok(Some(versions)) };
        let page = page.into_model()?.value;
        let ids = page.iter().map(|properties| properties.id.as_deref().unwrap_or_default());
        versions.extend(ids.map(|id| version_in(id).unwrap_or(id).to_owned()));
        if versions.len() >= enough {
            return Ok(Some(versions));
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
