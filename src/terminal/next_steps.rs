//! What can be done next, said at a terminal when all is done.

use super::{az::az_secret, output::note, shell::Shell};
use azure_core::time::{OffsetDateTime, to_rfc3339};
use azure_extras::VaultAddress;
use azure_security_keyvault_secrets::{ResourceExt as _, models::DeletedSecret};
use dialoguer::console::{StyledObject, style};

const READING: &str = "https://learn.microsoft.com/azure/key-vault/general/developers-guide";

/// How a run ended well.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// In the demo's vault; the calls and exchanges may have been explained.
    Demo {
        /// Whether they were.
        explained: bool,
    },
    /// With a deleted secret in that vault.
    Deleted(&'a DeletedSecret, &'a VaultAddress),
    /// With nothing left.
    Purged,
}

/// Says on stderr where to go from here: from the demo to a vault of one's own; from there, until when the secret can
/// be recovered and how, and what to read.
pub fn say(ending: Ending<'_>) {
    match ending {
        Ending::Demo { explained } => {
            note!("");
            if !explained {
                note!("See what each step does:   {}", command("kv-secrets --demo --explain"));
            }
            note!("Use a vault of your own:   {}", command("az login"));
            note!("                           {}", command(Shell::HERE.set("KEY_VAULT_NAME", "<your-key-vault-name>")));
            note!("                           {}", command("kv-secrets"));
        }
        Ending::Deleted(secret, vault) => {
            if let (Some(until), Ok(id)) = (&secret.scheduled_purge_date, secret.resource_id()) {
                note!("\nUntil {} it can be recovered, or purged to free its name:\n", day(until));
                for verb in ["recover", "purge"] {
                    note!("    {}", command(az_secret(verb, vault, &id.name)));
                }
            }
            read_on();
        }
        Ending::Purged => read_on(),
    }
}

/// A command to type, as it is shown.
fn command<T>(command: T) -> StyledObject<T> {
    style(command).for_stderr().bold()
}

fn read_on() {
    note!("\n{}", style(format!("Read on at {READING}")).for_stderr().dim());
}

/// A time's day, as in `2026-11-24`.
pub fn day(time: &OffsetDateTime) -> String {
    to_rfc3339(time).chars().take("2026-11-24".len()).collect()
}
