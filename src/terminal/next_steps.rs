//! What can be done next, said at a terminal when all is done.

use super::output::note;
use crate::azure::VaultAddress;
use azure_core::time::{OffsetDateTime, to_rfc3339};
use azure_security_keyvault_secrets::{ResourceExt as _, models::DeletedSecret};
use dialoguer::console::style;

const READING: [(&str, &str); 4] = [
    ("keys", "https://learn.microsoft.com/azure/key-vault/keys/about-keys"),
    ("certificates", "https://learn.microsoft.com/azure/key-vault/certificates/about-certificates"),
    ("managed identities", "https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview"),
    ("security", "https://learn.microsoft.com/azure/key-vault/general/security-features"),
];

/// Says on stderr until when the secret can be recovered from a vault, how, and what to read next. After a purge, and in
/// the demo, there is nothing to recover.
pub fn say(deleted_secret: &DeletedSecret, recoverable_in: Option<&VaultAddress>) {
    if let (Some(vault), Some(until), Ok(id)) =
        (recoverable_in, &deleted_secret.scheduled_purge_date, deleted_secret.resource_id())
    {
        let (until, name) = (day(until), &id.name);
        note!("\nUntil {until} the secret can be recovered, or purged so that its name can be used again:\n");
        for verb in ["recover", "purge"] {
            note!("    az keyvault secret {verb} --vault-name {vault} --name {name}");
        }
    }
    note!("\nWhat to read next:\n");
    for (what, link) in READING {
        note!("    {what:<18}  {}", style(link).for_stderr().dim());
    }
}

/// A time's day, as in `2026-11-24`.
pub fn day(time: &OffsetDateTime) -> String {
    to_rfc3339(time).chars().take("2026-11-24".len()).collect()
}
