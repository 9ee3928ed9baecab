//! The next steps, told at a terminal when all is done.

use super::{az::az_secret, output::note};
use azure_core::time::OffsetDateTime;
use azure_extras::VaultAddress;
use azure_security_keyvault_secrets::models::DeletedSecret;
use dialoguer::console::{StyledObject, style};

const READING: &str = "https://learn.microsoft.com/azure/key-vault/general/developers-guide";

/// The good ends of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending<'a> {
    /// The secret was in the demo's vault.
    Demo {
        /// The calls and exchanges were explained.
        explained: bool,
    },
    /// The deleted secret is in that vault, under that name.
    Deleted(&'a DeletedSecret, &'a VaultAddress, &'a str),
    /// Nothing is left.
    Purged,
}

/// Tells the next steps on stderr: after the demo, the way to a vault of the user's own; after that, until when the
/// secret can be recovered and how, and what to read.
pub(crate) fn say(ending: Ending<'_>) {
    match ending {
        Ending::Demo { explained } => {
            note!("");
            if !explained {
                note!("See what each step does:   {}", command("kv-secrets --demo --explain"));
            }
            note!("Use a vault of your own:   {}", command("az login"));
            note!("                           {}", command("kv-secrets --vault <your-key-vault-name>"));
        }
        Ending::Deleted(secret, vault, name) => {
            if let Some(until) = &secret.scheduled_purge_date {
                note!("\nUntil {} it can be recovered, or purged to free its name:\n", day(until));
                for verb in ["recover", "purge"] {
                    note!("    {}", command(az_secret(verb, vault, name)));
                }
            }
            read_on();
        }
        Ending::Purged => read_on(),
    }
}

/// Styles a command to type.
fn command<T>(command: T) -> StyledObject<T> {
    style(command).for_stderr().bold()
}

fn read_on() {
    note!("\n{}", style(format!("Read on at {READING}")).for_stderr().dim());
}

/// Returns the day of a time, as in `2026-11-24`.
pub(crate) fn day(time: &OffsetDateTime) -> String {
    // Their RFC 3339 has no years before 0, and panics.
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}
