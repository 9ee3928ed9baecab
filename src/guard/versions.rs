//! The versions of a secret, as the vault lists them.

use crate::{
    pipeline::record::{Deletable, Record, version_in},
    terminal::secret_value::SecretValue,
};
use anyhow::Result;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{Pager, StatusCode},
};
use azure_extras::secrets::is_missing_permission;
use azure_security_keyvault_secrets::{
    SecretClient,
    models::{
        ListSecretPropertiesResult, Secret, SecretClientGetSecretOptions,
        SecretClientListSecretPropertiesVersionsOptions,
    },
};
use futures::TryStreamExt as _;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// The most pages of a list of versions that are read, and the longest time for those after the first.
const PAGES: usize = 1000;
const PAGES_TAKE: Duration = Duration::from_secs(60);

/// Looks at the versions of secrets.
pub(super) struct Versions<'a> {
    client: &'a SecretClient,
    record: &'a Record,
    /// A name was looked up in a list, so that versions may be listed.
    may_list: AtomicBool,
}

impl<'a> Versions<'a> {
    /// Looks with `client`; the `record` knows the versions that may be deleted.
    pub fn new(client: &'a SecretClient, record: &'a Record) -> Self {
        Self { client, record, may_list: AtomicBool::new(false) }
    }

    /// Looks whether the secret exists, without its value: then which versions it has, listed only if `all` are wanted.
    /// Where listing is forbidden, getting must do, and only the newest is known.
    pub async fn existing(&self, secret_name: &str, all: bool) -> Result<Option<Deletable>> {
        let options = SecretClientListSecretPropertiesVersionsOptions { maxresults: Some(1), ..Default::default() };
        let (versions, listed) =
            read(self.client.list_secret_properties_versions(secret_name, Some(options))?, 1).await;
        self.may_list.store(listed.is_ok(), Ordering::Relaxed);
        match listed {
            Ok(()) if versions.is_empty() => Ok(None),
            Ok(()) if !all => Ok(Some(Deletable::All)),
            Ok(()) => {
                let list = self.client.list_secret_properties_versions(secret_name, None)?;
                let (versions, listed) = read(list, usize::MAX).await;
                listed.map(|()| Some(Deletable::These(versions))).map_err(Into::into)
            }
            Err(error) if cannot_list(&error) => match self.client.get_secret(secret_name, None).await {
                Ok(newest) => Ok(Some(Deletable::These(version_of(&newest.into_model()?).into_iter().collect()))),
                Err(error) if error.http_status() == Some(StatusCode::NotFound) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The versions of the secret that may not be deleted, which the record then knows of.
    pub async fn others(&self, secret_name: &str, secret_value: &SecretValue) -> Result<BTreeSet<String>> {
        if self.record.may_delete_all() {
            return Ok(BTreeSet::new());
        }
        let list = self.client.list_secret_properties_versions(secret_name, None)?;
        let (mut others, listed) = read(list, usize::MAX).await;
        others.retain(|version| !self.record.may_delete(version));
        match listed {
            Ok(()) => {}
            // Of a secret whose versions may not be listed, the newest shows whether somebody has set it since.
            Err(error) if cannot_list(&error) && !self.may_list.load(Ordering::Relaxed) => {
                let newest = self.client.get_secret(secret_name, None).await?.into_model()?;
                others = version_of(&newest).filter(|version| !self.record.may_delete(version)).into_iter().collect();
            }
            Err(error) => {
                self.note(secret_name, &others);
                return Err(error.into());
            }
        }
        for version in others.clone() {
            if self.record.has_unanswered_set() && self.has_value(secret_name, &version, secret_value).await? {
                self.record.answer_set(version.clone());
                others.remove(&version);
            }
        }
        self.note(secret_name, &others);
        Ok(others)
    }

    /// Tells whether all versions of a secret that exists are known.
    pub fn are_known(&self) -> bool {
        self.may_list.load(Ordering::Relaxed)
    }

    /// The version of the secret as it was retrieved, if that may not be deleted.
    pub fn newer(&self, retrieved: &Secret, secret_name: &str) -> Option<String> {
        let version = version_of(retrieved).filter(|version| !self.record.may_delete(version));
        self.note(secret_name, &version.iter().cloned().collect());
        version
    }

    fn note(&self, secret_name: &str, others: &BTreeSet<String>) {
        if !others.is_empty() {
            self.record.note_others(secret_name);
        }
    }

    /// Tells whether that version has this value: a request to set it that was not answered may have made it.
    async fn has_value(&self, secret_name: &str, version: &str, value: &SecretValue) -> azure_core::Result<bool> {
        let options = SecretClientGetSecretOptions { secret_version: Some(version.to_owned()), ..Default::default() };
        match self.client.get_secret(secret_name, Some(options)).await {
            Ok(secret) => Ok(secret.into_model()?.value.is_some_and(|it| value.is(&it))),
            // One that is disabled, or gone, is not the run's.
            Err(error) if matches!(error.http_status(), Some(StatusCode::Forbidden | StatusCode::NotFound)) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

fn version_of(secret: &Secret) -> Option<String> {
    version_in(secret.id.as_deref()?).map(str::to_owned)
}

/// Tells whether an error means that the versions of a secret cannot be listed. An emulator says 404 for those of an unknown
/// name, where Azure gives an empty page.
fn cannot_list(error: &Error) -> bool {
    is_missing_permission(error) || error.http_status() == Some(StatusCode::NotFound)
}

/// Reads the versions in a list, until there are `enough`. Returns them, also those before an error; which is
/// [`EndlessList`] if it has more pages than are read.
///
/// # Errors
/// Those of the SDK, beside the versions.
pub(super) async fn read(
    list: Pager<ListSecretPropertiesResult>,
    enough: usize,
) -> (BTreeSet<String>, azure_core::Result<()>) {
    let mut versions = BTreeSet::new();
    let outcome = read_into(&mut versions, list, enough).await;
    (versions, outcome)
}

async fn read_into(
    versions: &mut BTreeSet<String>,
    list: Pager<ListSecretPropertiesResult>,
    enough: usize,
) -> azure_core::Result<()> {
    let (mut pages, mut began) = (list.into_pages(), None);
    for _ in 0..PAGES {
        let Some(page) = pages.try_next().await? else { return Ok(()) };
        let page = page.into_model()?.value;
        let ids = page.iter().map(|properties| properties.id.as_deref().unwrap_or_default());
        versions.extend(ids.map(|id| version_in(id).unwrap_or(id).to_owned()));
        if versions.len() >= enough {
            return Ok(());
        }
        if began.get_or_insert_with(Instant::now).elapsed() > PAGES_TAKE {
            break;
        }
    }
    Err(Error::new(ErrorKind::Other, EndlessList))
}

/// The vault's list of a secret's versions has no version, and no end.
#[derive(Debug, thiserror::Error)]
#[error("the vault's list of the secret's versions does not end")]
struct EndlessList;
